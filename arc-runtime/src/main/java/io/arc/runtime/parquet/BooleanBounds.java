package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;

/// See [ValueBounds].
final class BooleanBounds extends ValueBounds<BooleanBounds> {
    private boolean sawFalse;
    private boolean sawTrue;

    @Override
    void clear() {
        sawFalse = false;
        sawTrue = false;
    }

    void addAll(boolean[] values, int count) {
        for (int i = 0; i < count && !(sawFalse && sawTrue); i++) {
            sawTrue |= values[i];
            sawFalse |= !values[i];
        }
    }

    @Override
    boolean isEmpty() {
        return !sawFalse && !sawTrue;
    }

    @Override
    boolean isWritable() {
        return !isEmpty();
    }

    @Override
    void absorb(BooleanBounds other) {
        sawFalse |= other.sawFalse;
        sawTrue |= other.sawTrue;
    }

    @Override
    void copy(BooleanBounds other) {
        sawFalse = other.sawFalse;
        sawTrue = other.sawTrue;
    }

    @Override
    int compareMin(BooleanBounds other) {
        return Boolean.compare(!sawFalse, !other.sawFalse);
    }

    @Override
    int compareMax(BooleanBounds other) {
        return Boolean.compare(sawTrue, other.sawTrue);
    }

    @Override
    byte[] min() {
        return new byte[] {(byte) (sawFalse ? 0 : 1)};
    }

    @Override
    byte[] max() {
        return new byte[] {(byte) (sawTrue ? 1 : 0)};
    }

    @Override
    Bounds toBounds() {
        return isEmpty() ? Bounds.NONE : new Bounds.Booleans(!sawFalse, sawTrue);
    }
}
