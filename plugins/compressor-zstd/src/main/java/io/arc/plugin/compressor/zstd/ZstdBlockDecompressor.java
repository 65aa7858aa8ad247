package io.arc.plugin.compressor.zstd;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor.BlockDecompressor;
import java.lang.foreign.MemorySegment;

/// Owns a native context. The library checks every write against the output that it is given.
final class ZstdBlockDecompressor implements BlockDecompressor {
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();

    @Override
    public int decompress(MemorySegment input, MemorySegment output) {
        if (input.byteSize() == 0) {
            throw corrupt("has no bytes", null);
        }
        int length = Math.toIntExact(input.byteSize());
        int room = (int) Math.min(output.byteSize(), Integer.MAX_VALUE - 8);
        try {
            if (input.isNative() && output.isNative()) {
                return context.decompressDirectByteBuffer(output.asSlice(0, room).asByteBuffer(), 0, room,
                        input.asByteBuffer(), 0, length);
            }
            HeapBytes from = HeapBytes.of(input);
            if (HeapBytes.isBacking(output)) {
                HeapBytes to = HeapBytes.of(output);
                return context.decompressByteArray(to.array(), to.from(), room, from.array(), from.from(), length);
            }
            byte[] scratch = new byte[room];
            int written = context.decompressByteArray(scratch, 0, room, from.array(), from.from(), length);
            MemorySegment.copy(MemorySegment.ofArray(scratch), 0, output, 0, written);
            return written;
        } catch (ZstdException damaged) {
            throw corrupt("is cut, damaged or holds more than the " + output.byteSize() + " bytes expected", damaged);
        }
    }

    private static ArcException corrupt(String what, Throwable cause) {
        return new ArcException(ErrorCode.CORRUPT_DATA, "A Zstandard block " + what + ".", cause);
    }

    @Override
    public void close() {
        context.close();
    }
}
