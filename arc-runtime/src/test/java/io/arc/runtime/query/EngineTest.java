package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.api.spi.QueryRewriter;
import io.arc.runtime.query.QueryFixture.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The life of queries: catalog statements, unknown tables, admission, cancellation, failures, the cache, rewriters.
@Timeout(60)
final class EngineTest {
    private static final String ENDLESS = "SELECT count(*) FROM range(100000000000) a(x), range(1000) b(y) WHERE x % 7 = y";
    private static final String LONG = "SELECT range AS i, 'some text to fill the line' AS t FROM range(50000000)";
    private static final TableId CPU = new TableId("default", "cpu");

    @TempDir
    Path root;
    private QueryFixture fixture;

    @BeforeEach
    void start() throws Exception {
        fixture = new QueryFixture(root);
        fixture.create(CPU, QueryFixture.column("host", ColumnType.TEXT), QueryFixture.column("n", ColumnType.INT64));
        fixture.addFile(CPU, List.of(Row.of(1, "host", "a", "n", 1L)));
        fixture.addHot(CPU, List.of(Row.of(2, "host", "b", "n", 2L)));
        fixture.create(new TableId("prod", "mem"), QueryFixture.column("used", ColumnType.FLOAT64));
        fixture.create(new TableId("prod", "_hidden"));
    }

    @AfterEach
    void stop() throws Exception {
        if (fixture.engine != null) {
            assertThat(fixture.openSnapshots).isZero();
            assertThat(fixture.engine.openShares()).isZero();
            assertThat(fixture.engine.allocatedBytes()).isZero();
            assertThat(fixture.engine.running()).isEmpty();
        }
        fixture.close();
    }

    @Test
    void showAndDescribe() {
        fixture.start();
        assertThat(fixture.json("SHOW DATABASES;")).contains("\"columns\":[\"database\"],\"data\":[[\"default\"],[\"prod\"]]");
        assertThat(fixture.json("show "
                + "tables")).contains(
                        "\"columns\":[\"database\",\"table_name\",\"storage_path\",\"file_count\",\"total_size_mb\"],"
                + "\"data\":[[\"default\",\"cpu\",\"default/cpu/**/*.parquet\",1,0.0");
        assertThat(fixture.data("SHOW TABLES FROM prod ;")).isEqualTo("[[\"prod\",\"mem\",\"prod/mem/**/*.parquet\",0,0]]");
        assertThat(fixture.data("SHOW MEASUREMENTS FROM \"PROD\"")).contains("mem");
        assertThat(fixture.data("SHOW TABLES FROM nowhere")).isEqualTo("[]");
        assertThat(fixture.data("SHOW ALL TABLES")).contains("cpu", "mem");
        for (String sql : List.of("DESCRIBE cpu", "DESC default.cpu", "SHOW cpu", "SHOW COLUMNS FROM cpu",
                "DESCRIBE SELECT * FROM cpu", "FROM (DESCRIBE cpu)")) {
            assertThat(fixture.json(sql)).as(sql).contains(
                    "\"columns\":[\"column_name\",\"column_type\",\"null\",\"key\",\"default\",\"extra\"]")
                    .contains("[\"time\",\"TIMESTAMP WITH TIME "
                            + "ZONE\"").contains("[\"host\",\"VARCHAR\"").contains("[\"n\",\"BIGINT\"");
        }
        assertThat(fixture.json("SUMMARIZE cpu")).contains("\"row_count\":3").contains("approx_unique");
        assertThat(fixture.json("SUMMARIZE prod.mem")).contains("\"row_count\":2");
    }

    @Test
    void informationSchemaIsArcs() {
        fixture.start();
        assertThat(fixture.data("SELECT schema_name FROM information_schema.schemata ORDER BY "
                + "1")).isEqualTo("[[\"default\"],[\"prod\"]]");
        assertThat(fixture.data("SELECT table_schema, table_name FROM information_schema.tables ORDER BY ALL"))
                .isEqualTo("[[\"default\",\"cpu\"],[\"prod\",\"mem\"]]");
        assertThat(fixture.data("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'cpu' "
                + "ORDER BY ordinal_position"))
                .isEqualTo("[[\"time\",\"TIMESTAMP WITH TIME ZONE\"],[\"host\",\"VARCHAR\"],[\"n\",\"BIGINT\"]]");
        assertThatThrownBy(() -> fixture.json("SELECT * FROM "
                + "information_schema.nope")).hasMessageContaining("information_schema.nope");
    }

