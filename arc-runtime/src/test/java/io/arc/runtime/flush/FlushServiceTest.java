package io.arc.runtime.flush;

import static io.arc.runtime.buffer.TestBatches.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.spi.Health;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FlushCommit;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.partition.HourPartition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FlushServiceTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final TableId MEM = new TableId("prod", "mem");
    private static final long T0 = HourPartition.MICROS * 480_000;

    @TempDir
    private Path directory;

    private static List<Long> range(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    @Test
    void ageStartsAFlush() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(ids(CPU, T0, 1, 3));
            world.clock.advance(Duration.ofMillis(4_999));
            world.runDue();
            assertThat(world.files(CPU)).isEmpty();
            world.append(ids(CPU, T0, 4, 1));
            world.clock.advance(Duration.ofMillis(1));
            world.runDue();
            assertThat(world.storedIds(CPU)).containsExactly(1L, 4L, 2L, 3L);
            assertThat(world.files(CPU)).hasSize(1);
            assertThat(world.memory.usedBytes()).isZero();
            assertThat(world.released).isEqualTo(Map.of("w", 2L));
            assertThat(world.catalog.snapshot().covers(CPU, "w", 2)).isTrue();
            assertThat(world.catalog.snapshot().covers(CPU, "w", 3)).isFalse();
        }
    }

    @Test
    void aClockThatWasSetBackHoldsNothingUp() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(ids(CPU, T0, 1, 3));
            world.clock.advance(Duration.ofDays(-1));
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(3);
        }
    }

    /// Else a table that failed right before would wait for the clock to catch up.
    @Test
    void aClockThatIsSetBackWhileAFlushWaitsHoldsNothingUp() {
        MemoryStore store = new MemoryStore();
        try (FlushWorld world = new FlushWorld(directory, store, FlushWorld.OPTIONS, 1L << 40)) {
            store.down = true;
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            store.down = false;
            world.runDue();
            assertThat(world.storedRows(CPU)).as("the pause after a failure").isZero();
            world.clock.advance(Duration.ofHours(-1));
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(100);
        }
    }

    /// Tables whose pauses have grown long need not wait for their ends once another one was stored.
    @Test
    void oneFlushThatWorksAgainBringsTheOthersAlong() {
        MemoryStore store = new MemoryStore();
        try (FlushWorld world = new FlushWorld(directory, store, FlushWorld.OPTIONS, 1L << 40)) {
            store.down = true;
            world.append(ids(CPU, T0, 1, 100));
            for (int i = 0; i < 8; i++) {
                world.runDue();
                world.clock.advance(Duration.ofSeconds(4));
            }
            world.runDue();
            world.append(ids(MEM, T0, 1, 100));
            world.runDue();
            assertThat(world.flushes.failing()).containsOnlyKeys(CPU, MEM);
            store.down = false;
            world.clock.advance(Duration.ofMillis(200));
            world.runDue();
            assertThat(world.storedRows(MEM)).isEqualTo(100);
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(100);
            assertThat(world.flushes.failing()).isEmpty();
        }
    }

    @Test
    void rowsStartAFlushButNotTooOften() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(ids(CPU, T0, 1, 99));
            world.runDue();
            assertThat(world.files(CPU)).isEmpty();
            world.append(ids(CPU, T0, 100, 1));
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(100);
            world.append(ids(CPU, T0, 101, 150));
            world.clock.advance(Duration.ofMillis(999));
            world.runDue();
            assertThat(world.storedRows(CPU)).as("within the least interval").isEqualTo(100);
            world.clock.advance(Duration.ofMillis(1));
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(250);
        }
    }

    @Test
    void bytesStartAFlushHoweverLatelyTheLastOneWas() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            world.append(ids(CPU, T0, 101, 70_000));
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(70_100);
        }
    }

    @Test
    void memoryPressureFlushesEveryTable() {
        try (FlushWorld world = new FlushWorld(directory, new MemoryStore(), FlushWorld.OPTIONS, 3_000)) {
            world.append(ids(CPU, T0, 1, 10));
            world.runDue();
            assertThat(world.files(CPU)).isEmpty();
            world.append(ids(MEM, T0, 1, 99));
            world.runDue();
            assertThat(world.storedRows(CPU)).isEqualTo(10);
            assertThat(world.storedRows(MEM)).isEqualTo(99);
            assertThat(world.memory.usedBytes()).isZero();
        }
    }

    /// The scheduler by itself: a table that nobody writes to any more is stored although 200 others are always full.
    @Test
    void aQuietTableIsStoredBesideBusyOnes() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(ids(CPU, T0, 1, 1));
            world.flushes.start();
            long next = 0;
            for (int round = 0; round < 6; round++) {
                for (int table = 0; table < 200; table++) {
                    world.append(ids(new TableId("busy", "t" + table), T0, next, 100));
                    next += 100;
                }
                world.clock.advance(Duration.ofSeconds(1));
            }
            FlushWorld.await(() -> world.storedRows(CPU) == 1);
            assertThat(world.storedIds(CPU)).containsExactly(1L);
        }
    }

    @Test
    void aFailingStoreLosesAndDoublesNothing() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.store.down = true;
            world.append(ids(CPU, T0, 1, 100));
            for (int tries = 1; tries <= 12; tries++) {
                world.runDue();
                world.append(ids(CPU, T0 + 1000 * tries, 100 + tries, 1));
                world.clock.advance(Duration.ofSeconds(5));
            }
            assertThat(world.files(CPU)).isEmpty();
            assertThat(world.flushes.failing()).containsOnlyKeys(CPU);
            assertThat(world.flushes.pendingCount()).isEqualTo(1);
            assertThat(world.flushes.health().status()).isEqualTo(Health.Status.DEGRADED);
            assertThat(world.released).allSatisfy((writer, through) -> assertThat(through).isZero());
            assertThat(TestBatches.idsOf(TestBatches.batches(world.buffers.hot(CPU)))).isEqualTo(range(1, 112));
            world.store.down = false;
            world.runDue();
            world.runDue();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 112));
            assertThat(world.flushes.failing()).isEmpty();
            assertThat(world.flushes.health()).isEqualTo(Health.UP);
            assertThat(world.memory.usedBytes()).isZero();
            assertThat(world.released).isEqualTo(Map.of("w", 13L));
            assertThat(world.store.objects).hasSize(world.files(CPU).size());
        }
    }

    @Test
    void aFailedTryIsNotRepeatedBeforeItsPause() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            AtomicInteger puts = new AtomicInteger();
            world.store.beforePut = key -> {
                puts.incrementAndGet();
                throw MemoryStore.unavailable();
            };
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            world.runDue();
            assertThat(puts).hasValue(1);
            world.clock.advance(Duration.ofMillis(200));
            world.runDue();
            assertThat(puts).hasValue(2);
            world.clock.advance(Duration.ofMillis(399));
            world.runDue();
            assertThat(puts).hasValue(2);
            world.clock.advance(Duration.ofMillis(1));
            world.runDue();
            assertThat(puts).hasValue(3);
        }
    }

    /// Rows that are taken out of the buffer belong to the flush from then on, even where planning it fails.
    @Test
    void aFlushThatCannotBePlannedKeepsItsRows() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(ids(CPU, T0, 1, 100));
            TableSchema schema = world.schemas.find(CPU).orElseThrow();
            world.schemas.forget(CPU);
            world.runDue();
            assertThat(world.flushes.failing()).containsOnlyKeys(CPU);
            assertThat(world.flushes.pendingCount()).isEqualTo(1);
            assertThatThrownBy(() -> world.flushes.flushAll(Duration.ofMillis(50))).isInstanceOf(ArcException.class);
            world.schemas.learn(CPU, schema);
            world.clock.advance(Duration.ofSeconds(5));
            world.runDue();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 100));
            assertThat(world.buffers.hot(CPU)).isEmpty();
            assertThat(world.memory.usedBytes()).isZero();
        }
    }

    @Test
    void aPutThatTookEffectAndSaidUnknownIsOneFile() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            AtomicInteger puts = new AtomicInteger();
            world.store.afterPut = key -> {
                if (puts.getAndIncrement() == 0) {
                    throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "no answer");
                }
            };
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            assertThat(world.files(CPU)).isEmpty();
            world.clock.advance(Duration.ofSeconds(5));
            world.runDue();
            assertThat(puts).hasValue(2);
            assertThat(world.store.objects).hasSize(1);
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 100));
        }
    }

    @Test
    void aForeignObjectUnderTheKeyIsNotTakenForOurs() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.store.beforePut = key -> world.store.objects.putIfAbsent(key, new byte[] {1});
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            assertThat(world.files(CPU)).isEmpty();
            assertThat(world.flushes.failing().get(CPU)).contains("another object");
        }
    }

    /// The commit fails as long as another file has a key of the flush; the rows stay, and no key is put twice.
    @Test
    void aCommitThatFailsIsRepeated() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            AtomicInteger puts = new AtomicInteger();
            world.store.afterPut = key -> {
                if (puts.getAndIncrement() == 0) {
                    occupy(world, key);
                }
            };
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            assertThat(world.files(CPU)).isEmpty();
            assertThat(world.flushes.failing().get(CPU)).contains("taken");
            assertThat(TestBatches.idsOf(TestBatches.batches(world.buffers.hot(CPU)))).isEqualTo(range(1, 100));
            assertThat(world.catalog.snapshot().covers(CPU, "w", 1)).isFalse();
            world.catalog.dropTable(MEM, Map.of());
            world.catalog.garbageDeleted(world.catalog.collectGarbage(Duration.ZERO, 10));
            world.clock.advance(Duration.ofSeconds(5));
            world.runDue();
            assertThat(puts).as("the object is in the store already").hasValue(1);
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 100));
            assertThat(world.memory.usedBytes()).isZero();
        }
    }

    private static void occupy(FlushWorld world, String key) {
        world.catalog.commitFlush(new FlushCommit(MEM, new TableSchema(List.of(new ColumnSchema("x", ColumnType.INT64, Role.FIELD))),
                List.of(new DataFile(MEM, key, 1, 1, 0, 0, 0, List.of(), List.of(), 0)), List.of()));
    }

    @Test
    void theFilesOfAllHoursAppearAtOnce() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            AtomicInteger puts = new AtomicInteger();
            List<Integer> visible = new ArrayList<>();
            world.store.beforePut = key -> {
                visible.add(world.files(CPU).size());
                if (puts.incrementAndGet() == 3) {
                    throw MemoryStore.unavailable();
                }
            };
            List<ColumnBatch> frame = new ArrayList<>();
            for (int hour = 3; hour >= -1; hour--) {
                frame.add(ids(CPU, T0 + hour * HourPartition.MICROS - 10, 100 + 20 * hour, 20));
            }
            world.append(frame.toArray(ColumnBatch[]::new));
            world.runDue();
            assertThat(world.store.objects).hasSize(2);
            world.clock.advance(Duration.ofSeconds(5));
            world.runDue();
            assertThat(visible).containsOnly(0).hasSize(7);
            assertThat(world.files(CPU)).hasSize(6);
            assertThat(world.store.objects).hasSize(6);
            assertThat(world.storedIds(CPU)).containsExactlyInAnyOrderElementsOf(range(80, 179));
            assertThat(world.files(CPU)).allSatisfy(file -> {
                assertThat(HourPartition.of(file.minMicros())).isEqualTo(HourPartition.of(file.maxMicros()));
                assertThat(file.key()).startsWith(HourPartition.of(file.minMicros()).directory(CPU) + "/");
                assertThat(file.coverage()).containsExactly(new WalRange("w", 1, 1));
            });
            assertThat(world.catalog.announced()).isEmpty();
        }
    }

    @Test
    void aColumnOfTwoTypesBecomesTwoFilesOfOneFlush() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.append(TestBatches.batch(CPU, T0, TestBatches.longs("v", 7)));
            world.append(TestBatches.batch(CPU, T0, TestBatches.texts("v", "x")));
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.files(CPU)).hasSize(2);
            assertThat(world.column(CPU, "v")).containsExactlyInAnyOrder(7L, "x");
        }
    }

    @Test
    void sortKeysComeBeforeTime() {
        FlushOptions sorted = new FlushOptions(100, 1 << 20, Duration.ofSeconds(5), Duration.ofSeconds(1), 1, Duration.ofSeconds(4),
                List.of("host"), Map.of("mem", List.of()));
        try (FlushWorld world = new FlushWorld(directory, sorted)) {
            String[] hosts = {"b", "a", "b", "a"};
            for (int i = 0; i < hosts.length; i++) {
                for (TableId table : List.of(CPU, MEM)) {
                    world.append(TestBatches.batch(table, T0 - i, TestBatches.texts("host", hosts[i]), TestBatches.longs("id", i)));
                }
            }
            world.flushes.flushAll(Duration.ofSeconds(30));
            List<Long> cpu = new ArrayList<>(world.storedIds(CPU));
            // T0 itself is in the next hour, so in the second file.
            assertThat(cpu).containsExactly(3L, 1L, 2L, 0L);
            assertThat(world.storedIds(MEM)).containsExactly(3L, 2L, 1L, 0L);
        }
    }

    @Test
    void flushAllStoresWhatWasThereEvenWhileAFlushIsUnderWay() throws Exception {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            CountDownLatch inPut = new CountDownLatch(1);
            CountDownLatch go = new CountDownLatch(1);
            world.store.beforePut = key -> {
                inPut.countDown();
                try {
                    assertThat(go.await(30, TimeUnit.SECONDS)).isTrue();
                } catch (InterruptedException stop) {
                    throw new AssertionError(stop);
                }
            };
            world.append(ids(CPU, T0, 1, 100));
            world.flushes.runDue();
            assertThat(inPut.await(30, TimeUnit.SECONDS)).isTrue();
            world.append(ids(CPU, T0 + 500, 101, 5));
            CompletableFuture<Void> all = CompletableFuture.runAsync(() -> world.flushes.flushAll(Duration.ofSeconds(30)));
            go.countDown();
            all.get(30, TimeUnit.SECONDS);
            assertThat(world.storedIds(CPU)).containsExactlyInAnyOrderElementsOf(range(1, 105));
        }
    }

    @Test
    void flushAllSaysByItsDeadlineWhatIsNotStored() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.flushes.flushAll(Duration.ZERO);
            world.store.beforePut = key -> {
                if (key.startsWith("prod/cpu/")) {
                    throw MemoryStore.unavailable();
                }
            };
            world.append(ids(CPU, T0, 1, 1));
            world.append(ids(MEM, T0, 1, 1));
            assertThatThrownBy(() -> world.flushes.flushAll(Duration.ofMillis(500))).isInstanceOf(ArcException.class)
                    .hasMessageContaining("prod.cpu").hasMessageContaining("the store is down")
                    .extracting(failure -> ((ArcException) failure).code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
            assertThat(world.storedRows(MEM)).isEqualTo(1);
            world.store.beforePut = key -> {};
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.storedIds(CPU)).containsExactly(1L);
        }
    }

    @Test
    void stoppingStoresWhatIsLeft() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.flushes.start();
            world.append(ids(CPU, T0, 1, 5));
            assertThat(world.flushes.stop(Duration.ofSeconds(30))).isZero();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 5));
        }
    }

    @Test
    void stoppingWithTheStoreDownEndsAndCountsWhatIsLeft() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            world.flushes.start();
            world.store.down = true;
            world.append(ids(CPU, T0, 1, 5));
            world.append(ids(MEM, T0, 1, 2));
            assertThat(world.flushes.stop(Duration.ofMillis(300))).isEqualTo(7);
            assertThat(world.released).allSatisfy((writer, through) -> assertThat(through).isZero());
            world.store.down = false;
            assertThatThrownBy(() -> world.flushes.flushAll(Duration.ofSeconds(30))).isInstanceOf(ArcException.class)
                    .hasMessageContaining("stopping");
            world.clock.advance(Duration.ofMinutes(1));
            world.flushes.runDue();
            assertThat(world.files(CPU)).isEmpty();
        }
    }

    /// A server that fails while it starts closes what it has not started yet.
    @Test
    void closingBeforeTheStartEnds() throws Exception {
        FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS);
        CompletableFuture<Void> closing = CompletableFuture.runAsync(world::close);
        closing.get(30, TimeUnit.SECONDS);
        assertThat(world.flushes.pendingCount()).isZero();
    }

    /// Errors that are no exceptions end a try like any other; a table must not look busy for ever.
    @Test
    void anErrorEndsATryToo() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            AtomicBoolean first = new AtomicBoolean(true);
            world.store.beforePut = key -> {
                if (first.getAndSet(false)) {
                    throw new StackOverflowError("deep");
                }
            };
            world.append(ids(CPU, T0, 1, 100));
            world.runDue();
            assertThat(world.flushes.failing()).containsOnlyKeys(CPU);
            world.clock.advance(Duration.ofSeconds(5));
            world.runDue();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 100));
        }
    }
}
