package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Compression;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every compressor does: gives back what it was given, writes nowhere else, and answers damage by an error.
public abstract class CompressorContract {
    private static final int[] SIZES = {0, 1, 2, 3, 7, 8, 15, 16, 17, 59, 60, 61, 63, 64, 65, 255, 256, 257, 1_000, 4_095,
            4_096, 4_097, 65_535, 65_536, 65_537, 163_840, 1_048_577};
    private static final int MAX_SIZE_AT_HIGH_LEVELS = 65_537;
    private static final int DAMAGED_BLOCKS = 5_000;
    private static final int RANDOM_BLOCKS = 5_000;
    private static final int THREADS = 4;
    private static final int CANARY_BYTES = 64;
    private static final byte CANARY = (byte) 0xC5;
    private static final long MAX_ALLOCATED_BYTES_FOR_A_SMALL_BLOCK = 1 << 20;

    @TempDir
    private Path directory;

    private Compressor plugin;
    private Compression compression;

    /// A new instance of the plugin's class.
    protected abstract Compressor newCompressor();

    /// The plugin's settings, by short names.
    protected Map<String, String> settings() {
        return Map.of();
    }

    @BeforeEach
    final void openCompression() {
        plugin = newCompressor();
        compression = plugin.open(new TestPluginContext(plugin, directory, settings()));
    }

    @AfterEach
    final void closeCompression() {
        compression.close();
    }

    /// A window into memory with canary bytes before and behind it.
    private record Guarded(MemorySegment around, MemorySegment window) {
        static Guarded heap(int length) {
            return of(MemorySegment.ofArray(new byte[length + 2 * CANARY_BYTES]), length);
        }

        static Guarded nativeMemory(Arena arena, int length) {
            return of(arena.allocate(length + 2L * CANARY_BYTES), length);
        }

        private static Guarded of(MemorySegment around, int length) {
            around.fill(CANARY);
            return new Guarded(around, around.asSlice(CANARY_BYTES, length));
        }

        void requireCanaries(String what) {
            for (int i = 0; i < CANARY_BYTES; i++) {
                assertThat(around.get(ValueLayout.JAVA_BYTE, i)).as("byte before the output, %s", what).isEqualTo(CANARY);
                assertThat(around.get(ValueLayout.JAVA_BYTE, around.byteSize() - 1 - i)).as("byte behind the output, %s", what)
                        .isEqualTo(CANARY);
            }
        }
    }

    private record Sample(String name, byte[] bytes) {
        String text() {
            return name + " of " + bytes.length + " bytes, " + TestSeed.text();
        }
    }

    private static List<Sample> samples(int maxSize) {
        Random random = TestSeed.random();
        List<Sample> samples = new ArrayList<>();
        for (int size : SIZES) {
            if (size <= maxSize) {
                samples.add(new Sample("zeros", new byte[size]));
                byte[] noise = new byte[size];
                random.nextBytes(noise);
                samples.add(new Sample("noise", noise));
                samples.add(new Sample("words", words(random, size)));
                samples.add(new Sample("doubles", doubles(random, size)));
            }
        }
        return samples;
    }

    private static byte[] words(Random random, int size) {
        StringBuilder text = new StringBuilder(size + 16);
        while (text.length() < size) {
            text.append("server-").append(random.nextInt(100)).append(random.nextBoolean() ? " up " : " down ");
        }
        return Arrays.copyOf(text.toString().getBytes(StandardCharsets.UTF_8), size);
    }

    private static byte[] doubles(Random random, int size) {
        MemorySegment segment = MemorySegment.ofArray(new byte[size / 8 * 8 + 8]);
        for (int at = 0; at + 8 <= size; at += 8) {
            segment.set(ValueLayout.JAVA_DOUBLE_UNALIGNED, at, Math.round(random.nextGaussian() * 1_000) / 100.0);
        }
        return segment.asSlice(0, size).toArray(ValueLayout.JAVA_BYTE);
    }

    private static byte[] compressed(BlockCompressor compressor, byte[] bytes) {
        byte[] output = new byte[compressor.maxCompressedLength(bytes.length)];
        int length = compressor.compress(MemorySegment.ofArray(bytes), MemorySegment.ofArray(output));
        return Arrays.copyOf(output, length);
    }

    /// @return the length that came out, or empty when the block was refused as it should be
    private static OptionalInt tryDecompress(BlockDecompressor decompressor, byte[] block, Guarded output, String what) {
        try {
            int length = decompressor.decompress(MemorySegment.ofArray(block), output.window);
            assertThat(length).as("length of %s", what).isBetween(0, Math.toIntExact(output.window.byteSize()));
            return OptionalInt.of(length);
        } catch (ArcException refused) {
            assertThat(refused.code()).as("error code of '%s' for %s", refused.getMessage(), what)
                    .isEqualTo(ErrorCode.CORRUPT_DATA);
            assertThat(refused.getMessage()).as("message for %s", what).isNotBlank();
            return OptionalInt.empty();
        } catch (RuntimeException | Error escaped) {
            return fail("only ArcException may escape a decompressor; " + what + ": " + Arrays.toString(block), escaped);
        } finally {
            output.requireCanaries(what);
        }
    }