    @Test
    void explainTellsThePlanAndNoFile() {
        fixture.start();
        for (String sql : List.of("EXPLAIN SELECT host FROM cpu WHERE n > 1",
                "EXPLAIN ANALYZE SELECT host FROM cpu WHERE n > 1",
                "EXPLAIN (FORMAT JSON) SELECT * FROM cpu", "EXPLAIN (ANALYZE, FORMAT JSON) SELECT * FROM cpu")) {
            assertThat(fixture.json(sql)).as(sql).contains("\"columns\":[\"explain_key\",\"explain_value\"]").contains("UNION")
                    .doesNotContain(root.toString()).doesNotContain("_arc_").doesNotContain(".parquet");
        }
    }

    @Test
    void unknownTablesAreNamedWithTheNearest() {
        fixture.start();
        assertThatThrownBy(() -> fixture.json("SELECT * FROM cpuu")).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.UNKNOWN_TABLE))
                .hasMessage("the table cpuu does not exist in the database default; did you mean 'cpu'?");
        assertThatThrownBy(() -> fixture.json("SELECT * FROM prd.mem")).hasMessage("the database prd does not exist; did "
                + "you mean 'prod'?");
        assertThatThrownBy(() -> fixture.json("SELECT * FROM cpu LEFT JOIN nope USING (host)")).hasMessageContaining("nope");
    }

    @Test
    void unknownTablesAreEmptyWhereConfigured() {
        fixture.start(fixture.options().withUnknownTable(QueryOptions.UnknownTable.EMPTY), List.of());
        assertThat(fixture.json("SELECT * FROM nope")).contains("\"success\":true,\"columns\":[],\"data\":[],\"row_count\":0");
        try (RunningQuery query = fixture.engine.run(QueryRequest.of("SELECT * FROM nope", "default"))) {
            assertThatThrownBy(() -> query.writeArrow(new ByteArrayOutputStream())).isInstanceOf(ArcException.class);
        }
    }

    @Test
    void bindingErrorsAreTheClientsAndClean() {
        fixture.start();
        assertThatThrownBy(() -> fixture.json("SELECT nope FROM cpu")).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_REJECTED)).hasMessageContaining("\"nope\" not "
                        + "found").hasMessageNotContaining("LINE");
        assertThatThrownBy(() -> fixture.json("SELECT host::INTEGER FROM cpu")).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_REJECTED)).hasMessageContaining("Conversion Error");
    }

    @Test
    void theHeaderOnlyGivesTheDefault() {
        fixture.start();
        assertThat(fixture.json(QueryRequest.of("SELECT count(*) AS c FROM mem", "prod"))).contains("[[0]]");
        assertThat(fixture.json(QueryRequest.of("SELECT count(*) AS c FROM default.cpu", "prod"))).contains("[[2]]");
    }

    @Test
    void cancelledQueriesEndAtOnce() throws Exception {
        fixture.start();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> answer = threads.submit(() -> fixture.json(ENDLESS));
            while (fixture.engine.running().isEmpty() || !fixture.engine.running().getFirst().running()) {
                Thread.onSpinWait();
            }
            long start = System.nanoTime();
            assertThat(fixture.engine.cancel(fixture.engine.running().getFirst().id())).isTrue();
            assertThatThrownBy(answer::get).cause().isInstanceOfSatisfying(ArcException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_CANCELLED));
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
        }
        assertThat(fixture.engine.cancel("nope")).isFalse();
        assertThat(fixture.data("SELECT 1")).isEqualTo("[[1]]");
    }

    @Test
    void deadlinesCountTheWaiting() {
        fixture.start(fixture.options().withPool(1, 5), List.of());
        try (RunningQuery holder = fixture.engine.run(QueryRequest.of(LONG, "default"))) {
            assertThat(holder.columns()).hasSize(2);
            assertThatThrownBy(() -> fixture.json(timed("SELECT 1"))).isInstanceOfSatisfying(ArcException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_TIMEOUT));
        }
        assertThatThrownBy(() -> fixture.json(timed(ENDLESS))).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_TIMEOUT)).hasMessage("Query timed out");
        assertThat(fixture.engine.poolStats().timedOut()).isEqualTo(2);
    }

    private static QueryRequest timed(String sql) {
        return new QueryRequest(sql, "default", QueryRequest.Priority.NORMAL, Duration.ofMillis(150), false);
    }

    @Test
    void waitingForAWriteEndsWithTheDeadlineAndTheClient() throws Exception {
        fixture.start();
        fixture.readable = false;
        QueryRequest late = QueryRequest.of("SELECT 1", "default").withAfter(List.of("w-1:7"));
        assertThatThrownBy(() -> fixture.json(late.withTimeout(Duration.ofMillis(120)))).isInstanceOfSatisfying(
                ArcException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_TIMEOUT))
                .hasMessageContaining("w-1:7");
        assertThatThrownBy(() -> fixture.json(late.withAbandoned(() -> true))).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.QUERY_CANCELLED));
        assertThat(fixture.engine.poolStats().timedOut()).isEqualTo(1);
        fixture.readable = true;
        assertThat(fixture.json(late)).contains("[[1]]");
    }

    /// DuckDB's own fatal error cannot be had at will, so a rewriter reports one, and the instance is made unusable under it.
    @Test
    void aFatalErrorOpensDuckDbAnew() throws Exception {
        QueryRewriter.Stage fatal = query -> {
            if (query.sql().contains("'fatal'")) {
                fixture.engine.instance().duckDb().close();
                throw EngineTest.<RuntimeException>hidden(new java.sql.SQLException(
                        "FATAL Error: Failed: database has been invalidated because of a previous fatal error"));
            }
            return QueryRewriter.Rewrite.UNCHANGED;
        };
        fixture.start(fixture.options(), List.of(fatal));
        Instance before = fixture.engine.instance();
        assertThat(fixture.data("SELECT max(n) FROM cpu")).isEqualTo("[[2]]");
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> running = threads.submit(() -> fixture.json(ENDLESS));
            while (fixture.engine.running().stream().noneMatch(QueryInfo::running)) {
                Thread.onSpinWait();
            }
            assertThatThrownBy(() -> fixture.json("SELECT 'fatal'")).isInstanceOfSatisfying(ArcException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_READY)).hasMessageContaining("again");
            assertThatThrownBy(() -> running.get(20, TimeUnit.SECONDS)).cause().isInstanceOfSatisfying(ArcException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_READY));
        }
        for (int i = 0; i < 10; i++) {
            assertThat(fixture.data("SELECT max(n) FROM cpu")).isEqualTo("[[2]]");
        }
        assertThat(fixture.engine.instance()).isNotSameAs(before);
        assertThat(fixture.engine.replacements()).isEqualTo(1);
    }

    @SuppressWarnings("unchecked")
    private static <E extends Throwable> E hidden(Throwable throwable) throws E {
        throw (E) throwable;
    }

    @Test
    void fullQueuesRefuseAndPrioritiesGoFirst() throws Exception {
        fixture.start(fixture.options().withPool(1, 2), List.of());
        List<String> order = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> waiting = new ArrayList<>();
            try (RunningQuery holder = fixture.engine.run(QueryRequest.of(LONG, "default"))) {
                for (QueryRequest.Priority priority : List.of(QueryRequest.Priority.LOW, QueryRequest.Priority.CRITICAL)) {
                    waiting.add(threads.submit(() -> {
                        try (RunningQuery query = fixture.engine.run(new QueryRequest("SELECT 1", "default", priority,
                                Duration.ZERO, false))) {
                            synchronized (order) {
                                order.add(priority + " " + query.id().length());
                            }
                        }
                    }));
                    while (fixture.engine.poolStats().queueDepth() < waiting.size()) {
                        Thread.onSpinWait();
                    }
                }
                assertThatThrownBy(() -> fixture.json("SELECT 1")).isInstanceOfSatisfying(ArcException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED)).hasMessage("Query queue full - system "
                                + "under heavy load");
                assertThat(holder.hasWritten()).isFalse();
            }
            for (Future<?> each : waiting) {
                each.get();
            }
        }
        assertThat(order).containsExactly("CRITICAL 12", "LOW 12");
        assertThat(fixture.engine.poolStats().refused()).isEqualTo(1);
    }

    @Test
    void aLostClientEndsItsQuery() throws Exception {
        fixture.start();
        AtomicBoolean gone = new AtomicBoolean();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<String> answer = threads.submit(() -> fixture.json(QueryRequest.of(ENDLESS, "default")
                    .withAbandoned(gone::get)));
            while (fixture.engine.running().isEmpty()) {
                Thread.onSpinWait();
            }
            gone.set(true);
            assertThatThrownBy(() -> answer.get(2, TimeUnit.SECONDS)).cause().isInstanceOf(ArcException.class);
        }
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(LONG, "default"))) {
            assertThatThrownBy(() -> query.writeJson(new OutputStream() {
                private long left = 1 << 20;

                @Override
                public void write(int b) throws IOException {
                    throw new IOException("one byte");
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    left -= length;
                    if (left < 0) {
                        throw new IOException("connection reset");
                    }
                }
            })).isInstanceOf(IOException.class).hasMessage("connection reset");
        }
    }

    @Test
    void aFailureInTheMiddleNeverLooksLikeSuccess() throws Exception {
        fixture.start(fixture.options().withMemory(512L << 20, 1), List.of());
        String sql = "SELECT CASE WHEN range < 2000000 THEN range ELSE error('late') END AS x FROM range(3000000)";
        ByteArrayOutputStream json = new ByteArrayOutputStream();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"))) {
            assertThatThrownBy(() -> query.writeJson(json)).isInstanceOf(ArcException.class).hasMessageContaining("late");
            assertThat(query.hasWritten()).isTrue();
        }
        assertThat(json.toString(StandardCharsets.UTF_8)).contains("\"truncated\":true").endsWith(",\"success\":false}");
        assertThat(Json.object(Json.parse(json.toString(StandardCharsets.UTF_8))).get("success")).isEqualTo(false);
        ByteArrayOutputStream arrow = new ByteArrayOutputStream();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"))) {
            assertThatThrownBy(() -> query.writeArrow(arrow)).isInstanceOf(ArcException.class);
        }
        byte[] bytes = arrow.toByteArray();
        assertThat(java.util.Arrays.copyOfRange(bytes, bytes.length - 8, bytes.length)).isNotEqualTo(new byte[] {-1, -1, -1,
                -1, 0, 0, 0, 0});
    }

    @Test
    void aDamagedFileIsAnErrorWithoutItsPath() throws Exception {
        fixture.start();
        try (var files = Files.walk(root.resolve("default"))) {
            Files.writeString(files.filter(Files::isRegularFile).findFirst().orElseThrow(), "not parquet at all");
        }
        assertThatThrownBy(() -> fixture.json("SELECT * FROM cpu")).isInstanceOfSatisfying(ArcException.class,
                e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL)).hasMessageNotContaining(root.toString());
    }

    @Test
    void sixteenThreadsOnFourPlaces() throws Exception {
        fixture.start(fixture.options().withPool(4, 100), List.of());
        CountDownLatch go = new CountDownLatch(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Integer>> all = new ArrayList<>();
            for (int thread = 0; thread < 16; thread++) {
                int number = thread;
                all.add(threads.submit(() -> {
                    go.await();
                    int right = 0;
                    for (int i = 0; i < 25; i++) {
                        String sql = switch ((number + i) % 4) {
                            case 0 -> "SELECT count(*), sum(n) FROM cpu -- " + number + i;
                            case 1 -> "SELECT sum(range) FROM range(" + (1000 + i) + ")";
                            case 2 -> "SELECT nope FROM cpu";
                            default -> "SELECT host FROM cpu ORDER BY host";
                        };
                        try {
                            String data = fixture.data(sql);
                            right += data.equals("[[2,3]]") || data.equals("[[" + (1000L + i) * (999L + i) / 2 + "]]")
                                    || data.equals("[[\"a\"],[\"b\"]]") ? 1 : 0;
                        } catch (ArcException e) {
                            right += e.getMessage().contains("nope") ? 1 : 0;
                        }
                    }
                    return right;
                }));
            }
            go.countDown();
            for (Future<Integer> each : all) {
                assertThat(each.get()).isEqualTo(25);
            }
        }
        assertThat(fixture.engine.poolStats().executed()).isEqualTo(16 * 25);
    }

    @Test
    void estimates() {
        fixture.start();
        assertThat(fixture.engine.estimate(QueryRequest.of("SELECT * FROM cpu; ", "default"))).isEqualTo(2);
        assertThat(fixture.engine.estimate(QueryRequest.of("SELECT * FROM cpu -- end", "default"))).isEqualTo(2);
        assertThatThrownBy(() -> fixture.engine.estimate(QueryRequest.of("SHOW TABLES",
                "default"))).isInstanceOf(ArcException.class);
        assertThatThrownBy(() -> fixture.engine.estimate(QueryRequest.of("SELECT 1) AS x; DROP TABLE x; --", "default")))
                .isInstanceOf(ArcException.class);
    }

    @Test
    void keptAnswersAreNeverStale() throws Exception {
        fixture.start(fixture.options().withCache(true), List.of());
        String sql = "SELECT count(*) AS c FROM cpu";
        assertThat(fixture.data(sql)).isEqualTo("[[2]]");
        assertThat(fixture.data(sql)).isEqualTo("[[2]]");
        assertThat(fixture.engine.cache().stats().hits()).isEqualTo(1);
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"))) {
            query.writeJson(new ByteArrayOutputStream());
            assertThat(query.fromCache()).isTrue();
            assertThat(query.rowCount()).isEqualTo(1);
        }
        fixture.addHot(CPU, List.of(Row.of(3, "host", "c")));
        assertThat(fixture.data(sql)).isEqualTo("[[3]]");
        assertThat(fixture.data("SELECT count(*) AS c FROM cpu WHERE host = 'A'")).isEqualTo("[[0]]");
        assertThat(fixture.data("SELECT count(*) AS c FROM cpu WHERE host = 'a'")).isEqualTo("[[1]]");
    }

    @Test
    void rewritersRunInOrder() {
        QueryRewriter.Stage first = query -> query.sql().contains("magic")
                ? new QueryRewriter.Rewrite.Replaced(query.sql().replace("magic", "spell")) : QueryRewriter.Rewrite.UNCHANGED;
        QueryRewriter.Stage second = query -> {
            assertThat(query.sql()).doesNotContain("magic");
            for (QueryRewriter.TableReference table : query.tables()) {
                assertThat(query.sql().substring(table.position())).startsWith("spell");
                assertThat(table.table()).isEqualTo(new TableId("default", "spell"));
            }
            return query.sql().contains("spell") ? new QueryRewriter.Rewrite.Replaced("SELECT 'é', n FROM cpu ORDER BY n")
                    : query.sql().contains("forbidden") ? new QueryRewriter.Rewrite.Rejected(ErrorCode.FORBIDDEN, "no", 3)
                            : QueryRewriter.Rewrite.UNCHANGED;
        };
        fixture.start(fixture.options(), List.of(first, second));
        assertThat(fixture.data("SELECT 'é' FROM magic")).isEqualTo("[[\"é\",1],[\"é\",2]]");
        assertThatThrownBy(() -> fixture.json("SELECT 'forbidden'")).hasMessage("no (at character 3)");
    }

    @Test
    void slowQueriesAreReportedWithoutTheirLiterals() {
        assertThat(QueryEngine.masked("SELECT * FROM cpu WHERE host = 'secret' AND n > 5 -- note")).isEqualTo("SELECT * "
                + "FROM cpu WHERE host = ? AND n > ?");
    }

    @Test
    void columnsWhoseNamesDifferInCaseAreNotMixedUp() throws Exception {
        TableId odd = new TableId("default", "odd");
        fixture.create(odd, QueryFixture.column("Host", ColumnType.INT64), QueryFixture.column("v", ColumnType.INT64));
        fixture.addFile(odd, List.of(Row.of(1, "Host", 1L, "v", 10L)));
        fixture.start();
        assertThat(fixture.data("SELECT host, v FROM odd")).isEqualTo("[[1,10]]");
        Relations relations = new Relations(null, fixture.begin());
        io.arc.runtime.catalog.ColumnStats.Bounds none = io.arc.runtime.catalog.ColumnStats.Bounds.NONE;
        List<io.arc.runtime.catalog.ColumnStats> columns = new ArrayList<>();
        List<io.arc.runtime.catalog.ColumnSchema> schema = new ArrayList<>();
        for (String name : List.of("Host", "host", "Time")) {
            columns.add(new io.arc.runtime.catalog.ColumnStats(name, ColumnType.INT64, 0, none));
            schema.add(QueryFixture.column(name, ColumnType.INT64));
        }
        String sql = relations.table(new io.arc.runtime.catalog.TableSchema(schema),
                List.of(new io.arc.runtime.catalog.DataFile(
                odd, "f", 1, 1, 0, 0, 0, List.of(), columns, 0)), List.of(), java.util.Optional.empty());
        assertThat(sql).contains("CAST(\"Host\" AS BIGINT) AS \"Host\", CAST(\"host_1\" AS BIGINT) AS \"host\", "
                + "CAST(\"Time_1\" AS BIGINT) AS \"Time\"");
    }

    /// Many shapes of files are read together by name, and columns that some lack are NULL there.
    @Test
    void manyShapesOfFiles() throws Exception {
        TableId wide = new TableId("default", "wide");
        io.arc.runtime.catalog.ColumnSchema[] columns = new io.arc.runtime.catalog.ColumnSchema[12];
        for (int i = 0; i < columns.length; i++) {
            columns[i] = QueryFixture.column("x" + i, i == 0 ? ColumnType.FLOAT64 : ColumnType.INT64);
        }
        fixture.create(wide, columns);
        for (int i = 1; i < columns.length; i++) {
            fixture.addFile(wide, List.of(Row.of(i, "x" + i, (long) i, "x0", i % 2 == 0 ? (Object) 1L : (Object) 0.5)));
        }
        fixture.start();
        for (String sql : List.of("SELECT * FROM wide", "SELECT sum(x0), sum(x5), count(x11) FROM wide",
                "SELECT x3 FROM wide WHERE x3 = 3")) {
            assertThat(fixture.rows(QueryRequest.of(sql, "default"))).as(sql).isEqualTo(fixture.expected(sql, "default"));
        }
    }

    @Test
    void pruningReadsTheNeededFilesOnly() throws Exception {
        for (int hour = 0; hour < 10; hour++) {
            fixture.addFile(CPU, List.of(Row.of(hour * 3_600_000_000L, "host", "h" + hour, "n", (long) hour)));
        }
        fixture.start();
        fixture.filesOpened = 0;
        assertThat(fixture.data("SELECT n FROM cpu WHERE time = '1970-01-01 05:00:00'")).isEqualTo("[[5]]");
        assertThat(fixture.filesOpened).isEqualTo(1);
        assertThat(fixture.data("SELECT host FROM cpu WHERE n = 7")).isEqualTo("[[\"h7\"]]");
        assertThat(fixture.filesOpened).isEqualTo(2);
        assertThat(fixture.data("SELECT a.n FROM cpu a JOIN cpu b USING (time) WHERE a.host = 'h3' AND b.n = "
                + "3")).isEqualTo("[[3]]");
        assertThat(fixture.filesOpened).isEqualTo(4);
        assertThat(fixture.data("SELECT count(*) FROM cpu WHERE time < now() - INTERVAL 1 HOUR")).isEqualTo("[[12]]");
        assertThat(fixture.data("SELECT count(*) FROM cpu WHERE time > now() - INTERVAL 1 HOUR")).isEqualTo("[[0]]");
    }
}
