package io.arc.runtime.query;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A byte array that grows; what encoders write into.
final class ByteOutput {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.BIG_ENDIAN);

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

    /// @param width 1, 2, 4 or 8
    void bigEndian(long value, int width) {
        room(width);
        switch (width) {
            case 8 -> LONG.set(bytes, size, value);
            case 4 -> INT.set(bytes, size, (int) value);
            case 2 -> SHORT.set(bytes, size, (short) value);
            case 1 -> bytes[size] = (byte) value;
            default -> throw new IllegalArgumentException(width + " bytes");
        }
        size += width;
    }
}
