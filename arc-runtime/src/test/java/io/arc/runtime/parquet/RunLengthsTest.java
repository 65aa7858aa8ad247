package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.apache.parquet.bytes.ByteBufferInputStream;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridDecoder;
import org.junit.jupiter.api.Test;

/// parquet-java's decoder is the judge.
class RunLengthsTest {
    private static int[] decode(PageBytes bytes, int width, int count) throws Exception {
        RunLengthBitPackingHybridDecoder decoder = new RunLengthBitPackingHybridDecoder(width,
                ByteBufferInputStream.wrap(ByteBuffer.wrap(bytes.array(), 0, bytes.size())));
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = decoder.readInt();
        }
        return values;
    }

    @Test
    void codesOfEveryWidthComeBack() throws Exception {
        PageBytes bytes = new PageBytes(0);
        for (int width = 0; width <= 16; width++) {
            for (long seed = 0; seed < 60; seed++) {
                Random random = new Random(seed);
                int[] codes = new int[random.nextInt(400)];
                int code = 0;
                int repeat = 1 + random.nextInt(40);
                for (int i = 0; i < codes.length; i++) {
                    code = random.nextInt(repeat) == 0 ? random.nextInt(1 << width) : code;
                    codes[i] = code;
                }
                bytes.clear();
                RunLengths.putCodes(bytes, codes, 0, codes.length, width);
                assertThat(decode(bytes, width, codes.length)).as("width %d, seed %d", width, seed).isEqualTo(codes);
                assertThat(bytes.size()).as("width %d, seed %d", width, seed)
                        .isLessThanOrEqualTo((codes.length + 7) / 8 * width + codes.length / 8 + 8);
            }
        }
    }

    @Test
    void oneRepeatedCodeTakesAFewBytes() throws Exception {
        int[] codes = new int[20_000];
        Arrays.fill(codes, 300);
        PageBytes bytes = new PageBytes(0);
        RunLengths.putCodes(bytes, codes, 0, codes.length, 9);
        assertThat(bytes.size()).isLessThan(6);
        assertThat(decode(bytes, 9, codes.length)).isEqualTo(codes);
    }

    @Test
    void levelsComeBack() throws Exception {
        PageBytes bytes = new PageBytes(0);
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            int rowCount = 1 + random.nextInt(2_000);
            long[] present = new long[rowCount + 63 >>> 6];
            int[] levels = new int[rowCount];
            int level = 0;
            int repeat = 1 + random.nextInt(300);
            for (int i = 0; i < rowCount; i++) {
                level = random.nextInt(repeat) == 0 ? random.nextInt(2) : level;
                levels[i] = level;
                present[i >>> 6] |= (long) level << i;
            }
            bytes.clear();
            RunLengths.putLevels(bytes, present, rowCount);
            assertThat(decode(bytes, 1, rowCount)).as("seed %d", seed).isEqualTo(levels);
            assertThat(bytes.size()).as("seed %d", seed).isLessThanOrEqualTo(rowCount / 8 + 12);
        }
    }

    @Test
    void onePresenceForAllRowsTakesAFewBytes() throws Exception {
        for (int rows : new int[] {1, 8, 63, 20_480, 1 << 20}) {
            PageBytes bytes = new PageBytes(0);
            RunLengths.putSameLevel(bytes, rows, true);
            assertThat(bytes.size()).isLessThanOrEqualTo(5);
            assertThat(decode(bytes, 1, rows)).containsOnly(1);
            bytes.clear();
            RunLengths.putSameLevel(bytes, rows, false);
            assertThat(decode(bytes, 1, rows)).containsOnly(0);
        }
    }
}
