package io.arc.plugin.msgpack;

import java.util.Arrays;

/// The bytes that a name came in, header and all, to know it again in place: bodies repeat names, in the same order.
final class Key {
    private static final int WORDS = 2 * Long.BYTES;
    private static final byte[] NONE = {};

    private final int number;
    private final int length;
    /// Of names that the two words do not cover.
    private final byte[] encoded;
    private final long first;
    private final long mask;
    private final long last;

    /// @param number of the name in its set
    /// @param from where the name's header is
    /// @param to behind its last byte
    Key(int number, Input input, int from, int to) {
        this.number = number;
        length = to - from;
        encoded = length > WORDS ? Arrays.copyOfRange(input.bytes, from, to) : NONE;
        mask = length >= Long.BYTES ? -1L : -1L << 64 - 8 * length;
        first = word(input.bytes, from, Math.min(length, Long.BYTES)) << 64 - 8 * Math.min(length, Long.BYTES);
        last = length > Long.BYTES ? word(input.bytes, to - Long.BYTES, Long.BYTES) : 0;
    }

    private static long word(byte[] bytes, int from, int count) {
        long word = 0;
        for (int i = 0; i < count; i++) {
            word = word << 8 | bytes[from + i] & 0xff;
        }
        return word;
    }

    int number() {
        return number;
    }

    /// Moves behind the name when it is the next value of the input.
    boolean isNext(Input input) {
        int at = input.at;
        if (length > input.end - at) {
            return false;
        }
        if (input.bytes.length - at < Long.BYTES) {
            if (word(input.bytes, at, length) << 64 - 8 * length != first) {
                return false;
            }
        } else if ((Input.longAt(input.bytes, at) & mask) != first
                || length > Long.BYTES && Input.longAt(input.bytes, at + length - Long.BYTES) != last
                || length > WORDS && !Arrays.equals(encoded, 8, length - 8, input.bytes, at + 8, at + length - 8)) {
            return false;
        }
        input.at = at + length;
        return true;
    }
}
