package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.Predicate;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.internal.column.columnindex.BoundaryOrder;
import org.apache.parquet.internal.column.columnindex.ColumnIndex;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Bounds are only good if nobody loses a row by them.
class ParquetStatisticsTest {
    private static final int RANDOM_FILES = 60;
    private static final int RANDOM_FILES_IF_SLOW = 500;
    private static final int PREDICATES_A_COLUMN = 12;

    @TempDir
    private Path directory;

    /// Every file several row groups, every chunk several pages.
    private static ParquetOptions smallPieces(Random random) {
        return ParquetOptions.DEFAULT.withPages(1 + random.nextInt(20), 1 + random.nextInt(500))
                .withRowGroupRows(1 + random.nextInt(120)).withDictionary(random.nextBoolean(), 1 << 20);
    }

    @Test
    void duckDbFindsEveryRowWhateverItPrunes() throws Exception {
        predicates(RANDOM_FILES, 21);
    }

    @Test
    @Tag("slow")
    void duckDbFindsEveryRowInManyFiles() throws Exception {
        predicates(RANDOM_FILES_IF_SLOW, Long.getLong("arc.test.seed", System.nanoTime()));
    }

    private void predicates(int files, long firstSeed) throws Exception {
        try (DuckDbReader duckDb = new DuckDbReader()) {
            for (long seed = firstSeed; seed < firstSeed + files; seed++) {
                Random random = new Random(seed);
                RandomTable table = RandomTable.of(random, 5, 150);
                RowSlice slice = table.slice(random);
                Path file = directory.resolve("f.parquet");
                ParquetEncoderTest.write(TestCodec.SNAPPY.encoder(smallPieces(random)), table, slice, file);
                List<Object[]> rows = table.rows(slice);
                for (int c = 0; c <= table.columns().size(); c++) {
                    for (int i = 0; i < PREDICATES_A_COLUMN; i++) {
                        SqlPredicate predicate = predicate(random, table, rows, c);
                        long expected = rows.stream().filter(predicate.test).count();
                        assertThat(duckDb.query("SELECT count(*) FROM " + DuckDbReader.from(file) + " WHERE " + predicate.sql)
                                .getFirst()[0]).as("%s, seed %d", predicate.sql, seed).isEqualTo(expected);
                    }
                }
                minAndMax(duckDb, table, rows, file, seed);
            }
        }
    }

    private static void minAndMax(DuckDbReader duckDb, RandomTable table, List<Object[]> rows, Path file, long seed)
            throws Exception {
        for (int c = 1; c <= table.columns().size(); c++) {
            int column = c;
            String name = DuckDbReader.quoted(table.columns().get(c - 1).name());
            Object[] read = duckDb.query("SELECT min(" + name + "), max(" + name + "), count(" + name + ") FROM "
                    + DuckDbReader.from(file)).getFirst();
            List<Object> present = rows.stream().map(row -> row[column]).filter(Objects::nonNull).toList();
            assertThat(read[2]).as("count of %s, seed %d", name, seed).isEqualTo((long) present.size());
            assertThat(normal(read[0])).as("min of %s, seed %d", name, seed)
                    .isEqualTo(normal(present.stream().min(ParquetStatisticsTest::compare).orElse(null)));
            assertThat(normal(read[1])).as("max of %s, seed %d", name, seed)
                    .isEqualTo(normal(present.stream().max(ParquetStatisticsTest::compare).orElse(null)));
        }
    }

    private static Object normal(Object value) {
        return value instanceof Double number ? (Object) (number + 0.0) : value;
    }

    /// As DuckDB compares: zeros are equal, NaN is equal to itself and above all, text goes by its bytes.
    static int compare(Object a, Object b) {
        return switch (a) {
            case Long x -> Long.compare(x, (Long) b);
            case Boolean x -> Boolean.compare(x, (Boolean) b);
            case Double x -> Double.compare(x + 0.0, (Double) b + 0.0);
            default -> Arrays.compareUnsigned(RandomTable.utf8(a), RandomTable.utf8(b));
        };
    }

    private record SqlPredicate(String sql, Predicate<Object[]> test) {}

