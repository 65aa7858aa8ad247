package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;

/// The least and the greatest value of a page, a column chunk or a file, while it grows. Empty after [#clear].
///
/// @param <B> itself
abstract sealed class ValueBounds<B extends ValueBounds<B>> permits LongBounds, DoubleBounds, BooleanBounds, TextBounds {
    abstract void clear();

    /// Whether no value has been seen that could be a bound.
    abstract boolean isEmpty();

    /// Whether the bounds may stand in a file so that every reader prunes rightly by them.
    abstract boolean isWritable();

    /// Widens these bounds by the other's.
    abstract void absorb(B other);

    /// Makes these bounds equal to the other.
    abstract void copy(B other);

    /// The signs of these bounds' least and greatest value compared with the other's; neither is empty.
    abstract int compareMin(B other);

    abstract int compareMax(B other);

    /// The statistics' form of the least value.
    abstract byte[] min();

    abstract byte[] max();

    boolean isMinExact() {
        return true;
    }

    boolean isMaxExact() {
        return true;
    }

    /// How many values are NaN; 0 for every type that has none.
    long nanCount() {
        return 0;
    }

    /// Lets go of arrays that are not these bounds' own.
    void detach() {}

    abstract Bounds toBounds();
}