    @Test
    final void describe_1_nameAndLevelsAreWellFormed() {
        assertThat(plugin.name()).matches("[a-z][a-z0-9-]*");
        assertThat(plugin.minLevel()).isLessThanOrEqualTo(plugin.maxLevel());
        assertThat(plugin.defaultLevel()).isBetween(plugin.minLevel(), plugin.maxLevel());
        assertThat(newCompressor().codec()).as("codec of a second instance").isEqualTo(plugin.codec());
    }

    @Test
    final void compress_1_everyLevelGivesTheBytesBack() {
        TreeSet<Integer> levels = new TreeSet<>(List.of(plugin.minLevel(), plugin.defaultLevel(), plugin.maxLevel()));
        for (int level : levels) {
            List<Sample> samples = samples(level > plugin.defaultLevel() ? MAX_SIZE_AT_HIGH_LEVELS : Integer.MAX_VALUE);
            try (BlockCompressor compressor = compression.newCompressor(level);
                    BlockDecompressor decompressor = compression.newDecompressor()) {
                for (Sample sample : samples) {
                    String what = sample.text() + ", level " + level;
                    byte[] given = sample.bytes.clone();
                    Guarded block = Guarded.heap(compressor.maxCompressedLength(given.length));
                    int length = compressor.compress(MemorySegment.ofArray(given), block.window);
                    block.requireCanaries(what);
                    assertThat(length).as("length of %s", what).isBetween(1, Math.toIntExact(block.window.byteSize()));
                    assertThat(given).as("input of %s", what).isEqualTo(sample.bytes);
                    Guarded restored = Guarded.heap(given.length);
                    assertThat(decompressor.decompress(block.window.asSlice(0, length), restored.window)).as(what)
                            .isEqualTo(given.length);
                    restored.requireCanaries(what);
                    assertThat(restored.window.toArray(ValueLayout.JAVA_BYTE)).as(what).isEqualTo(sample.bytes);
                }
            }
        }
    }

    @Test
    final void compress_2_anyPairOfHeapAndNativeMemoryDoes() {
        try (Arena arena = Arena.ofConfined();
                BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                BlockDecompressor decompressor = compression.newDecompressor()) {
            for (Sample sample : samples(MAX_SIZE_AT_HIGH_LEVELS)) {
                for (int pair = 0; pair < 8; pair++) {
                    boolean nativeInput = (pair & 1) != 0;
                    boolean nativeBlock = (pair & 2) != 0;
                    boolean nativeOutput = (pair & 4) != 0;
                    String what = sample.text() + ", native: input " + nativeInput + ", block " + nativeBlock + ", output "
                            + nativeOutput;
                    Guarded input = guarded(arena, nativeInput, sample.bytes.length);
                    MemorySegment.copy(sample.bytes, 0, input.window, ValueLayout.JAVA_BYTE, 0, sample.bytes.length);
                    Guarded block = guarded(arena, nativeBlock, compressor.maxCompressedLength(sample.bytes.length));
                    int length = compressor.compress(input.window.asReadOnly(), block.window);
                    block.requireCanaries(what);
                    Guarded output = guarded(arena, nativeOutput, sample.bytes.length);
                    int restored = decompressor.decompress(block.window.asSlice(0, length).asReadOnly(), output.window);
                    output.requireCanaries(what);
                    assertThat(restored).as(what).isEqualTo(sample.bytes.length);
                    assertThat(output.window.toArray(ValueLayout.JAVA_BYTE)).as(what).isEqualTo(sample.bytes);
                }
            }
        }
    }

    private static Guarded guarded(Arena arena, boolean inNativeMemory, int length) {
        return inNativeMemory ? Guarded.nativeMemory(arena, length) : Guarded.heap(length);
    }

