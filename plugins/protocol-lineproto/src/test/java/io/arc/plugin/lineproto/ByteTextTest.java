package io.arc.plugin.lineproto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class ByteTextTest {
    private static final int[] EDGES = {0x00, 0x7F, 0x80, 0xBF, 0xC0};

    @Test
    void everyFormOfCharacterIsJudgedLikeTheJdkDoes() {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        byte[] bytes = new byte[4];
        for (int first = 0; first < 256; first++) {
            for (int second = 0; second < 256; second++) {
                for (int third : EDGES) {
                    for (int fourth : EDGES) {
                        bytes[0] = (byte) first;
                        bytes[1] = (byte) second;
                        bytes[2] = (byte) third;
                        bytes[3] = (byte) fourth;
                        for (int length = 1; length <= 4; length++) {
                            if (ByteText.isValidUtf8(bytes, 0, length) != isValid(decoder, bytes, length)) {
                                fail("%d bytes of %s", length, Arrays.toString(bytes));
                            }
                        }
                    }
                }
            }
        }
    }

    private static boolean isValid(CharsetDecoder decoder, byte[] bytes, int length) {
        try {
            decoder.decode(ByteBuffer.wrap(bytes, 0, length));
            return true;
        } catch (CharacterCodingException invalid) {
            return false;
        }
    }

    @Test
    void badBytesAreReplacedOneByOne() {
        byte[] bytes = {'a', (byte) 0xE2, (byte) 0x82, 'b', (byte) 0xE2, (byte) 0x82, (byte) 0xAC, (byte) 0xED, (byte) 0xA0,
            (byte) 0x80, (byte) 0xFF};
        byte[] target = new byte[3 * bytes.length];
        int end = ByteText.copyValid(bytes, 0, bytes.length, target, 0);
        assertThat(new String(target, 0, end, StandardCharsets.UTF_8)).isEqualTo("a\uFFFD\uFFFDb"
                + "\u20ac\uFFFD\uFFFD\uFFFD\uFFFD");
    }

    @Test
    void wordsAtTheEndOfAnArrayAreFilledWithZeros() {
        byte[] bytes = {1, 2, 3, 4, 5, 6, 7, 8, 9, -1};
        assertThat(ByteText.word(bytes, 0)).isEqualTo(0x0807_0605_0403_0201L);
        assertThat(ByteText.word(bytes, 2)).isEqualTo(0xFF09_0807_0605_0403L);
        assertThat(ByteText.word(bytes, 3)).isEqualTo(0x00FF_0908_0706_0504L);
        assertThat(ByteText.word(bytes, 9)).isEqualTo(0xFF);
        assertThat(ByteText.word(bytes, 10)).isZero();
    }
}
