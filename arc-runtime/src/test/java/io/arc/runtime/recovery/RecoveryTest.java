package io.arc.runtime.recovery;

import static io.arc.runtime.buffer.TestBatches.ids;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.FlushCommit;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.flush.FlushWorld;
import io.arc.runtime.flush.MemoryStore;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.query.LiveTables;
import io.arc.runtime.wal.Journal;
import io.arc.runtime.wal.Wal;
import io.arc.runtime.wal.WalOptions;
import io.arc.runtime.wal.WalReader;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Restarts: the real log and catalog on disk, a store that lives on.
final class RecoveryTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final TableId MEM = new TableId("prod", "mem");
    private static final long T0 = HourPartition.MICROS * 480_000;
    private static final String INSTANCE = "test";

    @TempDir
    private Path directory;

    private final MemoryStore store = new MemoryStore();

    private FlushWorld world(long memoryBytes) {
        return new FlushWorld(directory, store, FlushWorld.OPTIONS, memoryBytes);
    }

    private FlushWorld world() {
        return world(1L << 40);
    }

    private WalReader reader() {
        return new WalReader(new DiskFileSystem(), directory.resolve("wal"), INSTANCE);
    }

    private static WalReader.Report replay(FlushWorld world, WalReader reader) {
        return new WalReplay(world.buffers, world.schemas, world.catalog, world.memory, world.flushes, world.metrics).replay(reader);
    }

    private Wal openLog(FlushWorld world, WalReader.Report report) {
        return Wal.open(new WalOptions(directory.resolve("wal"), INSTANCE, 1, WalOptions.SyncMode.ASYNC, 1 << 20,
                Duration.ofHours(1), 1 << 26, writer -> WalReplay.highestCovered(world.catalog.snapshot(), writer)),
                new DiskFileSystem(), world.clock, report);
    }

    /// Logs a frame and gives it to the buffers, as a request does.
    private static void write(FlushWorld world, Journal log, ColumnBatch... batches) throws Exception {
        List<ColumnBatch> frame = List.of(batches);
        CompletableFuture<Long> done = new CompletableFuture<>();
        log.append(frame, new Journal.Commit() {
            @Override
            public void committed(String writer, long sequence) {
                world.append(writer, sequence, frame);
                done.complete(sequence);
            }

            @Override
            public void failed(ArcException cause) {
                done.completeExceptionally(cause);
            }
        });
        done.get(30, TimeUnit.SECONDS);
    }

    private static List<Long> range(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    private static List<Long> hot(FlushWorld world, TableId table) {
        return TestBatches.idsOf(TestBatches.batches(world.buffers.hot(table)));
    }

    /// Two of a flush's files are stored, the third fails, and the process is gone. After the restart the store has no object
    /// that the catalog has not, and every row is there once.
    @Test
    void aCrashBetweenPutAndCommitLeavesNoOrphan() throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            for (int hour = 0; hour < 3; hour++) {
                write(world, log, ids(CPU, T0 + hour * HourPartition.MICROS, 1 + 50 * hour, 50));
            }
            store.afterPut = key -> {
                if (store.objects.size() == 3) {
                    throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "the last thing this process sees");
                }
            };
            world.runDue();
        }
        store.afterPut = key -> {};
        assertThat(store.objects).hasSize(3);
        try (FlushWorld world = world()) {
            assertThat(world.files(CPU)).isEmpty();
            assertThat(world.catalog.announced()).containsExactlyElementsOf(store.objects.keySet());
            assertThat(new OrphanSweep(world.catalog, store).sweep()).isEqualTo(3);
            assertThat(store.objects).isEmpty();
            assertThat(world.catalog.announced()).isEmpty();
            replay(world, reader());
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 150));
            assertThat(store.objects.keySet()).containsExactlyInAnyOrderElementsOf(
                    world.files(CPU).stream().map(file -> file.key()).toList());
            assertThat(world.catalog.announced()).isEmpty();
            assertThat(new OrphanSweep(world.catalog, store).sweep()).isZero();
        }
        try (FlushWorld world = world()) {
            replay(world, reader());
            assertThat(hot(world, CPU)).isEmpty();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 150));
        }
    }

    /// What a client was told before a restart still means the same rows after it, whether they were in files or in the log.
    @Test
    void positionsOfAnEarlierRunAreReadable() throws Exception {
        String writer = WalOptions.writerId(INSTANCE, 1);
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            write(world, log, ids(CPU, T0, 1, 50));
            world.flushes.flushAll(Duration.ofSeconds(30));
            write(world, log, ids(CPU, T0, 51, 50));
        }
        try (FlushWorld world = world()) {
            replay(world, reader());
            LiveTables tables = new LiveTables(world.catalog, world.schemas, world.buffers);
            for (long sequence = 1; sequence <= 2; sequence++) {
                assertThat(tables.awaitReadable(writer + ":" + sequence, Duration.ZERO)).isTrue();
            }
            assertThat(tables.awaitReadable(writer + ":3", Duration.ofMillis(20))).isFalse();
            world.flushes.flushAll(Duration.ofSeconds(30));
        }
        try (FlushWorld world = world()) {
            LiveTables tables = new LiveTables(world.catalog, world.schemas, world.buffers);
            new WalReplay(world.buffers, world.schemas, world.catalog, world.memory, world.flushes, world.metrics).replay(
                    new WalReader(new DiskFileSystem(), directory.resolve("empty"), INSTANCE));
            assertThat(tables.awaitReadable(writer + ":2", Duration.ZERO)).as("the log is gone, the files tell").isTrue();
            assertThat(tables.awaitReadable(writer + ":3", Duration.ZERO)).isFalse();
        }
    }

    @Test
    void anOrphanInAStoreThatIsDownWaitsForTheNextStart() {
        try (FlushWorld world = world()) {
            world.catalog.announce(List.of("prod/cpu/x.parquet", "prod/cpu/y.parquet"));
            world.catalog.announce(List.of("prod/cpu/x.parquet"));
            store.objects.put("prod/cpu/x.parquet", new byte[1]);
            store.objects.put("prod/cpu/z.parquet", new byte[1]);
            store.down = true;
            assertThat(new OrphanSweep(world.catalog, store).sweep()).isZero();
            assertThat(store.objects).hasSize(2);
        }
        store.down = false;
        try (FlushWorld world = world()) {
            assertThat(world.catalog.announced()).containsExactly("prod/cpu/x.parquet", "prod/cpu/y.parquet");
            assertThat(new OrphanSweep(world.catalog, store).sweep()).isEqualTo(2);
            assertThat(store.objects.keySet()).as("what nobody announced is not ours to delete").containsExactly("prod/cpu/z.parquet");
        }
    }

    @Test
    void aFileOfATableIsNeverSwept() {
        try (FlushWorld world = world()) {
            world.append(ids(CPU, T0, 1, 3));
            world.flushes.flushAll(Duration.ofSeconds(30));
            String key = world.files(CPU).getFirst().key();
            world.catalog.announce(List.of(key));
            new OrphanSweep(world.catalog, store).sweep();
            assertThat(store.objects).containsOnlyKeys(key);
            assertThat(world.storedIds(CPU)).containsExactly(1L, 2L, 3L);
        }
    }

    /// A frame of two tables of which one is in files: the other comes back, alone.
    @Test
    void whatFilesCoverIsPassedOverAndTheRestComesBack() throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            write(world, log, ids(CPU, T0, 1, 10), ids(MEM, T0, 1000, 2));
            store.beforePut = key -> {
                if (key.startsWith("prod/mem/")) {
                    throw MemoryStore.unavailable();
                }
            };
            world.clock.advance(Duration.ofSeconds(5));
            world.runDue();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 10));
            write(world, log, ids(CPU, T0, 11, 5));
        }
        store.beforePut = key -> {};
        try (FlushWorld world = world()) {
            WalReader.Report report = replay(world, reader());
            assertThat(report.frames()).isEqualTo(2);
            assertThat(hot(world, CPU)).isEqualTo(range(11, 15));
            assertThat(hot(world, MEM)).containsExactly(1000L, 1001L);
            assertThat(world.metrics.counter("arc_wal_recovery_records_total", "", "").value()).isEqualTo(7);
            assertThat(world.memory.usedBytes())
                    .isEqualTo(ids(CPU, T0, 11, 5).retainedBytes() + ids(MEM, T0, 1000, 2).retainedBytes());
            try (Wal log = openLog(world, report)) {
                write(world, log, ids(CPU, T0, 16, 5));
                world.flushes.flushAll(Duration.ofSeconds(30));
            }
            assertThat(world.storedIds(CPU)).containsExactlyInAnyOrderElementsOf(range(1, 20));
            assertThat(world.storedIds(MEM)).containsExactly(1000L, 1001L);
            assertThat(world.memory.usedBytes()).isZero();
        }
    }

    @Test
    void moreRowsThanFitIntoMemoryAreFlushedOnTheWay() throws Exception {
        List<ColumnBatch> sent = new ArrayList<>();
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            for (int frame = 0; frame < 50; frame++) {
                sent.add(ids(CPU, T0 + frame * 100, 1 + frame * 100, 100));
                write(world, log, sent.getLast());
            }
        }
        long total = TestBatches.bytes(sent);
        try (FlushWorld world = world(total / 5)) {
            long[] highest = {0};
            world.buffers.onAppend((table, rows) -> highest[0] = Math.max(highest[0], world.memory.usedBytes()));
            replay(world, reader());
            assertThat(highest[0]).isLessThanOrEqualTo(total / 10);
            assertThat(world.files(CPU)).hasSizeGreaterThanOrEqualTo(9);
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.storedIds(CPU)).containsExactlyInAnyOrderElementsOf(range(1, 5_000));
            assertThat(world.memory.usedBytes()).isZero();
        }
    }

    /// What was acknowledged under yesterday's limits and rules comes back under today's.
    @Test
    void loggedRowsComeBackWhateverTheLimitsAreNow() throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            write(world, log, ids(CPU, T0, 1, 10));
        }
        try (FlushWorld strict = new FlushWorld(directory, store, FlushWorld.OPTIONS, 1L << 40, 0,
                name -> Optional.of("no name is good any more"))) {
            replay(strict, reader());
            assertThat(hot(strict, CPU)).isEqualTo(range(1, 10));
            assertThatThrownBy(() -> strict.append(ids(MEM, T0, 11, 1))).isInstanceOf(ArcException.class);
            strict.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(strict.storedIds(CPU)).isEqualTo(range(1, 10));
        }
    }

    /// Else a server that is not written to reads the same log at every start.
    @Test
    void aLogOfWhichEverythingIsInFilesGoesRightAfterTheStart() throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            write(world, log, ids(CPU, T0, 1, 10));
            world.flushes.flushAll(Duration.ofSeconds(30));
        }
        try (FlushWorld world = world()) {
            WalReader.Report report = replay(world, reader());
            assertThat(report.frames()).isEqualTo(1);
            try (Wal log = openLog(world, report)) {
                world.flushes.releaseLog(log::release);
                FlushWorld.await(() -> log.status().closedSegments().isEmpty());
            }
            assertThat(reader().read((writer, sequence, batches) -> {}).segments()).isEmpty();
            assertThat(world.storedIds(CPU)).isEqualTo(range(1, 10));
        }
    }

    /// What a crash right after a rotation leaves: a segment without a frame.
    @Test
    void aSegmentWithoutFramesGoesRightAfterTheStart() throws Exception {
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            write(world, log, ids(CPU, T0, 1, 10));
            world.flushes.flushAll(Duration.ofSeconds(30));
        }
        Path segment = new DiskFileSystem().list(directory.resolve("wal")).stream()
                .filter(file -> file.toString().endsWith(".wal")).findFirst().orElseThrow();
        try (FileChannel file = FileChannel.open(segment, StandardOpenOption.WRITE)) {
            file.truncate(96);
        }
        try (FlushWorld world = world()) {
            WalReader.Report report = replay(world, reader());
            assertThat(report.frames()).isZero();
            assertThat(report.segments()).hasSize(1);
            try (Wal log = openLog(world, report)) {
                world.flushes.releaseLog(log::release);
                FlushWorld.await(() -> log.status().closedSegments().isEmpty());
            }
            assertThat(segment).doesNotExist();
        }
    }

    private long logged(int frames) throws Exception {
        List<ColumnBatch> sent = new ArrayList<>();
        try (FlushWorld world = world(); Wal log = openLog(world, WalReader.Report.NONE)) {
            for (int frame = 0; frame < frames; frame++) {
                sent.add(ids(CPU, T0 + frame * 100, 1 + frame * 100, 100));
                write(world, log, sent.getLast());
            }
        }
        return TestBatches.bytes(sent);
    }

    @Test
    void aStoreThatIsDownIsNoReasonNotToStart() throws Exception {
        long total = logged(20);
        store.down = true;
        try (FlushWorld world = world(total + total / 2)) {
            WalReader.Report report = replay(world, reader());
            assertThat(hot(world, CPU)).isEqualTo(range(1, 2_000));
            try (Wal log = openLog(world, report)) {
                write(world, log, ids(CPU, T0, 2_001, 1));
                store.down = false;
                world.flushes.flushAll(Duration.ofSeconds(30));
            }
            assertThat(world.storedIds(CPU)).containsExactlyInAnyOrderElementsOf(range(1, 2_001));
        }
    }

    /// The start waits, and says what for, instead of failing or going on without the rows.
    @Test
    void moreRowsThanFitWaitForTheStore() throws Exception {
        long total = logged(20);
        store.down = true;
        try (FlushWorld world = world(total / 2)) {
            WalReplay replay = new WalReplay(world.buffers, world.schemas, world.catalog, world.memory, world.flushes, world.metrics);
            assertThat(replay.waiting()).isEmpty();
            CompletableFuture<WalReader.Report> done = CompletableFuture.supplyAsync(() -> replay.replay(reader()));
            FlushWorld.await(() -> replay.waiting().isPresent() || done.isDone());
            assertThat(done).isNotDone();
            assertThat(replay.waiting().orElseThrow()).contains("memory").contains("the store is down");
            assertThat(world.memory.usedBytes()).isBetween(total / 4, total / 2);
            store.down = false;
            done.get(30, TimeUnit.SECONDS);
            assertThat(replay.waiting()).isEmpty();
            world.flushes.flushAll(Duration.ofSeconds(30));
            assertThat(world.storedIds(CPU)).containsExactlyInAnyOrderElementsOf(range(1, 2_000));
        }
    }

    /// A stop while the start waits ends the waiting; the log has everything still.
    @Test
    void theWaitEndsWithTheServer() throws Exception {
        long total = logged(20);
        store.down = true;
        CompletableFuture<WalReader.Report> done;
        try (FlushWorld world = world(total / 2)) {
            WalReplay replay = new WalReplay(world.buffers, world.schemas, world.catalog, world.memory, world.flushes, world.metrics);
            done = CompletableFuture.supplyAsync(() -> replay.replay(reader()));
            FlushWorld.await(() -> replay.waiting().isPresent() || done.isDone());
            world.flushes.close();
            assertThatThrownBy(() -> done.get(30, TimeUnit.SECONDS)).hasRootCauseInstanceOf(ArcException.class);
        }
        store.down = false;
        try (FlushWorld world = world()) {
            replay(world, reader());
            assertThat(hot(world, CPU)).isEqualTo(range(1, 2_000));
        }
    }

    @Test
    void theHighestCoveredSequenceIsOfAllTables() {
        try (FlushWorld world = world()) {
            assertThat(WalReplay.highestCovered(world.catalog.snapshot(), "w")).isZero();
            for (TableId table : List.of(CPU, MEM, new TableId("dev", "cpu"))) {
                long last = table.equals(MEM) ? 9 : 5;
                world.catalog.commitFlush(new FlushCommit(table, TableSchema.EMPTY, List.of(),
                        List.of(new WalRange("w", 1, last), new WalRange("v", 1, 100))));
            }
            assertThat(WalReplay.highestCovered(world.catalog.snapshot(), "w")).isEqualTo(9);
        }
    }
}
