package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetEncoderTest {
    private static final TableId TABLE = RandomTable.TABLE;
    private static final int RANDOM_FILES = 150;
    private static final int RANDOM_FILES_IF_SLOW = 2_000;

    @TempDir
    private Path directory;

    static FileSummary write(ParquetEncoder encoder, RandomTable table, RowSlice slice, Path file) throws IOException {
        return write(encoder, table.columns(), table.batches(), slice, file);
    }

    static FileSummary write(ParquetEncoder encoder, List<FileColumn> columns, List<ColumnBatch> batches, RowSlice slice,
            Path file) throws IOException {
        MemoryOutput output = new MemoryOutput(1_000);
        FileSummary summary = encoder.encode(columns, batches, slice, Map.of("arc:test", "ü"), output);
        assertThat(summary.sizeBytes()).isEqualTo(output.size());
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            channel.write(output.segment().asByteBuffer());
        }
        return summary;
    }

    private static String text(Object[] row) {
        return Arrays.toString(row);
    }

    private static ParquetOptions options(Random random) {
        ParquetOptions options = ParquetOptions.DEFAULT.withPageChecksums(random.nextBoolean());
        if (random.nextInt(4) > 0) {
            options = options.withPages(1 + random.nextInt(200), 1 + random.nextInt(2_000));
        }
        if (random.nextBoolean()) {
            options = options.withRowGroupRows(1 + random.nextInt(300));
        }
        return random.nextInt(3) > 0 ? options
                : options.withDictionary(random.nextBoolean(), 1 + random.nextInt(2_000));
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        roundTrips(RANDOM_FILES, 11);
    }

    @Test
    @Tag("slow")
    void whatIsWrittenIsReadBackManyTimes() throws Exception {
        roundTrips(RANDOM_FILES_IF_SLOW, Long.getLong("arc.test.seed", System.nanoTime()));
    }

    private void roundTrips(int files, long firstSeed) throws Exception {
        Map<TestCodec, ParquetEncoder> encoders = new LinkedHashMap<>();
        try (DuckDbReader duckDb = new DuckDbReader()) {
            for (long seed = firstSeed; seed < firstSeed + files; seed++) {
                Random random = new Random(seed);
                TestCodec codec = TestCodec.values()[random.nextInt(TestCodec.values().length)];
                // Some files come from an encoder that has written others before.
                ParquetEncoder encoder = random.nextBoolean() ? codec.encoder(options(random))
                        : encoders.computeIfAbsent(codec, each -> each.encoder(ParquetOptions.DEFAULT.withRowGroupRows(100)));
                RandomTable table = RandomTable.of(random, 6, random.nextInt(4) == 0 ? 3_000 : 150);
                RowSlice slice = table.slice(random);
                Path file = directory.resolve("f.parquet");
                FileSummary summary = write(encoder, table, slice, file);
                String what = "seed " + seed;
                List<String> expected = table.rows(slice).stream().map(ParquetEncoderTest::text).toList();
                assertThat(summary.rowCount()).as(what).isEqualTo(expected.size());
                assertThat(ParquetJavaReader.rows(file, table.columns()).stream().map(ParquetEncoderTest::text))
                        .as("parquet-java, %s", what).isEqualTo(expected);
                assertThat(duckDb.rows(file, table.columns()).stream().map(ParquetEncoderTest::text))
                        .as("DuckDB, %s", what).isEqualTo(expected);
            }
        }
    }

    @Test
    void columnsHaveTheTypesThatDuckDbNeeds() throws Exception {
        List<FileColumn> columns = List.of(new FileColumn("i", ColumnType.INT64), new FileColumn("d", ColumnType.FLOAT64),
                new FileColumn("b", ColumnType.BOOLEAN), new FileColumn("s", ColumnType.TEXT));
        ColumnBatch batch = new ColumnBatch(TABLE, 1, new long[] {1}, List.of());
        for (int rows = 0; rows < 2; rows++) {
            Path file = directory.resolve(rows + ".parquet");
            write(TestCodec.SNAPPY.encoder(ParquetOptions.DEFAULT), columns, List.of(batch), RowSlice.range(0, rows), file);
            try (DuckDbReader duckDb = new DuckDbReader()) {
                assertThat(duckDb.types(file)).containsExactly(Map.entry("time", "TIMESTAMP WITH TIME ZONE"),
                        Map.entry("i", "BIGINT"), Map.entry("d", "DOUBLE"), Map.entry("b", "BOOLEAN"),
                        Map.entry("s", "VARCHAR"));
                assertThat(duckDb.query("SELECT count(*) FROM " + DuckDbReader.from(file)).getFirst()[0])
                        .isEqualTo((long) rows);
                assertThat(duckDb.query("SELECT decode(key), decode(value) FROM parquet_kv_metadata("
                        + DuckDbReader.literal(file.toString()) + ")").getFirst()).containsExactly("arc:test", "ü");
                assertThat(duckDb.query("SELECT created_by FROM parquet_file_metadata("
                        + DuckDbReader.literal(file.toString()) + ")").getFirst()).containsExactly("arc version 0.1.0");
            }
        }
    }

    @Test
    void noBatchesGiveAFileWithoutRows() throws Exception {
        Path file = directory.resolve("none.parquet");
        FileSummary summary = write(TestCodec.NONE.encoder(ParquetOptions.DEFAULT),
                List.of(new FileColumn("a", ColumnType.TEXT)), List.of(), RowSlice.all(List.of()), file);
        assertThat(summary.rowCount()).isZero();
        assertThat(summary.minMicros()).isEqualTo(Long.MAX_VALUE);
        assertThat(summary.maxMicros()).isEqualTo(Long.MIN_VALUE);
        assertThat(ParquetJavaReader.rows(file, List.of(new FileColumn("a", ColumnType.TEXT)))).isEmpty();
    }

    @Test
    void theLimitsOfTimeAndIntegersSurvive() throws Exception {
        long[] extremes = {Long.MIN_VALUE, -1, 0, 1, Long.MAX_VALUE};
        ColumnBatch batch = new ColumnBatch(TABLE, 5, extremes,
                List.of(new LongColumn("i", Role.FIELD, extremes.clone(), Validity.ALL_PRESENT)));
        List<FileColumn> columns = List.of(new FileColumn("i", ColumnType.INT64));
        Path file = directory.resolve("extremes.parquet");
        FileSummary summary = write(TestCodec.SNAPPY.encoder(ParquetOptions.DEFAULT), columns, List.of(batch),
                RowSlice.range(0, 5), file);
        assertThat(summary.minMicros()).isEqualTo(Long.MIN_VALUE);
        assertThat(summary.maxMicros()).isEqualTo(Long.MAX_VALUE);
        assertThat(ParquetJavaReader.rows(file, columns).stream().map(row -> row[0])).containsExactly(
                Long.MIN_VALUE, -1L, 0L, 1L, Long.MAX_VALUE);
        assertThat(ParquetJavaReader.rows(file, columns).stream().map(row -> row[1])).containsExactly(
                Long.MIN_VALUE, -1L, 0L, 1L, Long.MAX_VALUE);
    }

    @Test
    void everyRowGroupHasADictionaryOfItsOwn() throws Exception {
        int rows = 40_000;
        String[] few = new String[rows];
        String[] many = new String[rows];
        for (int r = 0; r < rows; r++) {
            few[r] = "host-" + r / 10_000 + "-" + r % 10;
            many[r] = "trace-" + r;
        }
        ColumnBatch batch = new ColumnBatch(TABLE, rows, new long[rows], List.of(
                new Utf8Column("few", Role.TAG, Utf8Block.of(few), Validity.ALL_PRESENT),
                new Utf8Column("many", Role.TAG, Utf8Block.of(many), Validity.ALL_PRESENT)));
        List<FileColumn> columns = List.of(new FileColumn("few", ColumnType.TEXT), new FileColumn("many", ColumnType.TEXT));
        Path file = directory.resolve("dictionary.parquet");
        write(TestCodec.ZSTD.encoder(ParquetOptions.DEFAULT.withRowGroupRows(10_000)), columns, List.of(batch),
                RowSlice.range(0, rows), file);
        try (ParquetFileReader reader = ParquetJavaReader.open(file)) {
            assertThat(reader.getRowGroups()).hasSize(4);
            for (BlockMetaData group : reader.getRowGroups()) {
                ColumnChunkMetaData chunk = group.getColumns().get(1);
                assertThat(chunk.getEncodings()).contains(Encoding.RLE_DICTIONARY);
                DictionaryPageReadStore dictionaries = reader.getDictionaryReader(group);
                assertThat(dictionaries.readDictionaryPage(reader.getFileMetaData().getSchema().getColumns().get(1))
                        .getDictionarySize()).isEqualTo(10);
                assertThat(group.getColumns().get(2).hasDictionaryPage()).isFalse();
                assertThat(group.getColumns().get(2).getEncodings()).doesNotContain(Encoding.RLE_DICTIONARY);
            }
        }
        List<Object[]> read = ParquetJavaReader.rows(file, columns);
        for (int r = 0; r < rows; r++) {
            assertThat(read.get(r)[1]).isEqualTo(few[r]);
            assertThat(read.get(r)[2]).isEqualTo(many[r]);
        }
    }

    @Test
    void numbersAreStoredInTheShortestForm() throws Exception {
        int rows = 50_000;
        Random random = new Random(8);
        long[] times = new long[rows];
        long[] counter = new long[rows];
        long[] status = new long[rows];
        double[] decimals = new double[rows];
        for (int r = 0; r < rows; r++) {
            times[r] = 1_759_933_800_000_000L + r * 1_000L + random.nextInt(100);
            // Differences of any size, so that some wrap around.
            counter[r] = r % 1_000 == 500 ? random.nextLong() : r == 700 ? Long.MIN_VALUE : r == 701 ? Long.MAX_VALUE : r * 3L;
            status[r] = 200 + 100 * random.nextInt(4);
            decimals[r] = random.nextInt(10_000) / 100.0;
        }
        decimals[7] = -0.0;
        decimals[8] = 0.0;
        decimals[9] = Double.NaN;
        double otherNan = Double.longBitsToDouble(0x7FF8_0000_0000_1234L);
        decimals[10] = otherNan;
        long[] noise = random.longs(rows).toArray();
        double[] doubleNoise = random.doubles(rows).toArray();
        ColumnBatch batch = new ColumnBatch(TABLE, rows, times, List.of(
                new LongColumn("counter", Role.FIELD, counter, Validity.ALL_PRESENT),
                new LongColumn("status", Role.FIELD, status, Validity.ALL_PRESENT),
                new LongColumn("noise", Role.FIELD, noise, Validity.ALL_PRESENT),
                new DoubleColumn("decimals", Role.FIELD, decimals, Validity.ALL_PRESENT),
                new DoubleColumn("doubles", Role.FIELD, doubleNoise, Validity.ALL_PRESENT)));
        List<FileColumn> columns = List.of(new FileColumn("counter", ColumnType.INT64),
                new FileColumn("status", ColumnType.INT64), new FileColumn("noise", ColumnType.INT64),
                new FileColumn("decimals", ColumnType.FLOAT64), new FileColumn("doubles", ColumnType.FLOAT64));
        Path file = directory.resolve("numbers.parquet");
        write(TestCodec.NONE.encoder(ParquetOptions.DEFAULT), columns, List.of(batch), RowSlice.range(0, rows), file);
        try (ParquetFileReader reader = ParquetJavaReader.open(file)) {
            assertThat(reader.getRowGroups().getFirst().getColumns().get(4).getEncodingStats().getDataEncodings())
                    .as("four values of five are new: no dictionary in haste").containsExactly(Encoding.PLAIN);
        }
        write(TestCodec.NONE.encoder(ParquetOptions.DEFAULT.withThorough(true)), columns, List.of(batch),
                RowSlice.range(0, rows), file);
        List<Encoding> expected = List.of(Encoding.DELTA_BINARY_PACKED, Encoding.DELTA_BINARY_PACKED, Encoding.RLE_DICTIONARY,
                Encoding.PLAIN, Encoding.RLE_DICTIONARY, Encoding.PLAIN);
        int[] maxBytesARow = {2, 4, 1, 9, 4, 9};
        try (ParquetFileReader reader = ParquetJavaReader.open(file)) {
            for (int c = 0; c < expected.size(); c++) {
                ColumnChunkMetaData chunk = reader.getRowGroups().getFirst().getColumns().get(c);
                assertThat(chunk.getEncodingStats().getDataEncodings()).as("column %d", c).containsExactly(expected.get(c));
                assertThat(chunk.getTotalSize()).as("column %d", c).isLessThan((long) maxBytesARow[c] * rows);
            }
        }
        List<Object[]> read = ParquetJavaReader.rows(file, columns);
        try (DuckDbReader duckDb = new DuckDbReader()) {
            List<Object[]> readByDuckDb = duckDb.rows(file, columns);
            for (int r = 0; r < rows; r++) {
                Object[] row = {times[r], counter[r], status[r], noise[r], decimals[r], doubleNoise[r]};
                assertThat(read.get(r)).as("row %d", r).isEqualTo(row);
                assertThat(readByDuckDb.get(r)).as("row %d", r).isEqualTo(row);
            }
        }
        assertThat(Double.doubleToRawLongBits((Double) read.get(10)[4])).isEqualTo(Double.doubleToRawLongBits(otherNan));
    }

    @Test
    void aFullSizedFileIsReadBack() throws Exception {
        Random random = new Random(5);
        int batchRows = 7_001;
        List<ColumnBatch> batches = new ArrayList<>();
        long sum = 0;
        double total = 0;
        int present = 0;
        for (int b = 0; b < 40; b++) {
            long[] times = new long[batchRows];
            long[] counts = new long[batchRows];
            double[] values = new double[batchRows];
            int[] codes = new int[batchRows];
            Validity validity = Validity.allAbsent(batchRows);
            for (int r = 0; r < batchRows; r++) {
                times[r] = (long) b * batchRows + r;
                counts[r] = random.nextInt(1_000_000);
                values[r] = random.nextInt(10_000) / 4.0;
                codes[r] = random.nextInt(300);
                sum += counts[r];
                if (random.nextInt(10) > 0) {
                    validity.words()[r >> 6] |= 1L << r;
                    total += values[r];
                    present++;
                }
            }
            String[] hosts = new String[300];
            for (int h = 0; h < hosts.length; h++) {
                hosts[h] = "host-" + (b + h);
            }
            batches.add(new ColumnBatch(TABLE, batchRows, times, List.of(
                    new DictionaryColumn("host", Role.TAG, codes, Utf8Block.of(hosts), Validity.ALL_PRESENT),
                    new LongColumn("count", Role.FIELD, counts, Validity.ALL_PRESENT),
                    new DoubleColumn("value", Role.FIELD, values, validity))));
        }
        List<FileColumn> columns = List.of(new FileColumn("host", ColumnType.TEXT), new FileColumn("count", ColumnType.INT64),
                new FileColumn("value", ColumnType.FLOAT64));
        for (TestCodec codec : TestCodec.values()) {
            Path file = directory.resolve(codec + ".parquet");
            write(codec.encoder(ParquetOptions.DEFAULT.withRowGroupRows(131_072)), columns, batches, RowSlice.all(batches),
                    file);
            try (DuckDbReader duckDb = new DuckDbReader()) {
                Object[] read = duckDb.query("SELECT count(*), sum(epoch_us(\"time\"))::BIGINT, sum(\"count\")::BIGINT, "
                        + "sum(\"value\"), count(\"value\"), count(DISTINCT host) FROM " + DuckDbReader.from(file)).getFirst();
                long rows = 40L * batchRows;
                assertThat(read).containsExactly(rows, rows * (rows - 1) / 2, sum, total, (long) present, 339L);
                assertThat(duckDb.query("SELECT DISTINCT row_group_id FROM parquet_metadata("
                        + DuckDbReader.literal(file.toString()) + ")")).hasSize(3);
            }
        }
    }

    @Test
    void aRowMayBeNamedTwice() throws Exception {
        ColumnBatch batch = new ColumnBatch(TABLE, 3, new long[] {10, 20, 30}, List.of());
        Path file = directory.resolve("twice.parquet");
        write(TestCodec.NONE.encoder(ParquetOptions.DEFAULT), List.of(), List.of(batch),
                RowSlice.ordered(new int[] {2, 0, 0, 2}, 0, 4), file);
        assertThat(ParquetJavaReader.rows(file, List.of()).stream().map(row -> row[0])).containsExactly(30L, 10L, 10L, 30L);
    }

    @Test
    void valuesThatTheFileCannotHoldAreRefused() {
        ParquetEncoder encoder = TestCodec.NONE.encoder(ParquetOptions.DEFAULT);
        Map<ColumnType, Column> parts = Map.of(
                ColumnType.INT64, new LongColumn("c", Role.FIELD, new long[1], Validity.ALL_PRESENT),
                ColumnType.FLOAT64, new DoubleColumn("c", Role.FIELD, new double[1], Validity.ALL_PRESENT),
                ColumnType.BOOLEAN, new BooleanColumn("c", Role.FIELD, new boolean[1], Validity.ALL_PRESENT),
                ColumnType.TEXT, new Utf8Column("c", Role.FIELD, Utf8Block.of("1"), Validity.ALL_PRESENT));
        parts.forEach((type, part) -> {
            List<ColumnBatch> batches = List.of(new ColumnBatch(TABLE, 1, new long[1], List.of(part)));
            for (ColumnType fileType : ColumnType.values()) {
                if (fileType != type && !(fileType == ColumnType.FLOAT64 && type == ColumnType.INT64)) {
                    assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode(List.of(new FileColumn("c", fileType)),
                            batches, RowSlice.all(batches), Map.of(), new MemoryOutput(0))).withMessageContaining("c of db.t");
                }
            }
            assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode(List.of(), batches, RowSlice.all(batches),
                    Map.of(), new MemoryOutput(0))).withMessageContaining("no such column");
        });
    }

    @Test
    void columnsAndRowsThatMakeNoSenseAreRefused() {
        ParquetEncoder encoder = TestCodec.NONE.encoder(ParquetOptions.DEFAULT);
        List<ColumnBatch> batches = List.of(new ColumnBatch(TABLE, 2, new long[2], List.of()));
        FileColumn column = new FileColumn("a", ColumnType.TEXT);
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode(List.of(column, column), batches,
                RowSlice.all(batches), Map.of(), new MemoryOutput(0)));
        assertThatIllegalArgumentException().isThrownBy(() -> new FileColumn("time", ColumnType.INT64));
        assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode(List.of(), batches, RowSlice.range(0, 3), Map.of(),
                new MemoryOutput(0)));
        for (int row : new int[] {-1, 2}) {
            assertThatIllegalArgumentException().isThrownBy(() -> encoder.encode(List.of(), batches,
                    RowSlice.ordered(new int[] {row}, 0, 1), Map.of(), new MemoryOutput(0)));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> RowSlice.range(2, 1));
        assertThatThrownBy(() -> RowSlice.ordered(new int[1], 0, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatIllegalArgumentException().isThrownBy(() -> ParquetOptions.DEFAULT.withRowGroupRows(0));
        assertThatIllegalArgumentException().isThrownBy(() -> ParquetOptions.DEFAULT.withPages(1 << 21, 1));
    }

    @Test
    void anOutputThatFailsLeavesTheEncoderUsable() throws Exception {
        RandomTable table = RandomTable.of(new Random(3), 6, 500);
        ParquetEncoder encoder = TestCodec.SNAPPY.encoder(ParquetOptions.DEFAULT);
        Path file = directory.resolve("reference.parquet");
        write(encoder, table, RowSlice.all(table.batches()), file);
        byte[] reference = Files.readAllBytes(file);
        for (int allowed = 0; allowed < reference.length; allowed += 97) {
            int limit = allowed;
            MemoryOutput memory = new MemoryOutput(100);
            assertThatThrownBy(() -> encoder.encode(table.columns(), table.batches(), RowSlice.all(table.batches()),
                    Map.of("arc:test", "ü"), (bytes, from, length) -> {
                        memory.write(bytes, from, length);
                        if (memory.size() > limit) {
                            throw new IOException("the disk is full");
                        }
                    })).isInstanceOf(IOException.class).hasMessage("the disk is full");
        }
        write(encoder, table, RowSlice.all(table.batches()), file);
        assertThat(Files.readAllBytes(file)).isEqualTo(reference);
    }

    @Test
    void theSameRowsGiveTheSameBytes() throws Exception {
        RandomTable table = RandomTable.of(new Random(77), 6, 800);
        List<byte[]> files = new ArrayList<>();
        ParquetEncoder encoder = TestCodec.ZSTD.encoder(ParquetOptions.DEFAULT);
        for (ParquetEncoder each : List.of(encoder, encoder, TestCodec.ZSTD.encoder(ParquetOptions.DEFAULT))) {
            Path file = directory.resolve("same.parquet");
            write(each, table, RowSlice.all(table.batches()), file);
            files.add(Files.readAllBytes(file));
        }
        assertThat(files.get(1)).isEqualTo(files.get(0));
        assertThat(files.get(2)).isEqualTo(files.get(0));
    }

    @Test
    void noObjectIsMadeForARow() throws Exception {
        int rows = 200_000;
        long[] times = new long[rows];
        double[] values = new double[rows];
        boolean[] flags = new boolean[rows];
        int[] codes = new int[rows];
        int[] order = new int[rows];
        String[] traces = new String[rows];
        Random random = new Random(1);
        for (int r = 0; r < rows; r++) {
            times[r] = r;
            values[r] = random.nextDouble();
            flags[r] = random.nextBoolean();
            codes[r] = random.nextInt(3);
            traces[r] = "trace-" + r;
            order[r] = rows - 1 - r;
        }
        List<ColumnBatch> batches = List.of(new ColumnBatch(TABLE, rows, times, List.of(
                new DictionaryColumn("host", Role.TAG, codes, Utf8Block.of("a", "b", "c"), Validity.ALL_PRESENT),
                new Utf8Column("trace", Role.TAG, Utf8Block.of(traces), Validity.ALL_PRESENT),
                new BooleanColumn("flag", Role.FIELD, flags, Validity.ALL_PRESENT),
                new DoubleColumn("value", Role.FIELD, values, Validity.ALL_PRESENT))));
        List<FileColumn> columns = List.of(new FileColumn("host", ColumnType.TEXT), new FileColumn("trace", ColumnType.TEXT),
                new FileColumn("flag", ColumnType.BOOLEAN), new FileColumn("value", ColumnType.FLOAT64));
        ParquetEncoder encoder = TestCodec.NONE.encoder(ParquetOptions.DEFAULT);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (RowSlice slice : List.of(RowSlice.all(batches), RowSlice.ordered(order, 0, rows))) {
            ParquetOutput nowhere = (bytes, from, length) -> {};
            encoder.encode(columns, batches, slice, Map.of(), nowhere);
            long before = threads.getCurrentThreadAllocatedBytes();
            encoder.encode(columns, batches, slice, Map.of(), nowhere);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(rows);
        }
    }

    @Test
    void aPageThatDoesNotShrinkIsStoredAsItIs() throws Exception {
        int rows = 100_000;
        Random random = new Random(9);
        double[] noise = random.doubles(rows).toArray();
        double[] constant = new double[rows];
        ColumnBatch batch = new ColumnBatch(TABLE, rows, new long[rows], List.of(
                new DoubleColumn("noise", Role.FIELD, noise, Validity.ALL_PRESENT),
                new DoubleColumn("constant", Role.FIELD, constant, Validity.ALL_PRESENT)));
        List<FileColumn> columns = List.of(new FileColumn("noise", ColumnType.FLOAT64),
                new FileColumn("constant", ColumnType.FLOAT64));
        Path file = directory.resolve("noise.parquet");
        write(TestCodec.SNAPPY.encoder(ParquetOptions.DEFAULT.withDictionary(false, 1)), columns, List.of(batch),
                RowSlice.range(0, rows), file);
        try (ParquetFileReader reader = ParquetJavaReader.open(file)) {
            ColumnChunkMetaData stored = reader.getRowGroups().getFirst().getColumns().get(1);
            assertThat(stored.getTotalSize()).isEqualTo(stored.getTotalUncompressedSize());
            ColumnChunkMetaData shrunk = reader.getRowGroups().getFirst().getColumns().get(2);
            assertThat(shrunk.getTotalSize()).isLessThan(shrunk.getTotalUncompressedSize() / 10);
        }
        List<Object[]> read = ParquetJavaReader.rows(file, columns);
        for (int r = 0; r < rows; r++) {
            assertThat(read.get(r)[1]).isEqualTo(noise[r]);
        }
    }
}
