package io.arc.runtime.parquet;

import com.github.luben.zstd.Zstd;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.Codec;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.xerial.snappy.Snappy;

/// The codecs by their libraries: the plugins are behind this module.
enum TestCodec {
    NONE, SNAPPY, ZSTD;

    ParquetEncoder encoder(ParquetOptions options) {
        return switch (this) {
            case NONE -> ParquetEncoder.uncompressed(options);
            case SNAPPY -> new ParquetEncoder(options, Codec.SNAPPY, new SnappyBlocks());
            case ZSTD -> new ParquetEncoder(options, Codec.ZSTD, new ZstdBlocks());
        };
    }

    private static final class SnappyBlocks implements BlockCompressor {
        @Override
        public int maxCompressedLength(int length) {
            return Snappy.maxCompressedLength(length);
        }

        @Override
        public int compress(MemorySegment input, MemorySegment output) {
            try {
                byte[] block = Snappy.compress(input.toArray(ValueLayout.JAVA_BYTE));
                MemorySegment.copy(block, 0, output, ValueLayout.JAVA_BYTE, 0, block.length);
                return block.length;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    private static final class ZstdBlocks implements BlockCompressor {
        @Override
        public int maxCompressedLength(int length) {
            return Math.toIntExact(Zstd.compressBound(length));
        }

        @Override
        public int compress(MemorySegment input, MemorySegment output) {
            byte[] block = Zstd.compress(input.toArray(ValueLayout.JAVA_BYTE), 1);
            MemorySegment.copy(block, 0, output, ValueLayout.JAVA_BYTE, 0, block.length);
            return block.length;
        }
    }
}
