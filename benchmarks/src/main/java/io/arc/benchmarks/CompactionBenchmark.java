package io.arc.benchmarks;

import io.arc.api.data.Column;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.Codec;
import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.plugin.compressor.snappy.SnappyPlugin;
import io.arc.plugin.compressor.zstd.ZstdPlugin;
import io.arc.plugin.storage.local.LocalStorage;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FlushCommit;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.compaction.Codecs;
import io.arc.runtime.compaction.CompactionOptions;
import io.arc.runtime.compaction.CompactionService;
import io.arc.runtime.compaction.Planner;
import io.arc.runtime.compaction.Scope;
import io.arc.runtime.compaction.Tier;
import io.arc.runtime.compaction.TierOptions;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.parquet.FileColumn;
import io.arc.runtime.parquet.FileSummary;
import io.arc.runtime.parquet.MemoryOutput;
import io.arc.runtime.parquet.ParquetEncoder;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.parquet.RowSlice;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.partition.UniqueSuffixes;
import io.arc.runtime.schedule.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/// Merges an hour of small files with the real service on the local store, and the same files with DuckDB's COPY in the same
/// run. Files overlap by a tenth. Arguments: a folder, files (720), rows a file (50,000). Prints rows a second, bytes, the
/// greatest memory of the process so far, and how long queries take before and after.
public final class CompactionBenchmark {
    private static final TableId TABLE = new TableId("bench", "cpu");
    private static final Instant NOW = Instant.parse("2026-01-02T12:05:00Z");
    private static final long HOUR = Instant.parse("2026-01-02T10:00:00Z").getEpochSecond() * 1_000_000;
    private static final int HOSTS = 1_000;
    private static final List<String> FIELDS = List.of("value", "cpu_idle", "cpu_user");
    private static final List<String> QUERIES = List.of("SELECT count(*), sum(value), min(time), max(time) FROM %s",
            "SELECT host, avg(cpu_user) FROM %s GROUP BY host ORDER BY host",
            "SELECT max(cpu_idle) FROM %s WHERE time BETWEEN '2026-01-02 10:30:00+00' AND '2026-01-02 10:31:00+00'");

    private final Path folder;
    private final int files;
    private final int rows;
    private final Context context;

    private CompactionBenchmark(Path folder, int files, int rows) {
        this.folder = folder;
        this.files = files;
        this.rows = rows;
        context = new Context(folder.resolve("data"));
    }

    public static void main(String[] arguments) throws Exception {
        Path folder = arguments.length > 0 ? Path.of(arguments[0]) : Files.createTempDirectory("arc-compaction-benchmark");
        int files = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 720;
        int rows = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 50_000;
        new CompactionBenchmark(folder, files, rows).run();
    }

    /// What the plugins are opened with: defaults only.
    private record Context(Path dataDirectory) implements PluginContext {
        @Override
        public <T> T config(ConfigKey<T> key) {
            if (key.type().equals("path")) {
                return key.parser().apply(dataDirectory.toString());
            }
            return key.defaultValue().orElseThrow();
        }

        @Override
        public <T> Optional<T> find(ConfigKey<T> key) {
            return Optional.of(config(key));
        }

        @Override
        public Path serverDataDirectory() {
            return dataDirectory;
        }

        @Override
        public InstantSource clock() {
            return InstantSource.fixed(NOW);
        }

        @Override
        public LongConsumer counter(String name, String unit, String doc) {
            return _ -> {};
        }
    }

    private void run() throws Exception {
        Files.createDirectories(context.dataDirectory());
        InstantSource clock = InstantSource.fixed(NOW);
        try (Catalog catalog = Catalog.open(folder.resolve("arc.db"), clock);
                ObjectStore store = new LocalStorage().open(context);
                Compressor.Compression snappy = new SnappyPlugin().open(context);
                Compressor.Compression zstd = new ZstdPlugin().open(context)) {
            write(catalog, store, snappy);
            List<DataFile> inputs = catalog.snapshot().find(TABLE).orElseThrow().files();
            long before = inputs.stream().mapToLong(DataFile::sizeBytes).sum();
            long total = (long) files * rows;
            TierOptions hourly = new TierOptions(true, Schedule.parse("5 * * * *"), Duration.ZERO, 10, Duration.ofDays(7));
            CompactionOptions options = new CompactionOptions(Map.of(Tier.HOURLY, hourly),
                    new Planner.Limits(2L << 30, 10_000, 256 << 20), 2, Duration.ofHours(2), folder.resolve("spill"), 256 << 20, 1,
                    false, List.of(), Map.of(), Duration.ofDays(1));
            System.out.printf("%d files, %d rows, %.1f MB; process at most %s%n", files, total, before / 1e6, greatestMemory());
            try (CompactionService service = new CompactionService(options, catalog, store,
                    new FileCache(store, folder.resolve("cache"), 1L << 30), new DiskFileSystem(),
                    new Codecs(Optional.of(Codec.ZSTD), 3, Map.of(Codec.ZSTD, zstd, Codec.SNAPPY, snappy)), clock,
                    new UniqueSuffixes(new SecureRandom()), new Metrics())) {
                service.start();
                long start = System.nanoTime();
                service.trigger(Set.of(Tier.HOURLY), Scope.EVERYTHING);
                while (service.status().cycleRunning()) {
                    LockSupport.parkNanos(1_000_000);
                }
                rate("Arc", total, start);
                service.status().recent().forEach(job -> System.out.println("  " + job));
                System.out.println("  process at most " + greatestMemory());
            }
            List<DataFile> merged = catalog.snapshot().find(TABLE).orElseThrow().files();
            System.out.printf("Arc: %d -> %d files, %.1f -> %.1f MB%n", inputs.size(), merged.size(), before / 1e6,
                    merged.stream().mapToLong(DataFile::sizeBytes).sum() / 1e6);
            compare(paths(inputs), paths(merged), total);
        }
    }

