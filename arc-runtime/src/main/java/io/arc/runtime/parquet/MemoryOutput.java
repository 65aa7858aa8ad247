package io.arc.runtime.parquet;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A file in one heap array, which grows. One thread. At most 2 GiB.
public final class MemoryOutput implements ParquetOutput {
    private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

    private byte[] bytes;
    private int size;

    /// @param expectedBytes what the file will take, where it can be guessed; more is no error
    public MemoryOutput(int expectedBytes) {
        bytes = new byte[Math.max(64, expectedBytes)];
    }

    @Override
    public void write(byte[] source, int from, int length) throws IOException {
        if (length > bytes.length - size) {
            if (length > MAX_BYTES - size) {
                throw new IOException("a file in memory can hold " + MAX_BYTES + " bytes; write fewer rows into one file");
            }
            bytes = Arrays.copyOf(bytes, Math.clamp(2L * bytes.length, size + length, MAX_BYTES));
        }
        System.arraycopy(source, from, bytes, size, length);
        size += length;
    }

    public int size() {
        return size;
    }

    /// What has been written so far, not copied. A later write may or may not show in it.
    public MemorySegment segment() {
        return MemorySegment.ofArray(bytes).asSlice(0, size);
    }
}
