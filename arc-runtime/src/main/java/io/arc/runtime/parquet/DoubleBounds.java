package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;

/// See [ValueBounds]. NaN is counted and never a bound. A zero least value counts as -0.0 and a zero greatest one as 0.0,
/// because readers differ in whether the two are equal.
final class DoubleBounds extends ValueBounds<DoubleBounds> {
    private double min;
    private double max;
    private long nanCount;

    DoubleBounds() {
        clear();
    }

    @Override
    void clear() {
        min = Double.POSITIVE_INFINITY;
        max = Double.NEGATIVE_INFINITY;
        nanCount = 0;
    }

    void addAll(double[] values, int count) {
        double least = min;
        double greatest = max;
        int nans = 0;
        for (int i = 0; i < count; i++) {
            double value = values[i];
            // A comparison with NaN is false, so NaN changes neither.
            if (value < least) {
                least = value;
            }
            if (value > greatest) {
                greatest = value;
            }
            if (value != value) {
                nans++;
            }
        }
        add(least, greatest, nans);
    }

    /// The values whose bits `codes[from, from + count)` stand for.
    void addAll(long[] bits, int[] codes, int from, int count) {
        double least = min;
        double greatest = max;
        int nans = 0;
        for (int i = from; i < from + count; i++) {
            double value = Double.longBitsToDouble(bits[codes[i]]);
            if (value < least) {
                least = value;
            }
            if (value > greatest) {
                greatest = value;
            }
            if (value != value) {
                nans++;
            }
        }
        add(least, greatest, nans);
    }

    private void add(double least, double greatest, int nans) {
        min = least == 0 ? -0.0 : least;
        max = greatest == 0 ? 0.0 : greatest;
        nanCount += nans;
    }

    @Override
    boolean isEmpty() {
        return min > max;
    }

    /// Readers disagree on where NaN stands, and some prune by bounds as if there were none: a chunk with NaN has no bounds.
    @Override
    boolean isWritable() {
        return !isEmpty() && nanCount == 0;
    }

    @Override
    void absorb(DoubleBounds other) {
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
        nanCount += other.nanCount;
    }

    @Override
    void copy(DoubleBounds other) {
        min = other.min;
        max = other.max;
        nanCount = other.nanCount;
    }

    @Override
    int compareMin(DoubleBounds other) {
        return Double.compare(min, other.min);
    }

    @Override
    int compareMax(DoubleBounds other) {
        return Double.compare(max, other.max);
    }

    @Override
    byte[] min() {
        return LongBounds.bytes(Double.doubleToRawLongBits(min));
    }

    @Override
    byte[] max() {
        return LongBounds.bytes(Double.doubleToRawLongBits(max));
    }

    @Override
    long nanCount() {
        return nanCount;
    }

    @Override
    Bounds toBounds() {
        return isEmpty() ? Bounds.NONE : new Bounds.Doubles(min, max, nanCount > 0);
    }
}