    @Test
    final void compress_3_anOutputThatMayNotDoIsRefused() {
        try (BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel())) {
            byte[] bytes = words(TestSeed.random(), 1_000);
            byte[] output = new byte[compressor.maxCompressedLength(bytes.length) - 1];
            assertThatIllegalArgumentException().isThrownBy(
                    () -> compressor.compress(MemorySegment.ofArray(bytes), MemorySegment.ofArray(output)));
            assertThat(output).as("output after the refusal").containsOnly(0);
        }
    }

    @Test
    final void compress_4_aLevelOutsideTheRangeIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> compression.newCompressor(plugin.minLevel() - 1));
        assertThatIllegalArgumentException().isThrownBy(() -> compression.newCompressor(plugin.maxLevel() + 1));
    }

    @Test
    final void compress_5_repetitionShrinks() {
        try (BlockCompressor compressor = compression.newCompressor(plugin.minLevel())) {
            assertThat(compressed(compressor, new byte[65_536])).hasSizeLessThan(8_192);
        }
    }

    @Test
    final void decompress_1_everyCutIsNoticed() {
        for (int size : new int[] {0, 1, 60, 1_000}) {
            try (BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                    BlockDecompressor decompressor = compression.newDecompressor()) {
                byte[] block = compressed(compressor, words(TestSeed.random(), size));
                for (int cut = 0; cut < block.length; cut++) {
                    String what = "the first " + cut + " of a block's " + block.length + " bytes, " + TestSeed.text();
                    assertThat(tryDecompress(decompressor, Arrays.copyOf(block, cut), Guarded.heap(size), what)).as(what)
                            .isEmpty();
                }
            }
        }
    }

    @Test
    final void decompress_2_anOutputThatIsTooSmallIsNotOverrun() {
        try (Arena arena = Arena.ofConfined();
                BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                BlockDecompressor decompressor = compression.newDecompressor()) {
            for (Sample sample : samples(MAX_SIZE_AT_HIGH_LEVELS)) {
                for (int missing : new int[] {1, 8, sample.bytes.length}) {
                    if (missing > 0 && missing <= sample.bytes.length) {
                        byte[] block = compressed(compressor, sample.bytes);
                        Guarded output = guarded(arena, missing == 8, sample.bytes.length - missing);
                        String what = sample.text() + ", " + missing + " bytes too few";
                        assertThat(tryDecompress(decompressor, block, output, what)).as(what).isEmpty();
                    }
                }
            }
        }
    }

    @Test
    final void decompress_3_damageGivesAnErrorOrBytesWithinBounds() {
        Random random = TestSeed.random();
        try (BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                BlockDecompressor decompressor = compression.newDecompressor()) {
            byte[] words = words(random, 2_000);
            byte[] block = compressed(compressor, words);
            for (int i = 0; i < DAMAGED_BLOCKS; i++) {
                byte[] damaged = block.clone();
                for (int change = random.nextInt(3); change >= 0; change--) {
                    // The beginning, where the lengths are, gets half of the damage.
                    int at = random.nextInt(random.nextBoolean() ? Math.min(16, damaged.length) : damaged.length);
                    damaged[at] ^= (byte) (1 << random.nextInt(8));
                }
                tryDecompress(decompressor, damaged, Guarded.heap(words.length), "damaged block " + i + ", " + TestSeed.text());
            }
            Guarded output = Guarded.heap(words.length);
            assertThat(tryDecompress(decompressor, block, output, "the block itself")).hasValue(words.length);
            assertThat(output.window.toArray(ValueLayout.JAVA_BYTE)).as("after the damaged blocks").isEqualTo(words);
        }
    }

    @Test
    final void decompress_4_hostileBytesCostNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Random random = TestSeed.random();
        try (BlockDecompressor decompressor = compression.newDecompressor()) {
            for (int i = 0; i < RANDOM_BLOCKS; i++) {
                byte[] block = new byte[random.nextInt(64)];
                random.nextBytes(block);
                if (random.nextBoolean()) {
                    Arrays.fill(block, 0, Math.min(block.length, random.nextInt(12)), (byte) -1);
                }
                Guarded output = Guarded.heap(random.nextInt(4_096));
                long before = threads.getCurrentThreadAllocatedBytes();
                tryDecompress(decompressor, block, output, "random block " + i + ", " + TestSeed.text());
                assertThat(threads.getCurrentThreadAllocatedBytes() - before)
                        .as("bytes allocated for random block %d, %s", i, TestSeed.text())
                        .isLessThan(MAX_ALLOCATED_BYTES_FOR_A_SMALL_BLOCK);
            }
        }
    }

    @Test
    final void threads_1_compressorsOfOneInstanceDoNotDisturbEachOther() throws Exception {
        try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
            List<Future<?>> results = new ArrayList<>();
            for (int thread = 0; thread < THREADS; thread++) {
                long seed = TestSeed.value() + thread;
                results.add(executor.submit(() -> roundTrips(new Random(seed), seed)));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }

    private void roundTrips(Random random, long seed) {
        try (BlockCompressor compressor = compression.newCompressor(plugin.defaultLevel());
                BlockDecompressor decompressor = compression.newDecompressor()) {
            for (int i = 0; i < 200; i++) {
                byte[] bytes = words(random, random.nextInt(20_000));
                byte[] restored = new byte[bytes.length];
                int length = decompressor.decompress(MemorySegment.ofArray(compressed(compressor, bytes)),
                        MemorySegment.ofArray(restored));
                assertThat(length).as("block %d, seed %d", i, seed).isEqualTo(bytes.length);
                assertThat(restored).as("block %d, seed %d", i, seed).isEqualTo(bytes);
            }
        }
    }
}
