package io.arc.runtime.parquet;

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
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SequencedSet;

/// Batches with everything in them that a batch may have, and the rows that they mean.
///
/// @param rows by position; the time first, then the columns' values, null where a row has none
record RandomTable(List<FileColumn> columns, List<ColumnBatch> batches, List<Object[]> rows) {
    static final TableId TABLE = new TableId("db", "t");
    /// What DuckDB can show as a timestamp.
    private static final long TIME_RANGE_MICROS = 4_000_000_000_000_000L;
    private static final String[] ODD_TEXTS = {"", " ", "a", "ab", "abcdefgh", "abcdefghi", "abcdefg\0", "\0", "'quoted\"",
            "ü", "\u00ff", "\ud7ff", "\ue000", "\uffff", "\ud83d\ude00", "\udbff\udfff", "\u2028\r\n", "\u007f",
            "z".repeat(63), "z".repeat(64), "z".repeat(65), "z".repeat(64) + "a", "é".repeat(33),
            "\ud7ff".repeat(30), "\udbff\udfff".repeat(17), "\udbff\udfff".repeat(16),
            "x" + "\udbff\udfff".repeat(20), "long ".repeat(400)};
    private static final long[] ODD_LONGS = {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE, 255, 256, 1L << 53, (1L << 53) + 1};
    private static final double[] ODD_DOUBLES = {0.0, -0.0, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
            Double.MIN_VALUE, -Double.MIN_VALUE, Double.MAX_VALUE, -Double.MAX_VALUE, 1.5};

    static RandomTable of(Random random, int maxBatches, int maxBatchRows) {
        List<FileColumn> columns = columns(random);
        List<ColumnBatch> batches = new ArrayList<>();
        List<Object[]> rows = new ArrayList<>();
        Map<FileColumn, ValueMaker> makers = new LinkedHashMap<>();
        columns.forEach(column -> makers.put(column, new ValueMaker(random, column.type())));
        int batchCount = random.nextInt(maxBatches + 1);
        boolean sorted = random.nextBoolean();
        long time = random.nextLong(-TIME_RANGE_MICROS, TIME_RANGE_MICROS / 2);
        for (int b = 0; b < batchCount; b++) {
            int rowCount = random.nextInt(5) == 0 ? random.nextInt(2) : random.nextInt(maxBatchRows + 1);
            long[] times = new long[rowCount + random.nextInt(3)];
            for (int r = 0; r < times.length; r++) {
                time = sorted ? time + random.nextInt(1_000_000) : random.nextLong(-TIME_RANGE_MICROS, TIME_RANGE_MICROS);
                times[r] = time;
            }
            int first = rows.size();
            for (int r = 0; r < rowCount; r++) {
                Object[] row = new Object[columns.size() + 1];
                row[0] = times[r];
                rows.add(row);
            }
            List<Column> parts = new ArrayList<>();
            for (int c = 0; c < columns.size(); c++) {
                if (random.nextInt(6) > 0) {
                    Object[] values = new Object[rowCount];
                    parts.add(part(random, columns.get(c), values, makers.get(columns.get(c))));
                    for (int r = 0; r < rowCount; r++) {
                        rows.get(first + r)[c + 1] = values[r];
                    }
                }
            }
            if (random.nextInt(6) == 0) {
                // A column that the file does not have is no error while it has no value.
                parts.add(new LongColumn("nowhere", Role.FIELD, new long[rowCount], Validity.allAbsent(rowCount)));
            }
            Collections.shuffle(parts, random);
            batches.add(new ColumnBatch(TABLE, rowCount, times, parts));
        }
        return new RandomTable(columns, batches, rows);
    }

    private static List<FileColumn> columns(Random random) {
        SequencedSet<String> names = new LinkedHashSet<>();
        int count = random.nextInt(9);
        String[] odd = {"Time", "a b", "quote\"d", "ünï", "a.b", "select", "\ud83d\ude00", "_x"};
        while (names.size() < count) {
            names.add(random.nextBoolean() ? "c" + random.nextInt(100) : odd[random.nextInt(odd.length)]);
        }
        // DuckDB does not tell upper from lower case in names.
        names.remove("Time");
        ColumnType[] types = ColumnType.values();
        return names.stream().map(name -> new FileColumn(name, types[random.nextInt(types.length)])).toList();
    }

