package io.arc.plugin.compressor.zstd;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The byte array that a segment is a window of.
///
/// @param from where in the array the segment begins
record HeapBytes(byte[] array, int from, int length) {
    static boolean isBacking(MemorySegment segment) {
        return segment.heapBase().orElse(null) instanceof byte[];
    }

    /// The array itself where there is one that may be written; otherwise a copy.
    static HeapBytes of(MemorySegment segment) {
        int length = Math.toIntExact(segment.byteSize());
        return segment.heapBase().orElse(null) instanceof byte[] array
                ? new HeapBytes(array, Math.toIntExact(segment.address()), length)
                : new HeapBytes(segment.toArray(ValueLayout.JAVA_BYTE), 0, length);
    }
}
