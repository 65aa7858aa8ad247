package io.arc.runtime.wal;

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
import java.util.List;
import java.util.random.RandomGenerator;

/// Batches for the log's tests.
final class Rows {
    private Rows() {}

    /// A request that says who it is: two tables, some rows, the id in each.
    static List<ColumnBatch> of(long id) {
        return of(id, 1 + (int) (id % 5));
    }

    static List<ColumnBatch> of(long id, int rowCount) {
        long[] ids = new long[rowCount];
        long[] times = new long[rowCount];
        for (int row = 0; row < rowCount; row++) {
            ids[row] = id;
            times[row] = id * 1000 + row;
        }
        return List.of(
                new ColumnBatch(new TableId("db", "cpu"), rowCount, times,
                        List.of(new LongColumn("id", Role.FIELD, ids, Validity.ALL_PRESENT))),
                new ColumnBatch(new TableId("db", "memory"), 1, new long[] {id},
                        List.of(new LongColumn("id", Role.FIELD, new long[] {id}, Validity.ALL_PRESENT),
                                new Utf8Column("text", Role.TAG, Utf8Block.of("frame " + id), Validity.ALL_PRESENT))));
    }

    /// The id of a request made by [#of], after a look at every value of it.
    static long id(List<ColumnBatch> batches) {
        if (batches.size() != 2) {
            throw new AssertionError(batches.size() + " batches");
        }
        ColumnBatch first = batches.getFirst();
        long id = ((LongColumn) first.columns().getFirst()).values()[0];
        List<ColumnBatch> expected = of(id, first.rowCount());
        if (!same(batches, expected)) {
            throw new AssertionError("frame " + id + " has come back with other content: " + batches);
        }
        return id;
    }

    /// A batch of any shape.
    static ColumnBatch random(RandomGenerator random) {
        int rowCount = switch (random.nextInt(4)) {
            case 0 -> random.nextInt(3);
            case 1 -> 60 + random.nextInt(10);
            default -> random.nextInt(400);
        };
        List<Column> columns = new ArrayList<>();
        int columnCount = random.nextInt(8);
        for (int i = 0; i < columnCount; i++) {
            columns.add(randomColumn(random, "column " + i + (random.nextInt(4) == 0 ? " \u00fc\ud83d\ude00" : ""), rowCount));
        }
        return new ColumnBatch(new TableId(random.nextBoolean() ? "db" : "\u6570\u636e", "t" + random.nextInt(5)), rowCount,
                randomLongs(random, rowCount + random.nextInt(3)), columns);
    }

    private static Column randomColumn(RandomGenerator random, String name, int rowCount) {
        Role role = random.nextBoolean() ? Role.TAG : Role.FIELD;
        Validity validity = randomValidity(random, rowCount);
        int capacity = rowCount + random.nextInt(4);
        return switch (random.nextInt(5)) {
            case 0 -> new LongColumn(name, role, randomLongs(random, capacity), validity);
            case 1 -> {
                double[] values = new double[capacity];
                boolean measured = random.nextBoolean();
                double scale = Math.pow(10, random.nextInt(5));
                for (int row = 0; row < capacity; row++) {
                    if (measured) {
                        values[row] = (random.nextInt(20_000) - 10_000) / scale;
                        continue;
                    }
                    // Any bits: NaNs with payloads, negative zero, subnormals.
                    values[row] = random.nextInt(4) == 0 ? Double.longBitsToDouble(0x7ff0_0000_0000_0000L | random.nextLong())
                            : Double.longBitsToDouble(random.nextLong());
                }
                yield new DoubleColumn(name, role, values, validity);
            }
            case 2 -> {
                boolean[] values = new boolean[capacity];
                for (int row = 0; row < capacity; row++) {
                    values[row] = random.nextBoolean();
                }
                yield new BooleanColumn(name, role, values, validity);
            }
            case 3 -> new Utf8Column(name, role, randomBlock(random, capacity), validity);
            default -> {
                int entries = switch (random.nextInt(4)) {
                    case 0 -> 1;
                    case 1 -> 255 + random.nextInt(4);
                    case 2 -> 65_534 + random.nextInt(4);
                    default -> 1 + random.nextInt(100);
                };
                int[] codes = new int[capacity];
                for (int row = 0; row < capacity; row++) {
                    codes[row] = validity.isPresent(row) ? random.nextInt(4) == 0 ? entries - 1 : random.nextInt(entries)
                            : random.nextInt();
                }
                yield new DictionaryColumn(name, role, codes, randomBlock(random, entries), validity);
            }
        };
    }

