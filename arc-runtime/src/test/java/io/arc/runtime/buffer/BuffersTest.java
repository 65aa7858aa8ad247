package io.arc.runtime.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

final class BuffersTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final TableId MEM = new TableId("prod", "mem");
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final MemoryBudget budget = new MemoryBudget(Long.MAX_VALUE);
    private final Buffers buffers = new Buffers(budget, () -> NOW);

    private void append(String writer, long sequence, ColumnBatch... batches) {
        List<ColumnBatch> all = List.of(batches);
        budget.take(TestBatches.bytes(all));
        buffers.append(writer, sequence, all);
    }

    /// A seal between two batches of one frame would say that the frame is stored, and lose the second batch in a crash.
    @Test
    void noSealComesBetweenTheBatchesOfOneFrame() {
        List<SealedRows> sealed = new ArrayList<>();
        buffers.onAppend((table, rows) -> buffers.seal(table).ifPresent(sealed::add));
        append("w", 7, TestBatches.ids(CPU, 0, 1, 2), TestBatches.ids(MEM, 0, 10, 1), TestBatches.ids(CPU, 5, 3, 2));
        assertThat(sealed).hasSize(2);
        assertThat(TestBatches.idsOf(TestBatches.batches(sealed.get(0).batches()))).containsExactly(1L, 2L, 3L, 4L);
        assertThat(TestBatches.idsOf(TestBatches.batches(sealed.get(1).batches()))).containsExactly(10L);
    }

    /// The same from other threads: a frame's batches are seen all or not at all, wherever a seal or a reader comes in.
    @Test
    void aFrameIsSeenWholeOrNotAtAll() throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService pool = Executors.newFixedThreadPool(2)) {
            Future<?> appending = pool.submit(() -> {
                for (int frame = 1; frame <= 5_000; frame++) {
                    append("w", frame, TestBatches.ids(CPU, 0, frame, 1), TestBatches.ids(CPU, 0, -frame, 1));
                }
                done.set(true);
            });
            Future<?> sealing = pool.submit(() -> {
                boolean last = false;
                while (!last) {
                    last = done.get();
                    buffers.seal(CPU).ifPresent(rows -> {
                        assertWhole(TestBatches.idsOf(TestBatches.batches(rows.batches())));
                        buffers.release(rows);
                    });
                    assertWhole(TestBatches.idsOf(TestBatches.batches(buffers.hot(CPU))));
                }
            });
            appending.get(60, TimeUnit.SECONDS);
            sealing.get(60, TimeUnit.SECONDS);
        }
        assertThat(budget.usedBytes()).isZero();
    }

    private static void assertWhole(List<Long> ids) {
        assertThat(ids.stream().mapToLong(Long::longValue).sum()).as("each frame brings a number and its negative").isZero();
    }

    /// Two writers that take turns must not keep each other's batches from being merged: a list of single rows grows without end.
    @Test
    void writersThatTakeTurnsAreMergedEachForItself() {
        for (int sequence = 1; sequence <= 1_000; sequence++) {
            append("a", sequence, TestBatches.ids(CPU, 0, sequence, 1));
            append("b", sequence, TestBatches.ids(CPU, 0, -sequence, 1));
        }
        List<HotBatch> hot = buffers.hot(CPU);
        // In tiers of 16: 3 of 256, 14 of 16 and 8 single rows.
        assertThat(hot).hasSize(2 * (3 + 14 + 8));
        for (String writer : List.of("a", "b")) {
            long sign = writer.equals("a") ? 1 : -1;
            List<HotBatch> own = hot.stream().filter(each -> each.writer().equals(writer)).toList();
            long next = 1;
            for (HotBatch batch : own) {
                assertThat(batch.first()).isEqualTo(next);
                for (long id : TestBatches.idsOf(List.of(batch.batch()))) {
                    assertThat(id).isEqualTo(sign * next++);
                }
                assertThat(batch.last()).isEqualTo(next - 1);
            }
            assertThat(next).isEqualTo(1_001);
        }
    }

    @Test
    void mergingKeepsEveryRowValueAndOrder() {
        for (long seed = 1; seed <= 40; seed++) {
            Random random = new Random(seed);
            MemoryBudget memory = new MemoryBudget(Long.MAX_VALUE);
            Buffers merging = new Buffers(memory, () -> NOW);
            Map<String, List<ColumnBatch>> sent = new TreeMap<>();
            int most = seed % 4 == 0 ? 600 : 20;
            for (int sequence = 1; sequence <= 300; sequence++) {
                String writer = "w" + random.nextInt(2);
                ColumnBatch batch = TestBatches.random(random, CPU, 1 + random.nextInt(random.nextInt(most) + 1));
                sent.computeIfAbsent(writer, absent -> new ArrayList<>()).add(batch);
                memory.take(batch.retainedBytes());
                merging.append(writer, sequence, List.of(batch));
            }
            SealedRows sealed = merging.seal(CPU).orElseThrow();
            assertThat(memory.usedBytes()).as("seed %d", seed).isEqualTo(sealed.retainedBytes())
                    .isEqualTo(TestBatches.bytes(TestBatches.batches(sealed.batches())));
            assertThat(sealed.batches().size()).as("seed %d", seed).isLessThan(120);
            sent.forEach((writer, batches) -> assertThat(TestBatches.rows(TestBatches.batches(sealed.batches().stream()
                    .filter(each -> each.writer().equals(writer)).toList()))).as("writer " + writer)
                    .isEqualTo(TestBatches.rows(batches)));
            assertThat(sealed.rowCount()).isEqualTo(sent.values().stream().flatMap(List::stream)
                    .mapToLong(ColumnBatch::rowCount).sum());
            merging.release(sealed);
            assertThat(memory.usedBytes()).as("seed %d", seed).isZero();
        }
    }

    @Test
    void batchesOfOneColumnWithTwoTypesStayApart() {
        for (int sequence = 1; sequence <= 64; sequence++) {
            append("w", sequence, sequence % 2 == 0 ? TestBatches.batch(CPU, sequence, TestBatches.longs("v", sequence))
                    : TestBatches.batch(CPU, sequence, TestBatches.doubles("v", sequence)));
        }
        assertThat(buffers.hot(CPU)).hasSize(64);
    }

    /// A dictionary holds a long text once; merged, every row would hold it, and past 2 GiB there is no array for it.
    @Test
    void longTextsInDictionariesAreNotUnfolded() {
        Utf8Block dictionary = Utf8Block.of("x".repeat(1 << 20));
        for (int sequence = 1; sequence <= 40; sequence++) {
            append("w", sequence, new ColumnBatch(CPU, 300, new long[300],
                    List.of(new DictionaryColumn("host", Role.TAG, new int[300], dictionary, Validity.ALL_PRESENT))));
        }
        assertThat(buffers.status(CPU).orElseThrow().activeRows()).isEqualTo(12_000);
        assertThat(budget.usedBytes()).isLessThan(64 << 20);
        buffers.release(buffers.seal(CPU).orElseThrow());
        assertThat(budget.usedBytes()).isZero();
    }

    @Test
    void sealedRowsStayReadableUntilTheirRelease() {
        append("w", 1, TestBatches.ids(CPU, 0, 1, 3));
        SealedRows first = buffers.seal(CPU).orElseThrow();
        assertThat(buffers.seal(CPU)).isEmpty();
        append("w", 2, TestBatches.ids(CPU, 0, 4, 2));
        SealedRows second = buffers.seal(CPU).orElseThrow();
        append("w", 3, TestBatches.ids(CPU, 0, 6, 1));
        assertThat(TestBatches.idsOf(TestBatches.batches(buffers.hot(CPU)))).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
        assertThat(buffers.status(CPU)).contains(new BufferStatus(CPU, 1, TestBatches.ids(CPU, 0, 6, 1).retainedBytes(), 5,
                NOW.toEpochMilli() * 1000));
        buffers.release(first);
        assertThat(TestBatches.idsOf(TestBatches.batches(buffers.hot(CPU)))).containsExactly(4L, 5L, 6L);
        assertThatThrownBy(() -> buffers.release(first)).isInstanceOf(IllegalStateException.class).hasMessageContaining("twice");
        buffers.release(second);
        buffers.release(buffers.seal(CPU).orElseThrow());
        assertThat(buffers.hot(CPU)).isEmpty();
        assertThat(budget.usedBytes()).isZero();
        assertThat(buffers.hot(MEM)).isEmpty();
        assertThat(buffers.seal(MEM)).isEmpty();
        assertThat(buffers.status(MEM)).isEmpty();
    }

    @Test
    void onlyWhatNoTableNeedsIsReleasable() {
        assertThat(buffers.releasable()).isEmpty();
        append("a", 1, TestBatches.ids(CPU, 0, 1, 1));
        append("a", 2, TestBatches.ids(MEM, 0, 2, 1));
        append("a", 3, TestBatches.ids(CPU, 0, 3, 1), TestBatches.ids(MEM, 0, 4, 1));
        append("b", 9, TestBatches.ids(MEM, 0, 5, 1));
        assertThat(buffers.releasable()).isEqualTo(Map.of("a", 0L, "b", 8L));
        SealedRows cpu = buffers.seal(CPU).orElseThrow();
        assertThat(buffers.releasable()).isEqualTo(Map.of("a", 0L, "b", 8L));
        buffers.release(cpu);
        assertThat(buffers.releasable()).isEqualTo(Map.of("a", 1L, "b", 8L));
        append("a", 4, TestBatches.ids(CPU, 0, 6, 1));
        buffers.release(buffers.seal(MEM).orElseThrow());
        assertThat(buffers.releasable()).isEqualTo(Map.of("a", 3L, "b", 9L));
        buffers.release(buffers.seal(CPU).orElseThrow());
        buffers.passed("a", 11);
        buffers.passed("a", 6);
        assertThat(buffers.releasable()).isEqualTo(Map.of("a", 11L, "b", 9L));
    }

    /// Writers, flushes, readers and the log's release all at once. Every row is sealed once, every reader sees each row of a
    /// writer that it must see, and the log is never released past a row that is still needed.
    @Test
    void nothingIsLostOrDoubledUnderConcurrency() throws Exception {
        long seed = System.nanoTime();
        List<TableId> tables = List.of(CPU, MEM, new TableId("dev", "cpu"));
        int writers = 3;
        int frames = 6_000;
        Map<Long, Integer> stored = new ConcurrentHashMap<>();
        AtomicBoolean done = new AtomicBoolean();
        try (ExecutorService pool = Executors.newFixedThreadPool(writers + 3)) {
            List<Future<?>> appending = new ArrayList<>();
            for (int w = 0; w < writers; w++) {
                int writer = w;
                appending.add(pool.submit(() -> {
                    Random random = new Random(seed + writer);
                    for (int frame = 1; frame <= frames; frame++) {
                        List<ColumnBatch> batches = new ArrayList<>();
                        for (int b = 0; b <= random.nextInt(3); b++) {
                            batches.add(TestBatches.ids(tables.get(random.nextInt(3)), 0, id(writer, frame, b), 1));
                        }
                        budget.take(TestBatches.bytes(batches));
                        buffers.append("w" + writer, frame, batches);
                        for (ColumnBatch each : batches) {
                            stored.merge(TestBatches.idsOf(List.of(each)).getFirst(), 1, Integer::sum);
                        }
                    }
                }));
            }
            List<Future<?>> others = new ArrayList<>();
            List<Long> flushed = new ArrayList<>();
            others.add(pool.submit(() -> {
                Random random = new Random(seed - 1);
                List<SealedRows> underWay = new ArrayList<>();
                boolean last = false;
                while (!last) {
                    last = done.get();
                    for (TableId table : tables) {
                        Optional<SealedRows> sealed = last || random.nextInt(4) == 0 ? buffers.seal(table) : Optional.empty();
                        sealed.ifPresent(underWay::add);
                    }
                    Map<String, Long> through = buffers.releasable();
                    for (SealedRows rows : underWay) {
                        for (HotBatch batch : rows.batches()) {
                            assertThat(through.getOrDefault(batch.writer(), 0L)).as("seed %d", seed).isLessThan(batch.first());
                        }
                    }
                    while (underWay.size() > (last ? 0 : random.nextInt(4))) {
                        SealedRows rows = underWay.remove(random.nextInt(underWay.size()));
                        flushed.addAll(TestBatches.idsOf(TestBatches.batches(rows.batches())));
                        buffers.release(rows);
                    }
                }
            }));
            others.add(pool.submit(() -> {
                while (!done.get()) {
                    for (TableId table : tables) {
                        List<Long> seen = TestBatches.idsOf(TestBatches.batches(buffers.hot(table)));
                        assertThat(new HashSet<>(seen)).as("seed %d", seed).hasSameSizeAs(seen);
                    }
                }
            }));
            others.add(pool.submit(() -> {
                Map<String, Long> highest = new HashMap<>();
                while (!done.get()) {
                    buffers.releasable().forEach((writer, through) ->
                            assertThat(through).as("seed %d", seed).isGreaterThanOrEqualTo(highest.merge(writer, through, Math::max)));
                }
            }));
            for (Future<?> each : appending) {
                each.get(60, TimeUnit.SECONDS);
            }
            done.set(true);
            for (Future<?> each : others) {
                each.get(60, TimeUnit.SECONDS);
            }
            assertThat(flushed).as("seed %d", seed).hasSize(stored.size());
            assertThat(new TreeSet<>(flushed)).as("seed %d", seed).isEqualTo(new TreeSet<>(stored.keySet()));
        }
        assertThat(budget.usedBytes()).as("seed %d", seed).isZero();
        assertThat(buffers.releasable()).isEqualTo(Map.of("w0", (long) frames, "w1", (long) frames, "w2", (long) frames));
    }

    private static long id(int writer, int frame, int batch) {
        return writer * 1_000_000_000L + frame * 10L + batch;
    }

    @Test
    void theBudgetRefusesWhatPassesItsLimitOnly() {
        MemoryBudget small = new MemoryBudget(100);
        assertThat(small.tryTake(60)).isTrue();
        assertThat(small.tryTake(41)).isFalse();
        assertThat(small.tryTake(40)).isTrue();
        small.take(5);
        assertThat(small.usedBytes()).isEqualTo(105);
        small.give(105);
        assertThat(small.usedBytes()).isZero();
    }
}
