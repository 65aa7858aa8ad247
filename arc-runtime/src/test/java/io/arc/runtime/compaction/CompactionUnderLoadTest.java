package io.arc.runtime.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.query.LiveTables;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.QueryOptions;
import io.arc.runtime.query.QueryRequest;
import io.arc.runtime.query.RunningQuery;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Writes, flushes, merges, deletions of old objects and queries, all at the same time.
class CompactionUnderLoadTest {
    private static final Pattern ANSWER = Pattern.compile("\"data\":\\[\\[(-?\\d+),(-?\\d+|null),(-?\\d+|null)]]");

    @TempDir
    private Path directory;

    @Test
    void everyAnswerIsExact() throws Exception {
        queries(40);
    }

    @Test
    @Tag("slow")
    void everyAnswerIsExactForLong() throws Exception {
        queries(20_000);
    }

    /// Every batch has a row with `v` and one with `-v`, so the sum is zero and the count even in every moment; and a count is
    /// never less than what was acknowledged before the query began.
    private void queries(int wanted) throws Exception {
        FolderStore store = new FolderStore(directory.resolve("store"));
        AtomicBoolean stop = new AtomicBoolean();
        AtomicLong acknowledged = new AtomicLong();
        try (CompactionWorld world = new CompactionWorld(directory, store);
                QueryEngine engine = new QueryEngine(QueryOptions.defaults(List.of(directory)).withMemory(256L << 20, 2),
                        new LiveTables(world.catalog, world.schemas, world.buffers),
                        new FileCache(store, directory.resolve("query-cache"), 1L << 30), List.of(), world.clock,
                        directory.resolve("tmp"));
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            world.flushIds(1);
            Future<?> writer = threads.submit(() -> {
                long v = 1;
                while (!stop.get()) {
                    world.flush(TestBatches.batch(new TableId("prod", "pairs"), CompactionWorld.ONE + v, TestBatches.longs("v", v)),
                            TestBatches.batch(new TableId("prod", "pairs"), CompactionWorld.ONE + v / 2, TestBatches.longs("v", -v)));
                    acknowledged.addAndGet(2);
                    v++;
                }
            });
            Future<Long> merger = threads.submit(() -> {
                long merged = 0;
                while (!stop.get()) {
                    merged += world.compact().stream().filter(JobReport::success).count();
                    world.compaction.clean();
                }
                return merged;
            });
            while (acknowledged.get() == 0 && !writer.isDone()) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < wanted && !writer.isDone() && !merger.isDone(); i++) {
                long least = acknowledged.get();
                String answer = ask(engine, "SELECT count(*), sum(v)::BIGINT, sum(v * v)::BIGINT FROM pairs");
                Matcher figures = ANSWER.matcher(answer);
                assertThat(figures.find()).as(answer).isTrue();
                long count = Long.parseLong(figures.group(1));
                long n = count / 2;
                assertThat(count % 2).as(answer).isZero();
                assertThat(count).as(answer).isGreaterThanOrEqualTo(least);
                assertThat(figures.group(2)).as(answer).isEqualTo("0");
                assertThat(Long.parseLong(figures.group(3))).as(answer).isEqualTo(n * (n + 1) * (2 * n + 1) / 3);
            }
            stop.set(true);
            writer.get();
            assertThat(merger.get()).isPositive();
        }
    }

    private static String ask(QueryEngine engine, String sql) throws IOException {
        try (RunningQuery query = engine.run(QueryRequest.of(sql, "prod"))) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            query.writeJson(out);
            return out.toString(StandardCharsets.UTF_8);
        }
    }

    @Test
    void noCellIsWrongAfterSchemasThatRotate() throws Exception {
        rotate(25, 11);
    }

    @Test
    @Tag("slow")
    void noCellIsWrongAfterSchemasThatRotateForLong() throws Exception {
        rotate(2_000, Long.getLong("arc.test.seed", System.nanoTime()));
    }

    /// 16 writers, each with five shapes in turn, over three hours; flushes and merges go on meanwhile. In the end every cell is
    /// what its writer wrote, in the table's type.
    private void rotate(int batchesEach, long seed) throws Exception {
        TableId table = new TableId("prod", "rotating");
        FolderStore store = new FolderStore(directory.resolve("store"));
        Map<Long, Map<String, Object>> oracle = new ConcurrentHashMap<>();
        AtomicLong ids = new AtomicLong();
        AtomicBoolean stop = new AtomicBoolean();
        try (CompactionWorld world = new CompactionWorld(directory, store); ExecutorService threads = Executors.newFixedThreadPool(17)) {
            List<Future<?>> writers = new ArrayList<>();
            for (int w = 0; w < 16; w++) {
                Random random = new Random(seed * 31 + w);
                int writer = w;
                writers.add(threads.submit(() -> {
                    for (int b = 0; b < batchesEach; b++) {
                        int rows = 1 + random.nextInt(20);
                        world.append(batch(table, (writer + b) % 5, rows, random, ids.getAndAdd(rows), oracle));
                        if (b % 4 == 0) {
                            world.flush();
                        }
                    }
                }));
            }
            Future<?> merger = threads.submit(() -> {
                while (!stop.get()) {
                    world.compact();
                    world.compaction.clean();
                }
            });
            for (Future<?> writer : writers) {
                writer.get();
            }
            stop.set(true);
            merger.get();
            world.flush();
            world.compact();
            world.compaction.clean();
            assertThat(world.compaction.status().quarantined()).as("seed %d", seed).isEmpty();
            assertThat(world.compaction.status().jobsCompleted()).isPositive();
            List<DataFile> files = world.files(table);
            assertThat(files).as("seed %d", seed).hasSizeLessThan(3 * 4 + 3);
            assertThat(store.dataKeys()).hasSize(files.size());
            List<String> names = world.catalog.snapshot().find(table).orElseThrow().schema().columns().stream()
                    .map(column -> column.name()).toList();
            List<String> expected = new ArrayList<>();
            oracle.forEach((id, cells) -> {
                StringBuilder row = new StringBuilder().append(cells.get("time")).append('|');
                names.forEach(name -> row.append(cells.get(name)).append('|'));
                expected.add(row.toString());
            });
            expected.sort(null);
            assertThat(CompactionWorld.rows(store, world.catalog, table)).as("seed %d", seed).isEqualTo(expected);
        }
    }

    /// In the end `a` is FLOAT64, `b` TEXT, `c` BOOLEAN; a column comes, goes, and is null throughout.
    private static ColumnBatch batch(TableId table, int shape, int rows, Random random, long firstId,
            Map<Long, Map<String, Object>> oracle) {
        long[] times = new long[rows];
        long[] ids = new long[rows];
        long[] longs = new long[rows];
        double[] doubles = new double[rows];
        boolean[] booleans = new boolean[rows];
        String[] texts = new String[rows];
        for (int r = 0; r < rows; r++) {
            times[r] = CompactionWorld.ONE + (random.nextInt(3) - 1) * HourPartition.MICROS + random.nextInt(1_000_000);
            ids[r] = firstId + r;
            longs[r] = random.nextInt(1000) - 500;
            doubles[r] = random.nextInt(100_000) / 128.0;
            booleans[r] = random.nextBoolean();
            texts[r] = "ü" + random.nextInt(50);
            Map<String, Object> cells = new HashMap<>(Map.of("time", times[r], "id", ids[r]));
            switch (shape) {
                case 0 -> cells.put("a", (double) longs[r]);
                case 1 -> cells.put("a", doubles[r]);
                case 2 -> {
                    cells.put("a", doubles[r]);
                    cells.put("b", texts[r]);
                }
                case 3 -> {
                    cells.put("b", Long.toString(longs[r]));
                    cells.put("c", booleans[r]);
                }
                default -> cells.put("c", booleans[r]);
            }
            oracle.put(ids[r], cells);
        }
        List<Column> columns = new ArrayList<>();
        columns.add(TestBatches.longs("id", ids));
        switch (shape) {
            case 0 -> columns.add(TestBatches.longs("a", longs));
            case 1 -> columns.add(TestBatches.doubles("a", doubles));
            case 2 -> {
                columns.add(TestBatches.doubles("a", doubles));
                columns.add(TestBatches.texts("b", texts));
            }
            case 3 -> {
                columns.add(TestBatches.longs("b", longs));
                columns.add(TestBatches.booleans("c", booleans));
            }
            default -> {
                columns.add(TestBatches.booleans("c", booleans));
                columns.add(TestBatches.nothing("a", rows));
            }
        }
        return new ColumnBatch(table, rows, times, columns);
    }
}
