package io.arc.runtime.parquet;

import java.lang.foreign.MemorySegment;

/// Positioned reads from a file or an object.
@FunctionalInterface
public interface RangeSource {
    /// Reads bytes from `position` until `target` is full or the file ends.
    ///
    /// @return the bytes read
    long read(long position, MemorySegment target);
}