    private static SqlPredicate predicate(Random random, RandomTable table, List<Object[]> rows, int column) {
        String name = column == 0 ? "\"time\"" : DuckDbReader.quoted(table.columns().get(column - 1).name());
        if (random.nextInt(8) == 0) {
            return random.nextBoolean() ? new SqlPredicate(name + " IS NULL", row -> row[column] == null)
                    : new SqlPredicate(name + " IS NOT NULL", row -> row[column] != null);
        }
        Object value = value(random, rows, column, column == 0 ? ColumnType.INT64 : table.columns().get(column - 1).type());
        String literal = column == 0 ? "make_timestamptz(" + value + ")" : literal(value);
        return switch (random.nextInt(6)) {
            case 0 -> new SqlPredicate(name + " = " + literal, holds(column, value, sign -> sign == 0));
            case 1 -> new SqlPredicate(name + " <> " + literal, holds(column, value, sign -> sign != 0));
            case 2 -> new SqlPredicate(name + " < " + literal, holds(column, value, sign -> sign < 0));
            case 3 -> new SqlPredicate(name + " <= " + literal, holds(column, value, sign -> sign <= 0));
            case 4 -> new SqlPredicate(name + " > " + literal, holds(column, value, sign -> sign > 0));
            default -> new SqlPredicate(name + " >= " + literal, holds(column, value, sign -> sign >= 0));
        };
    }

    private static Predicate<Object[]> holds(int column, Object value, Predicate<Integer> sign) {
        return row -> row[column] != null && sign.test(compare(row[column], value));
    }

    /// Mostly a value of the column, so that bounds are hit exactly.
    private static Object value(Random random, List<Object[]> rows, int column, ColumnType type) {
        for (int attempt = 0; attempt < 20 && !rows.isEmpty() && random.nextInt(6) > 0; attempt++) {
            Object value = rows.get(random.nextInt(rows.size()))[column];
            if (value != null) {
                return value instanceof String text && random.nextInt(4) == 0 ? text + random.nextInt(3) : value;
            }
        }
        return switch (type) {
            case INT64 -> (long) random.nextInt(200) - 100;
            case FLOAT64 -> random.nextInt(5) == 0 ? Double.NaN : random.nextGaussian();
            case BOOLEAN -> random.nextBoolean();
            case TEXT -> random.nextBoolean() ? "" : "text-" + random.nextInt(100);
        };
    }

    private static String literal(Object value) {
        return switch (value) {
            case Long number -> "CAST('" + number + "' AS BIGINT)";
            case Double number -> "CAST('" + (number.isInfinite() ? number > 0 ? "inf" : "-inf" : number.toString())
                    + "' AS DOUBLE)";
            case Boolean flag -> flag.toString();
            // A literal cannot hold every character as it is.
            default -> "decode(unhex('" + HexFormat.of().formatHex(RandomTable.utf8(value)) + "'))";
        };
    }

    @Test
    void chunksAndPagesHaveTheBoundsOfTheirValues() throws Exception {
        for (long seed = 31; seed < 31 + RANDOM_FILES; seed++) {
            Random random = new Random(seed);
            RandomTable table = RandomTable.of(random, 5, 150);
            RowSlice slice = table.slice(random);
            Path file = directory.resolve("f.parquet");
            ParquetEncoderTest.write(TestCodec.NONE.encoder(smallPieces(random)), table, slice, file);
            List<Object[]> rows = table.rows(slice);
            try (ParquetFileReader reader = ParquetJavaReader.open(file)) {
                int first = 0;
                for (BlockMetaData group : reader.getRowGroups()) {
                    int end = first + Math.toIntExact(group.getRowCount());
                    for (int c = 0; c <= table.columns().size(); c++) {
                        requireBounds(reader, group.getColumns().get(c), values(rows, c, first, end),
                                "column " + c + " of rows " + first + " to " + end + ", seed " + seed);
                    }
                    first = end;
                }
                assertThat(first).isEqualTo(rows.size());
            }
        }
    }

    private static List<Object> values(List<Object[]> rows, int column, int from, int to) {
        List<Object> values = new ArrayList<>();
        for (Object[] row : rows.subList(from, to)) {
            values.add(row[column]);
        }
        return values;
    }

