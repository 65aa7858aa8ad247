package io.arc.benchmarks;

import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.QueryOptions;
import io.arc.runtime.query.QueryRequest;
import io.arc.runtime.query.RunningQuery;
import io.arc.runtime.query.TableSource;
import io.arc.runtime.query.TableView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// The query engine beside plain DuckDB on the same files, in one run: figures are for ratios, not for fame. Prints a line a
/// measurement: the median of several runs.
///
/// `java ... io.arc.benchmarks.QueryBenchmark [rows in files] [rows in memory]`
public final class QueryBenchmark {
    private static final TableId FILES = new TableId("default", "files");
    private static final TableId HOT = new TableId("default", "hot");
    private static final int FILE_COUNT = 10;

    private final Path root;
    private final List<DataFile> dataFiles = new ArrayList<>();
    private final List<ColumnBatch> batches = new ArrayList<>();
    private final TableSchema schema = new TableSchema(List.of(new ColumnSchema("host", ColumnType.TEXT, Role.TAG),
            new ColumnSchema("usage", ColumnType.FLOAT64, Role.FIELD), new ColumnSchema("idle", ColumnType.FLOAT64, Role.FIELD),
            new ColumnSchema("n", ColumnType.INT64, Role.FIELD)));

    private QueryBenchmark(Path root) {
        this.root = root;
    }

    public static void main(String[] arguments) throws Exception {
        long fileRows = arguments.length > 0 ? Long.parseLong(arguments[0]) : 5_000_000;
        int hotRows = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 4_000_000;
        QueryBenchmark benchmark = new QueryBenchmark(Files.createTempDirectory("arc-query-benchmark"));
        benchmark.run(fileRows, hotRows);
    }

    private void run(long fileRows, int hotRows) throws Exception {
        writeFiles(fileRows);
        fillMemory(hotRows);
        long start = System.nanoTime();
        QueryOptions options = QueryOptions.defaults(List.of(root));
        try (QueryEngine engine = new QueryEngine(options, new Tables(), new Local(), List.of(), InstantSource.system(),
                root.resolve("tmp"));
                Connection plain = DriverManager.getConnection("jdbc:duckdb:")) {
            System.out.printf("start of the engine: %.1f ms%n", (System.nanoTime() - start) / 1e6);
            try (Statement statement = plain.createStatement()) {
                statement.execute("SET GLOBAL TimeZone = 'UTC'");
                statement.execute("SET GLOBAL preserve_insertion_order = false");
            }
            report("trivial: SELECT 1 AS ping, JSON", 300, () -> json(engine, "SELECT 1 AS ping"));
            report("count(*) over files, JSON", 50, () -> json(engine, "SELECT count(*) FROM files"));
            String scan = "read_parquet('" + root + "/*.parquet')";
            for (String aggregate : List.of("SELECT host, avg(usage), max(idle) FROM %s GROUP BY host",
                    "SELECT date_trunc('hour', time) AS t, count(*) FROM %s GROUP BY t",
                    "SELECT sum(usage), sum(n) FROM %s WHERE idle > 50")) {
                report("DuckDB " + aggregate.formatted("files"), 7, () -> drain(plain, aggregate.formatted(scan)));
                report("Arc    " + aggregate.formatted("files"), 7, () -> json(engine, aggregate.formatted("files")));
            }
            for (String aggregate : List.of("SELECT count(*), sum(usage) FROM hot",
                    "SELECT host, count(*) FROM hot GROUP BY host",
                    "SELECT sum(n) FROM hot WHERE time > '1970-01-01'")) {
                long nanos = report("in memory: " + aggregate, 7, () -> json(engine, aggregate));
                System.out.printf("    %.0f M rows/s%n", hotRows * 1e3 / nanos);
            }
            String million = "SELECT time, host, usage, idle, n FROM files LIMIT 1000000";
            perRow("DuckDB scan of 1 M rows", report("DuckDB " + million, 7, () -> drain(plain,
                    "SELECT max(time), max(host), max(usage), max(idle), max(n) FROM (SELECT time, host, usage, idle, n "
                    + "FROM " + scan + " LIMIT 1000000)")));
            perRow("JSON", report("JSON " + million, 7, () -> json(engine, million)));
            perRow("Arrow", report("Arrow " + million, 7, () -> {
                try (RunningQuery query = engine.run(QueryRequest.of(million, "default"))) {
                    query.writeArrow(OutputStream.nullOutputStream());
                }
            }));
            perRow("MessagePack", report("MessagePack " + million, 7, () -> {
                try (RunningQuery query = engine.run(QueryRequest.of(million, "default"))) {
                    query.writeMsgPack(OutputStream.nullOutputStream());
                }
            }));
            perRow("CSV", report("CSV " + million, 7, () -> {
                try (RunningQuery query = engine.run(QueryRequest.of(million, "default"))) {
                    query.writeCsv(OutputStream.nullOutputStream());
                }
            }));
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static long report(String name, int runs, Work work) throws Exception {
        long[] nanos = new long[runs];
        for (int i = 0; i < runs + 2; i++) {
            long start = System.nanoTime();
            work.run();
            if (i >= 2) {
                nanos[i - 2] = System.nanoTime() - start;
            }
        }
        Arrays.sort(nanos);
        System.out.printf("%-80s %9.3f ms (best %.3f)%n", name, nanos[runs / 2] / 1e6, nanos[0] / 1e6);
        return nanos[runs / 2];
    }

    private static void perRow(String name, long nanos) {
        System.out.printf("    %s: %.0f ns a row%n", name, nanos / 1e6);
    }

    private static void json(QueryEngine engine, String sql) throws IOException {
        try (RunningQuery query = engine.run(QueryRequest.of(sql, "default"))) {
            query.writeJson(OutputStream.nullOutputStream());
        }
    }

    private static void drain(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                rows.getObject(1);
            }
        }
    }

