package io.arc.plugin.compressor.zstd;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdException;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor.BlockCompressor;
import java.lang.foreign.MemorySegment;

/// Owns a native context. Compresses from array to array or from native memory to native memory without a copy; any other pair
/// of segments costs one.
final class ZstdBlockCompressor implements BlockCompressor {
    private final ZstdCompressCtx context = new ZstdCompressCtx();

    ZstdBlockCompressor(int level) {
        // The frame's checksum stays off: pages carry one of their own.
        context.setLevel(level);
    }

    @Override
    public int maxCompressedLength(int length) {
        if (length < 0) {
            throw new IllegalArgumentException("a block of " + length + " bytes");
        }
        long bound = Zstd.compressBound(length);
        if (bound > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a block of " + length + " bytes is too large for one array");
        }
        return Math.toIntExact(bound);
    }

    @Override
    public int compress(MemorySegment input, MemorySegment output) {
        int length = Math.toIntExact(input.byteSize());
        int bound = maxCompressedLength(length);
        if (output.byteSize() < bound) {
            throw new IllegalArgumentException("the output has " + output.byteSize() + " bytes and needs " + bound);
        }
        try {
            if (input.isNative() && output.isNative()) {
                return context.compressDirectByteBuffer(output.asSlice(0, bound).asByteBuffer(), 0, bound,
                        input.asByteBuffer(), 0, length);
            }
            HeapBytes from = HeapBytes.of(input);
            if (HeapBytes.isBacking(output)) {
                HeapBytes to = HeapBytes.of(output);
                return context.compressByteArray(to.array(), to.from(), bound, from.array(), from.from(), length);
            }
            byte[] scratch = new byte[bound];
            int written = context.compressByteArray(scratch, 0, bound, from.array(), from.from(), length);
            MemorySegment.copy(MemorySegment.ofArray(scratch), 0, output, 0, written);
            return written;
        } catch (ZstdException failed) {
            throw new ArcException(ErrorCode.INTERNAL, "Zstandard did not compress a block of " + length + " bytes: "
                    + failed.getMessage() + ".", failed);
        }
    }

    @Override
    public void close() {
        context.close();
    }
}
