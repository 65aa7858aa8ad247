package io.arc.runtime.compaction;

import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Codec;
import io.arc.api.spi.Compressor.Compression;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.Optional;

/// ZSTD by its library: the plugins are behind this module.
final class TestCodecs {
    static final Codecs ZSTD = new Codecs(Optional.of(Codec.ZSTD), 3, Map.of(Codec.ZSTD, new Zstd()));

    private TestCodecs() {}

    private static final class Zstd implements Compression {
        @Override
        public BlockCompressor newCompressor(int level) {
            return new BlockCompressor() {
                private final ZstdCompressCtx context = new ZstdCompressCtx().setLevel(level);

                @Override
                public int maxCompressedLength(int length) {
                    return Math.toIntExact(com.github.luben.zstd.Zstd.compressBound(length));
                }

                @Override
                public int compress(MemorySegment input, MemorySegment output) {
                    byte[] block = context.compress(input.toArray(ValueLayout.JAVA_BYTE));
                    MemorySegment.copy(block, 0, output, ValueLayout.JAVA_BYTE, 0, block.length);
                    return block.length;
                }

                @Override
                public void close() {
                    context.close();
                }
            };
        }

        @Override
        public BlockDecompressor newDecompressor() {
            return new BlockDecompressor() {
                private final ZstdDecompressCtx context = new ZstdDecompressCtx();

                @Override
                public int decompress(MemorySegment input, MemorySegment output) {
                    try {
                        byte[] block = context.decompress(input.toArray(ValueLayout.JAVA_BYTE),
                                Math.toIntExact(output.byteSize()));
                        MemorySegment.copy(block, 0, output, ValueLayout.JAVA_BYTE, 0, block.length);
                        return block.length;
                    } catch (ZstdException damaged) {
                        throw new ArcException(ErrorCode.CORRUPT_DATA, "damaged", damaged);
                    }
                }

                @Override
                public void close() {
                    context.close();
                }
            };
        }
    }
}