    /// Makes a column of a batch and puts what it means into `values`.
    private static Column part(Random random, FileColumn column, Object[] values, ValueMaker maker) {
        int rowCount = values.length;
        Role role = random.nextBoolean() ? Role.TAG : Role.FIELD;
        if (random.nextInt(8) == 0) {
            Validity absent = Validity.allAbsent(rowCount);
            // Without a value a column may be of any type.
            return switch (random.nextInt(3)) {
                case 0 -> new BooleanColumn(column.name(), role, new boolean[rowCount], absent);
                case 1 -> new Utf8Column(column.name(), role, new Utf8Block(new byte[0], new int[rowCount + 1]), absent);
                default -> new LongColumn(column.name(), role, new long[rowCount], absent);
            };
        }
        Validity validity = validity(random, rowCount);
        boolean integers = column.type() == ColumnType.FLOAT64 && random.nextInt(3) == 0;
        for (int r = 0; r < rowCount; r++) {
            if (validity.isPresent(r)) {
                values[r] = integers ? (Object) (double) random.nextInt() : maker.make();
            }
        }
        int capacity = rowCount + random.nextInt(3);
        return switch (column.type()) {
            case INT64 -> longs(column.name(), role, values, validity, capacity, random);
            case FLOAT64 -> integers ? longs(column.name(), role, values, validity, capacity, random)
                    : doubles(column.name(), role, values, validity, capacity, random);
            case BOOLEAN -> {
                boolean[] array = new boolean[capacity];
                for (int r = 0; r < capacity; r++) {
                    array[r] = r < rowCount && values[r] != null ? (Boolean) values[r] : random.nextBoolean();
                }
                yield new BooleanColumn(column.name(), role, array, validity);
            }
            case TEXT -> random.nextBoolean() ? dictionary(column.name(), role, values, validity, capacity, random)
                    : texts(column.name(), role, values, validity, capacity);
        };
    }

    private static Validity validity(Random random, int rowCount) {
        return switch (random.nextInt(5)) {
            case 0, 1 -> Validity.ALL_PRESENT;
            case 2 -> {
                // Long stretches of one kind, and words that end early.
                Validity validity = Validity.allAbsent(random.nextInt(rowCount + 1));
                boolean present = random.nextBoolean();
                for (int r = 0; r < validity.words().length * 64; r++) {
                    present ^= random.nextInt(150) == 0;
                    if (present) {
                        validity.words()[r >> 6] |= 1L << r;
                    }
                }
                yield validity;
            }
            default -> {
                Validity validity = Validity.allAbsent(rowCount + 10);
                int share = random.nextInt(1, 20);
                for (int r = 0; r < validity.words().length * 64; r++) {
                    if (random.nextInt(20) < share) {
                        validity.words()[r >> 6] |= 1L << r;
                    }
                }
                yield validity;
            }
        };
    }

    private static Column longs(String name, Role role, Object[] values, Validity validity, int capacity, Random random) {
        long[] array = new long[capacity];
        for (int r = 0; r < capacity; r++) {
            array[r] = r < values.length && values[r] != null ? ((Number) values[r]).longValue() : random.nextLong();
        }
        return new LongColumn(name, role, array, validity);
    }

    private static Column doubles(String name, Role role, Object[] values, Validity validity, int capacity, Random random) {
        double[] array = new double[capacity];
        for (int r = 0; r < capacity; r++) {
            array[r] = r < values.length && values[r] != null ? (Double) values[r] : random.nextGaussian();
        }
        return new DoubleColumn(name, role, array, validity);
    }

    private static Column texts(String name, Role role, Object[] values, Validity validity, int capacity) {
        String[] strings = new String[capacity];
        for (int r = 0; r < capacity; r++) {
            strings[r] = r < values.length && values[r] != null ? (String) values[r] : r % 2 == 0 ? "" : "\uffffbehind";
        }
        return new Utf8Column(name, role, Utf8Block.of(strings), validity);
    }

