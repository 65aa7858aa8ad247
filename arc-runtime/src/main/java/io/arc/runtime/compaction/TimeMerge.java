package io.arc.runtime.compaction;

import io.arc.api.data.ColumnBatch;
import io.arc.runtime.catalog.DataFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Merges files that are sorted by time. Rows are not moved: what comes out are windows of the inputs and the order of their
/// rows, for an encoder that gathers a column at a time. An input is opened when the merge has come to its least time and let
/// go of behind its last row, so that files that lie behind each other cost the memory of one. One thread.
final class TimeMerge {
    /// Gives an input's rows, a window at a time.
    interface Rows {
        /// @return empty behind the last row
        Optional<ColumnBatch> next(int maxRows);
    }

    interface Opener {
        Rows open(DataFile input);
    }

    /// The next rows of the result: `order[0, count)` counts through the batches' rows.
    record Piece(List<ColumnBatch> batches, int[] order, int count) {}

    /// The rows of an input are not in the order of their times.
    static final class NotSorted extends RuntimeException {
        NotSorted(String key) {
            super("the rows of " + key + " are not sorted by time", null, false, false);
        }
    }

    private static final class Open {
        private final DataFile file;
        private final Rows rows;
        private ColumnBatch window;
        private int position;
        /// Where the window begins in the piece that is being made; -1 while it is not part of it.
        private int base = -1;
        private long rowsRead;

        Open(DataFile file, Rows rows) {
            this.file = file;
            this.rows = rows;
        }

        long head() {
            return window.epochMicros()[position];
        }
    }

    private final List<DataFile> inputs;
    private final Opener opener;
    private int nextInput;
    private Open[] heap = new Open[16];
    private int heapSize;

    /// @param inputs by least time
    TimeMerge(List<DataFile> inputs, Opener opener) {
        this.inputs = List.copyOf(inputs);
        this.opener = opener;
    }

    /// @return empty behind the last row
    Optional<Piece> next(int maxRows) {
        List<ColumnBatch> batches = new ArrayList<>();
        int[] order = new int[maxRows];
        int total = 0;
        int count = 0;
        for (int i = 0; i < heapSize; i++) {
            heap[i].base = -1;
        }
        while (count < maxRows) {
            openDue();
            if (heapSize == 0) {
                break;
            }
            Open top = heap[0];
            if (top.base < 0) {
                top.base = total;
                total = Math.addExact(total, top.window.rowCount());
                batches.add(top.window);
            }
            int end = Math.min(end(top, limit()), top.position + maxRows - count);
            int row = top.base + top.position;
            for (int i = top.position; i < end; i++) {
                order[count++] = row++;
            }
            top.position = end;
            if (end == top.window.rowCount() && !advance(top)) {
                heap[0] = heap[--heapSize];
                heap[heapSize] = null;
            }
            siftDown();
        }
        return count == 0 ? Optional.empty() : Optional.of(new Piece(batches, order, count));
    }

    private void openDue() {
        while (nextInput < inputs.size() && (heapSize == 0 || inputs.get(nextInput).minMicros() <= heap[0].head())) {
            DataFile file = inputs.get(nextInput++);
            Open opened = new Open(file, opener.open(file));
            if (advance(opened)) {
                if (opened.head() < file.minMicros()) {
                    throw new UnreadableInput(file.key(), "The file " + file.key() + " has the time " + opened.head()
                            + ", and the catalog says that its least is " + file.minMicros() + ".", null);
                }
                push(opened);
            }
        }
    }

    /// Goes to the input's next window.
    private static boolean advance(Open input) {
        Optional<ColumnBatch> window = input.rows.next(OpenInputs.WINDOW_ROWS);
        if (window.isEmpty()) {
            if (input.rowsRead != input.file.rowCount()) {
                throw new UnreadableInput(input.file.key(), "The file " + input.file.key() + " has " + input.rowsRead
                        + " rows, and the catalog says " + input.file.rowCount() + ".", null);
            }
            return false;
        }
        long before = input.window == null ? Long.MIN_VALUE : input.window.epochMicros()[input.window.rowCount() - 1];
        long[] times = window.get().epochMicros();
        int rowCount = window.get().rowCount();
        boolean sorted = true;
        for (int i = 0; i < rowCount; i++) {
            sorted &= times[i] >= before;
            before = times[i];
        }
        if (!sorted) {
            throw new NotSorted(input.file.key());
        }
        input.rowsRead += rowCount;
        input.window = window.get();
        input.position = 0;
        input.base = -1;
        return true;
    }

    /// Until which time the rows of the input with the least one may be taken before another input is due.
    private long limit() {
        long limit = nextInput < inputs.size() ? inputs.get(nextInput).minMicros() : Long.MAX_VALUE;
        if (heapSize > 1) {
            limit = Math.min(limit, heap[1].head());
        }
        if (heapSize > 2) {
            limit = Math.min(limit, heap[2].head());
        }
        return limit;
    }

    /// The first row of the window behind those up to the limit, by galloping: runs are long or very short.
    private static int end(Open input, long limit) {
        long[] times = input.window.epochMicros();
        int last = input.window.rowCount();
        if (times[last - 1] <= limit) {
            return last;
        }
        int within = input.position;
        int step = 1;
        while (within + step < last && times[within + step] <= limit) {
            within += step;
            step <<= 1;
        }
        int beyond = Math.min(last - 1, within + step);
        while (beyond - within > 1) {
            int middle = (within + beyond) >>> 1;
            if (times[middle] <= limit) {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        return within + 1;
    }

    private void push(Open input) {
        if (heapSize == heap.length) {
            heap = Arrays.copyOf(heap, heapSize * 2);
        }
        int at = heapSize++;
        while (at > 0 && heap[at - 1 >>> 1].head() > input.head()) {
            heap[at] = heap[at - 1 >>> 1];
            at = at - 1 >>> 1;
        }
        heap[at] = input;
    }

    private void siftDown() {
        if (heapSize < 2) {
            return;
        }
        Open moved = heap[0];
        long head = moved.head();
        int at = 0;
        while (2 * at + 1 < heapSize) {
            int child = 2 * at + 1;
            if (child + 1 < heapSize && heap[child + 1].head() < heap[child].head()) {
                child++;
            }
            if (heap[child].head() >= head) {
                break;
            }
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = moved;
    }
}
