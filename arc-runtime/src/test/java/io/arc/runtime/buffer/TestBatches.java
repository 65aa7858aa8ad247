package io.arc.runtime.buffer;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/// Batches for tests, and what is in them as plain values.
public final class TestBatches {
    private TestBatches() {}

    /// Rows that are told apart by one number: `id` is `firstId`, `firstId + 1` and so on.
    public static ColumnBatch ids(TableId table, long micros, long firstId, int rowCount) {
        long[] times = new long[rowCount];
        long[] ids = new long[rowCount];
        for (int row = 0; row < rowCount; row++) {
            times[row] = micros + row;
            ids[row] = firstId + row;
        }
        return new ColumnBatch(table, rowCount, times, List.of(new LongColumn("id", Role.FIELD, ids, Validity.ALL_PRESENT)));
    }

    public static ColumnBatch batch(TableId table, long micros, Column... columns) {
        return new ColumnBatch(table, 1, new long[] {micros}, List.of(columns));
    }

    public static Column longs(String name, long... values) {
        return new LongColumn(name, Role.FIELD, values, Validity.ALL_PRESENT);
    }

    public static Column doubles(String name, double... values) {
        return new DoubleColumn(name, Role.FIELD, values, Validity.ALL_PRESENT);
    }

    public static Column booleans(String name, boolean... values) {
        return new BooleanColumn(name, Role.FIELD, values, Validity.ALL_PRESENT);
    }

    public static Column texts(String name, String... values) {
        return new Utf8Column(name, Role.TAG, Utf8Block.of(values), Validity.ALL_PRESENT);
    }

    /// What a protocol makes of nulls only.
    public static Column nothing(String name, int rowCount) {
        return new Utf8Column(name, Role.FIELD, new Utf8Block(new byte[0], new int[rowCount + 1]), Validity.allAbsent(rowCount));
    }

    /// A batch of random columns of every kind, some missing, some with absent values, arrays longer than the rows. A name has
    /// the same type in every batch.
    public static ColumnBatch random(Random random, TableId table, int rowCount) {
        int capacity = rowCount + random.nextInt(3);
        long[] times = random.longs(capacity).toArray();
        List<Column> columns = new ArrayList<>();
        for (int kind = 0; kind < 5; kind++) {
            if (random.nextInt(4) == 0) {
                continue;
            }
            Validity validity = random.nextBoolean() ? Validity.ALL_PRESENT : Validity.allAbsent(capacity);
            for (int row = 0; row < rowCount && !validity.isAllPresent(); row++) {
                if (random.nextBoolean()) {
                    validity.words()[row >> 6] |= 1L << row;
                }
            }
            columns.add(switch (kind) {
                case 0 -> new LongColumn("l", Role.FIELD, random.longs(capacity).toArray(), validity);
                case 1 -> new DoubleColumn("d", Role.FIELD, random.doubles(capacity).toArray(), validity);
                case 2 -> {
                    boolean[] values = new boolean[capacity];
                    for (int row = 0; row < capacity; row++) {
                        values[row] = random.nextBoolean();
                    }
                    yield new BooleanColumn("b", Role.FIELD, values, validity);
                }
                case 3 -> {
                    String[] values = new String[capacity];
                    Arrays.setAll(values, _ -> "ü".repeat(random.nextInt(4)) + random.nextInt(9));
                    yield new Utf8Column("t", Role.FIELD, Utf8Block.of(values), validity);
                }
                default -> {
                    // The same name and type in two forms.
                    int[] codes = random.ints(capacity, 0, 3).toArray();
                    yield random.nextBoolean() ? new DictionaryColumn("h", Role.TAG, codes, Utf8Block.of("", "a", "zz"), validity)
                            : texts("h", capacity, random, validity);
                }
            });
        }
        return new ColumnBatch(table, rowCount, times, columns);
    }

    private static Column texts(String name, int capacity, Random random, Validity validity) {
        String[] values = new String[capacity];
        Arrays.setAll(values, _ -> "v" + random.nextInt(3));
        return new Utf8Column(name, Role.TAG, Utf8Block.of(values), validity);
    }

    /// Every row as `time` and its present values by name.
    public static List<Map<String, Object>> rows(List<ColumnBatch> batches) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (ColumnBatch batch : batches) {
            for (int row = 0; row < batch.rowCount(); row++) {
                Map<String, Object> values = new TreeMap<>();
                values.put("time", batch.epochMicros()[row]);
                for (Column column : batch.columns()) {
                    if (column.validity().isPresent(row)) {
                        values.put(column.name() + " " + column.role(), value(column, row));
                    }
                }
                rows.add(values);
            }
        }
        return rows;
    }

    private static Object value(Column column, int row) {
        return switch (column) {
            case LongColumn longs -> longs.values()[row];
            case DoubleColumn doubles -> doubles.values()[row];
            case BooleanColumn booleans -> booleans.values()[row];
            case Utf8Column texts -> texts.values().string(row);
            case DictionaryColumn texts -> texts.dictionary().string(texts.codes()[row]);
        };
    }

    /// The `id`s of all rows, in order.
    public static List<Long> idsOf(List<ColumnBatch> batches) {
        List<Long> ids = new ArrayList<>();
        for (ColumnBatch batch : batches) {
            for (Column column : batch.columns()) {
                if (column instanceof LongColumn longs && longs.name().equals("id")) {
                    for (int row = 0; row < batch.rowCount(); row++) {
                        ids.add(longs.values()[row]);
                    }
                }
            }
        }
        return ids;
    }

    public static List<ColumnBatch> batches(List<HotBatch> hot) {
        return hot.stream().map(HotBatch::batch).toList();
    }

    public static long bytes(List<ColumnBatch> batches) {
        return batches.stream().mapToLong(ColumnBatch::retainedBytes).sum();
    }
}
