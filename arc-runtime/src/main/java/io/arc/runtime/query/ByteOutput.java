package io.arc.runtime.query;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A byte array that grows; what encoders write into.
final class ByteOutput {
    byte[] bytes;
    int size;

    ByteOutput(int capacity) {
        this.bytes = new byte[capacity];
    }

    /// Makes sure that `count` more bytes fit, so that the caller may write to [#bytes] itself.
    void room(int count) {
        if (bytes.length - size < count) {
            bytes = Arrays.copyOf(bytes, Math.toIntExact(Math.max(2L * bytes.length, (long) size
                    + count) > Integer.MAX_VALUE - 16
                    ? Math.addExact(size, count) : Math.max(2L * bytes.length, (long) size + count)));
        }
    }

    void put(int b) {
        room(1);
        bytes[size++] = (byte) b;
    }

    @SuppressWarnings("deprecation")
    void ascii(String text) {
        int length = text.length();
        room(length);
        text.getBytes(0, length, bytes, size);
        size += length;
    }

    void utf8(String text) {
        put(text.getBytes(StandardCharsets.UTF_8));
    }

    void put(byte[] source) {
        put(source, 0, source.length);
    }

    void put(byte[] source, int from, int length) {
        room(length);
        System.arraycopy(source, from, bytes, size, length);
        size += length;
    }

    void bigEndian(long value, int width) {
        room(width);
        for (int i = width - 1; i >= 0; i--) {
            bytes[size++] = (byte) (value >>> 8 * i);
        }
    }
}
