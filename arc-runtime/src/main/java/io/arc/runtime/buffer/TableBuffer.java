package io.arc.runtime.buffer;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The rows of one table. Thread-safe; every method holds the lock for list operations only, but for [#append], which
/// merges tiny batches now and then.
///
/// Tiny batches are merged in tiers, so that a client that sends single rows does not leave 50,000 objects behind: sixteen
/// neighbours of a tier and a writer become one of the next, and a batch takes smaller ones right before it along. Each row is
/// copied a few times at most: there are three tiers.
final class TableBuffer {
    private static final int TIER_FAN_IN = 16;
    private static final int MAX_MERGED = 64;
    /// Batches of this many rows or more stay as they are: a flush has a hundred of them at most, and to copy the batches of an
    /// ordinary client, of a thousand rows, costs a tenth of all the server's processor time.
    private static final int LARGE_ROWS = 1 << 9;

    private final TableId table;
    private final MemoryBudget budget;
    /// By writer, so that neighbours in a list are neighbours in a log. In the order of each writer's sequences.
    private final Map<String, List<HotBatch>> active = new LinkedHashMap<>();
    private final List<SealedRows> sealed = new ArrayList<>();
    private long activeRows;
    private long activeBytes;
    private long oldestMicros;

    TableBuffer(TableId table, MemoryBudget budget) {
        this.table = table;
        this.budget = budget;
    }

    /// @param batches all that the frame has for this table
    /// @return the rows that wait for a flush now
    synchronized long append(String writer, long sequence, List<ColumnBatch> batches, long nowMicros) {
        if (activeRows == 0) {
            oldestMicros = nowMicros;
        }
        List<HotBatch> own = active.computeIfAbsent(writer, absent -> new ArrayList<>());
        for (ColumnBatch batch : batches) {
            own.add(new HotBatch(writer, sequence, sequence, batch));
            activeRows += batch.rowCount();
            activeBytes += batch.retainedBytes();
            mergeTail(own);
        }
        return activeRows;
    }

    private void mergeTail(List<HotBatch> own) {
        int count = mergeableTail(own);
        while (count > 1) {
            List<HotBatch> tail = own.subList(own.size() - count, own.size());
            List<ColumnBatch> batches = tail.stream().map(HotBatch::batch).toList();
            Optional<ColumnBatch> merged = BatchConcatenation.concatenate(batches);
            if (merged.isEmpty()) {
                return;
            }
            long before = batches.stream().mapToLong(ColumnBatch::retainedBytes).sum();
            long after = merged.get().retainedBytes();
            HotBatch last = tail.getLast();
            HotBatch replacement = new HotBatch(last.writer(), tail.getFirst().first(), last.last(), merged.get());
            tail.clear();
            own.add(replacement);
            activeBytes += after - before;
            budget.take(after - before);
            count = mergeableTail(own);
        }
    }

    /// How many batches at the end are to become one: the last one with smaller ones right before it, which would else keep it
    /// from its equals, or sixteen equals.
    private static int mergeableTail(List<HotBatch> own) {
        int tier = tier(own.getLast());
        if (tier < 0) {
            return 0;
        }
        int smaller = 0;
        int equal = 1;
        for (int i = own.size() - 2; i >= 0 && smaller < MAX_MERGED && equal < TIER_FAN_IN; i--) {
            int each = tier(own.get(i));
            if (each == tier && smaller == 0) {
                equal++;
            } else if (each >= 0 && each < tier && equal == 1) {
                smaller++;
            } else {
                break;
            }
        }
        return smaller > 0 ? smaller + 1 : equal == TIER_FAN_IN ? equal : 0;
    }

    /// Tiers by rows: below 16, 256, 512; -1 for what is not merged.
    private static int tier(HotBatch hot) {
        int rows = hot.batch().rowCount();
        if (rows >= LARGE_ROWS) {
            return -1;
        }
        return rows < TIER_FAN_IN ? 0 : rows < TIER_FAN_IN * TIER_FAN_IN ? 1 : 2;
    }

    synchronized Optional<SealedRows> seal(long number) {
        if (activeRows == 0) {
            return Optional.empty();
        }
        SealedRows rows = new SealedRows(table, number, all(active.values()), activeRows, activeBytes);
        sealed.add(rows);
        active.clear();
        activeRows = 0;
        activeBytes = 0;
        return Optional.of(rows);
    }

    synchronized void release(SealedRows rows) {
        if (!sealed.removeIf(each -> each.number() == rows.number())) {
            throw new IllegalStateException("sealed rows " + rows.number() + " of " + table + " are released twice");
        }
        budget.give(rows.retainedBytes());
    }

    synchronized List<HotBatch> hot() {
        List<HotBatch> hot = new ArrayList<>();
        for (SealedRows rows : sealed) {
            hot.addAll(rows.batches());
        }
        active.values().forEach(hot::addAll);
        return hot;
    }

    private static List<HotBatch> all(Collection<List<HotBatch>> lists) {
        return lists.stream().flatMap(List::stream).toList();
    }

    synchronized void lowestSequences(Map<String, Long> lowest) {
        for (SealedRows rows : sealed) {
            note(rows.batches(), lowest);
        }
        active.values().forEach(own -> note(own, lowest));
    }

    private static void note(List<HotBatch> batches, Map<String, Long> lowest) {
        for (HotBatch hot : batches) {
            lowest.merge(hot.writer(), hot.first(), Math::min);
        }
    }

    synchronized BufferStatus status() {
        long sealedRows = 0;
        for (SealedRows rows : sealed) {
            sealedRows += rows.rowCount();
        }
        return new BufferStatus(table, activeRows, activeBytes, sealedRows, activeRows == 0 ? 0 : oldestMicros);
    }
}