    private static void requireBounds(ParquetFileReader reader, ColumnChunkMetaData chunk, List<Object> values, String what)
            throws Exception {
        Statistics<?> statistics = chunk.getStatistics();
        assertThat(statistics.getNumNulls()).as("nulls of %s", what).isEqualTo(nulls(values));
        boolean bounded = hasBounds(values);
        assertThat(statistics.hasNonNullValue()).as("bounds of %s", what).isEqualTo(bounded);
        if (bounded) {
            requireBound(statistics.getMinBytes(), statistics.getMaxBytes(), values, what);
        }
        OffsetIndex offsets = reader.readOffsetIndex(chunk);
        ColumnIndex index = reader.readColumnIndex(chunk);
        int pages = offsets.getPageCount();
        List<List<Object>> pageValues = new ArrayList<>();
        for (int page = 0; page < pages; page++) {
            int from = Math.toIntExact(offsets.getFirstRowIndex(page));
            int to = page + 1 < pages ? Math.toIntExact(offsets.getFirstRowIndex(page + 1)) : values.size();
            assertThat(from).as("first row of page %d, %s", page, what).isLessThan(to);
            pageValues.add(values.subList(from, to));
        }
        assertThat(offsets.getFirstRowIndex(0)).isZero();
        boolean indexable = pageValues.stream().allMatch(page -> page.stream().allMatch(Objects::isNull) || hasBounds(page));
        assertThat(index != null).as("column index of %s", what).isEqualTo(indexable);
        if (index == null) {
            return;
        }
        for (int page = 0; page < pages; page++) {
            List<Object> inPage = pageValues.get(page);
            assertThat(index.getNullCounts().get(page)).as("nulls of page %d, %s", page, what).isEqualTo(nulls(inPage));
            boolean nullPage = inPage.stream().allMatch(Objects::isNull);
            assertThat(index.getNullPages().get(page)).as("null page %d, %s", page, what).isEqualTo(nullPage);
            if (!nullPage) {
                requireBound(bytes(index.getMinValues().get(page)), bytes(index.getMaxValues().get(page)), inPage,
                        "page " + page + " of " + what);
            }
        }
        requireOrder(index.getBoundaryOrder(), pageValues, what);
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    private static long nulls(List<Object> values) {
        return values.stream().filter(Objects::isNull).count();
    }

    private static boolean hasBounds(List<Object> values) {
        return values.stream().anyMatch(Objects::nonNull)
                && values.stream().noneMatch(value -> value instanceof Double number && number.isNaN())
                && values.stream().noneMatch(ParquetStatisticsTest::cannotBeRaised);
    }

    /// More than 64 bytes that begin with sixteen of the greatest character.
    private static boolean cannotBeRaised(Object value) {
        return value instanceof String text && text.startsWith("\udbff\udfff".repeat(16)) && RandomTable.utf8(text).length > 64;
    }

    private static void requireBound(byte[] min, byte[] max, List<Object> values, String what) {
        List<Object> present = values.stream().filter(Objects::nonNull).toList();
        Object least = present.stream().min(ParquetStatisticsTest::compare).orElseThrow();
        Object greatest = present.stream().max(ParquetStatisticsTest::compare).orElseThrow();
        switch (least) {
            case Long _ -> {
                assertThat(number(min)).as("min of %s", what).isEqualTo((Long) least);
                assertThat(number(max)).as("max of %s", what).isEqualTo((Long) greatest);
            }
            case Double number -> {
                double zero = number == 0 ? -0.0 : number;
                assertThat(Double.longBitsToDouble(number(min))).as("min of %s", what).isEqualTo(zero);
                assertThat(Double.longBitsToDouble(number(max))).as("max of %s", what).isEqualTo((Double) greatest + 0.0);
            }
            case Boolean _ -> {
                assertThat(min).as("min of %s", what).containsExactly((Boolean) least ? 1 : 0);
                assertThat(max).as("max of %s", what).containsExactly((Boolean) greatest ? 1 : 0);
            }
            default -> {
                byte[] low = RandomTable.utf8(least);
                byte[] high = RandomTable.utf8(greatest);
                assertThat(Arrays.compareUnsigned(min, low)).as("min of %s", what).isLessThanOrEqualTo(0);
                assertThat(Arrays.compareUnsigned(max, high)).as("max of %s", what).isGreaterThanOrEqualTo(0);
                if (low.length <= 64) {
                    assertThat(min).as("min of %s", what).isEqualTo(low);
                }
                if (high.length <= 64) {
                    assertThat(max).as("max of %s", what).isEqualTo(high);
                }
                assertThat(new String(min, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8)).isEqualTo(min);
                assertThat(new String(max, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8)).isEqualTo(max);
                assertThat(min.length).isLessThanOrEqualTo(64);
                assertThat(max.length).isLessThanOrEqualTo(68);
            }
        }
    }

    private static long number(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static void requireOrder(BoundaryOrder order, List<List<Object>> pages, String what) {
        boolean ascending = true;
        boolean descending = true;
        Object lastMin = null;
        Object lastMax = null;
        for (List<Object> page : pages) {
            List<Object> present = page.stream().filter(Objects::nonNull).toList();
            if (present.isEmpty()) {
                continue;
            }
            Object min = present.stream().min(ParquetStatisticsTest::compare).orElseThrow();
            Object max = present.stream().max(ParquetStatisticsTest::compare).orElseThrow();
            if (lastMin != null) {
                ascending &= compare(min, lastMin) >= 0 && compare(max, lastMax) >= 0;
                descending &= compare(min, lastMin) <= 0 && compare(max, lastMax) <= 0;
            }
            lastMin = min;
            lastMax = max;
        }
        assertThat(order).as("boundary order of %s", what).isEqualTo(ascending ? BoundaryOrder.ASCENDING
                : descending ? BoundaryOrder.DESCENDING : BoundaryOrder.UNORDERED);
    }

    @Test
    void theSummaryBoundsTheWholeFile() throws Exception {
        for (long seed = 41; seed < 41 + RANDOM_FILES; seed++) {
            Random random = new Random(seed);
            RandomTable table = RandomTable.of(random, 5, 150);
            RowSlice slice = table.slice(random);
            FileSummary summary = ParquetEncoderTest.write(TestCodec.NONE.encoder(smallPieces(random)), table, slice,
                    directory.resolve("f.parquet"));
            List<Object[]> rows = table.rows(slice);
            String what = "seed " + seed;
            assertThat(summary.minMicros()).as(what).isEqualTo(
                    rows.stream().mapToLong(row -> (Long) row[0]).min().orElse(Long.MAX_VALUE));
            assertThat(summary.maxMicros()).as(what).isEqualTo(
                    rows.stream().mapToLong(row -> (Long) row[0]).max().orElse(Long.MIN_VALUE));
            for (int c = 1; c <= table.columns().size(); c++) {
                FileColumn column = table.columns().get(c - 1);
                ColumnSummary known = summary.columns().get(c - 1);
                List<Object> values = values(rows, c, 0, rows.size());
                assertThat(known.name()).isEqualTo(column.name());
                assertThat(known.type()).isEqualTo(column.type());
                assertThat(known.nullCount()).as(what).isEqualTo(nulls(values));
                requireSummary(known.bounds(), values, column.name() + ", " + what);
            }
        }
    }

    static void requireSummary(Bounds bounds, List<Object> values, String what) {
        List<Object> present = values.stream().filter(Objects::nonNull)
                .filter(value -> !(value instanceof Double number && number.isNaN())).toList();
        if (present.isEmpty() || values.stream().anyMatch(ParquetStatisticsTest::cannotBeRaised)) {
            assertThat(bounds).as(what).isEqualTo(Bounds.NONE);
            return;
        }
        Object min = present.stream().min(ParquetStatisticsTest::compare).orElseThrow();
        Object max = present.stream().max(ParquetStatisticsTest::compare).orElseThrow();
        switch (bounds) {
            case Bounds.None _ -> throw new AssertionError("no bounds of " + what);
            case Bounds.Longs longs -> assertThat(longs).as(what).isEqualTo(new Bounds.Longs((Long) min, (Long) max));
            case Bounds.Booleans booleans -> assertThat(booleans).as(what)
                    .isEqualTo(new Bounds.Booleans((Boolean) min, (Boolean) max));
            case Bounds.Doubles doubles -> assertThat(doubles).as(what).isEqualTo(new Bounds.Doubles(
                    (Double) min == 0 ? -0.0 : (Double) min, (Double) max + 0.0,
                    values.stream().anyMatch(value -> value instanceof Double number && number.isNaN())));
            case Bounds.Texts(String low, String high) -> {
                assertThat(compare(low, min)).as(what).isLessThanOrEqualTo(0);
                assertThat(compare(high, max)).as(what).isGreaterThanOrEqualTo(0);
                assertThat(RandomTable.utf8(min).length > 64 || low.equals(min)).as(what).isTrue();
                assertThat(RandomTable.utf8(max).length > 64 || high.equals(max)).as(what).isTrue();
            }
        }
    }

    @Test
    void boundsAreExactUnlessTheTextIsCut() throws Exception {
        String[] texts = {"a".repeat(64), "b".repeat(64)};
        String[] longer = {"a".repeat(65), "b".repeat(65)};
        ColumnBatch batch = new ColumnBatch(RandomTable.TABLE, 2, new long[2], List.of(
                new Utf8Column("short", Role.TAG, Utf8Block.of(texts), Validity.ALL_PRESENT),
                new Utf8Column("long", Role.TAG, Utf8Block.of(longer), Validity.ALL_PRESENT)));
        Path file = directory.resolve("cut.parquet");
        FileSummary summary = ParquetEncoderTest.write(TestCodec.NONE.encoder(ParquetOptions.DEFAULT),
                List.of(new FileColumn("short", ColumnType.TEXT), new FileColumn("long", ColumnType.TEXT)), List.of(batch),
                RowSlice.range(0, 2), file);
        assertThat(summary.columns().get(0).bounds()).isEqualTo(new Bounds.Texts(texts[0], texts[1]));
        assertThat(summary.columns().get(1).bounds()).isEqualTo(new Bounds.Texts(texts[0], "b".repeat(63) + "c"));
        try (DuckDbReader duckDb = new DuckDbReader()) {
            List<Object[]> metadata = duckDb.query("SELECT stats_min_value, stats_max_value, min_is_exact, max_is_exact "
                    + "FROM parquet_metadata(" + DuckDbReader.literal(file.toString()) + ") ORDER BY column_id");
            assertThat(metadata.get(1)).containsExactly(texts[0], texts[1], true, true);
            assertThat(metadata.get(2)).containsExactly(texts[0], "b".repeat(63) + "c", false, false);
            assertThat(duckDb.query("SELECT min(long), max(long) FROM " + DuckDbReader.from(file)).getFirst())
                    .containsExactly(longer[0], longer[1]);
        }
    }

    @Test
    void thePageIndexSkipsPagesByTime() throws Exception {
        int rows = 100_000;
        long[] times = new long[rows];
        for (int r = 0; r < rows; r++) {
            times[r] = r;
        }
        List<ColumnBatch> batches = List.of(new ColumnBatch(RandomTable.TABLE, rows, times,
                List.of(new LongColumn("i", Role.FIELD, times.clone(), Validity.ALL_PRESENT))));
        Path file = directory.resolve("sorted.parquet");
        ParquetEncoderTest.write(TestCodec.SNAPPY.encoder(ParquetOptions.DEFAULT.withPages(1_000, 1 << 20)),
                List.of(new FileColumn("i", ColumnType.INT64)), batches, RowSlice.all(batches), file);
        try (ParquetFileReader reader = ParquetJavaReader.open(file, FilterApi.and(
                FilterApi.gtEq(FilterApi.longColumn("time"), 41_500L), FilterApi.lt(FilterApi.longColumn("time"), 43_000L)))) {
            assertThat(reader.getFilteredRecordCount()).isEqualTo(2_000);
            assertThat(reader.readNextFilteredRowGroup().getRowCount()).isEqualTo(2_000);
        }
    }

    @Test
    void aRowGroupOutsideIsSkippedByTime() throws Exception {
        long[] times = new long[10_000];
        double[] values = new double[times.length];
        for (int r = 0; r < times.length; r++) {
            times[r] = r;
            values[r] = r;
        }
        List<ColumnBatch> batches = List.of(new ColumnBatch(RandomTable.TABLE, times.length, times,
                List.of(new DoubleColumn("v", Role.FIELD, values, Validity.ALL_PRESENT))));
        Path file = directory.resolve("groups.parquet");
        ParquetEncoderTest.write(TestCodec.SNAPPY.encoder(ParquetOptions.DEFAULT.withRowGroupRows(1_000)),
                List.of(new FileColumn("v", ColumnType.FLOAT64)), batches, RowSlice.all(batches), file);
        try (ParquetFileReader reader = ParquetJavaReader.open(file, FilterApi.gt(FilterApi.doubleColumn("v"), 8_999.0))) {
            assertThat(reader.getRowGroups()).hasSize(1);
        }
    }
}
