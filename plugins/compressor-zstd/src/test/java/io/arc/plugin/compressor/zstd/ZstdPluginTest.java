package io.arc.plugin.compressor.zstd;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
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

class ZstdPluginTest extends CompressorContract {
    @Override
    protected Compressor newCompressor() {
        return new ZstdPlugin();
    }

    @Test
    void isFoundByItsService() {
        assertThat(ServiceLoader.load(Compressor.class).stream().map(ServiceLoader.Provider::type))
                .contains(ZstdPlugin.class);
        assertThat(new ZstdPlugin().name()).isEqualTo("zstd");
        assertThat(new ZstdPlugin().codec()).isEqualTo(Codec.ZSTD);
    }

    @Test
    void blocksAreZstandardFrames(@TempDir Path directory) {
        byte[] text = "host-1 host-1 host-1 host-2".repeat(50).getBytes(StandardCharsets.UTF_8);
        Compressor plugin = new ZstdPlugin();
        Compression compression = plugin.open(new TestPluginContext(plugin, directory, Map.of()));
        try (BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                BlockDecompressor decompressor = compression.newDecompressor()) {
            byte[] output = new byte[compressor.maxCompressedLength(text.length)];
            int length = compressor.compress(MemorySegment.ofArray(text), MemorySegment.ofArray(output));
            assertThat(Zstd.decompress(Arrays.copyOf(output, length), text.length)).isEqualTo(text);
            byte[] restored = new byte[text.length];
            decompressor.decompress(MemorySegment.ofArray(Zstd.compress(text)), MemorySegment.ofArray(restored));
            assertThat(restored).isEqualTo(text);
        }
    }
}
