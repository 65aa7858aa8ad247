package io.arc.runtime.compaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.Pin;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.fs.FaultyFileSystem;
import io.arc.runtime.recovery.CatalogRebuild;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompactionServiceTest {
    @TempDir
    private Path directory;

    private FolderStore store() {
        return new FolderStore(directory.resolve("store"));
    }

    private static List<String> rows(CompactionWorld world) {
        return CompactionWorld.rows((FolderStore) world.store, world.catalog, CompactionWorld.CPU);
    }

    @Test
    void manySmallFilesBecomeOne() {
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            world.flushIds(12);
            List<String> before = rows(world);
            List<JobReport> reports = world.compact();
            assertThat(reports).singleElement().matches(JobReport::success);
            DataFile merged = world.files(CompactionWorld.CPU).getFirst();
            assertThat(world.files(CompactionWorld.CPU)).hasSize(1);
            assertThat(merged.key()).startsWith("prod/cpu/2026/01/02/01/cpu_20260102_010000_120-").endsWith("_compacted.parquet");
            assertThat(merged.level()).isEqualTo(1);
            assertThat(merged.coverage()).singleElement().matches(range -> range.first() == 1 && range.last() == 12);
            assertThat(rows(world)).isEqualTo(before);
            assertThat(((FolderStore) world.store).dataKeys()).hasSize(13);
            assertThat(world.compaction.clean()).isEqualTo(12);
            assertThat(((FolderStore) world.store).dataKeys()).containsExactly(merged.key());
            assertThat(world.catalog.announced()).isEmpty();
            assertThat(world.compact()).as("an idle cycle").isEmpty();
        }
    }

    @Test
    void objectsStayWhileAReaderCanSeeThem() {
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            world.flushIds(5);
            try (Pin pin = world.catalog.pin()) {
                world.compact();
                assertThat(world.compaction.clean()).isZero();
                assertThat(pin.snapshot().find(CompactionWorld.CPU).orElseThrow().files()).hasSize(5);
            }
            assertThat(world.compaction.clean()).isEqualTo(5);
        }
    }

    /// Late files join what was merged, again and again, and a restart forgets nothing.
    @Test
    void lateFilesAreMergedToo() {
        List<String> before;
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            for (int round = 0; round < 3; round++) {
                world.flushIds(6);
                world.compact();
                assertThat(world.files(CompactionWorld.CPU)).hasSize(1);
            }
            before = rows(world);
            assertThat(before).hasSize(180);
        }
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            assertThat(rows(world)).isEqualTo(before);
            assertThat(world.compact()).isEmpty();
        }
    }

    /// Columns that come, widen, are missing or have never had a value: the merged file has the catalog's types and each cell
    /// its value.
    @Test
    void schemasThatChangeAreMergedByTheCatalog() {
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            long at = CompactionWorld.ONE;
            world.flush(TestBatches.batch(CompactionWorld.CPU, at, TestBatches.longs("v", 1L << 52), TestBatches.nothing("n", 1)));
            world.flush(TestBatches.batch(CompactionWorld.CPU, at + 1, TestBatches.doubles("v", 1.5), TestBatches.longs("n", 7)));
            world.flush(TestBatches.batch(CompactionWorld.CPU, at + 2, TestBatches.texts("host", "a"), TestBatches.nothing("never", 1)));
            world.flush(TestBatches.batch(CompactionWorld.CPU, at + 3, TestBatches.doubles("w", 0.1)));
            List<String> before = rows(world);
            assertThat(world.compact()).singleElement().matches(JobReport::success);
            assertThat(rows(world)).isEqualTo(before);
            DataFile merged = world.files(CompactionWorld.CPU).getFirst();
            assertThat(merged.columns()).extracting(column -> column.name() + " " + column.type()).containsExactly(
                    "v FLOAT64", "n INT64", "host TEXT", "w FLOAT64");
            world.flush(TestBatches.batch(CompactionWorld.CPU, at + 4, TestBatches.texts("v", "x"), TestBatches.texts("w", "y")));
            for (int i = 0; i < 4; i++) {
                world.flush(TestBatches.batch(CompactionWorld.CPU, at + 5 + i, TestBatches.doubles("v", i / 7.0)));
            }
            before = rows(world);
            assertThat(world.compact()).singleElement().matches(JobReport::success);
            assertThat(rows(world)).isEqualTo(before);
            assertThat(world.files(CompactionWorld.CPU).getFirst().columns()).filteredOn(column -> column.name().equals("v"))
                    .singleElement().matches(column -> column.type() == ColumnType.TEXT);
        }
    }

    /// A file that cannot be read is left out, once and for all, and the others are merged.
    @Test
    void aDamagedFileIsQuarantined() throws IOException {
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            world.flushIds(8);
            String bad = world.files(CompactionWorld.CPU).get(3).key();
            Path file = directory.resolve("store").resolve(bad);
            byte[] bytes = Files.readAllBytes(file);
            bytes[20] ^= 0x55;
            Files.write(file, bytes);
            List<JobReport> reports = world.compact();
            assertThat(reports).filteredOn(report -> !report.success()).singleElement()
                    .matches(report -> report.error().orElseThrow().contains(bad));
            // A failed round is not repeated at once: the next cycle leaves the file out.
            world.compact();
            assertThat(world.files(CompactionWorld.CPU)).extracting(DataFile::level).containsExactlyInAnyOrder(0, 1);
            assertThat(world.compaction.status().quarantined()).singleElement()
                    .matches(held -> held.name().equals(bad) && held.isFile());
            assertThat(world.compact()).isEmpty();
        }
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            assertThat(world.compact()).as("after a restart").isEmpty();
            assertThat(world.compaction.status().quarantined()).hasSize(1);
        }
    }

    /// Of rows that agree in time and tags the one written last stays, as in a plain model; whatever is merged with what.
    @Test
    void duplicatesAreDroppedWhenAskedFor() {
        CompactionOptions plain = CompactionWorld.options(directory);
        CompactionOptions options = new CompactionOptions(plain.tiers(), new Planner.Limits(64 << 20, 3, 1 << 20), 2,
                plain.lockLife(), plain.spillDirectory(), plain.memoryBytes(), 2, true, List.of(), Map.of(), Duration.ZERO);
        long seed = System.nanoTime();
        Random random = new Random(seed);
        Map<String, Long> model = new TreeMap<>();
        try (CompactionWorld world = new CompactionWorld(directory, store(), options, new DiskFileSystem(), _ -> {})) {
            long value = 0;
            for (int round = 0; round < 3; round++) {
                for (int file = 0; file < 5; file++) {
                    world.clock.advance(Duration.ofSeconds(1));
                    List<ColumnBatch> batches = new ArrayList<>();
                    for (int row = 0; row < 30; row++) {
                        long time = CompactionWorld.ONE + random.nextInt(20);
                        String host = "h" + random.nextInt(3);
                        batches.add(TestBatches.batch(CompactionWorld.CPU, time, TestBatches.texts("host", host),
                                TestBatches.longs("v", ++value)));
                        model.put(time + "|" + host + "|", value);
                    }
                    world.flush(batches.toArray(new ColumnBatch[0]));
                }
                assertThat(world.compact()).as("seed %d", seed).isNotEmpty().allMatch(JobReport::success);
                assertThat(rows(world)).as("seed %d", seed)
                        .isEqualTo(model.entrySet().stream().map(row -> row.getKey() + row.getValue() + "|").sorted().toList());
            }
        }
    }

    @Test
    void filesOfATableWithSortKeysStaySortedByThem() {
        CompactionOptions plain = CompactionWorld.options(directory);
        CompactionOptions options = new CompactionOptions(plain.tiers(), plain.limits(), 2, plain.lockLife(),
                plain.spillDirectory(), plain.memoryBytes(), 2, false, List.of("host"), Map.of(), Duration.ZERO);
        try (CompactionWorld world = new CompactionWorld(directory, store(), options, new DiskFileSystem(), _ -> {})) {
            for (int i = 0; i < 6; i++) {
                world.flush(TestBatches.batch(CompactionWorld.CPU, CompactionWorld.ONE + i, TestBatches.texts("host", "h" + i % 3)),
                        TestBatches.batch(CompactionWorld.CPU, CompactionWorld.ONE + i, TestBatches.longs("v", i)));
            }
            List<String> before = rows(world);
            assertThat(world.compact()).singleElement().matches(JobReport::success);
            assertThat(rows(world)).isEqualTo(before);
            assertThat(world.metrics.counter("arc_compaction_engine_jobs_total", "jobs", "").value()).isEqualTo(1);
        }
    }

    /// Whichever call of the store fails, with or without effect, once or from then on: the rows are right at every moment, and
    /// a cycle after the fault leaves one file and no orphan.
    @Test
    void anyCallOfTheStoreMayFail() throws IOException {
        int calls = storeFaults(Integer.MAX_VALUE, false, false);
        assertThat(calls).isGreaterThan(8);
        for (int k = 1; k <= calls; k++) {
            for (int way = 0; way < 4; way++) {
                storeFaults(k, way % 2 == 0, way / 2 == 0);
            }
        }
    }

    private int storeFaults(int k, boolean afterIt, boolean forEver) throws IOException {
        Path here = Files.createTempDirectory(directory, "world");
        FolderStore store = new FolderStore(here.resolve("store"));
        AtomicInteger calls = new AtomicInteger();
        try (CompactionWorld world = new CompactionWorld(here, store)) {
            world.flushIds(4);
            List<String> expected = rows(world);
            String what = "call " + k + (afterIt ? " after it took effect" : "") + (forEver ? " and all later ones" : "");
            store.before = _ -> {
                int call = calls.incrementAndGet();
                if (!afterIt && (call == k || forEver && call > k)) {
                    throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "told to fail");
                }
            };
            store.after = _ -> {
                int call = calls.get();
                if (afterIt && (call == k || forEver && call > k)) {
                    throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "told to fail");
                }
            };
            world.compact();
            world.compaction.clean();
            store.before = _ -> {};
            store.after = _ -> {};
            assertThat(rows(world)).as(what).isEqualTo(expected);
            world.clock.advance(Duration.ofHours(3));
            world.compact();
            world.compaction.clean();
            assertThat(rows(world)).as(what).isEqualTo(expected);
            assertThat(world.files(CompactionWorld.CPU)).as(what).hasSize(1);
            assertThat(store.dataKeys()).as(what).containsExactly(world.files(CompactionWorld.CPU).getFirst().key());
            assertThat(world.compaction.status().quarantined()).as(what).isEmpty();
            assertThat(leftInSpill(here)).as(what).isEmpty();
        }
        return calls.get();
    }

    private static List<Path> leftInSpill(Path here) throws IOException {
        try (Stream<Path> files = Files.list(here.resolve("spill"))) {
            return files.toList();
        }
    }

    /// The same for the local disk.
    @Test
    void anyCallOfTheDiskMayFail() throws IOException {
        int calls = diskFaults(Integer.MAX_VALUE, FaultyFileSystem.Effect.BEFORE);
        assertThat(calls).isGreaterThan(3);
        for (int k = 1; k <= calls; k++) {
            for (FaultyFileSystem.Effect effect : FaultyFileSystem.Effect.values()) {
                diskFaults(k, effect);
            }
        }
    }

    private int diskFaults(int k, FaultyFileSystem.Effect effect) throws IOException {
        Path here = Files.createTempDirectory(directory, "world");
        FolderStore store = new FolderStore(here.resolve("store"));
        FaultyFileSystem disk = new FaultyFileSystem(new DiskFileSystem());
        int calls;
        List<String> expected;
        try (CompactionWorld world = new CompactionWorld(here, store, CompactionWorld.options(here), disk, _ -> {})) {
            world.flushIds(4);
            expected = rows(world);
            disk.fail(EnumSet.allOf(FaultyFileSystem.Call.class), k, false, effect, "told to fail");
            world.compact();
            calls = disk.calls();
            disk.heal();
            assertThat(rows(world)).as("%s of call %d", effect, k).isEqualTo(expected);
            world.compact();
            world.compaction.clean();
            assertThat(world.files(CompactionWorld.CPU)).as("%s of call %d", effect, k).hasSize(1);
        }
        try (CompactionWorld world = new CompactionWorld(here, store)) {
            assertThat(rows(world)).isEqualTo(expected);
            assertThat(store.dataKeys()).containsExactly(world.files(CompactionWorld.CPU).getFirst().key());
            assertThat(leftInSpill(here)).isEmpty();
        }
        return calls;
    }

    /// A job whose lock went to another while it worked changes nothing, and leaves nothing.
    @Test
    void anExpiredLockFencesItsJob() {
        AtomicInteger takeovers = new AtomicInteger();
        CompactionWorld[] self = new CompactionWorld[1];
        try (CompactionWorld world = new CompactionWorld(directory, store(), CompactionWorld.options(directory),
                new DiskFileSystem(), step -> {
                    if (step == Step.STORED && takeovers.getAndIncrement() == 0) {
                        self[0].clock.advance(Duration.ofHours(3));
                        assertThat(self[0].catalog.tryLock("prod/cpu/2026/01/02", "another", Duration.ofMinutes(1))).isPresent();
                    }
                })) {
            self[0] = world;
            world.flushIds(4);
            List<String> before = rows(world);
            assertThat(world.compact()).singleElement()
                    .matches(report -> report.error().orElseThrow().contains("took longer than its lock"));
            assertThat(rows(world)).isEqualTo(before);
            assertThat(((FolderStore) world.store).dataKeys()).hasSize(4);
            assertThat(world.compact()).as("while the other has the lock").isEmpty();
            world.clock.advance(Duration.ofHours(3));
            assertThat(world.compact()).singleElement().matches(JobReport::success);
            assertThat(rows(world)).isEqualTo(before);
        }
    }

    /// The footers tell which files a merged one replaces: a catalog that is made anew from storage has every row once, whether
    /// or not the inputs are still there, also after several merges.
    @Test
    void aCatalogIsRebuiltFromMergedFiles() throws IOException {
        for (int cleaned = 0; cleaned < 2; cleaned++) {
            Path here = Files.createDirectory(directory.resolve("here" + cleaned));
            FolderStore store = new FolderStore(here.resolve("store"));
            List<String> before;
            try (CompactionWorld world = new CompactionWorld(here, store)) {
                for (int round = 0; round < 2; round++) {
                    world.flushIds(4);
                    assertThat(world.compact()).singleElement().matches(JobReport::success);
                }
                world.flushIds(1);
                before = rows(world);
                if (cleaned == 1) {
                    world.compaction.clean();
                }
            }
            for (String suffix : List.of("", "-wal", "-shm")) {
                Files.deleteIfExists(here.resolve("arc.db" + suffix));
            }
            try (CompactionWorld world = new CompactionWorld(here, store)) {
                new CatalogRebuild(world.catalog, store, (key, size, integer) -> {
                    throw new AssertionError("no file of another program");
                }, 1000, line -> {}).rebuild(Map.of());
                assertThat(rows(world)).isEqualTo(before);
                assertThat(world.files(CompactionWorld.CPU)).extracting(DataFile::level).containsExactlyInAnyOrder(1, 0);
            }
        }
    }

    @Test
    void oneCycleAtATime() {
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            world.flushIds(4);
            assertThat(world.compaction.trigger(EnumSet.allOf(Tier.class), Scope.EVERYTHING)).isEqualTo(1);
            assertThatThrownBy(() -> world.compaction.trigger(EnumSet.allOf(Tier.class), Scope.EVERYTHING))
                    .isInstanceOfSatisfying(ArcException.class, refused -> assertThat(refused.code()).isEqualTo(ErrorCode.CONFLICT));
            world.compaction.runDue();
            assertThat(world.files(CompactionWorld.CPU)).hasSize(1);
            assertThat(world.compaction.status().cycleRunning()).isFalse();
            assertThat(world.compaction.trigger(EnumSet.allOf(Tier.class), Scope.EVERYTHING)).isEqualTo(2);
        }
    }

    /// The clock goes through a month; the tiers run as often as their schedules say.
    @Test
    void schedulesRunTheTiers() {
        try (CompactionWorld world = new CompactionWorld(directory, store())) {
            int cycles = 0;
            for (int minute = 0; minute < 30 * 24 * 60; minute += 5) {
                world.clock.advance(Duration.ofMinutes(5));
                world.compaction.runDue();
                cycles++;
            }
            assertThat(cycles).isEqualTo(30 * 24 * 12);
            assertThat(world.compaction.status().cycle()).isEqualTo(30 * 24 + 30);
        }
    }
}
