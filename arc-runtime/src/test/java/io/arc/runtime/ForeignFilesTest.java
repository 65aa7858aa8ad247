package io.arc.runtime;

import static io.arc.runtime.buffer.TestBatches.ids;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.TableId;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.flush.FlushWorld;
import io.arc.runtime.flush.MemoryStore;
import io.arc.runtime.query.LiveTables;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.QueryOptions;
import io.arc.runtime.query.QueryRequest;
import io.arc.runtime.query.RunningQuery;
import io.arc.runtime.recovery.CatalogRebuild;
import io.arc.runtime.recovery.PassedOver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroupFactory;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that other programs have put into a table's folder, queried through the engine.
final class ForeignFilesTest {
    private static final TableId CPU = new TableId("prod", "cpu");
    private static final String HOUR = "prod/cpu/2025/10/08/14/";
    /// 2025-10-08T14:00:00Z
    private static final long T0 = 1_759_932_000_000_000L;

    @TempDir
    private Path folder;

    private final MemoryStore store = new MemoryStore();

    private FlushWorld world() {
        return new FlushWorld(folder, store, FlushWorld.OPTIONS, 1L << 40);
    }

    private CatalogRebuild.Report take(Catalog catalog, boolean rebuild) {
        try (ForeignTimes times = new ForeignTimes(store, folder.resolve("probe"))) {
            CatalogRebuild work = new CatalogRebuild(catalog, store, times, 50, line -> { });
            return rebuild ? work.rebuild(Map.of()) : work.adopt();
        } finally {
            assertThat(folder.resolve("probe")).doesNotExist();
        }
    }

