package io.arc.runtime.compaction;

import io.arc.runtime.catalog.DataFile;
import java.util.Comparator;
import java.util.PriorityQueue;

/// Estimates what a merge holds in memory: an input is open from its least to its greatest time only. Inputs come
/// by least time.
final class OpenInputs {
    /// A row group has no more rows than that in files of ours.
    private static final long ROW_GROUP_ROWS = 1 << 20;

    /// How many rows of an input are decoded at a time.
    static final int WINDOW_ROWS = 1 << 15;

    private final PriorityQueue<DataFile> open = new PriorityQueue<>(Comparator.comparingLong(DataFile::maxMicros));
    private long bytes;

    /// What would be open at the file's least time.
    long bytesWith(DataFile next) {
        closeBefore(next.minMicros());
        return bytes + bytes(next);
    }

    void add(DataFile next) {
        closeBefore(next.minMicros());
        open.add(next);
        bytes += bytes(next);
    }

    private void closeBefore(long micros) {
        while (!open.isEmpty() && open.peek().maxMicros() < micros) {
            bytes -= bytes(open.poll());
        }
    }

    /// One row group as it is stored, and a window of it decoded.
    static long bytes(DataFile file) {
        long rowGroup = file.rowCount() <= ROW_GROUP_ROWS ? file.sizeBytes()
                : (long) (file.sizeBytes() * ((double) ROW_GROUP_ROWS / file.rowCount()));
        return rowGroup + Math.min(file.rowCount(), WINDOW_ROWS) * 16L * (file.columns().size() + 1);
    }
}
