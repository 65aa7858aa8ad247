package io.arc.plugin.lineproto;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Bytes as text: eight at a time, hashed, checked and mended as UTF-8.
final class ByteText {
    /// Every byte's highest bit, which marks a byte in the results of [#marks] and bytes beyond ASCII.
    static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private static final VarHandle LITTLE_ENDIAN_LONG = MethodHandles.byteArrayViewVarHandle(long[].class,
            ByteOrder.LITTLE_ENDIAN);
    private static final long LOW_BITS = 0x0101_0101_0101_0101L;
    private static final int MAX_EXCERPT_BYTES = 48;
    private static final long MIX_A = 0xA076_1D64_78BD_642FL;
    private static final long MIX_B = 0xE703_7ED1_A0B4_28DBL;

    private ByteText() {}

    /// The eight bytes from `at`, the first one lowest; those behind the array's end are zero.
    static long word(byte[] bytes, int at) {
        return at <= bytes.length - Long.BYTES ? (long) LITTLE_ENDIAN_LONG.get(bytes, at) : lastWord(bytes, at);
    }

    private static long lastWord(byte[] bytes, int at) {
        long word = 0;
        for (int i = Math.min(bytes.length - at, Long.BYTES) - 1; i >= 0; i--) {
            word = word << Byte.SIZE | bytes[at + i] & 0xFF;
        }
        return word;
    }

    /// The first `count` bytes of a word, at most eight.
    static long first(long word, int count) {
        return count == Long.BYTES ? word : word & (1L << (count << 3)) - 1;
    }

    /// Eight times the same byte, for [#marks].
    static long repeat(char ascii) {
        return LOW_BITS * ascii;
    }

    /// Marks the bytes of `word` that are the one repeated in `pattern`. Only the lowest mark is exact.
    static long marks(long word, long pattern) {
        long zeroed = word ^ pattern;
        return zeroed - LOW_BITS & ~zeroed & HIGH_BITS;
    }

    /// One more word of a text into its hash. A text's last word holds its last bytes, and its length comes as `rest`.
    static long mix(long hash, long word) {
        long a = hash ^ word ^ MIX_A;
        return Math.unsignedMultiplyHigh(a, MIX_B) ^ a * MIX_B;
    }

    /// The hash of a text, as [#mix] over its words and then its length gives it.
    static long hash(long seed, byte[] bytes, int from, int to) {
        long hash = seed;
        int at = from;
        for (; to - at >= Long.BYTES; at += Long.BYTES) {
            hash = mix(hash, word(bytes, at));
        }
        if (at < to) {
            hash = mix(hash, first(word(bytes, at), to - at));
        }
        return mix(hash, to - from);
    }

    static boolean isAscii(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    static boolean isValidUtf8(byte[] bytes, int from, int to) {
        for (int at = from; at < to;) {
            int length = characterLength(bytes, at, to);
            if (length == 0) {
                return false;
            }
            at += length;
        }
        return true;
    }

    /// Copies text and puts U+FFFD in the place of every byte that is not part of a valid character. `target` has to take
    /// three bytes for each.
    ///
    /// @return the end of the copy
    static int copyValid(byte[] bytes, int from, int to, byte[] target, int targetFrom) {
        int out = targetFrom;
        for (int at = from; at < to;) {
            int length = characterLength(bytes, at, to);
            if (length == 0) {
                target[out++] = (byte) 0xEF;
                target[out++] = (byte) 0xBF;
                target[out++] = (byte) 0xBD;
                at++;
            } else {
                for (int end = at + length; at < end; at++) {
                    target[out++] = bytes[at];
                }
            }
        }
        return out;
    }

    /// How many bytes the character at `at` has, by table 3-7 of the Unicode standard; 0 when there is no valid one.
    private static int characterLength(byte[] bytes, int at, int to) {
        int lead = bytes[at] & 0xFF;
        if (lead < 0x80) {
            return 1;
        }
        int low = 0x80;
        int high = 0xBF;
        int length;
        if (lead >= 0xC2 && lead <= 0xDF) {
            length = 2;
        } else if (lead >= 0xE0 && lead <= 0xEF) {
            length = 3;
            low = lead == 0xE0 ? 0xA0 : low;
            high = lead == 0xED ? 0x9F : high;
        } else if (lead >= 0xF0 && lead <= 0xF4) {
            length = 4;
            low = lead == 0xF0 ? 0x90 : low;
            high = lead == 0xF4 ? 0x8F : high;
        } else {
            return 0;
        }
        if (to - at < length) {
            return 0;
        }
        int second = bytes[at + 1] & 0xFF;
        if (second < low || second > high) {
            return 0;
        }
        for (int i = 2; i < length; i++) {
            if ((bytes[at + i] & 0xC0) != 0x80) {
                return 0;
            }
        }
        return length;
    }

    /// For messages: the text in quotes, cut after a few dozen bytes.
    static String excerpt(byte[] bytes, int from, int to) {
        int end = Math.min(to, from + MAX_EXCERPT_BYTES);
        return "'" + new String(bytes, from, end - from, StandardCharsets.UTF_8) + (end < to ? "...'" : "'");
    }
}
