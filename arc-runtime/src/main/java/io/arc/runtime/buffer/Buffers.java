package io.arc.runtime.buffer;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ObjLongConsumer;

/// The rows in memory of every table. Thread-safe.
///
/// The memory of appended batches has been taken from the budget by the caller, who knows it before the log does; it goes
/// back with [#release].
public final class Buffers {
    private final Map<TableId, TableBuffer> tables = new ConcurrentHashMap<>();
    private final Map<String, AtomicLong> appended = new ConcurrentHashMap<>();
    private final MemoryBudget budget;
    private final InstantSource clock;
    private final AtomicLong numbers = new AtomicLong();
    /// Those who wait for a writer's progress; counted before they look, so that none misses it.
    private final AtomicInteger waiters = new AtomicInteger();
    private final Object progress = new Object();
    private volatile ObjLongConsumer<TableId> listener = (table, rows) -> {};

    public Buffers(MemoryBudget budget, InstantSource clock) {
        this.budget = Objects.requireNonNull(budget, "budget");
        this.clock = Objects.requireNonNull(clock, "clock");
    }

    /// Hears of every append with the table's rows that wait for a flush. Called on the appending thread; must be quick.
    public void onAppend(ObjLongConsumer<TableId> listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
    }

    /// Makes the batches of one log frame visible. For each writer called in the order of its sequences.
    public void append(String writer, long sequence, List<ColumnBatch> batches) {
        long nowMicros = micros(clock.instant());
        if (batches.size() == 1) {
            append(batches.getFirst().table(), writer, sequence, batches, nowMicros);
        } else {
            // All that a frame has for a table goes in at once: a seal between two batches would cover the frame, and with it
            // rows that it has not taken.
            Map<TableId, List<ColumnBatch>> byTable = new LinkedHashMap<>();
            batches.forEach(batch -> byTable.computeIfAbsent(batch.table(), absent -> new ArrayList<>(2)).add(batch));
            byTable.forEach((table, own) -> append(table, writer, sequence, own, nowMicros));
        }
        passed(writer, sequence);
    }

    private void append(TableId table, String writer, long sequence, List<ColumnBatch> batches, long nowMicros) {
        TableBuffer buffer = tables.get(table);
        if (buffer == null) {
            buffer = tables.computeIfAbsent(table, absent -> new TableBuffer(absent, budget));
        }
        listener.accept(table, buffer.append(writer, sequence, batches, nowMicros));
    }

    /// Says that the writer will never append anything at or below the sequence again, because its frames up to there are
    /// appended, failed, or stored already.
    public void passed(String writer, long sequence) {
        appended.computeIfAbsent(writer, absent -> new AtomicLong(sequence)).accumulateAndGet(sequence, Math::max);
        if (waiters.get() > 0) {
            synchronized (progress) {
                progress.notifyAll();
            }
        }
    }

    /// Waits until everything that the writer has at or below the sequence is readable.
    ///
    /// @return false when that was not so in time
    public boolean awaitPassed(String writer, long sequence, Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        waiters.incrementAndGet();
        try {
            synchronized (progress) {
                while (!hasPassed(writer, sequence)) {
                    long left = (deadline - System.nanoTime()) / 1_000_000;
                    if (left <= 0) {
                        return false;
                    }
                    progress.wait(left);
                }
                return true;
            }
        } finally {
            waiters.decrementAndGet();
        }
    }

    private boolean hasPassed(String writer, long sequence) {
        AtomicLong through = appended.get(writer);
        return through != null && through.get() >= sequence;
    }

    /// Whether anything is known of the writer: it has appended in this run, or an earlier run left something of it.
    public boolean knows(String writer) {
        return appended.containsKey(writer);
    }

    /// All rows of the table that are not released, oldest first. Taken at one moment.
    public List<HotBatch> hot(TableId table) {
        TableBuffer buffer = tables.get(table);
        return buffer == null ? List.of() : buffer.hot();
    }

    /// Takes the table's gathered rows out for a flush; empty when there are none.
    public Optional<SealedRows> seal(TableId table) {
        TableBuffer buffer = tables.get(table);
        return buffer == null ? Optional.empty() : buffer.seal(numbers.incrementAndGet());
    }

    /// Forgets rows that are in files which queries find from now on, and gives their memory back.
    public void release(SealedRows rows) {
        tables.get(rows.table()).release(rows);
    }

    /// For each writer the sequence up to which none of its rows is needed here any more: all of them are released.
    public Map<String, Long> releasable() {
        // The order matters: what is appended after the first line only ever raises the sequences that are still needed.
        Map<String, Long> through = new HashMap<>();
        appended.forEach((writer, sequence) -> through.put(writer, sequence.get()));
        Map<String, Long> lowest = new HashMap<>();
        tables.values().forEach(buffer -> buffer.lowestSequences(lowest));
        through.replaceAll((writer, sequence) -> {
            Long needed = lowest.get(writer);
            return needed == null ? sequence : Math.min(sequence, needed - 1);
        });
        return through;
    }

    /// Every table that ever had rows here, in no order.
    public List<BufferStatus> status() {
        return tables.values().stream().map(TableBuffer::status).toList();
    }

    public Optional<BufferStatus> status(TableId table) {
        return Optional.ofNullable(tables.get(table)).map(TableBuffer::status);
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }
}