    private void duckDb(String key, String select) throws Exception {
        Path file = Files.createTempFile(folder, "foreign", ".parquet");
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckdb.createStatement()) {
            statement.execute("SET TimeZone = 'UTC'");
            statement.execute("COPY (" + select + ") TO '" + file + "' (FORMAT parquet)");
        }
        store.objects.put(key, Files.readAllBytes(file));
    }

    private String query(FlushWorld world, String sql) throws IOException {
        LiveTables tables = new LiveTables(world.catalog, world.schemas, world.buffers);
        try (QueryEngine engine = new QueryEngine(QueryOptions.defaults(List.of(folder)).withMemory(512L << 20, 2), tables,
                new FileCache(store, folder.resolve("cache"), 1 << 30), List.of(), InstantSource.system(), folder.resolve("tmp"));
                RunningQuery query = engine.run(QueryRequest.of(sql, "prod"))) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            query.writeJson(out);
            String json = out.toString(StandardCharsets.UTF_8);
            return json.substring(json.indexOf("\"data\":") + 7, json.lastIndexOf(",\"row_count\""));
        }
    }

    private static Map<String, String> reasons(CatalogRebuild.Report report) {
        return report.passed().stream().collect(Collectors.toMap(PassedOver::key, PassedOver::reason));
    }

    /// Every unit of time, in files that must not be mixed in one scan, beside Arc's own file.
    @Test
    void timesOfEveryUnitReadAlike() throws Exception {
        try (FlushWorld world = world()) {
            world.append(ids(CPU, T0, 0, 1));
            world.flushes.flushAll(Duration.ofSeconds(30));
        }
        Map<String, String> forms = new LinkedHashMap<>();
        forms.put("micros-utc", "make_timestamptz(%d)");
        forms.put("micros", "make_timestamp(%d)");
        forms.put("millis", "make_timestamp(%d)::TIMESTAMP_MS");
        forms.put("nanos", "make_timestamp_ns(%d * 1000)");
        forms.put("int-s", "%d // 1000000");
        forms.put("int-ms", "%d // 1000");
        forms.put("int-us", "%d::BIGINT");
        forms.put("int-ns", "(%d * 1000)::BIGINT");
        int id = 1;
        for (Map.Entry<String, String> form : forms.entrySet()) {
            duckDb(HOUR + form.getKey() + ".parquet", "SELECT " + form.getValue().formatted(T0 + id * 1_000_000L) + " AS time, "
                    + id + "::BIGINT AS id");
            id++;
        }
        duckDb("prod/cpu/seconds-again.parquet", "SELECT " + (T0 / 1_000_000 + 100) + " AS time, 100::BIGINT AS id");
        // Without the catalog, and beside one.
        for (String name : List.of("arc.db", "arc.db-wal", "arc.db-shm")) {
            Files.deleteIfExists(folder.resolve(name));
        }
        try (FlushWorld world = world()) {
            assertThat(reasons(take(world.catalog, true))).isEmpty();
        }
        for (int round = 0; round < 2; round++) {
            try (FlushWorld world = world()) {
                assertThat(query(world, "SELECT count(*), min(id), max(id) FROM cpu")).isEqualTo("[[10,0,100]]");
                assertThat(query(world, "SELECT count(*) FROM cpu WHERE time <> make_timestamptz(" + T0 + " + id * 1000000)"))
                        .as("every row has its time").isEqualTo("[[0]]");
                assertThat(query(world, "SELECT id FROM cpu WHERE time = '2025-10-08T14:00:05Z'")).isEqualTo("[[5]]");
                for (DataFile file : world.files(CPU)) {
                    assertThat(file.minMicros()).as(file.key()).isEqualTo(file.maxMicros()).isBetween(T0, T0 + 100_000_000);
                }
            }
        }
    }

    /// Types that Arc has not are read as the nearest that it has; files of one name and another type are not mixed.
    @Test
    void typesAreMapped() throws Exception {
        duckDb(HOUR + "a.parquet", "SELECT make_timestamptz(" + T0 + " + i) AS time, i::INTEGER AS n, (i / 4)::DECIMAL(9, 2) AS d,"
                + " (i / 4)::FLOAT AS f, [i, i + 1] AS list, DATE '2025-10-08' AS day, i > 1 AS flag, 'x' || i AS text,"
                + " i::UBIGINT AS u FROM range(4) t(i)");
        duckDb(HOUR + "b.parquet", "SELECT make_timestamptz(" + T0 + " + 10 + i) AS time, 5000000000 + i AS n,"
                + " (i / 8)::DECIMAL(18, 5) AS d, 0.1::DOUBLE AS f FROM range(2) t(i)");
        duckDb(HOUR + "c.parquet", "SELECT make_timestamptz(" + T0 + " + 20) AS time, 1::TINYINT AS n, 2::DECIMAL(5, 0) AS d");
        try (FlushWorld world = world()) {
            assertThat(reasons(take(world.catalog, true))).isEmpty();
        }
        try (FlushWorld world = world()) {
            assertThat(query(world, "SELECT n, d, f, list, day, flag, text, u FROM cpu ORDER BY time")).isEqualTo("""
                    [[0,0,0,"[0, 1]","2025-10-08",false,"x0",0],\
                    [1,0.25,0.25,"[1, 2]","2025-10-08",false,"x1",1],\
                    [2,0.5,0.5,"[2, 3]","2025-10-08",true,"x2",2],\
                    [3,0.75,0.75,"[3, 4]","2025-10-08",true,"x3",3],\
                    [5000000000,0,0.1,null,null,null,null,null],\
                    [5000000001,0.125,0.1,null,null,null,null,null],\
                    [1,2,null,null,null,null,null,null]]""");
            assertThat(query(world, "SELECT count(*) FROM cpu WHERE n >= 5000000001")).isEqualTo("[[1]]");
            assertThat(query(world, "SELECT count(*) FROM cpu WHERE d = 0.125")).isEqualTo("[[1]]");
        }
    }

    /// parquet-java's old timestamps, of which footers tell nothing, and optional times.
    @Test
    void filesOfParquetJavaAreTaken() throws Exception {
        write(HOUR + "int96.parquet", "message m { required int96 time; optional int32 n; optional binary s (STRING); }", 3, (group, i) -> {
            ByteBuffer bytes = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            // Nanoseconds of the day, then the Julian day.
            bytes.putLong((14L * 3600 + i) * 1_000_000_000L).putInt((int) (T0 / 86_400_000_000L) + 2_440_588);
            group.add("time", Binary.fromConstantByteArray(bytes.array()));
            group.add("n", i);
            group.add("s", "s" + i);
        });
        write(HOUR + "millis.parquet", "message m { optional int64 time (TIMESTAMP(MILLIS,true)); optional double n; }", 2,
                (group, i) -> {
                    group.add("time", T0 / 1000 + 10_000 + i);
                    group.add("n", i + 0.5);
                });
        try (FlushWorld world = world()) {
            assertThat(reasons(take(world.catalog, true))).isEmpty();
        }
        try (FlushWorld world = world()) {
            assertThat(query(world, "SELECT epoch_us(time) - " + T0 + ", n, s FROM cpu ORDER BY time")).isEqualTo(
                    "[[0,0,\"s0\"],[1000000,1,\"s1\"],[2000000,2,\"s2\"],[10000000,0.5,null],[10001000,1.5,null]]");
            assertThat(query(world, "SELECT count(*) FROM cpu WHERE time >= '2025-10-08T14:00:02Z'")).isEqualTo("[[3]]");
        }
    }

    private interface Filler {
        void fill(Group group, int row);
    }

    private void write(String key, String schema, int rows, Filler filler) throws IOException {
        Path file = folder.resolve("java.parquet");
        Files.deleteIfExists(file);
        MessageType type = MessageTypeParser.parseMessageType(schema);
        SimpleGroupFactory groups = new SimpleGroupFactory(type);
        try (ParquetWriter<Group> writer = ExampleParquetWriter.builder(new LocalOutputFile(file)).withType(type)
                .withConf(new PlainParquetConfiguration()).withCompressionCodec(CompressionCodecName.UNCOMPRESSED).build()) {
            for (int row = 0; row < rows; row++) {
                Group group = groups.newGroup();
                filler.fill(group, row);
                writer.write(group);
            }
        }
        store.objects.put(key, Files.readAllBytes(file));
    }

    @Test
    void whatCannotBeTakenIsNamedWithItsReason() throws Exception {
        try (FlushWorld world = world()) {
            world.append(ids(CPU, T0, 1, 10));
            world.flushes.flushAll(Duration.ofSeconds(30));
        }
        String time = "make_timestamptz(" + T0 + ") AS time";
        duckDb(HOUR + "good.parquet", "SELECT " + time + ", 77::BIGINT AS id, 1.5 AS extra");
        duckDb(HOUR + "no-time.parquet", "SELECT 1::BIGINT AS id");
        duckDb(HOUR + "text-time.parquet", "SELECT '2025-10-08' AS time, 1::BIGINT AS id");
        duckDb(HOUR + "null-time.parquet", "SELECT CASE WHEN i = 1 THEN make_timestamptz(" + T0 + ") END AS time FROM range(3) t(i)");
        duckDb(HOUR + "no-rows.parquet", "SELECT " + time + " WHERE false");
        duckDb(HOUR + "flag.parquet", "SELECT " + time + ", true AS id");
        duckDb(HOUR + "wide.parquet", "SELECT " + time + ", " + IntStream.range(0, 51)
                .mapToObj(i -> i + " AS c" + i).collect(Collectors.joining(", ")));
        store.objects.put(HOUR + "text.parquet", "not a Parquet file, whatever its name says".getBytes(StandardCharsets.UTF_8));
        List<String> expected = List.of("flag", "no-rows", "no-time", "null-time", "text", "text-time", "wide");
        Map<String, String> adopted;
        try (FlushWorld world = world()) {
            CatalogRebuild.Report report = take(world.catalog, false);
            assertThat(report.files()).isEqualTo(1);
            assertThat(report.rows()).isEqualTo(1);
            adopted = reasons(report);
            assertThat(take(world.catalog, false).files()).as("again").isZero();
        }
        assertThat(adopted.keySet()).containsExactlyInAnyOrderElementsOf(expected.stream().map(name -> HOUR + name + ".parquet").toList());
        assertThat(adopted.get(HOUR + "no-time.parquet")).contains("no column 'time'");
        assertThat(adopted.get(HOUR + "text-time.parquet")).contains("neither a timestamp");
        assertThat(adopted.get(HOUR + "null-time.parquet")).contains("2 of its rows have no time");
        assertThat(adopted.get(HOUR + "flag.parquet")).contains("'id'").contains("BOOLEAN").contains("INT64");
        assertThat(adopted.get(HOUR + "wide.parquet")).contains("51 columns");
        try (FlushWorld world = world()) {
            assertThat(query(world, "SELECT count(*), max(id), max(extra) FROM cpu")).isEqualTo("[[11,77,1.5]]");
            // The same by a rebuild.
            CatalogRebuild.Report report = take(world.catalog, true);
            assertThat(report.files()).isEqualTo(2);
            assertThat(reasons(report).keySet()).isEqualTo(adopted.keySet());
        }
        try (FlushWorld world = world()) {
            assertThat(query(world, "SELECT count(*), max(id), max(extra) FROM cpu")).isEqualTo("[[11,77,1.5]]");
        }
    }

    /// A file that has left its table is not taken in again, a file of another server is.
    @Test
    void arcsOwnFilesAreAdoptedFromOtherServersOnly() throws Exception {
        String key;
        try (FlushWorld world = world()) {
            world.append(ids(CPU, T0, 1, 10));
            world.flushes.flushAll(Duration.ofSeconds(30));
            key = world.files(CPU).getFirst().key();
            store.objects.put("prod/mem/moved.parquet", store.objects.get(key));
            CatalogRebuild.Report report = take(world.catalog, false);
            assertThat(report.files()).as("of a table that does not know the log's frames").isEqualTo(1);
            store.objects.put("prod/cpu/again.parquet", store.objects.get(key));
            assertThat(reasons(take(world.catalog, false))).containsOnlyKeys("prod/cpu/again.parquet");
        }
    }

    @Test
    void aDamagedColumnOfTimesIsNamed() throws Exception {
        write(HOUR + "x.parquet", "message m { required int96 time; }", 100,
                (group, i) -> group.add("time", Binary.fromConstantByteArray(new byte[] {1, 2, 3, 4, 5, 6, 0, 0, 1, 2, 37, 0})));
        byte[] bytes = store.objects.get(HOUR + "x.parquet");
        Arrays.fill(bytes, 4, 40, (byte) 0x5a);
        try (FlushWorld world = world()) {
            CatalogRebuild.Report report = take(world.catalog, true);
            assertThat(report.count(PassedOver.Kind.DAMAGED)).isEqualTo(1);
            assertThat(reasons(report).get(HOUR + "x.parquet")).contains(HOUR + "x.parquet").doesNotContain("probed");
        }
    }

}
