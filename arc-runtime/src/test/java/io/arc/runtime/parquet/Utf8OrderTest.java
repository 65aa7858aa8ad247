package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Utf8OrderTest {
    private static final int[] CORNERS = {0, 1, 0x7E, 0x7F, 0x80, 0x7FE, 0x7FF, 0x800, 0xD7FE, 0xD7FF, 0xE000, 0xFFFE, 0xFFFF,
            0x10000, 0x10FFFE, 0x10FFFF};

    private static byte[] text(Random random, int maxCharacters) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(maxCharacters + 1); i > 0; i--) {
            text.appendCodePoint(random.nextBoolean() ? CORNERS[random.nextInt(CORNERS.length)] : 'a' + random.nextInt(3));
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void prefixesHaveTheOrderOfTheirTexts() {
        Random random = new Random(1);
        for (int i = 0; i < 200_000; i++) {
            byte[] a = text(random, 5);
            byte[] b = text(random, 5);
            int byPrefix = Long.compareUnsigned(Utf8Order.prefix(a, 0, a.length), Utf8Order.prefix(b, 0, b.length));
            int order = Arrays.compareUnsigned(a, b);
            assertThat(byPrefix == 0 || Integer.signum(byPrefix) == Integer.signum(order))
                    .as("%s and %s", Arrays.toString(a), Arrays.toString(b)).isTrue();
        }
    }

    @Test
    void prefixesDoNotDependOnWhatSurroundsTheText() {
        Random random = new Random(2);
        for (int i = 0; i < 50_000; i++) {
            byte[] text = text(random, 4);
            byte[] around = new byte[text.length + random.nextInt(20)];
            random.nextBytes(around);
            int from = random.nextInt(around.length - text.length + 1);
            System.arraycopy(text, 0, around, from, text.length);
            assertThat(Utf8Order.prefix(around, from, text.length)).isEqualTo(Utf8Order.prefix(text, 0, text.length));
        }
    }

    @Test
    void cutsAndRaisedCutsBoundTheirTexts() {
        Random random = new Random(3);
        for (int i = 0; i < 100_000; i++) {
            byte[] text = text(random, 12);
            int max = 1 + random.nextInt(12);
            byte[] cut = Utf8Order.cut(text, 0, text.length, max);
            String what = Arrays.toString(text) + " cut to " + max;
            assertThat(cut.length).as(what).isLessThanOrEqualTo(max);
            assertThat(Arrays.mismatch(cut, text)).as(what).isIn(-1, cut.length);
            assertThat(isUtf8(cut)).as(what).isTrue();
            assertThat(cut.length + 4).as(what).isGreaterThan(Math.min(max, text.length));
            Optional<byte[]> raised = Utf8Order.cutAndRaise(text, 0, text.length, max);
            boolean canBeRaised = new String(cut, StandardCharsets.UTF_8).codePoints().anyMatch(c -> c != 0x10FFFF);
            assertThat(raised.isPresent()).as(what).isEqualTo(canBeRaised);
            if (raised.isPresent()) {
                assertThat(isUtf8(raised.get())).as(what).isTrue();
                assertThat(Arrays.compareUnsigned(raised.get(), text)).as(what).isPositive();
                assertThat(raised.get().length).as(what).isLessThanOrEqualTo(max + 1);
                // Nothing with the same beginning is above.
                byte[] above = Arrays.copyOf(cut, cut.length + 8);
                Arrays.fill(above, cut.length, above.length, (byte) 0xF4);
                assertThat(Arrays.compareUnsigned(raised.get(), above)).as(what).isPositive();
            }
        }
    }

    private static boolean isUtf8(byte[] bytes) {
        return Arrays.equals(new String(bytes, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8), bytes);
    }

    @Test
    void surrogatesAreSteppedOver() {
        assertThat(Utf8Order.cutAndRaise("\ud7ffx".getBytes(StandardCharsets.UTF_8), 0, 4, 3))
                .hasValueSatisfying(raised -> assertThat(new String(raised, StandardCharsets.UTF_8)).isEqualTo("\ue000"));
    }

    @Test
    void bytesThatAreNoTextAreNotRaised() {
        assertThat(Utf8Order.cutAndRaise(new byte[] {-1, -1, -1, -1}, 0, 4, 3)).isEmpty();
        assertThat(Utf8Order.cutAndRaise(new byte[] {'a', -1, -1, -1}, 0, 4, 3))
                .hasValueSatisfying(raised -> assertThat(raised).containsExactly('b'));
        assertThat(Utf8Order.cut(new byte[] {-128, -128, -128}, 0, 3, 2)).isEmpty();
    }
}
