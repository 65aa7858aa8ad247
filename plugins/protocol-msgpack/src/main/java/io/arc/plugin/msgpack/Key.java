package io.arc.plugin.msgpack;

import java.util.Arrays;

/// A name with the bytes that it came in, header and all, to know it again in place: bodies repeat names, in the same order.
final class Key {
    private final String text;
    private final byte[] encoded;
    private final long first;
    private final long mask;
    private final long last;

    /// @param from where the name's header is
    /// @param to behind its last byte
    Key(String text, Input input, int from, int to) {
        this.text = text;
        encoded = Arrays.copyOfRange(input.bytes, from, to);
        int length = encoded.length;
        mask = length >= 8 ? -1L : -1L << 64 - 8 * length;
        byte[] padded = Arrays.copyOf(encoded, Math.max(8, length));
        first = Input.longAt(padded, 0);
        last = Input.longAt(padded, padded.length - 8);
    }

    String text() {
        return text;
    }

    /// Moves behind the name when it is the next value of the input.
    boolean isNext(Input input) {
        int length = encoded.length;
        int at = input.at;
        if (at + Math.max(8, length) > input.end) {
            if (length > input.end - at || !Arrays.equals(encoded, 0, length, input.bytes, at, at + length)) {
                return false;
            }
        } else if ((Input.longAt(input.bytes, at) & mask) != first
                || length > 8 && Input.longAt(input.bytes, at + length - 8) != last
                || length > 16 && !Arrays.equals(encoded, 8, length - 8, input.bytes, at + 8, at + length - 8)) {
            return false;
        }
        input.at = at + length;
        return true;
    }
}
