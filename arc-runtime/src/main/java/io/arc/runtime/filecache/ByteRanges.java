package io.arc.runtime.filecache;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A set of bytes of a file as disjoint, not touching runs. Not thread-safe.
final class ByteRanges {
    /// The bytes `[start, end)`.
    record Range(long start, long end) {
        long length() {
            return end - start;
        }
    }

    private final TreeMap<Long, Long> ends = new TreeMap<>();

    void add(long start, long end) {
        if (start >= end) {
            return;
        }
        long from = start;
        long to = end;
        Map.Entry<Long, Long> before = ends.floorEntry(start);
        if (before != null && before.getValue() >= start) {
            from = before.getKey();
            to = Math.max(to, before.getValue());
        }
        for (Map.Entry<Long, Long> next = ends.ceilingEntry(from); next != null && next.getKey() <= to;
                next = ends.ceilingEntry(from)) {
            to = Math.max(to, next.getValue());
            ends.remove(next.getKey());
        }
        ends.put(from, to);
    }

    void remove(long start, long end) {
        if (start >= end) {
            return;
        }
        for (Range each : runs()) {
            if (each.start() < end && each.end() > start) {
                ends.remove(each.start());
                add(each.start(), Math.min(each.end(), start));
                add(Math.max(each.start(), end), each.end());
            }
        }
    }

    /// Ascending.
    List<Range> runs() {
        List<Range> runs = new ArrayList<>(ends.size());
        ends.forEach((start, end) -> runs.add(new Range(start, end)));
        return runs;
    }

    long size() {
        long size = 0;
        for (Map.Entry<Long, Long> each : ends.entrySet()) {
            size += each.getValue() - each.getKey();
        }
        return size;
    }

    /// What of `wanted` is not here; gaps of at most `maxGap` bytes between two such runs are part of the answer, as far as they
    /// are not here either.
    List<Range> missing(ByteRanges wanted, long maxGap) {
        ByteRanges missing = new ByteRanges();
        wanted.runs().forEach(each -> missing.add(each.start(), each.end()));
        List<Range> here = runs();
        here.forEach(each -> missing.remove(each.start(), each.end()));
        List<Range> runs = missing.runs();
        for (int i = 1; i < runs.size(); i++) {
            if (runs.get(i).start() - runs.get(i - 1).end() <= maxGap) {
                missing.add(runs.get(i - 1).end(), runs.get(i).start());
            }
        }
        here.forEach(each -> missing.remove(each.start(), each.end()));
        return missing.runs();
    }
}
