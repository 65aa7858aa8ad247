package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.Column;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Validity;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.flush.FlushWorld;
import io.arc.runtime.partition.HourPartition;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LiveTablesTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final long T0 = HourPartition.MICROS * 480_000;
    private static final int WRITERS = 3;
    private static final int MOST_FRAMES = 200_000;

    @TempDir
    private Path directory;

    /// Each writer numbers its rows from 1 in a column of its own, so the counts and bounds in the catalog say exactly which of
    /// them a file holds.
    private static ColumnBatch row(int writer, long number) {
        return new ColumnBatch(CPU, 1, new long[] {T0 + number % 1000},
                List.of(new LongColumn("id" + writer, Role.FIELD, new long[] {number}, Validity.ALL_PRESENT)));
    }

    /// Rows are appended, flushed and read at the same time, some of them in merged batches. Every look sees each acknowledged
    /// row, and none twice.
    @Test
    void everyLookSeesEachRowOnce() throws Exception {
        long seed = System.nanoTime();
        long until = seed + Duration.ofSeconds(3).toNanos();
        AtomicLongArray acknowledged = new AtomicLongArray(WRITERS);
        AtomicInteger looks = new AtomicInteger();
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS);
                ExecutorService pool = Executors.newFixedThreadPool(WRITERS + 3)) {
            LiveTables tables = new LiveTables(world.catalog, world.schemas, world.buffers);
            AtomicInteger appending = new AtomicInteger(WRITERS);
            List<Future<?>> all = new ArrayList<>();
            for (int w = 0; w < WRITERS; w++) {
                int writer = w;
                all.add(pool.submit(() -> {
                    Random random = new Random(seed + writer);
                    long number = 0;
                    for (long frame = 1; frame <= MOST_FRAMES && System.nanoTime() < until; frame++) {
                        List<ColumnBatch> batches = new ArrayList<>();
                        for (int i = random.nextInt(3); i >= 0; i--) {
                            batches.add(row(writer, ++number));
                        }
                        world.append("w" + writer, frame, batches);
                        acknowledged.set(writer, number);
                        if (random.nextInt(16) == 0) {
                            Thread.yield();
                        }
                    }
                    appending.decrementAndGet();
                }));
            }
            all.add(pool.submit(() -> {
                while (appending.get() > 0) {
                    world.flushes.flushAll(Duration.ofSeconds(30));
                }
            }));
            for (int reader = 0; reader < 2; reader++) {
                all.add(pool.submit(() -> {
                    while (appending.get() > 0) {
                        look(tables, acknowledged, seed);
                        looks.incrementAndGet();
                    }
                }));
            }
            for (Future<?> each : all) {
                each.get(60, TimeUnit.SECONDS);
            }
            look(tables, acknowledged, seed);
            world.flushes.flushAll(Duration.ofSeconds(30));
            look(tables, acknowledged, seed);
            assertThat(world.buffers.hot(CPU)).isEmpty();
            assertThat(world.files(CPU)).as("flushes came in between").hasSizeGreaterThan(2);
            assertThat(looks.get()).isGreaterThan(10);
            assertThat(world.catalog.pinCount()).isZero();
            assertThat(world.memory.usedBytes()).isZero();
        }
    }

    private static void look(LiveTables tables, AtomicLongArray acknowledged, long seed) {
        long[] least = new long[WRITERS];
        for (int writer = 0; writer < WRITERS; writer++) {
            least[writer] = acknowledged.get(writer);
        }
        try (TableSource.Snapshot snapshot = tables.snapshot()) {
            TableView view = snapshot.find(CPU).orElse(null);
            for (int writer = 0; writer < WRITERS; writer++) {
                BitSet seen = new BitSet();
                if (view != null) {
                    for (DataFile file : view.files()) {
                        addFile(file, "id" + writer, seen, seed);
                    }
                    for (ColumnBatch batch : view.hot()) {
                        addHot(batch, "id" + writer, seen, seed);
                    }
                }
                assertThat((long) seen.cardinality()).as("rows of writer %d, seed %d", writer, seed)
                        .isGreaterThanOrEqualTo(least[writer]).isEqualTo(Math.max(0, seen.length() - 1));
            }
        }
    }

    private static void addFile(DataFile file, String name, BitSet seen, long seed) {
        for (ColumnStats column : file.columns()) {
            if (column.name().equals(name) && column.bounds() instanceof ColumnStats.Bounds.Longs bounds) {
                long count = file.rowCount() - column.nullCount();
                assertThat(count).as("a file holds a run of rows, seed %d", seed).isEqualTo(bounds.max() - bounds.min() + 1);
                int from = Math.toIntExact(bounds.min());
                int to = Math.toIntExact(bounds.max() + 1);
                assertThat(seen.get(from, to).isEmpty()).as("rows %d to %d twice, seed %d", from, to, seed).isTrue();
                seen.set(from, to);
            }
        }
    }

    private static void addHot(ColumnBatch batch, String name, BitSet seen, long seed) {
        for (Column column : batch.columns()) {
            if (column instanceof LongColumn longs && longs.name().equals(name)) {
                for (int row = 0; row < batch.rowCount(); row++) {
                    if (longs.validity().isPresent(row)) {
                        int number = Math.toIntExact(longs.values()[row]);
                        if (seen.get(number)) {
                            throw new AssertionError("row " + number + " twice, seed " + seed);
                        }
                        seen.set(number);
                    }
                }
            }
        }
    }

    @Test
    void rowsInMemoryAndFilesAreOneTable() {
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            LiveTables tables = new LiveTables(world.catalog, world.schemas, world.buffers);
            assertThat(tables.databases()).containsExactly("default");
            try (TableSource.Snapshot snapshot = tables.snapshot()) {
                assertThat(snapshot.find(CPU)).isEmpty();
            }
            world.append(TestBatches.ids(CPU, T0, 1, 3));
            assertThat(tables.databases()).containsExactly("default", "prod");
            assertThat(tables.tables("prod")).containsExactly(CPU);
            TableSource.TableVersion before;
            try (TableSource.Snapshot snapshot = tables.snapshot()) {
                assertThat(TestBatches.idsOf(snapshot.find(CPU).orElseThrow().hot())).containsExactly(1L, 2L, 3L);
                before = snapshot.version(CPU);
            }
            world.flushes.flushAll(Duration.ofSeconds(30));
            world.append(TestBatches.ids(CPU, T0, 4, 1));
            try (TableSource.Snapshot snapshot = tables.snapshot()) {
                TableView view = snapshot.find(CPU).orElseThrow();
                assertThat(view.files()).hasSize(1);
                assertThat(TestBatches.idsOf(view.hot())).containsExactly(4L);
                assertThat(snapshot.version(CPU)).isNotEqualTo(before);
                assertThat(world.catalog.pinCount()).isEqualTo(1);
            }
            assertThat(world.catalog.pinCount()).isZero();
        }
    }
}
