package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class TextBoundsTest {
    private static final String GREATEST = "\udbff\udfff".repeat(20);

    /// Bounds of texts whose array is used again for others afterwards.
    private static TextBounds detached(String... texts) {
        TextBounds bounds = new TextBounds();
        byte[][] arrays = new byte[texts.length][];
        for (int i = 0; i < texts.length; i++) {
            arrays[i] = texts[i].getBytes(StandardCharsets.UTF_8);
            bounds.add(arrays[i], 0, arrays[i].length, Utf8Order.prefix(arrays[i], 0, arrays[i].length));
        }
        bounds.detach();
        for (byte[] array : arrays) {
            Arrays.fill(array, (byte) '#');
        }
        return bounds;
    }

    @Test
    void detachedBoundsOutliveTheirArrays() {
        assertThat(detached("b", "a", "c").toBounds()).isEqualTo(new Bounds.Texts("a", "c"));
        assertThat(detached("y".repeat(70), "x".repeat(70)).toBounds())
                .isEqualTo(new Bounds.Texts("x".repeat(64), "y".repeat(63) + "z"));
    }

    @Test
    void joinedBoundsHoldBoth() {
        TextBounds file = new TextBounds();
        file.absorb(new TextBounds());
        assertThat(file.isEmpty()).isTrue();
        file.absorb(detached("m", "n"));
        file.absorb(new TextBounds());
        assertThat(file.toBounds()).isEqualTo(new Bounds.Texts("m", "n"));
        file.absorb(detached("z".repeat(65)));
        file.absorb(detached("", "n"));
        assertThat(file.toBounds()).isEqualTo(new Bounds.Texts("", "z".repeat(63) + "{"));
        assertThat(file.isMinExact()).isTrue();
        assertThat(file.isMaxExact()).isFalse();
    }

    @Test
    void whatNothingBoundsStaysUnbounded() {
        for (boolean first : new boolean[] {true, false}) {
            TextBounds file = new TextBounds();
            file.absorb(detached(first ? GREATEST : "a"));
            file.absorb(detached(first ? "a" : GREATEST));
            file.absorb(detached("b"));
            assertThat(file.toBounds()).isEqualTo(Bounds.NONE);
            assertThat(file.isWritable()).isFalse();
        }
    }

    @Test
    void aRaisedBoundIsNotRaisedAgain() {
        TextBounds bounds = detached("\u007f".repeat(65));
        assertThat(bounds.max()).hasSize(65);
        bounds.detach();
        assertThat(bounds.max()).hasSize(65);
        assertThat(bounds.isMaxExact()).isFalse();
    }
}
