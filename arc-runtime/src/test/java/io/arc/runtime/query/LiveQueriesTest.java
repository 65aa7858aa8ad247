package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Validity;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.flush.FlushWorld;
import io.arc.runtime.partition.HourPartition;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Queries while rows come in and flushes take them out of memory: each answer is exactly the rows of one moment.
final class LiveQueriesTest {
    private static final TableId CPU = new TableId("default", "cpu");
    private static final long T0 = HourPartition.MICROS * 480_000;
    private static final long INTERVAL_NANOS = 20_000_000;
    private static final int FRAME_ROWS = 50;

    @TempDir
    private Path directory;

    @Test
    void eachAnswerIsExact() throws Exception {
        run(Duration.ofSeconds(4));
    }

    /// A minute, or ten with `-Darc.test.slow=10`.
    @Test
    @Tag("slow")
    void eachAnswerIsExactForLong() throws Exception {
        run(Duration.ofMillis((long) (60_000 * Double.parseDouble(System.getProperty("arc.test.slow", "1")))));
    }

    /// Rows are numbered from 1, and become readable in the order of the log, so any moment's rows are 1 to n.
    private static ColumnBatch frame(long first) {
        long[] times = new long[FRAME_ROWS];
        long[] numbers = new long[FRAME_ROWS];
        double[] values = new double[FRAME_ROWS];
        for (int i = 0; i < FRAME_ROWS; i++) {
            numbers[i] = first + i;
            values[i] = first + i;
            times[i] = T0 + (first + i) * 1_000;
        }
        return new ColumnBatch(CPU, FRAME_ROWS, times, List.of(new LongColumn("n", Role.FIELD, numbers, Validity.ALL_PRESENT),
                new DoubleColumn("v", Role.FIELD, values, Validity.ALL_PRESENT)));
    }

    private static List<?> row(QueryEngine engine, String sql) throws IOException {
        try (RunningQuery query = engine.run(QueryRequest.of(sql, "default"))) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            query.writeJson(out);
            Object answer = Json.parse(out.toString(StandardCharsets.UTF_8));
            return Json.array(Json.array(Json.object(answer).get("data")).getFirst());
        }
    }

    private static long number(Object value) {
        return value instanceof Json.Number(String text) ? new java.math.BigDecimal(text).longValueExact() : 0;
    }

    private void run(Duration length) throws Exception {
        AtomicLong acknowledged = new AtomicLong();
        AtomicLong begun = new AtomicLong();
        AtomicInteger flushes = new AtomicInteger();
        AtomicBoolean over = new AtomicBoolean();
        int answers = 0;
        try (FlushWorld world = new FlushWorld(directory, FlushWorld.OPTIONS)) {
            FileCache cache = new FileCache(world.store, directory.resolve("cache"), 1L << 30, 0, 0);
            LiveTables tables = new LiveTables(world.catalog, world.schemas, world.buffers);
            world.append("w", 1, List.of(frame(1)));
            acknowledged.set(FRAME_ROWS);
            begun.set(FRAME_ROWS);
            try (QueryEngine engine = new QueryEngine(QueryOptions.defaults(List.of(directory)).withMemory(512L << 20, 2), tables,
                    cache, List.of(), InstantSource.system(), directory.resolve("tmp"));
                    ExecutorService threads = Executors.newFixedThreadPool(2)) {
                List<Future<?>> others = new ArrayList<>();
                others.add(threads.submit(() -> {
                    for (long sequence = 2; !over.get(); sequence++) {
                        long first = (sequence - 1) * FRAME_ROWS + 1;
                        begun.set(first + FRAME_ROWS - 1);
                        world.append("w", sequence, List.of(frame(first)));
                        acknowledged.set(first + FRAME_ROWS - 1);
                        LockSupport.parkNanos(200_000);
                    }
                }));
                others.add(threads.submit(() -> {
                    while (!over.get()) {
                        world.flushes.flushAll(Duration.ofSeconds(30));
                        flushes.incrementAndGet();
                        LockSupport.parkNanos(100_000_000);
                    }
                }));
                long started = System.nanoTime();
                try {
                    while (System.nanoTime() - started < length.toNanos()) {
                        check(engine, acknowledged, begun);
                        answers++;
                        long next = started + answers * INTERVAL_NANOS;
                        LockSupport.parkNanos(next - System.nanoTime());
                    }
                } finally {
                    over.set(true);
                }
                for (Future<?> each : others) {
                    each.get(60, TimeUnit.SECONDS);
                }
                check(engine, acknowledged, begun);
                assertThat(engine.poolStats().failed()).isZero();
                assertThat(engine.allocatedBytes()).isZero();
            }
            assertThat(world.catalog.pinCount()).isZero();
        }
        assertThat(answers).isGreaterThan((int) length.toSeconds() * 5);
        assertThat(flushes.get()).isGreaterThan(3);
    }

    private static void check(QueryEngine engine, AtomicLong acknowledged, AtomicLong begun) throws IOException {
        for (String sql : List.of("SELECT count(*), sum(v) FROM cpu", "SELECT count(*), max(time) FROM cpu",
                "SELECT count(*), sum(n) FROM cpu WHERE n > 0 AND time >= '2000-01-01'")) {
            long least = acknowledged.get();
            List<?> row = row(engine, sql);
            long most = begun.get();
            long count = number(row.getFirst());
            assertThat(count).as(sql).isBetween(least, most);
            if (sql.contains("sum")) {
                assertThat(number(row.getLast())).as("%s with %d rows", sql, count).isEqualTo(count * (count + 1) / 2);
            } else {
                long micros = T0 + count * 1_000;
                assertThat(java.time.Instant.parse((String) row.getLast())).as(sql)
                        .isEqualTo(java.time.Instant.EPOCH.plus(micros, java.time.temporal.ChronoUnit.MICROS));
            }
        }
    }
}
