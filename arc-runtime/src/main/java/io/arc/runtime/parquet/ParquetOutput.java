package io.arc.runtime.parquet;

import java.io.IOException;

/// Where the bytes of a file go, in order.
@FunctionalInterface
public interface ParquetOutput {
    /// Takes all of `bytes[from, from + length)` before it returns: the array is used again.
    void write(byte[] bytes, int from, int length) throws IOException;
}