    private static Column dictionary(String name, Role role, Object[] values, Validity validity, int capacity, Random random) {
        SequencedSet<String> entries = new LinkedHashSet<>();
        entries.add("\uffff an entry that no row uses");
        for (Object value : values) {
            if (value != null) {
                entries.add((String) value);
            }
        }
        List<String> shuffled = new ArrayList<>(entries);
        Collections.shuffle(shuffled, random);
        int[] codes = new int[capacity];
        for (int r = 0; r < capacity; r++) {
            codes[r] = r < values.length && values[r] != null ? shuffled.indexOf((String) values[r]) : random.nextInt();
        }
        return new DictionaryColumn(name, role, codes, Utf8Block.of(shuffled.toArray(String[]::new)), validity);
    }

    /// Values of one column: few or many distinct ones, odd or plain.
    private static final class ValueMaker {
        private final Random random;
        private final ColumnType type;
        private final boolean odd;
        private final int distinct;

        ValueMaker(Random random, ColumnType type) {
            this.random = random;
            this.type = type;
            odd = random.nextInt(3) == 0;
            distinct = 1 << random.nextInt(14);
        }

        Object make() {
            boolean plain = !odd || random.nextBoolean();
            return switch (type) {
                case INT64 -> plain ? (Object) (random.nextLong() % distinct) : ODD_LONGS[random.nextInt(ODD_LONGS.length)];
                case FLOAT64 -> plain ? (Object) (random.nextInt(distinct) / 100.0)
                        : ODD_DOUBLES[random.nextInt(ODD_DOUBLES.length)];
                case BOOLEAN -> random.nextInt(distinct) == 0;
                case TEXT -> plain ? "text-" + random.nextInt(distinct) : ODD_TEXTS[random.nextInt(ODD_TEXTS.length)];
            };
        }
    }

    /// The rows that a slice means.
    List<Object[]> rows(RowSlice slice) {
        List<Object[]> chosen = new ArrayList<>(slice.rowCount());
        for (int i = slice.from(); i < slice.to(); i++) {
            chosen.add(rows.get(slice.orderOrNull() == null ? i : slice.orderOrNull()[i]));
        }
        return chosen;
    }

    /// All rows or some, in order, merged, shuffled or sorted by time.
    RowSlice slice(Random random) {
        int rowCount = rows.size();
        int from = random.nextInt(3) == 0 ? random.nextInt(rowCount + 1) : 0;
        int to = random.nextInt(3) == 0 ? random.nextInt(from, rowCount + 1) : rowCount;
        return switch (random.nextInt(5)) {
            case 0 -> RowSlice.all(batches);
            case 1 -> RowSlice.range(from, to);
            case 2 -> RowSlice.ordered(byTime(), from, to);
            case 3 -> RowSlice.ordered(inBlocks(random), from, to);
            default -> RowSlice.ordered(shuffled(random, rowCount), from, to);
        };
    }

    private int[] byTime() {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            order.add(i);
        }
        order.sort((a, b) -> Long.compare((Long) rows.get(a)[0], (Long) rows.get(b)[0]));
        return order.stream().mapToInt(Integer::intValue).toArray();
    }

    /// Runs of rows, in another order.
    private int[] inBlocks(Random random) {
        int[] order = new int[rows.size()];
        List<int[]> blocks = new ArrayList<>();
        int at = 0;
        while (at < order.length) {
            int end = Math.min(order.length, at + 1 + random.nextInt(60));
            blocks.add(new int[] {at, end});
            at = end;
        }
        Collections.shuffle(blocks, random);
        int to = 0;
        for (int[] block : blocks) {
            for (int row = block[0]; row < block[1]; row++) {
                order[to++] = row;
            }
        }
        return order;
    }

    private static int[] shuffled(Random random, int rowCount) {
        List<Integer> order = new ArrayList<>();
        for (int i = 0; i < rowCount; i++) {
            order.add(i);
        }
        Collections.shuffle(order, random);
        return order.stream().mapToInt(Integer::intValue).toArray();
    }

    static byte[] utf8(Object text) {
        return ((String) text).getBytes(StandardCharsets.UTF_8);
    }
}
