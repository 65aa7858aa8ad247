package io.arc.runtime.parquet;

import io.arc.api.data.ColumnBatch;
import java.util.List;
import java.util.Objects;

/// Which rows of some batches a file gets, and in which order. Rows are counted through all batches, behind each other.
///
/// Holds the order array, does not copy it; nobody changes it while an encoder works.
public final class RowSlice {
    private final int[] orderOrNull;
    private final int from;
    private final int to;

    private RowSlice(int[] orderOrNull, int from, int to) {
        this.orderOrNull = orderOrNull;
        this.from = from;
        this.to = to;
    }

    /// Every row, in the order given.
    public static RowSlice all(List<ColumnBatch> batches) {
        int rowCount = 0;
        for (ColumnBatch batch : batches) {
            rowCount = Math.addExact(rowCount, batch.rowCount());
        }
        return new RowSlice(null, 0, rowCount);
    }

    /// The rows from `from` up to but not including `to`, in the order given.
    public static RowSlice range(int from, int to) {
        if (from < 0 || from > to) {
            throw new IllegalArgumentException("rows " + from + " to " + to);
        }
        return new RowSlice(null, from, to);
    }

    /// The rows `order[from]` up to but not including `order[to]`. A row may be left out; nothing forbids to name one twice.
    public static RowSlice ordered(int[] order, int from, int to) {
        Objects.requireNonNull(order, "order");
        Objects.checkFromToIndex(from, to, order.length);
        return new RowSlice(order, from, to);
    }

    public int rowCount() {
        return to - from;
    }

    int[] orderOrNull() {
        return orderOrNull;
    }

    int from() {
        return from;
    }

    int to() {
        return to;
    }
}
