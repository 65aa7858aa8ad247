package io.arc.api.data;

import java.util.Objects;

/// One named column of a [ColumnBatch]. Arrays may be longer than the batch has rows; what lies behind is never read. A row
/// that its validity calls absent holds any value.
public sealed interface Column {
    /// Not empty, valid UTF-16 text; the runtime checks length and reserved names.
    String name();

    Role role();

    Validity validity();

    ColumnType type();

    /// How many rows the arrays can hold.
    int capacity();

    /// The heap that the arrays take, in bytes, without object headers.
    long retainedBytes();

    /// 64-bit signed integers.
    record LongColumn(String name, Role role, long[] values, Validity validity) implements Column {
        public LongColumn {
            requireNonNull(name, role, values, validity);
        }

        @Override
        public ColumnType type() {
            return ColumnType.INT64;
        }

        @Override
        public int capacity() {
            return values.length;
        }

        @Override
        public long retainedBytes() {
            return 8L * (values.length + validity.words().length);
        }
    }

    /// Doubles; NaN and the infinities are values like others.
    record DoubleColumn(String name, Role role, double[] values, Validity validity) implements Column {
        public DoubleColumn {
            requireNonNull(name, role, values, validity);
        }

        @Override
        public ColumnType type() {
            return ColumnType.FLOAT64;
        }

        @Override
        public int capacity() {
            return values.length;
        }

        @Override
        public long retainedBytes() {
            return 8L * (values.length + validity.words().length);
        }
    }

    /// Booleans, one array element a row.
    record BooleanColumn(String name, Role role, boolean[] values, Validity validity) implements Column {
        public BooleanColumn {
            requireNonNull(name, role, values, validity);
        }

        @Override
        public ColumnType type() {
            return ColumnType.BOOLEAN;
        }

        @Override
        public int capacity() {
            return values.length;
        }

        @Override
        public long retainedBytes() {
            return values.length + 8L * validity.words().length;
        }
    }

    /// Text, one entry of the block a row; an absent row has an entry too, usually an empty one.
    record Utf8Column(String name, Role role, Utf8Block values, Validity validity) implements Column {
        public Utf8Column {
            requireNonNull(name, role, values, validity);
        }

        @Override
        public ColumnType type() {
            return ColumnType.TEXT;
        }

        @Override
        public int capacity() {
            return values.offsets().length - 1;
        }

        @Override
        public long retainedBytes() {
            return values.bytes().length + 4L * values.offsets().length + 8L * validity.words().length;
        }
    }

    /// Text whose values repeat: row r is `dictionary.string(codes[r])`. Every code of a present row is in
    /// `[0, dictionary size)`; the dictionary may hold entries that no row uses, and none twice.
    record DictionaryColumn(String name, Role role, int[] codes, Utf8Block dictionary, Validity validity)
            implements Column {
        public DictionaryColumn {
            requireNonNull(name, role, codes, validity);
            Objects.requireNonNull(dictionary, "dictionary");
        }

        @Override
        public ColumnType type() {
            return ColumnType.TEXT;
        }

        @Override
        public int capacity() {
            return codes.length;
        }

        @Override
        public long retainedBytes() {
            return 4L * codes.length + dictionary.bytes().length + 4L * dictionary.offsets().length
                    + 8L * validity.words().length;
        }
    }

    private static void requireNonNull(String name, Role role, Object values, Validity validity) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(role, "role");
        Objects.requireNonNull(values, "values");
        Objects.requireNonNull(validity, "validity");
    }
}