    private void writeFiles(long rows) throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement =
                connection.createStatement()) {
            statement.execute("SET GLOBAL TimeZone = 'UTC'");
            long each = rows / FILE_COUNT;
            for (int i = 0; i < FILE_COUNT; i++) {
                Path path = root.resolve("f" + i + ".parquet");
                long first = i * each;
                statement.execute("COPY (SELECT make_timestamptz((" + first
                        + "::BIGINT + range) * 1000) AS time, 'host-' || (range % 100) AS host, "
                        + "(hash(range) % 10000)::BIGINT / 100.0::DOUBLE AS usage, (hash(range + 1) % 10000)::BIGINT / "
                                + "100.0::DOUBLE AS idle, "
                        + "range AS n FROM range(" + each + ")) TO '" + path + "' (FORMAT parquet)");
                List<ColumnStats> stats = new ArrayList<>();
                for (ColumnSchema column : schema.columns()) {
                    stats.add(new ColumnStats(column.name(), column.type(), 0, ColumnStats.Bounds.NONE));
                }
                dataFiles.add(new DataFile(FILES, path.getFileName().toString(), Files.size(path), each, first * 1000,
                        (first + each - 1) * 1000, 0, List.of(), stats, 0));
            }
        }
    }

    private void fillMemory(int rows) {
        Random random = new Random(1);
        String[] hosts = new String[100];
        for (int i = 0; i < hosts.length; i++) {
            hosts[i] = "host-" + i;
        }
        Utf8Block dictionary = Utf8Block.of(hosts);
        int each = 100_000;
        for (int from = 0; from < rows; from += each) {
            long[] times = new long[each];
            int[] codes = new int[each];
            double[] usage = new double[each];
            double[] idle = new double[each];
            long[] n = new long[each];
            for (int i = 0; i < each; i++) {
                times[i] = (from + i) * 1_000L;
                codes[i] = random.nextInt(100);
                usage[i] = random.nextInt(10_000) / 100.0;
                idle[i] = random.nextInt(10_000) / 100.0;
                n[i] = i;
            }
            batches.add(new ColumnBatch(HOT, each, times, List.of(
                    new Column.DictionaryColumn("host", Role.TAG, codes, dictionary, Validity.ALL_PRESENT),
                    new Column.DoubleColumn("usage", Role.FIELD, usage, Validity.ALL_PRESENT),
                    new Column.DoubleColumn("idle", Role.FIELD, idle, Validity.ALL_PRESENT),
                    new Column.LongColumn("n", Role.FIELD, n, Validity.ALL_PRESENT))));
        }
    }

    private final class Local implements FileAccess {
        @Override
        public Reading begin() {
            return new Reading() {
                @Override
                public Path local(DataFile file) {
                    return root.resolve(file.key());
                }

                @Override
                public void close() {}
            };
        }
    }

    private final class Tables implements TableSource {
        @Override
        public List<String> databases() {
            return List.of("default");
        }

        @Override
        public List<TableId> tables(String database) {
            return List.of(FILES, HOT);
        }

        @Override
        public boolean awaitReadable(String position, Duration atMost) {
            return true;
        }

        @Override
        public Snapshot snapshot() {
            return new Snapshot() {
                @Override
                public Optional<TableView> find(TableId table) {
                    return table.equals(FILES) ? Optional.of(new TableView(FILES, schema, dataFiles, List.of()))
                            : table.equals(HOT) ? Optional.of(new TableView(HOT, schema, List.of(), batches))
                                    : Optional.empty();
                }

                @Override
                public TableSource.TableVersion version(TableId table) {
                    return new TableSource.TableVersion(1, 1, Map.of());
                }

                @Override
                public void close() {}
            };
        }
    }
}
