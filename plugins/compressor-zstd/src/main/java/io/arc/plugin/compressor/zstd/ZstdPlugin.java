package io.arc.plugin.compressor.zstd;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.util.Native;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.PluginContext;

/// Describes the codec ZSTD. Level 1 is the fastest, 3 the usual one, 19 takes a hundred times as long; the levels above, which
/// want memory by the hundred megabytes, and the negative ones, which barely compress, are left out.
public final class ZstdPlugin implements Compressor {
    private static final int MIN_LEVEL = 1;
    private static final int MAX_LEVEL = 19;
    private static final int DEFAULT_LEVEL = 3;

    @Override
    public String name() {
        return "zstd";
    }

    @Override
    public Codec codec() {
        return Codec.ZSTD;
    }

    @Override
    public int minLevel() {
        return MIN_LEVEL;
    }

    @Override
    public int maxLevel() {
        return MAX_LEVEL;
    }

    @Override
    public int defaultLevel() {
        return DEFAULT_LEVEL;
    }

    /// Loads the native library, which its jar unpacks into `java.io.tmpdir`.
    ///
    /// @throws ArcException PLUGIN when it cannot be loaded
    @Override
    public Compression open(PluginContext context) {
        try {
            Native.load();
            Zstd.compressBound(0);
        } catch (LinkageError | RuntimeException failed) {
            throw new ArcException(ErrorCode.PLUGIN, "The native library of Zstandard cannot be loaded. If the directory for "
                    + "temporary files does not allow to run programs from it, name one that does by the Java option "
                    + "-DZstdTempFolder=DIRECTORY.", failed);
        }
        return new ZstdCompression();
    }

    private static final class ZstdCompression implements Compression {
        @Override
        public BlockCompressor newCompressor(int level) {
            if (level < MIN_LEVEL || level > MAX_LEVEL) {
                throw new IllegalArgumentException("Zstandard has the levels " + MIN_LEVEL + " to " + MAX_LEVEL + ", not "
                        + level);
            }
            return new ZstdBlockCompressor(level);
        }

        @Override
        public BlockDecompressor newDecompressor() {
            return new ZstdBlockDecompressor();
        }
    }
}
