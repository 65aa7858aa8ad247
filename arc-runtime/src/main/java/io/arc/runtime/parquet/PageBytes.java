package io.arc.runtime.parquet;

import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Bytes of a page in the making: a heap array that grows and is used again. Parquet is little-endian throughout.
final class PageBytes extends OutputStream {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_VIEW = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private byte[] array;
    private int size;

    PageBytes(int capacity) {
        array = new byte[capacity];
    }

    byte[] array() {
        return array;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
    }

    /// Makes room for `more` bytes; whoever then fills them in says so by [#advance].
    void ensure(int more) {
        if (more > array.length - size) {
            int needed = Math.addExact(size, more);
            array = Arrays.copyOf(array, Math.clamp(2L * array.length, needed, Math.max(needed, Integer.MAX_VALUE - 8)));
        }
    }

    void advance(int bytes) {
        size += bytes;
    }

    MemorySegment segment() {
        return MemorySegment.ofArray(array).asSlice(0, size);
    }

    MemorySegment freeSpace() {
        return MemorySegment.ofArray(array).asSlice(size);
    }

    @Override
    public void write(int value) {
        ensure(1);
        array[size++] = (byte) value;
    }

    @Override
    public void write(byte[] source, int from, int length) {
        ensure(length);
        System.arraycopy(source, from, array, size, length);
        size += length;
    }

    void putInt(int value) {
        ensure(4);
        INT.set(array, size, value);
        size += 4;
    }

    /// Text as PLAIN has it: its length, then its bytes.
    void putText(byte[] source, int from, int length) {
        ensure(Math.addExact(length, 4));
        INT.set(array, size, length);
        System.arraycopy(source, from, array, size + 4, length);
        size += 4 + length;
    }

    void putVarint(int value) {
        int rest = value;
        while ((rest & ~0x7F) != 0) {
            write(rest | 0x80);
            rest >>>= 7;
        }
        write(rest);
    }

    /// Small numbers of either sign in few bytes.
    void putZigZag(long value) {
        long rest = value << 1 ^ value >> 63;
        while ((rest & ~0x7FL) != 0) {
            write((int) rest | 0x80);
            rest >>>= 7;
        }
        write((int) rest);
    }

    void putLongs(long[] values, int count) {
        int bytes = Math.multiplyExact(count, 8);
        ensure(bytes);
        MemorySegment.copy(values, 0, MemorySegment.ofArray(array), LONG, size, count);
        size += bytes;
    }

    void putDoubles(double[] values, int count) {
        int bytes = Math.multiplyExact(count, 8);
        ensure(bytes);
        MemorySegment.copy(values, 0, MemorySegment.ofArray(array), DOUBLE, size, count);
        size += bytes;
    }

    /// One bit a value, the first in the lowest bit.
    void putBooleans(boolean[] values, int count) {
        int bytes = count + 7 >>> 3;
        ensure(bytes);
        Arrays.fill(array, size, size + bytes, (byte) 0);
        for (int i = 0; i < count; i++) {
            if (values[i]) {
                array[size + (i >>> 3)] |= (byte) (1 << (i & 7));
            }
        }
        size += bytes;
    }

    /// The first `count` values, `width` bits each, without gaps, the first in the lowest bits; filled up to `paddedCount`
    /// values, a multiple of eight, with zeros.
    void putPacked(int[] values, int from, int count, int paddedCount, int width) {
        int bytes = Math.toIntExact((long) paddedCount * width >>> 3);
        ensure(bytes + 8);
        byte[] to = array;
        int at = size;
        long bits = 0;
        int filled = 0;
        for (int i = from; i < from + count; i++) {
            bits |= (long) values[i] << filled;
            filled += width;
            if (filled >= 32) {
                INT.set(to, at, (int) bits);
                at += 4;
                bits >>>= 32;
                filled -= 32;
            }
        }
        int end = size + bytes;
        while (at < end) {
            to[at++] = (byte) bits;
            bits >>>= 8;
        }
        size = end;
    }

    /// `count` values of `width` bits each, at most 64, without gaps, the first in the lowest bits. `count` is a multiple of
    /// eight.
    void putPacked(long[] values, int from, int count, int width) {
        int bytes = Math.toIntExact((long) count * width >>> 3);
        ensure(bytes + 8);
        byte[] to = array;
        int at = size;
        long bits = 0;
        int filled = 0;
        for (int i = from; i < from + count; i++) {
            long value = values[i];
            bits |= value << filled;
            filled += width;
            if (filled >= 64) {
                LONG_VIEW.set(to, at, bits);
                at += 8;
                filled -= 64;
                // What did not fit; a shift by 64 would be one by 0.
                bits = filled == 0 ? 0 : value >>> width - filled;
            }
        }
        if (filled > 0) {
            LONG_VIEW.set(to, at, bits);
        }
        size += bytes;
    }
}
