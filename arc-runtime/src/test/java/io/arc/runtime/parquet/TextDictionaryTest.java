package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TextDictionaryTest {
    private static int code(TextDictionary dictionary, String text) {
        byte[] bytes = ("<<" + text + ">").getBytes(StandardCharsets.UTF_8);
        return dictionary.code(bytes, 2, bytes.length - 3);
    }

    private static String text(TextDictionary dictionary, int code) {
        return new String(dictionary.page().array(), dictionary.start(code), dictionary.length(code), StandardCharsets.UTF_8);
    }

    @Test
    void sameTextsHaveSameCodesThroughGrowthAndReuse() {
        TextDictionary dictionary = new TextDictionary();
        for (long seed = 0; seed < 30; seed++) {
            Random random = new Random(seed);
            dictionary.reset(1 << 16, 1 << 24);
            Map<String, Integer> codes = new HashMap<>();
            int distinct = 1 << random.nextInt(14);
            for (int i = 0; i < 20_000; i++) {
                int number = random.nextInt(distinct);
                // Texts that share their beginning, their end, or all but the middle.
                String text = switch (number % 4) {
                    case 0 -> "server-" + number;
                    case 1 -> number + "-with-the-same-end";
                    case 2 -> "beginning" + number + "endendend";
                    default -> "\0".repeat(number % 40);
                };
                int code = code(dictionary, text);
                assertThat(code).as("%s, seed %d", text, seed).isEqualTo(codes.computeIfAbsent(text, any -> codes.size()));
            }
            assertThat(dictionary.entryCount()).isEqualTo(codes.size());
            codes.forEach((text, code) -> {
                assertThat(text(dictionary, code)).isEqualTo(text);
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                assertThat(dictionary.prefix(code)).isEqualTo(Utf8Order.prefix(bytes, 0, bytes.length));
            });
        }
    }

    @Test
    void aFullDictionaryRefusesNewTextsOnly() {
        TextDictionary dictionary = new TextDictionary();
        dictionary.reset(2, 100);
        assertThat(code(dictionary, "a")).isZero();
        assertThat(code(dictionary, "b")).isEqualTo(1);
        assertThat(code(dictionary, "c")).isEqualTo(-1);
        assertThat(code(dictionary, "b")).isEqualTo(1);
        dictionary.reset(10, 20);
        assertThat(code(dictionary, "0123456789")).isZero();
        assertThat(code(dictionary, "abc")).isEqualTo(-1);
        assertThat(code(dictionary, "ab")).isEqualTo(1);
        dictionary.reset(0, 100);
        assertThat(code(dictionary, "")).isEqualTo(-1);
        dictionary.reset(1 << 20, 1 << 30);
        for (int i = 0; i < TextDictionary.MAX_ENTRIES; i++) {
            assertThat(code(dictionary, Integer.toString(i))).isEqualTo(i);
        }
        assertThat(code(dictionary, "one more")).isEqualTo(-1);
        assertThat(dictionary.codeWidth()).isEqualTo(16);
    }

    @Test
    void widthsHoldTheGreatestCode() {
        TextDictionary dictionary = new TextDictionary();
        dictionary.reset(1_000, 1 << 20);
        for (int i = 0; i < 300; i++) {
            code(dictionary, Integer.toString(i));
            assertThat(1 << dictionary.codeWidth()).isGreaterThan(i);
            assertThat(i >= 2 && 1 << dictionary.codeWidth() - 1 > i).isFalse();
        }
    }

    @Test
    void hashesOfSimilarTextsSpread() {
        // Names that differ in one place only, wherever it is.
        for (String form : new String[] {"%05d", "server-%05d", "%05d-server", "a-long-%05d-name",
                "%05d-server-with-a-long-name", "name-of-a-long-server-%05d", "a-long-name-with-%05d-in-the-middle"}) {
            int[] taken = new int[1 << 17];
            int most = 0;
            for (int i = 0; i < 60_000; i++) {
                byte[] bytes = form.formatted(i).getBytes(StandardCharsets.UTF_8);
                int hash = TextDictionary.hash(Utf8Order.prefix(bytes, 0, bytes.length),
                        TextDictionary.suffix(bytes, 0, bytes.length), bytes, 0, bytes.length);
                most = Math.max(most, ++taken[hash & taken.length - 1]);
            }
            // Random numbers would give about eight.
            assertThat(most).as(form).isLessThan(14);
        }
    }
}
