package io.arc.runtime.parquet;

import java.util.Arrays;

/// Which rows of a page hold a value.
final class Presence {
    private final long[] words;
    private int rowCount;
    private int presentCount;

    Presence(int maxRows) {
        words = new long[maxRows + 63 >>> 6];
    }

    int rowCount() {
        return rowCount;
    }

    int presentCount() {
        return presentCount;
    }

    int absentCount() {
        return rowCount - presentCount;
    }

    boolean isAllPresent() {
        return presentCount == rowCount;
    }

    long[] words() {
        return words;
    }

    void setAllPresent(int rows) {
        rowCount = rows;
        presentCount = rows;
    }

    /// Cuts the page after its first `rows` rows.
    void limit(int rows) {
        if (!isAllPresent()) {
            if ((rows & 63) != 0) {
                words[rows >>> 6] &= (1L << rows) - 1;
            }
            int count = 0;
            for (int word = 0; word < rows + 63 >>> 6; word++) {
                count += Long.bitCount(words[word]);
            }
            presentCount = count;
        } else {
            presentCount = rows;
        }
        rowCount = rows;
    }

    /// @param validity for each batch the words of its column's validity: empty when all rows are present, null when the batch
    ///     lacks the column
    void read(RowMap rows, long[][] validity, int from, int to) {
        rowCount = to - from;
        Arrays.fill(words, 0, rowCount + 63 >>> 6, 0);
        if (rows.isScattered()) {
            readScattered(rows.batchOf(), rows.rowOf(), validity, from, to);
        } else {
            readRuns(rows, validity, from, to);
        }
        int count = 0;
        for (int word = 0; word < rowCount + 63 >>> 6; word++) {
            count += Long.bitCount(words[word]);
        }
        presentCount = count;
    }

    private void readScattered(int[] batchOf, int[] rowOf, long[][] validity, int from, int to) {
        for (int i = from; i < to; i++) {
            long[] bits = validity[batchOf[i]];
            if (isPresent(bits, rowOf[i])) {
                int position = i - from;
                words[position >>> 6] |= 1L << position;
            }
        }
    }

    /// Whether a row is present, by words as [#read] takes them.
    static boolean isPresent(long[] bits, int row) {
        if (bits == null) {
            return false;
        }
        if (bits.length == 0) {
            return true;
        }
        int word = row >>> 6;
        return word < bits.length && (bits[word] >>> row & 1) != 0;
    }

    private void readRuns(RowMap rows, long[][] validity, int from, int to) {
        int position = from;
        for (int run = rows.runAt(from); position < to; run++) {
            int end = Math.min(to, rows.runStart(run + 1));
            long[] bits = validity[rows.runBatch(run)];
            if (bits != null) {
                copyBits(bits, rows.runRow(run) + position - rows.runStart(run), position - from, end - position);
            }
            position = end;
        }
    }

    private void copyBits(long[] bits, int fromBit, int toBit, int count) {
        int done = 0;
        while (done < count) {
            int offset = toBit + done & 63;
            int length = Math.min(64 - offset, count - done);
            long part = (bits.length == 0 ? -1L : bitsAt(bits, fromBit + done)) & -1L >>> 64 - length;
            words[toBit + done >>> 6] |= part << offset;
            done += length;
        }
    }

    private static long bitsAt(long[] bits, int from) {
        int word = from >>> 6;
        int offset = from & 63;
        long low = word < bits.length ? bits[word] >>> offset : 0;
        long high = offset != 0 && word + 1 < bits.length ? bits[word + 1] << 64 - offset : 0;
        return low | high;
    }
}
