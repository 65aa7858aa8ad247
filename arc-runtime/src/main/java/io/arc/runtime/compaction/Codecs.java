package io.arc.runtime.compaction;

import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Codec;
import io.arc.api.spi.Compressor.Compression;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The codecs of a server: one to write with, all to read with.
///
/// @param write empty to store uncompressed
/// @param level of `write`
/// @param read every codec there is
public record Codecs(Optional<Codec> write, int level, Map<Codec, Compression> read) {
    public Codecs {
        Objects.requireNonNull(write, "write");
        read = Map.copyOf(read);
        if (write.isPresent() && !read.containsKey(write.get())) {
            throw new IllegalArgumentException("no plugin has the codec " + write.get());
        }
    }

    BlockCompressor newCompressor() {
        return read.get(write.orElseThrow()).newCompressor(level);
    }

    /// A decompressor of each, for one thread.
    Decompressors newDecompressors() {
        Map<Codec, BlockDecompressor> all = new EnumMap<>(Codec.class);
        read.forEach((codec, compression) -> all.put(codec, compression.newDecompressor()));
        return new Decompressors(all);
    }

    /// Owns its decompressors.
    record Decompressors(Map<Codec, Compressor.BlockDecompressor> byCodec) implements AutoCloseable {
        @Override
        public void close() {
            byCodec.values().forEach(BlockDecompressor::close);
        }
    }
}
