package io.arc.runtime.parquet;

import io.arc.api.data.ColumnBatch;
import java.util.Arrays;
import java.util.List;

/// Where the rows of one row group are: position p of the group is a row of a batch. Two forms. As runs, of rows that lie
/// behind each other in one batch, which are copied at once; or scattered, a batch and a row for every position.
///
/// Scratch of one encoder; [#open] for each file, then [#select] for each row group.
final class RowMap {
    /// Runs that are shorter on average cost more than a look-up for each row.
    private static final int MIN_MEAN_RUN = 6;

    private int batchCount;
    private int[] batchStart = new int[1];
    /// `guess[row >> shift]` is the batch of the first row with that quotient, or an earlier one that is empty.
    private int[] guess = new int[0];
    private int shift;

    private int rowCount;
    private boolean scattered;
    private int runCount;
    private int[] runStart = new int[0];
    private int[] runBatch = new int[0];
    private int[] runRow = new int[0];
    private int[] batchOf = new int[0];
    private int[] rowOf = new int[0];

    void open(List<ColumnBatch> batches) {
        batchCount = batches.size();
        batchStart = new int[batchCount + 1];
        for (int b = 0; b < batchCount; b++) {
            batchStart[b + 1] = Math.addExact(batchStart[b], batches.get(b).rowCount());
        }
        shift = 0;
        while (totalRows() >>> shift > 4 * batchCount + 64) {
            shift++;
        }
        guess = new int[(totalRows() >>> shift) + 1];
        int batch = 0;
        for (int i = 0; i < guess.length; i++) {
            while (batch + 1 < batchCount && batchStart[batch + 1] <= i << shift) {
                batch++;
            }
            guess[i] = batch;
        }
    }

    int totalRows() {
        return batchStart[batchCount];
    }

    /// @throws IllegalArgumentException for a row that no batch has
    void select(RowSlice slice, int from, int to) {
        rowCount = to - from;
        int[] order = slice.orderOrNull();
        if (order == null) {
            selectInOrder(from, to);
            return;
        }
        int runs = 0;
        int expected = -1;
        int total = totalRows();
        for (int i = from; i < to; i++) {
            int row = order[i];
            if (row < 0 || row >= total) {
                throw new IllegalArgumentException("the order names row " + row + " of " + total);
            }
            if (row != expected) {
                runs++;
            }
            expected = row + 1;
        }
        // A run ends with its batch, so that there can be a few more of them than counted.
        scattered = (long) (runs + batchCount) * MIN_MEAN_RUN > rowCount;
        if (scattered) {
            scatter(order, from);
        } else {
            selectRuns(order, from, to);
        }
    }

    private void selectInOrder(int from, int to) {
        if (to > totalRows()) {
            throw new IllegalArgumentException("rows up to " + to + " of " + totalRows());
        }
        scattered = false;
        runCount = 0;
        addRuns(from, to, 0);
        endRuns();
    }

    private void selectRuns(int[] order, int from, int to) {
        runCount = 0;
        int i = from;
        while (i < to) {
            int first = order[i];
            int length = 1;
            while (i + length < to && order[i + length] == first + length) {
                length++;
            }
            addRuns(first, first + length, i - from);
            i += length;
        }
        endRuns();
    }

    private void addRuns(int fromRow, int toRow, int position) {
        int row = fromRow;
        while (row < toRow) {
            int batch = batchOfRow(row);
            int end = Math.min(toRow, batchStart[batch + 1]);
            if (runCount + 1 >= runStart.length) {
                int capacity = Math.max(16, 2 * runStart.length);
                runStart = Arrays.copyOf(runStart, capacity);
                runBatch = Arrays.copyOf(runBatch, capacity);
                runRow = Arrays.copyOf(runRow, capacity);
            }
            runStart[runCount] = position + row - fromRow;
            runBatch[runCount] = batch;
            runRow[runCount] = row - batchStart[batch];
            runCount++;
            row = end;
        }
    }

    private void endRuns() {
        if (runStart.length == 0) {
            runStart = new int[1];
        }
        runStart[runCount] = rowCount;
    }

    private void scatter(int[] order, int from) {
        if (batchOf.length < rowCount) {
            batchOf = new int[rowCount];
            rowOf = new int[rowCount];
        }
        for (int i = 0; i < rowCount; i++) {
            int row = order[from + i];
            int batch = batchOfRow(row);
            batchOf[i] = batch;
            rowOf[i] = row - batchStart[batch];
        }
    }

    private int batchOfRow(int row) {
        int batch = guess[row >>> shift];
        while (row >= batchStart[batch + 1]) {
            batch++;
        }
        return batch;
    }

    int rowCount() {
        return rowCount;
    }

    /// Whether [#batchOf] and [#rowOf] hold the rows, instead of the runs.
    boolean isScattered() {
        return scattered;
    }

    int[] batchOf() {
        return batchOf;
    }

    int[] rowOf() {
        return rowOf;
    }

    /// The run that holds a position.
    int runAt(int position) {
        int found = Arrays.binarySearch(runStart, 0, runCount, position);
        return found >= 0 ? found : -found - 2;
    }

    /// The position that a run starts at; the row count for the run behind the last.
    int runStart(int run) {
        return runStart[run];
    }

    int runBatch(int run) {
        return runBatch[run];
    }

    /// The row in its batch that a run starts with.
    int runRow(int run) {
        return runRow[run];
    }
}
