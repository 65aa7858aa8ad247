package io.arc.runtime.recovery;

import io.arc.api.ArcException;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.RebuiltCatalog;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.recovery.PassedOver.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Decides which of a table's files hold rows that nothing else holds, as the lost catalog knew it. Its commits have left
/// these marks:
///
/// - A merged file names the files whose rows it took over. Once it is there they are not read any more. Of two merged files
///   that claim the same input one was never committed: the older, as the younger one's server knew it. An unfinished merge of
///   several outputs does not count while all its inputs are there.
/// - The flushes of a table are committed in the order of their log positions, one at a time, and never overlap. Of two that
///   overlap the older one was left behind by a crash, and its rows came back from the log into the younger.
/// - A flush with missing parts was either cut short by a crash, or lost the parts since, to a merge or a deletion. Something
///   later in the log that is stored for certain proves the second; else the log tells: when it still begins at or before the
///   flush, all rows come back from there.
final class TableJudgement {
    private final TableId table;
    private final Map<String, Long> logBegins;
    private final List<PassedOver> passed = new ArrayList<>();
    private final List<FoundFile> kept = new ArrayList<>();

    /// The files of one flush or one merge.
    private static final class Group {
        private final String id;
        private final int parts;
        private final Map<Integer, FoundFile> files = new TreeMap<>();
        private final Set<String> replaces = new HashSet<>();
        private final Set<String> replacedBefore = new HashSet<>();
        private final Set<WalRange> ranges = new HashSet<>();
        private long modifiedMicros;
        /// Merges that replace this one and are not judged yet.
        private int younger;

        Group(String id, int parts) {
            this.id = id;
            this.parts = parts;
        }

        boolean isComplete() {
            return files.size() == parts;
        }
    }

    /// @param logBegins for each writer whose frames the log still has, the first sequence of them
    TableJudgement(TableId table, Map<String, Long> logBegins) {
        this.table = table;
        this.logBegins = logBegins;
    }

    List<PassedOver> passed() {
        return passed;
    }

    /// Judges all files of the table, once.
    RebuiltCatalog.Table judge(List<FoundFile> files) {
        List<FoundFile> own = files.stream().filter(file -> file.origin().isPresent()).toList();
        List<Group> merges = new ArrayList<>();
        List<Group> flushes = new ArrayList<>();
        for (Group group : groups(own)) {
            (group.replaces.isEmpty() ? flushes : merges).add(group);
        }
        Set<String> replaced = judgeMerges(merges, files);
        judgeFlushes(flushes, replaced);
        SchemaOrder schema = new SchemaOrder(table);
        kept.sort(Comparator.comparing(FoundFile::key));
        kept.forEach(schema::own);
        Map<String, WalRange> coverage = new TreeMap<>();
        for (FoundFile file : kept) {
            file.file().coverage().forEach(range -> coverage.merge(range.writer(), range, TableJudgement::span));
        }
        List<DataFile> taken = new ArrayList<>(kept.stream().map(FoundFile::file).toList());
        files.stream().filter(file -> file.origin().isEmpty()).sorted(Comparator.comparing(FoundFile::key)).forEach(file -> {
            if (replaced.contains(file.key())) {
                pass(file, Kind.SUPERSEDED, "its rows are in a merged file");
                return;
            }
            try {
                schema.foreign(file);
                taken.add(file.file());
            } catch (ArcException conflict) {
                pass(file, Kind.REFUSED, conflict.getMessage());
            }
        });
        return new RebuiltCatalog.Table(table, schema.schema(), taken, List.copyOf(coverage.values()));
    }

    private static WalRange span(WalRange one, WalRange other) {
        return new WalRange(one.writer(), Math.min(one.first(), other.first()), Math.max(one.last(), other.last()));
    }

    private void pass(FoundFile file, Kind kind, String reason) {
        passed.add(new PassedOver(file.key(), kind, reason));
    }

    private List<Group> groups(List<FoundFile> files) {
        Map<String, Group> groups = new LinkedHashMap<>();
        for (FoundFile file : files) {
            FileOrigin origin = file.origin().orElseThrow();
            FileOrigin.Part part = origin.part().orElse(new FileOrigin.Part(file.key().replace(' ', '/'), 1, 1));
            Group group = groups.computeIfAbsent(part.id(), id -> new Group(id, part.count()));
            FoundFile twin = group.files.putIfAbsent(part.number(), file);
            if (twin != null) {
                pass(file, Kind.SUPERSEDED, "it is a copy of " + twin.key());
                continue;
            }
            group.replaces.addAll(origin.replaces());
            group.replacedBefore.addAll(origin.replacedBefore());
            group.ranges.addAll(origin.coverage());
            group.modifiedMicros = Math.max(group.modifiedMicros, file.modifiedMicros());
        }
        return List.copyOf(groups.values());
    }

    /// @return the keys of all files whose rows a merged file has
    private Set<String> judgeMerges(List<Group> merges, List<FoundFile> files) {
        Set<String> stored = files.stream().map(FoundFile::key).collect(Collectors.toSet());
        Map<String, Group> byKey = new HashMap<>();
        merges.forEach(group -> group.files.values().forEach(file -> byKey.put(file.key(), group)));
        merges.forEach(group -> olderThan(group, byKey).forEach(older -> older.younger++));
        // A merge is judged after all that replace it, and otherwise the younger first.
        Comparator<Group> youngestFirst = Comparator.<Group>comparingLong(group -> group.modifiedMicros).reversed()
                .thenComparing(group -> group.id);
        PriorityQueue<Group> due = new PriorityQueue<>(youngestFirst);
        merges.stream().filter(group -> group.younger == 0).forEach(due::add);
        Set<String> replaced = new HashSet<>();
        Set<String> inputs = new HashSet<>();
        Set<Group> judged = new HashSet<>();
        for (Group group = due.poll(); group != null; group = due.poll()) {
            judged.add(group);
            judgeMerge(group, inputs, replaced, stored);
            for (Group older : olderThan(group, byKey)) {
                if (--older.younger == 0) {
                    due.add(older);
                }
            }
        }
        // Files that replace each other in a circle come from no server; their rows are not given up for that.
        merges.stream().filter(group -> !judged.contains(group)).sorted(youngestFirst)
                .forEach(group -> keep(group.files.values(), replaced));
        return replaced;
    }

