package io.arc.api.spi;

import java.lang.foreign.MemorySegment;

/// One implementation of a Parquet codec. The set of codecs is Parquet's and closed, because others must open our files.
public non-sealed interface Compressor extends ArcPlugin {
    Codec codec();

    /// The lowest level that [Compression#newCompressor] takes; equal to [#maxLevel()] where the codec has no levels.
    int minLevel();

    int maxLevel();

    int defaultLevel();

    /// Called once at the start of the server, on one thread.
    Compression open(PluginContext context);

    /// The codecs of the Parquet format, by the names of its specification.
    enum Codec {
        SNAPPY, ZSTD, GZIP, LZ4_RAW, BROTLI
    }

    /// The live codec. Thread-safe; what it makes is not.
    interface Compression extends PluginInstance {
        /// A compressor for one thread. The caller closes it.
        ///
        /// @throws IllegalArgumentException for a level outside the plugin's range
        BlockCompressor newCompressor(int level);

        /// A decompressor for one thread. The caller closes it.
        BlockDecompressor newDecompressor();
    }

    /// Compresses whole blocks, each on its own. One thread at a time.
    interface BlockCompressor extends AutoCloseable {
        /// The most bytes that `length` bytes can become.
        int maxCompressedLength(int length);

        /// Compresses all of `input` into the beginning of `output`. Both may be on or off the heap.
        ///
        /// @return the bytes written
        /// @throws IllegalArgumentException when `output` is smaller than [#maxCompressedLength] asks for
        int compress(MemorySegment input, MemorySegment output);

        @Override
        default void close() {}
    }

    /// Reverses [BlockCompressor]. One thread at a time.
    interface BlockDecompressor extends AutoCloseable {
        /// Decompresses the one block that `input` is into the beginning of `output`.
        ///
        /// @return the bytes written
        /// @throws io.arc.api.ArcException CORRUPT_DATA for input that is cut, damaged or larger than `output`
        int decompress(MemorySegment input, MemorySegment output);

        @Override
        default void close() {}
    }
}
