package io.arc.runtime.buffer;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The rows of one table. Thread-safe; every method holds the lock for list operations only, but for [#append], which
/// merges tiny batches now and then.
///
/// Tiny batches are merged in tiers, so that a client that sends single rows does not leave 50,000 objects behind: sixteen
/// neighbours of a tier become one of the next. Each row is copied at most once per tier, of which there are three.
final class TableBuffer {
    private static final int TIER_FAN_IN = 16;
    /// Batches of this many rows or more stay as they are.
    private static final int LARGE_ROWS = 1 << 12;

    private final TableId table;
    private final MemoryBudget budget;
    private final List<HotBatch> active = new ArrayList<>();
    private final List<SealedRows> sealed = new ArrayList<>();
    private long activeRows;
    private long activeBytes;
    private long oldestMicros;

    TableBuffer(TableId table, MemoryBudget budget) {
        this.table = table;
        this.budget = budget;
    }

    /// @return the rows that wait for a flush now
    synchronized long append(HotBatch hot, long nowMicros) {
        if (active.isEmpty()) {
            oldestMicros = nowMicros;
        }
        active.add(hot);
        activeRows += hot.batch().rowCount();
        activeBytes += hot.batch().retainedBytes();
        mergeTail();
        return activeRows;
    }

    private void mergeTail() {
        while (true) {
            int count = active.size();
            HotBatch last = active.get(count - 1);
            int tier = tier(last);
            if (tier < 0 || count < TIER_FAN_IN) {
                return;
            }
            List<HotBatch> tail = active.subList(count - TIER_FAN_IN, count);
            for (HotBatch each : tail) {
                if (tier(each) != tier || !each.writer().equals(last.writer())) {
                    return;
                }
            }
            List<ColumnBatch> batches = tail.stream().map(HotBatch::batch).toList();
            Optional<ColumnBatch> merged = BatchConcatenation.concatenate(batches);
            if (merged.isEmpty()) {
                return;
            }
            long before = batches.stream().mapToLong(ColumnBatch::retainedBytes).sum();
            long after = merged.get().retainedBytes();
            HotBatch replacement = new HotBatch(last.writer(), tail.getFirst().first(), last.last(), merged.get());
            tail.clear();
            active.add(replacement);
            activeBytes += after - before;
            budget.take(after - before);
        }
    }

    /// Tiers by rows: below 16, 256, 4096; -1 for what is not merged.
    private static int tier(HotBatch hot) {
        int rows = hot.batch().rowCount();
        if (rows >= LARGE_ROWS) {
            return -1;
        }
        return rows < TIER_FAN_IN ? 0 : rows < TIER_FAN_IN * TIER_FAN_IN ? 1 : 2;
    }

    synchronized Optional<SealedRows> seal(long number) {
        if (active.isEmpty()) {
            return Optional.empty();
        }
        SealedRows rows = new SealedRows(table, number, active, activeRows, activeBytes);
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
        List<HotBatch> all = new ArrayList<>(active.size() + 16);
        for (SealedRows rows : sealed) {
            all.addAll(rows.batches());
        }
        all.addAll(active);
        return all;
    }

    synchronized void lowestSequences(Map<String, Long> lowest) {
        for (SealedRows rows : sealed) {
            note(rows.batches(), lowest);
        }
        note(active, lowest);
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
        return new BufferStatus(table, activeRows, activeBytes, sealedRows, active.isEmpty() ? 0 : oldestMicros);
    }
}