    private String paths(List<DataFile> of) {
        return of.stream().map(file -> "'" + context.dataDirectory().resolve(file.key()) + "'")
                .collect(Collectors.joining(",", "read_parquet([", "])"));
    }

    private void compare(String inputs, String merged, long total) throws SQLException, IOException {
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckdb.createStatement()) {
            statement.execute("SET threads = 2");
            statement.execute("SET memory_limit = '700MB'");
            statement.execute("SET temp_directory = '" + folder.resolve("duckdb") + "'");
            for (String order : List.of(" ORDER BY time", "")) {
                Path target = folder.resolve("duckdb.parquet");
                long start = System.nanoTime();
                statement.execute("COPY (SELECT * FROM " + inputs + order + ") TO '" + target
                        + "' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE 122880)");
                rate("DuckDB COPY" + order, total, start);
                System.out.printf("  %.1f MB%n", Files.size(target) / 1e6);
            }
            for (String query : QUERIES) {
                double many = best(statement, query.formatted(inputs));
                double one = best(statement, query.formatted(merged));
                System.out.printf("%8.1f ms before, %8.1f ms after: %s%n", many, one, query.formatted("cpu"));
            }
        }
    }

    private static double best(Statement statement, String sql) throws SQLException {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            long start = System.nanoTime();
            try (ResultSet result = statement.executeQuery(sql)) {
                while (result.next()) {
                    result.getObject(1);
                }
            }
            best = Math.min(best, System.nanoTime() - start);
        }
        return best / 1e6;
    }

    private static void rate(String what, long rows, long start) {
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("%s: %.2f s, %.2f M rows/s%n", what, seconds, rows / seconds / 1e6);
    }

    /// The greatest resident memory of this process so far, as Linux tells it.
    private static String greatestMemory() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status) ? Files.readAllLines(status).stream().filter(line -> line.startsWith("VmHWM")).findFirst()
                .orElse("unknown").replaceAll("\\s+", " ") : "unknown";
    }

    private void write(Catalog catalog, ObjectStore store, Compressor.Compression snappy) throws IOException {
        Random random = new Random(1);
        UniqueSuffixes suffixes = new UniqueSuffixes(random);
        String[] names = new String[HOSTS];
        Arrays.setAll(names, i -> "host-%04d".formatted(i));
        Utf8Block hosts = Utf8Block.of(names);
        List<FileColumn> columns = new ArrayList<>(List.of(new FileColumn("host", ColumnType.TEXT)));
        List<ColumnSchema> schema = new ArrayList<>(List.of(new ColumnSchema("host", ColumnType.TEXT, Role.TAG)));
        for (String field : FIELDS) {
            columns.add(new FileColumn(field, ColumnType.FLOAT64));
            schema.add(new ColumnSchema(field, ColumnType.FLOAT64, Role.FIELD));
        }
        List<DataFile> written = new ArrayList<>();
        double step = 3_590e6 / ((double) files * rows);
        try (BlockCompressor compressor = snappy.newCompressor(new SnappyPlugin().defaultLevel())) {
            ParquetEncoder encoder = new ParquetEncoder(ParquetOptions.DEFAULT, Codec.SNAPPY, compressor);
            for (int file = 0; file < files; file++) {
                ColumnBatch batch = batch(random, file, step, hosts);
                MemoryOutput output = new MemoryOutput(1 << 20);
                FileSummary summary = encoder.encode(columns, List.of(batch), RowSlice.all(List.of(batch)), Map.of(), output);
                String key = HourPartition.of(summary.minMicros()).key(TABLE, summary.minMicros(), rows, suffixes.next());
                store.put(key, new Body.InMemory(output.segment()), PutMode.CREATE);
                written.add(new DataFile(TABLE, key, summary.sizeBytes(), rows, summary.minMicros(), summary.maxMicros(), 0,
                        List.of(), schema.stream().map(column -> new ColumnStats(column.name(), column.type(), 0,
                                ColumnStats.Bounds.NONE)).toList(), HOUR));
            }
        }
        catalog.commitFlush(new FlushCommit(TABLE, new TableSchema(schema), written, List.of()));
    }

    private ColumnBatch batch(Random random, int file, double step, Utf8Block hosts) {
        long[] times = new long[rows];
        int[] codes = new int[rows];
        long late = (long) (rows * step);
        for (int i = 0; i < rows; i++) {
            times[i] = HOUR + (long) (((long) file * rows + i) * step) - (file > 0 && i < rows / 10 ? late : 0);
            codes[i] = random.nextInt(HOSTS);
        }
        Arrays.sort(times);
        List<Column> columns = new ArrayList<>();
        columns.add(new DictionaryColumn("host", Role.TAG, codes, hosts, Validity.ALL_PRESENT));
        for (String field : FIELDS) {
            double[] values = new double[rows];
            Arrays.setAll(values, _ -> Math.round(random.nextDouble() * 10_000) / 100.0);
            columns.add(new DoubleColumn(field, Role.FIELD, values, Validity.ALL_PRESENT));
        }
        return new ColumnBatch(TABLE, rows, times, columns);
    }
}
