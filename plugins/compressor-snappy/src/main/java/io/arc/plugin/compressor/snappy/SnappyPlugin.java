package io.arc.plugin.compressor.snappy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.PluginContext;
import org.xerial.snappy.Snappy;
import org.xerial.snappy.SnappyError;

/// Describes the codec SNAPPY, which has no levels.
public final class SnappyPlugin implements Compressor {
    private static final int ONLY_LEVEL = 1;

    @Override
    public String name() {
        return "snappy";
    }

    @Override
    public Codec codec() {
        return Codec.SNAPPY;
    }

    @Override
    public int minLevel() {
        return ONLY_LEVEL;
    }

    @Override
    public int maxLevel() {
        return ONLY_LEVEL;
    }

    @Override
    public int defaultLevel() {
        return ONLY_LEVEL;
    }

    /// Loads the native library, which its jar unpacks into `java.io.tmpdir`.
    ///
    /// @throws ArcException PLUGIN when it cannot be loaded
    @Override
    public Compression open(PluginContext context) {
        try {
            Snappy.getNativeLibraryVersion();
            Snappy.maxCompressedLength(0);
        } catch (SnappyError | LinkageError failed) {
            throw new ArcException(ErrorCode.PLUGIN, "The native library of Snappy cannot be loaded. If the directory for "
                    + "temporary files does not allow to run programs from it, name one that does by the Java option "
                    + "-Dorg.xerial.snappy.tempdir=DIRECTORY.", failed);
        }
        return new SnappyCompression();
    }

    private static final class SnappyCompression implements Compression {
        @Override
        public BlockCompressor newCompressor(int level) {
            if (level != ONLY_LEVEL) {
                throw new IllegalArgumentException("Snappy has the level " + ONLY_LEVEL + " only, not " + level);
            }
            return new SnappyBlockCompressor();
        }

        @Override
        public BlockDecompressor newDecompressor() {
            return new SnappyBlockDecompressor();
        }
    }
}