    /// Of any spread, in order or not, also such that wrap around.
    private static long[] randomLongs(RandomGenerator random, int count) {
        long base = random.nextLong();
        long spread = random.nextLong() >>> random.nextInt(Long.SIZE);
        long step = random.nextInt(3) == 0 ? random.nextLong() >>> random.nextInt(Long.SIZE) : 0;
        long[] values = new long[count];
        for (int i = 0; i < count; i++) {
            values[i] = base + i * step + (spread <= 0 ? 0 : random.nextLong(spread));
        }
        return values;
    }

    private static Validity randomValidity(RandomGenerator random, int rowCount) {
        return switch (random.nextInt(4)) {
            case 0 -> Validity.ALL_PRESENT;
            case 1 -> Validity.allAbsent(rowCount);
            // Fewer words than rows, which counts as absent, and more.
            case 2 -> new Validity(random.longs(1 + random.nextInt(1 + Validity.wordCount(rowCount))).toArray());
            default -> new Validity(random.longs(1 + Validity.wordCount(rowCount)).toArray());
        };
    }

    private static Utf8Block randomBlock(RandomGenerator random, int count) {
        int base = random.nextBoolean() ? 0 : random.nextInt(20);
        int[] offsets = new int[count + 1 + random.nextInt(3)];
        offsets[0] = base;
        for (int i = 1; i < offsets.length; i++) {
            offsets[i] = offsets[i - 1] + (random.nextInt(5) == 0 ? random.nextInt(30) : random.nextInt(3));
        }
        byte[] bytes = new byte[offsets[offsets.length - 1] + random.nextInt(5)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) ('a' + random.nextInt(26));
        }
        return new Utf8Block(bytes, offsets);
    }

    static boolean same(List<ColumnBatch> left, List<ColumnBatch> right) {
        if (left.size() != right.size()) {
            return false;
        }
        for (int i = 0; i < left.size(); i++) {
            if (!same(left.get(i), right.get(i))) {
                return false;
            }
        }
        return true;
    }

    /// Bit for bit in every row that counts; the stored value of an absent row too, except for its dictionary code.
    static boolean same(ColumnBatch left, ColumnBatch right) {
        int rowCount = left.rowCount();
        if (!left.table().equals(right.table()) || rowCount != right.rowCount()
                || left.columns().size() != right.columns().size()) {
            return false;
        }
        for (int row = 0; row < rowCount; row++) {
            if (left.epochMicros()[row] != right.epochMicros()[row]) {
                return false;
            }
        }
        for (int i = 0; i < left.columns().size(); i++) {
            if (!same(left.columns().get(i), right.columns().get(i), rowCount)) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Column left, Column right, int rowCount) {
        if (!left.name().equals(right.name()) || left.role() != right.role()
                || left.validity().isAllPresent() != right.validity().isAllPresent()) {
            return false;
        }
        for (int row = 0; row < rowCount; row++) {
            if (left.validity().isPresent(row) != right.validity().isPresent(row) || !same(left, right, rowCount, row)) {
                return false;
            }
        }
        return true;
    }

    private static boolean same(Column left, Column right, int rowCount, int row) {
        return switch (left) {
            case LongColumn longs -> right instanceof LongColumn other && longs.values()[row] == other.values()[row];
            case DoubleColumn doubles -> right instanceof DoubleColumn other
                    && Double.doubleToRawLongBits(doubles.values()[row]) == Double.doubleToRawLongBits(other.values()[row]);
            case BooleanColumn booleans -> right instanceof BooleanColumn other
                    && booleans.values()[row] == other.values()[row];
            case Utf8Column text -> right instanceof Utf8Column other
                    && text.values().string(row).equals(other.values().string(row));
            case DictionaryColumn text -> right instanceof DictionaryColumn other && (!left.validity().isPresent(row)
                    || text.codes()[row] == other.codes()[row]
                            && text.dictionary().string(text.codes()[row])
                                    .equals(other.dictionary().string(other.codes()[row])));
        };
    }
}
