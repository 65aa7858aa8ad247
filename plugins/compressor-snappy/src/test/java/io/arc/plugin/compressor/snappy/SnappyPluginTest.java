package io.arc.plugin.compressor.snappy;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Codec;
import io.arc.api.spi.Compressor.Compression;
import io.arc.testkit.CompressorContract;
import io.arc.testkit.TestPluginContext;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xerial.snappy.Snappy;

class SnappyPluginTest extends CompressorContract {
    @Override
    protected Compressor newCompressor() {
        return new SnappyPlugin();
    }

    @Test
    void isFoundByItsService() {
        assertThat(ServiceLoader.load(Compressor.class).stream().map(ServiceLoader.Provider::type))
                .contains(SnappyPlugin.class);
        assertThat(new SnappyPlugin().name()).isEqualTo("snappy");
        assertThat(new SnappyPlugin().codec()).isEqualTo(Codec.SNAPPY);
    }

    @Test
    void blocksAreRawSnappyAsParquetWantsThem(@TempDir Path directory) throws Exception {
        byte[] text = "host-1 host-1 host-1 host-2".repeat(50).getBytes(StandardCharsets.UTF_8);
        Compressor plugin = new SnappyPlugin();
        Compression compression = plugin.open(new TestPluginContext(plugin, directory, Map.of()));
        try (BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                BlockDecompressor decompressor = compression.newDecompressor()) {
            byte[] output = new byte[compressor.maxCompressedLength(text.length)];
            int length = compressor.compress(MemorySegment.ofArray(text), MemorySegment.ofArray(output));
            assertThat(Snappy.uncompress(Arrays.copyOf(output, length))).isEqualTo(text);
            byte[] restored = new byte[text.length];
            decompressor.decompress(MemorySegment.ofArray(Snappy.compress(text)), MemorySegment.ofArray(restored));
            assertThat(restored).isEqualTo(text);
        }
    }
}
