package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.ColumnOrder;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.ConvertedType;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Statistics;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.TypeDefinedOrder;
import org.apache.parquet.format.Util;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetFooterTest {
    private static final int RANDOM_FILES = 60;
    private static final long MAX_ALLOCATED_BYTES = 8 << 20;

    @TempDir
    private Path directory;

    private static RangeSource source(byte[] file) {
        return (position, target) -> {
            long length = Math.min(target.byteSize(), file.length - position);
            MemorySegment.copy(file, Math.toIntExact(position), target, ValueLayout.JAVA_BYTE, 0, Math.toIntExact(length));
            return length;
        };
    }

    private static ParquetFooter read(byte[] file) {
        return ParquetFooter.read("db/t/f.parquet", file.length, source(file));
    }

    private static byte[] encode(RandomTable table, RowSlice slice, ParquetOptions options, Map<String, String> properties)
            throws IOException {
        MemoryOutput output = new MemoryOutput(0);
        TestCodec.SNAPPY.encoder(options).encode(table.columns(), table.batches(), slice, properties, output);
        return output.segment().toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void ourOwnFilesSayWhatTheEncoderSaid() throws Exception {
        for (long seed = 51; seed < 51 + RANDOM_FILES; seed++) {
            Random random = new Random(seed);
            RandomTable table = RandomTable.of(random, 5, 150);
            RowSlice slice = table.slice(random);
            ParquetOptions options = ParquetOptions.DEFAULT.withRowGroupRows(1 + random.nextInt(200)).withPages(40, 300);
            Map<String, String> properties = Map.of("arc:wal", "w0=1-9", "empty", "", "ü", "\ud83d\ude00");
            MemoryOutput output = new MemoryOutput(0);
            FileSummary summary = TestCodec.SNAPPY.encoder(options).encode(table.columns(), table.batches(), slice, properties,
                    output);
            ParquetFooter footer = read(output.segment().toArray(ValueLayout.JAVA_BYTE));
            String what = "seed " + seed;
            assertThat(footer.rowCount()).as(what).isEqualTo(summary.rowCount());
            assertThat(footer.properties()).as(what).isEqualTo(properties);
            assertThat(footer.createdBy()).as(what).isEqualTo("arc version 0.1.0");
            FooterTime time = footer.time().orElseThrow();
            assertThat(time.kind()).as(what).isEqualTo(FooterTime.Kind.MICROS_UTC);
            assertThat(time.nullCount()).as(what).isZero();
            assertThat(time.micros()).as(what).isEqualTo(summary.rowCount() == 0 ? Bounds.NONE
                    : new Bounds.Longs(summary.minMicros(), summary.maxMicros()));
            assertThat(footer.columns()).as(what).hasSameSizeAs(table.columns());
            for (int c = 0; c < table.columns().size(); c++) {
                ColumnSummary said = summary.columns().get(c);
                ColumnSummary found = footer.columns().get(c).summary();
                assertThat(footer.columns().get(c).exact()).as(what).isTrue();
                assertThat(found.type()).as(what).isEqualTo(said.type());
                assertThat(found.name()).as(what).isEqualTo(said.name());
                assertThat(found.nullCount()).as(what).isEqualTo(said.nullCount());
                boolean nan = said.bounds() instanceof Bounds.Doubles doubles && doubles.hasNan();
                if (!nan || !(found.bounds() instanceof Bounds.None)) {
                    assertThat(found.bounds()).as("%s, %s", said.name(), what).isEqualTo(said.bounds());
                }
            }
            requireLayout(footer, table.columns(), what);
        }
    }

    private static void requireLayout(ParquetFooter footer, List<FileColumn> columns, String what) {
        long position = 4;
        for (RowGroupLayout group : footer.rowGroups()) {
            assertThat(group.chunks().getFirst().column()).isEqualTo("time");
            assertThat(group.chunks().stream().skip(1).map(RowGroupLayout.Chunk::column)).as(what)
                    .isEqualTo(columns.stream().map(FileColumn::name).toList());
            for (RowGroupLayout.Chunk chunk : group.chunks()) {
                assertThat(chunk.position()).as(what).isEqualTo(position);
                position += chunk.length();
            }
        }
    }

    @Test
    void filesOfDuckDbAreUnderstood() throws Exception {
        Path file = directory.resolve("foreign.parquet");
        try (DuckDbReader duckDb = new DuckDbReader()) {
            duckDb.execute("SET TimeZone = 'UTC'");
            duckDb.execute("""
                    COPY (SELECT make_timestamp_ns(1000000000 + i * 1500) AS time, i::BIGINT AS big, i::INTEGER AS "int",
                        (i + 3000000000)::UINTEGER AS "uint", i::SMALLINT AS "small", i::UBIGINT AS "ubig", i / 4 AS double,
                        (i / 4)::FLOAT AS float, i::DECIMAL(9, 2) AS decimal, i %% 2 = 0 AS flag, 'text-' || i AS text,
                        'x'::BLOB AS blob, DATE '2025-10-08' AS day, [i, i] AS list, {'a': i, 'b': 'x'} AS struct,
                        uuid() AS uuid, CASE WHEN i > 5 THEN i END AS sparse, NULL::BIGINT AS nothing,
                        make_timestamp(i) AS moment
                      FROM range(10) t(i)) TO '%s' (FORMAT parquet)""".formatted(file));
        }
        ParquetFooter footer = read(Files.readAllBytes(file));
        assertThat(footer.rowCount()).isEqualTo(10);
        assertThat(footer.createdBy()).contains("DuckDB");
        FooterTime time = footer.time().orElseThrow();
        assertThat(time.kind()).isEqualTo(FooterTime.Kind.NANOS_LOCAL);
        assertThat(time.nullCount()).isZero();
        assertThat(time.micros()).isEqualTo(new Bounds.Longs(1_000_000, 1_000_014));
        Map<String, FooterColumn> columns = new HashMap<>();
        footer.columns().forEach(column -> columns.put(column.name(), column));
        requireColumn(columns.get("big"), ColumnType.INT64, true, 0, new Bounds.Longs(0, 9));
        requireColumn(columns.get("int"), ColumnType.INT64, false, 0, new Bounds.Longs(0, 9));
        requireColumn(columns.get("uint"), ColumnType.INT64, false, 0, new Bounds.Longs(3_000_000_000L, 3_000_000_009L));
        requireColumn(columns.get("small"), ColumnType.INT64, false, 0, new Bounds.Longs(0, 9));
        requireColumn(columns.get("ubig"), ColumnType.FLOAT64, false, 0, Bounds.NONE);
        requireColumn(columns.get("double"), ColumnType.FLOAT64, true, 0, new Bounds.Doubles(-0.0, 2.25, false));
        requireColumn(columns.get("float"), ColumnType.FLOAT64, false, 0, new Bounds.Doubles(-0.0, 2.25, false));
        requireColumn(columns.get("decimal"), ColumnType.FLOAT64, false, 0, Bounds.NONE);
        requireColumn(columns.get("flag"), ColumnType.BOOLEAN, true, 0, new Bounds.Booleans(false, true));
        requireColumn(columns.get("text"), ColumnType.TEXT, true, 0, new Bounds.Texts("text-0", "text-9"));
        requireColumn(columns.get("blob"), ColumnType.TEXT, false, 0, Bounds.NONE);
        requireColumn(columns.get("day"), ColumnType.TEXT, false, 0, Bounds.NONE);
        requireColumn(columns.get("list"), ColumnType.TEXT, false, -1, Bounds.NONE);
        requireColumn(columns.get("struct"), ColumnType.TEXT, false, -1, Bounds.NONE);
        requireColumn(columns.get("uuid"), ColumnType.TEXT, false, 0, Bounds.NONE);
        requireColumn(columns.get("sparse"), ColumnType.INT64, true, 6, new Bounds.Longs(6, 9));
        requireColumn(columns.get("nothing"), ColumnType.INT64, true, 10, Bounds.NONE);
        requireColumn(columns.get("moment"), ColumnType.TEXT, false, 0, Bounds.NONE);
        assertThat(columns.get("list").storedAs()).isEqualTo("group (LIST)");
        assertThat(columns.get("int").storedAs()).startsWith("INT32");
        assertThat(footer.rowGroups().getFirst().chunks().stream().filter(chunk -> chunk.column().equals("struct"))).hasSize(2);
    }

    private static void requireColumn(FooterColumn column, ColumnType type, boolean exact, long nullCount, Bounds bounds) {
        assertThat(column.summary()).isEqualTo(new ColumnSummary(column.name(), type, nullCount, bounds));
        assertThat(column.exact()).as(column.name()).isEqualTo(exact);
    }

    @Test
    void timeIsRecognisedInEveryForm() throws Exception {
        Map<String, FooterTime.Kind> kinds = Map.of(
                "TIMESTAMP '2025-10-08 14:30:00.5'::TIMESTAMP_MS", FooterTime.Kind.MILLIS_LOCAL,
                "TIMESTAMP '2025-10-08 14:30:00.5'", FooterTime.Kind.MICROS_LOCAL,
                "TIMESTAMPTZ '2025-10-08 14:30:00.5Z'", FooterTime.Kind.MICROS_UTC,
                "'2025-10-08'", FooterTime.Kind.OTHER, "5::BIGINT", FooterTime.Kind.OTHER,
                "DATE '2025-10-08'", FooterTime.Kind.OTHER);
        for (Map.Entry<String, FooterTime.Kind> each : kinds.entrySet()) {
            Path file = directory.resolve("time.parquet");
            try (DuckDbReader duckDb = new DuckDbReader()) {
                duckDb.execute("COPY (SELECT " + each.getKey() + " AS time) TO '" + file + "' (FORMAT parquet)");
            }
            FooterTime time = read(Files.readAllBytes(file)).time().orElseThrow();
            assertThat(time.kind()).as(each.getKey()).isEqualTo(each.getValue());
            assertThat(time.micros()).as(each.getKey()).isEqualTo(each.getValue() == FooterTime.Kind.OTHER ? Bounds.NONE
                    : new Bounds.Longs(1_759_933_800_500_000L, 1_759_933_800_500_000L));
        }
        Path file = directory.resolve("timeless.parquet");
        try (DuckDbReader duckDb = new DuckDbReader()) {
            duckDb.execute("COPY (SELECT 1 AS \"Time\") TO '" + file + "' (FORMAT parquet)");
        }
        assertThat(read(Files.readAllBytes(file)).time()).isEmpty();
    }

    /// A file of one column that only has a footer; its chunk claims no bytes.
    private static byte[] footerOf(SchemaElement column, long rows, Consumer<FileMetaData> change, Statistics... statistics)
            throws IOException {
        List<RowGroup> groups = new ArrayList<>();
        for (Statistics each : statistics) {
            ColumnMetaData data = new ColumnMetaData(column.getType(), List.of(Encoding.PLAIN), List.of(column.getName()),
                    CompressionCodec.UNCOMPRESSED, rows, 0, 0, 4).setStatistics(each);
            groups.add(new RowGroup(List.of(new ColumnChunk(0).setMeta_data(data)), 0, rows));
        }
        FileMetaData metaData = new FileMetaData(1, List.of(new SchemaElement("root").setNum_children(1), column),
                rows * groups.size(), groups);
        change.accept(metaData);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Util.writeFileMetaData(metaData, bytes);
        return file(bytes.toByteArray(), "PAR1");
    }

    private static byte[] file(byte[] footer, String magic) {
        ByteBuffer file = ByteBuffer.allocate(footer.length + 12).order(ByteOrder.LITTLE_ENDIAN);
        file.put("PAR1".getBytes(StandardCharsets.US_ASCII)).put(footer).putInt(footer.length);
        return file.put(magic.getBytes(StandardCharsets.US_ASCII)).array();
    }

    private static byte[] eight(long value) {
        return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    }

    private static byte[] eight(double value) {
        return eight(Double.doubleToRawLongBits(value));
    }

    private static SchemaElement element(Type type) {
        return new SchemaElement("c").setType(type).setRepetition_type(FieldRepetitionType.OPTIONAL);
    }

    private static void ordered(FileMetaData metaData) {
        metaData.setColumn_orders(List.of(ColumnOrder.TYPE_ORDER(new TypeDefinedOrder())));
    }

    private static Bounds bounds(byte[] file) {
        return read(file).columns().getFirst().summary().bounds();
    }

    @Test
    void onlyTrustworthyStatisticsCount() throws Exception {
        SchemaElement text = element(Type.BYTE_ARRAY).setConverted_type(ConvertedType.UTF8);
        Statistics ab = new Statistics().setMin_value("a".getBytes(StandardCharsets.UTF_8))
                .setMax_value("b".getBytes(StandardCharsets.UTF_8)).setNull_count(0);
        Statistics oldAb = new Statistics().setMin("a".getBytes(StandardCharsets.UTF_8))
                .setMax("b".getBytes(StandardCharsets.UTF_8));
        assertThat(bounds(footerOf(text, 5, ParquetFooterTest::ordered, ab))).isEqualTo(new Bounds.Texts("a", "b"));
        assertThat(bounds(footerOf(text, 5, metaData -> {}, ab))).as("without an order").isEqualTo(Bounds.NONE);
        assertThat(bounds(footerOf(text, 5, ParquetFooterTest::ordered, oldAb))).as("signed order").isEqualTo(Bounds.NONE);
        Statistics broken = new Statistics().setMin_value(new byte[] {'a', (byte) 0xC3}).setMax_value(new byte[] {'b'});
        assertThat(bounds(footerOf(text, 5, ParquetFooterTest::ordered, broken))).as("half a character").isEqualTo(Bounds.NONE);
        Statistics swapped = new Statistics().setMin_value(new byte[] {'b'}).setMax_value(new byte[] {'a'});
        assertThat(bounds(footerOf(text, 5, ParquetFooterTest::ordered, swapped))).as("min above max").isEqualTo(Bounds.NONE);
        Statistics longText = new Statistics().setMin_value("x".repeat(100).getBytes(StandardCharsets.UTF_8))
                .setMax_value("y".repeat(100).getBytes(StandardCharsets.UTF_8));
        assertThat(bounds(footerOf(text, 5, ParquetFooterTest::ordered, longText)))
                .isEqualTo(new Bounds.Texts("x".repeat(64), "y".repeat(63) + "z"));

        SchemaElement number = element(Type.INT64);
        Statistics old = new Statistics().setMin(eight(-5)).setMax(eight(7));
        assertThat(bounds(footerOf(number, 5, metaData -> {}, old))).isEqualTo(new Bounds.Longs(-5, 7));
        assertThat(bounds(footerOf(number, 5, metaData -> {}, old, new Statistics()))).as("one group without")
                .isEqualTo(Bounds.NONE);
        assertThat(bounds(footerOf(number, 5, metaData -> {}, old, new Statistics().setNull_count(5)))).as("one group of nulls")
                .isEqualTo(new Bounds.Longs(-5, 7));
        Statistics shortBytes = new Statistics().setMin(new byte[4]).setMax(new byte[4]);
        assertThat(bounds(footerOf(number, 5, metaData -> {}, shortBytes))).isEqualTo(Bounds.NONE);

        SchemaElement real = element(Type.DOUBLE);
        Statistics zeros = new Statistics().setMin_value(eight(0.0)).setMax_value(eight(-0.0));
        assertThat(bounds(footerOf(real, 5, metaData -> {}, zeros))).isEqualTo(new Bounds.Doubles(-0.0, 0.0, true));
        Statistics noNan = new Statistics().setMin_value(eight(1.0)).setMax_value(eight(2.0)).setNan_count(0).setNull_count(0);
        assertThat(bounds(footerOf(real, 5, metaData -> {}, noNan))).isEqualTo(new Bounds.Doubles(1, 2, false));
        Statistics onlyNan = new Statistics().setNan_count(4).setNull_count(1);
        assertThat(bounds(footerOf(real, 5, metaData -> {}, noNan, onlyNan))).isEqualTo(new Bounds.Doubles(1, 2, true));
        Statistics nanBound = new Statistics().setMin_value(eight(Double.NaN)).setMax_value(eight(2.0));
        assertThat(bounds(footerOf(real, 5, metaData -> {}, nanBound))).isEqualTo(Bounds.NONE);
    }

    @Test
    void nullsAreUnknownWhereAGroupDoesNotCountThem() throws Exception {
        SchemaElement number = element(Type.INT64);
        Statistics two = new Statistics().setNull_count(2);
        assertThat(read(footerOf(number, 5, metaData -> {}, two, two)).columns().getFirst().summary().nullCount()).isEqualTo(4);
        assertThat(read(footerOf(number, 5, metaData -> {}, two, new Statistics())).columns().getFirst().summary().nullCount())
                .isEqualTo(-1);
        assertThat(read(footerOf(number, 5, metaData -> {}, new Statistics().setNull_count(6))).columns().getFirst().summary()
                .nullCount()).isEqualTo(-1);
    }

    private static void requireCorrupt(byte[] file, String message) {
        assertThatThrownBy(() -> read(file)).isInstanceOfSatisfying(ArcException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT_DATA);
            assertThat(refused).hasMessageContaining("db/t/f.parquet").hasMessageContaining(message);
        });
    }

    @Test
    void whatIsNoParquetFileIsNamed() throws Exception {
        requireCorrupt(new byte[0], "has 0 bytes");
        requireCorrupt("PAR1PAR1".getBytes(StandardCharsets.US_ASCII), "has 8 bytes");
        requireCorrupt(new byte[100], "does not end as a Parquet file does");
        requireCorrupt(file(new byte[30], "PARE"), "encrypted");
        byte[] whole = footerOf(element(Type.INT64), 1, metaData -> {}, new Statistics());
        byte[] longer = whole.clone();
        longer[longer.length - 8] += 1;
        requireCorrupt(longer, "claims a footer of");
        byte[] negative = whole.clone();
        negative[negative.length - 5] = -1;
        requireCorrupt(negative, "claims a footer of");
        assertThatThrownBy(() -> ParquetFooter.read("f", whole.length + 1L, source(whole))).isInstanceOf(ArcException.class)
                .hasMessageContaining("shorter");
    }

    @Test
    void footersThatContradictThemselvesAreRefused() throws Exception {
        SchemaElement column = element(Type.INT64);
        Statistics none = new Statistics();
        requireCorrupt(footerOf(column, 5, metaData -> metaData.setNum_rows(6), none), "counts 6 rows");
        requireCorrupt(footerOf(column, 5, metaData -> metaData.setSchema(List.of()), none), "without a schema");
        requireCorrupt(footerOf(column, 5, metaData -> metaData.getSchema().getFirst().setNum_children(2), none), "ends early");
        requireCorrupt(footerOf(column, 5, metaData -> metaData.getSchema().getFirst().setNum_children(0), none), "too many");
        requireCorrupt(footerOf(column, 5, metaData -> metaData.setSchema(List.of(new SchemaElement("root").setNum_children(2),
                column, column)), none), "two columns named 'c'");
        requireCorrupt(footerOf(column, 5, metaData -> metaData.setSchema(List.of(new SchemaElement("root").setNum_children(1),
                new SchemaElement("c"))), none), "no type");
        requireCorrupt(footerOf(column, 5, metaData -> group(metaData).setColumns(List.of()), none), "has 1");
        requireCorrupt(footerOf(column, 5, metaData -> group(metaData).setNum_rows(-5), none), "of -5 rows");
        requireCorrupt(footerOf(column, 5, metaData -> chunk(metaData).setNum_values(4), none), "4 values");
        requireCorrupt(footerOf(column, 5, metaData -> chunk(metaData).setTotal_compressed_size(1_000), none), "outside");
        requireCorrupt(footerOf(column, 5, metaData -> chunk(metaData).setData_page_offset(-1), none), "outside");
        requireCorrupt(footerOf(column, 5, metaData -> chunk(metaData).setTotal_compressed_size(Long.MAX_VALUE), none),
                "outside");
        requireCorrupt(footerOf(column, 5, metaData -> group(metaData).getColumns().getFirst().setFile_path("x"), none),
                "elsewhere");
    }

    private static RowGroup group(FileMetaData metaData) {
        return metaData.getRow_groups().getFirst();
    }

    private static ColumnMetaData chunk(FileMetaData metaData) {
        return group(metaData).getColumns().getFirst().getMeta_data();
    }

    /// Reads what may be damaged: an error of the right kind or an answer, and little memory either way.
    private static boolean isRefused(byte[] file, String what) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        boolean refused = false;
        try {
            read(file);
        } catch (ArcException corrupt) {
            assertThat(corrupt.code()).as(what).isEqualTo(ErrorCode.CORRUPT_DATA);
            refused = true;
        } catch (RuntimeException | Error escaped) {
            fail(what, escaped);
        }
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).as("bytes allocated, %s", what)
                .isLessThan(MAX_ALLOCATED_BYTES);
        return refused;
    }

    @Test
    void everyCutAndEveryFlippedBitIsSurvived() throws Exception {
        RandomTable table = null;
        for (long seed = 1; table == null || table.columns().size() < 4 || table.rows().size() < 100; seed++) {
            table = RandomTable.of(new Random(seed), 5, 150);
        }
        byte[] file = encode(table, RowSlice.all(table.batches()), ParquetOptions.DEFAULT.withRowGroupRows(100),
                Map.of("arc:wal", "w0=1-9"));
        for (int length = 0; length < file.length; length++) {
            assertThat(isRefused(Arrays.copyOf(file, length), "cut to " + length)).as("cut to %d", length).isTrue();
        }
        int footerLength = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - 8);
        for (int at = file.length - 8 - footerLength; at < file.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] damaged = file.clone();
                damaged[at] ^= (byte) (1 << bit);
                isRefused(damaged, "bit " + bit + " of byte " + at);
            }
        }
    }

    @Test
    void hostileFootersCostNothing() {
        // A list of 2^31 - 1 structures in field 2, the schema.
        requireHostile(new byte[] {0x15, 2, 0x19, (byte) 0xFC, -1, -1, -1, -1, 7}, "a huge list");
        // A string of 2^31 - 1 bytes in field 6, the writer.
        requireHostile(new byte[] {0x68, -1, -1, -1, -1, 7}, "a huge string");
        byte[] nested = new byte[200_000];
        // Field 15, unknown, a structure, in which field 15 is a structure, in which ...
        Arrays.fill(nested, (byte) 0xFC);
        requireHostile(nested, "deep structures");
        byte[] lists = new byte[200_000];
        Arrays.fill(lists, (byte) 0x19);
        lists[0] = (byte) 0xF9;
        requireHostile(lists, "deep lists");
        Random random = new Random(61);
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[1 + random.nextInt(80)];
            random.nextBytes(noise);
            requireHostile(noise, "noise " + i);
        }
    }

    private static void requireHostile(byte[] footer, String what) {
        assertThat(isRefused(file(footer, "PAR1"), what)).as(what).isTrue();
    }

    @Test
    void aLargeFooterIsReadInTwoPieces() throws Exception {
        ColumnBatch batch = new ColumnBatch(RandomTable.TABLE, 2_000, new long[2_000], List.of());
        RandomTable table = new RandomTable(List.of(), List.of(batch), List.of());
        byte[] file = encode(table, RowSlice.all(table.batches()), ParquetOptions.DEFAULT.withRowGroupRows(2),
                Map.of("arc:long", "x".repeat(100_000)));
        List<Long> lengths = new ArrayList<>();
        ParquetFooter footer = ParquetFooter.read("f", file.length, (position, target) -> {
            lengths.add(target.byteSize());
            return source(file).read(position, target);
        });
        assertThat(footer.rowGroups()).hasSize(1_000);
        assertThat(footer.properties().get("arc:long")).hasSize(100_000);
        assertThat(lengths).hasSize(2).startsWith(65_536L);
    }
}
