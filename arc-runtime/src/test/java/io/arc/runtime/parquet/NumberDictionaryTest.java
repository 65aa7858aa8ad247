package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class NumberDictionaryTest {
    @Test
    void sameNumbersHaveSameCodesThroughReuse() {
        NumberDictionary dictionary = new NumberDictionary();
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            dictionary.reset(NumberDictionary.MAX_ENTRIES);
            Map<Long, Integer> codes = new HashMap<>();
            long[] values = new long[20_000];
            int distinct = 1 << random.nextInt(15);
            int shift = random.nextInt(64);
            for (int i = 0; i < values.length; i++) {
                values[i] = (long) random.nextInt(distinct) << shift;
            }
            int[] found = new int[values.length + 3];
            assertThat(dictionary.encode(values, 0, values.length, found, 3)).isTrue();
            for (int i = 0; i < values.length; i++) {
                int next = codes.size();
                assertThat(found[i + 3]).as("seed %d", seed).isEqualTo(codes.computeIfAbsent(values[i], any -> next));
                assertThat(dictionary.values()[found[i + 3]]).as("seed %d", seed).isEqualTo(values[i]);
            }
            assertThat(dictionary.entryCount()).isEqualTo(codes.size());
            assertThat(1 << dictionary.codeWidth()).isGreaterThan(codes.size() - 1);
        }
    }

    @Test
    void doublesAreToldApartByTheirBits() {
        NumberDictionary dictionary = new NumberDictionary();
        dictionary.reset(100);
        double[] values = {0.0, -0.0, Double.NaN, Double.longBitsToDouble(0x7FF8_0000_0000_0001L), 0.0, 1.0, Double.NaN};
        int[] codes = new int[values.length];
        assertThat(dictionary.encode(values, 0, values.length, codes, 0)).isTrue();
        assertThat(codes).containsExactly(0, 1, 2, 3, 0, 4, 2);
    }

    @Test
    void aFullDictionaryRefusesNewNumbersOnly() {
        NumberDictionary dictionary = new NumberDictionary();
        dictionary.reset(2);
        int[] codes = new int[4];
        assertThat(dictionary.encode(new long[] {7, 8, 7, 8}, 0, 4, codes, 0)).isTrue();
        assertThat(codes).containsExactly(0, 1, 0, 1);
        assertThat(dictionary.encode(new long[] {9}, 0, 1, codes, 0)).isFalse();
        dictionary.reset(1 << 20);
        long[] many = new long[NumberDictionary.MAX_ENTRIES + 1];
        Arrays.setAll(many, i -> i);
        assertThat(dictionary.encode(many, 0, many.length - 1, new int[many.length], 0)).isTrue();
        assertThat(dictionary.encode(many, 0, many.length, new int[many.length], 0)).isFalse();
        assertThat(dictionary.codeWidth()).isEqualTo(15);
    }
}
