package io.arc.plugin.compressor.snappy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor.BlockCompressor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.xerial.snappy.Snappy;

/// Compresses from array to array or from native memory to native memory without a copy; any other pair of segments costs one.
final class SnappyBlockCompressor implements BlockCompressor {
    @Override
    public int maxCompressedLength(int length) {
        if (length < 0) {
            throw new IllegalArgumentException("a block of " + length + " bytes");
        }
        int bound = Snappy.maxCompressedLength(length);
        if (bound < length) {
            throw new IllegalArgumentException("a block of " + length + " bytes is too large for Snappy");
        }
        return bound;
    }

    @Override
    public int compress(MemorySegment input, MemorySegment output) {
        int bound = maxCompressedLength(Math.toIntExact(input.byteSize()));
        if (output.byteSize() < bound) {
            throw new IllegalArgumentException("the output has " + output.byteSize() + " bytes and needs " + bound);
        }
        try {
            if (input.isNative() && output.isNative()) {
                return Math.toIntExact(Snappy.rawCompress(input.address(), input.byteSize(), output.address()));
            }
            HeapBytes from = HeapBytes.of(input);
            if (HeapBytes.isBacking(output)) {
                HeapBytes to = HeapBytes.of(output);
                return Snappy.compress(from.array(), from.from(), from.length(), to.array(), to.from());
            }
            byte[] scratch = new byte[bound];
            int length = Snappy.compress(from.array(), from.from(), from.length(), scratch, 0);
            MemorySegment.copy(MemorySegment.ofArray(scratch), 0, output, 0, length);
            return length;
        } catch (IOException failed) {
            throw new ArcException(ErrorCode.INTERNAL, "Snappy did not compress a block of " + input.byteSize() + " bytes: "
                    + failed.getMessage() + ".", failed);
        } finally {
            // The library sees addresses only, which do not keep memory from being freed.
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
        }
    }
}