    private static Set<Group> olderThan(Group group, Map<String, Group> byKey) {
        Set<Group> older = new HashSet<>();
        for (String key : group.replaces) {
            Group of = byKey.get(key);
            if (of != null && of != group) {
                older.add(of);
            }
        }
        return older;
    }

    /// @param inputs of the merges that count so far
    /// @param replaced those, and what they had replaced in their turn
    private void judgeMerge(Group group, Set<String> inputs, Set<String> replaced, Set<String> stored) {
        boolean taken = group.files.values().stream().anyMatch(file -> replaced.contains(file.key()));
        if (!taken && group.replaces.stream().anyMatch(inputs::contains)) {
            group.files.values().forEach(file -> pass(file, Kind.SUPERSEDED, "a younger merged file has rows of its inputs"));
        } else if (!taken && !group.isComplete() && stored.containsAll(group.replaces)
                && group.replaces.stream().noneMatch(replaced::contains)) {
            group.files.values().forEach(file -> pass(file, Kind.SUPERSEDED, "its merge was not finished (" + group.files.size()
                    + " of " + group.parts + " parts), and all inputs are there"));
        } else {
            keep(group.files.values(), replaced);
            inputs.addAll(group.replaces);
            replaced.addAll(group.replaces);
            replaced.addAll(group.replacedBefore);
        }
    }

    private void keep(Iterable<FoundFile> files, Set<String> replaced) {
        for (FoundFile file : files) {
            if (replaced.contains(file.key())) {
                pass(file, Kind.SUPERSEDED, "its rows are in a merged file");
            } else {
                kept.add(file);
            }
        }
    }

    private void judgeFlushes(List<Group> flushes, Set<String> replaced) {
        // What is stored for certain, for each writer the highest sequence.
        Map<String, Long> proven = new HashMap<>();
        kept.forEach(file -> prove(proven, file.file().coverage()));
        Set<String> settled = new HashSet<>();
        for (Group group : flushes) {
            boolean merged = group.files.values().stream().anyMatch(file -> replaced.contains(file.key()));
            if (group.isComplete() || merged) {
                // A merge takes committed files only, so one part of a flush that it took proves the others.
                settled.add(group.id);
            }
        }
        Comparator<Group> youngestFirst = Comparator.<Group, Boolean>comparing(group -> !settled.contains(group.id))
                .thenComparing(Comparator.<Group>comparingLong(group -> group.modifiedMicros).reversed())
                .thenComparing(group -> group.id);
        Map<String, TreeMap<Long, WalRange>> taken = new HashMap<>();
        List<Group> whole = new ArrayList<>();
        List<Group> cut = new ArrayList<>();
        flushes.stream().sorted(youngestFirst).forEach(group -> (settled.contains(group.id) ? whole : cut).add(group));
        for (Group group : whole) {
            if (overlaps(group, taken)) {
                supersede(group);
            } else {
                take(group, taken, replaced);
                prove(proven, group.ranges);
            }
        }
        for (Group group : cut) {
            if (overlaps(group, taken)) {
                supersede(group);
            } else if (!isProven(group, proven) && isInLog(group)) {
                group.files.values().forEach(file -> pass(file, Kind.UNFINISHED, "its flush was not finished ("
                        + group.files.size() + " of " + group.parts + " parts), and the log has all its rows"));
            } else {
                take(group, taken, replaced);
            }
        }
    }

    private static void prove(Map<String, Long> proven, Iterable<WalRange> ranges) {
        ranges.forEach(range -> proven.merge(range.writer(), range.last(), Math::max));
    }

    private static boolean isProven(Group group, Map<String, Long> proven) {
        return group.ranges.stream().allMatch(range -> range.last() <= proven.getOrDefault(range.writer(), Long.MIN_VALUE));
    }

    private boolean isInLog(Group group) {
        return group.ranges.stream().allMatch(range -> logBegins.getOrDefault(range.writer(), Long.MAX_VALUE) <= range.first());
    }

    private static boolean overlaps(Group group, Map<String, TreeMap<Long, WalRange>> taken) {
        for (WalRange range : group.ranges) {
            Map.Entry<Long, WalRange> other = taken.getOrDefault(range.writer(), new TreeMap<>()).floorEntry(range.last());
            if (other != null && other.getValue().last() >= range.first()) {
                return true;
            }
        }
        return false;
    }

    private void supersede(Group group) {
        group.files.values().forEach(file -> pass(file, Kind.SUPERSEDED,
                "a crash cut its flush off, and a later one stored the same rows"));
    }

    private void take(Group group, Map<String, TreeMap<Long, WalRange>> taken, Set<String> replaced) {
        group.ranges.forEach(range -> taken.computeIfAbsent(range.writer(), absent -> new TreeMap<>()).put(range.first(), range));
        keep(group.files.values(), replaced);
    }
}
