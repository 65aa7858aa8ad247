package io.arc.plugin.compressor.snappy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor.BlockDecompressor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import org.xerial.snappy.Snappy;

/// Reads the length that a block claims before the library may write a byte: the library trusts its caller with the output.
final class SnappyBlockDecompressor implements BlockDecompressor {
    private static final int MAX_LENGTH_BYTES = 5;

    @Override
    public int decompress(MemorySegment input, MemorySegment output) {
        int length = claimedLength(input);
        if (length > output.byteSize()) {
            throw corrupt("claims to hold " + length + " bytes where " + output.byteSize() + " are expected", null);
        }
        try {
            int written = decompress(input, output, length);
            if (written != length) {
                throw corrupt("holds " + written + " bytes and claims " + length, null);
            }
            return written;
        } catch (IOException damaged) {
            throw corrupt("is cut or damaged", damaged);
        } finally {
            // The library sees addresses only, which do not keep memory from being freed.
            Reference.reachabilityFence(input);
            Reference.reachabilityFence(output);
        }
    }

    private static int decompress(MemorySegment input, MemorySegment output, int length) throws IOException {
        if (input.isNative() && output.isNative()) {
            return Math.toIntExact(Snappy.rawUncompress(input.address(), input.byteSize(), output.address()));
        }
        HeapBytes from = HeapBytes.of(input);
        if (HeapBytes.isBacking(output)) {
            HeapBytes to = HeapBytes.of(output);
            return Snappy.uncompress(from.array(), from.from(), from.length(), to.array(), to.from());
        }
        byte[] scratch = new byte[length];
        int written = Snappy.uncompress(from.array(), from.from(), from.length(), scratch, 0);
        MemorySegment.copy(MemorySegment.ofArray(scratch), 0, output, 0, written);
        return written;
    }

    /// A block begins with its length: seven bits a byte, the lowest first, the top bit set on all but the last.
    private static int claimedLength(MemorySegment input) {
        long length = 0;
        for (int i = 0; i < Math.min(MAX_LENGTH_BYTES, input.byteSize()); i++) {
            byte part = input.get(ValueLayout.JAVA_BYTE, i);
            length |= (part & 0x7FL) << 7 * i;
            if (part >= 0) {
                if (length > Integer.MAX_VALUE) {
                    throw corrupt("claims to hold " + length + " bytes", null);
                }
                return (int) length;
            }
        }
        throw corrupt("does not say how long it is", null);
    }

    private static ArcException corrupt(String what, Throwable cause) {
        return new ArcException(ErrorCode.CORRUPT_DATA, "A Snappy block " + what + ".", cause);
    }
}
