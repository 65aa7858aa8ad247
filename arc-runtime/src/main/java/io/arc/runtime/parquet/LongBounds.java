package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;

/// See [ValueBounds]. Empty while `min` is above `max`.
final class LongBounds extends ValueBounds<LongBounds> {
    private long min;
    private long max;

    LongBounds() {
        clear();
    }

    @Override
    void clear() {
        min = Long.MAX_VALUE;
        max = Long.MIN_VALUE;
    }

    void addAll(long[] values, int count) {
        long least = min;
        long greatest = max;
        for (int i = 0; i < count; i++) {
            least = Math.min(least, values[i]);
            greatest = Math.max(greatest, values[i]);
        }
        min = least;
        max = greatest;
    }

    /// The values that `codes[from, from + count)` stand for.
    void addAll(long[] values, int[] codes, int from, int count) {
        long least = min;
        long greatest = max;
        for (int i = from; i < from + count; i++) {
            long value = values[codes[i]];
            least = Math.min(least, value);
            greatest = Math.max(greatest, value);
        }
        min = least;
        max = greatest;
    }

    long minValue() {
        return min;
    }

    long maxValue() {
        return max;
    }

    @Override
    boolean isEmpty() {
        return min > max;
    }

    @Override
    boolean isWritable() {
        return !isEmpty();
    }

    @Override
    void absorb(LongBounds other) {
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
    }

    @Override
    void copy(LongBounds other) {
        min = other.min;
        max = other.max;
    }

    @Override
    int compareMin(LongBounds other) {
        return Long.compare(min, other.min);
    }

    @Override
    int compareMax(LongBounds other) {
        return Long.compare(max, other.max);
    }

    @Override
    byte[] min() {
        return bytes(min);
    }

    @Override
    byte[] max() {
        return bytes(max);
    }

    /// Little-endian, as statistics hold numbers.
    static byte[] bytes(long value) {
        byte[] bytes = new byte[8];
        for (int i = 0; i < 8; i++) {
            bytes[i] = (byte) (value >>> 8 * i);
        }
        return bytes;
    }

    @Override
    Bounds toBounds() {
        return isEmpty() ? Bounds.NONE : new Bounds.Longs(min, max);
    }
}
