package io.arc.runtime.wal;

import io.arc.api.data.Utf8Block;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Reads a payload. Everything it says is checked before anything is allocated. Little-endian. One thread.
final class FrameSource {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;

    private final byte[] bytes;
    private final MemorySegment segment;
    private int at;

    FrameSource(byte[] bytes) {
        this.bytes = bytes;
        this.segment = MemorySegment.ofArray(bytes);
    }

    private void need(long count) {
        if (count < 0 || count > bytes.length - at) {
            throw new IllegalArgumentException(count + " bytes are said to follow and " + (bytes.length - at)
                    + " are left");
        }
    }

    int get() {
        return bytes[at++] & 0xff;
    }

    int getInt() {
        need(4);
        int value = segment.get(INT, at);
        at += 4;
        if (value < 0) {
            throw new IllegalArgumentException("a count of " + value);
        }
        return value;
    }

    /// A count of things that take at least `bytesEach` bytes.
    int count(int bytesEach) {
        int count = getInt();
        need((long) count * bytesEach);
        return count;
    }

    String text() {
        int length = getInt();
        need(length);
        String text = new String(bytes, at, length, StandardCharsets.UTF_8);
        at += length;
        return text;
    }

    long[] longs(int count) {
        need(8L * count);
        long[] values = new long[count];
        MemorySegment.copy(segment, LONG, at, values, 0, count);
        at += 8 * count;
        return values;
    }

    int getShort() {
        need(2);
        int value = segment.get(SHORT, at) & 0xffff;
        at += 2;
        return value;
    }

    long getLong() {
        need(8);
        long value = segment.get(LONG, at);
        at += 8;
        return value;
    }

    long[] longs(int count, long base, int width) {
        return longsFrom(0, count, base, width);
    }

    /// Numbers of `width` bytes, each with `base` added, from place `from` of an array of `count` on.
    long[] longsFrom(int from, int count, long base, int width) {
        if (width < 0 || width > 8 || width != 0 && Integer.bitCount(width) != 1) {
            throw new IllegalArgumentException("numbers of " + width + " bytes");
        }
        need((long) width * (count - from));
        long[] values = new long[count];
        switch (width) {
            case 0 -> Arrays.fill(values, from, count, base);
            case 1 -> {
                for (int i = from; i < count; i++) {
                    values[i] = base + (bytes[at + i - from] & 0xff);
                }
            }
            case 2 -> {
                for (int i = from; i < count; i++) {
                    values[i] = base + (segment.get(SHORT, at + 2L * (i - from)) & 0xffff);
                }
            }
            case 4 -> {
                for (int i = from; i < count; i++) {
                    values[i] = base + (segment.get(INT, at + 4L * (i - from)) & 0xffff_ffffL);
                }
            }
            default -> MemorySegment.copy(segment, LONG, at, values, from, count - from);
        }
        at += width * (count - from);
        return values;
    }

    double[] doubles(int count) {
        need(8L * count);
        double[] values = new double[count];
        MemorySegment.copy(segment, DOUBLE, at, values, 0, count);
        at += 8 * count;
        return values;
    }

    boolean[] booleans(int count) {
        need(count);
        boolean[] values = new boolean[count];
        for (int i = 0; i < count; i++) {
            values[i] = bytes[at++] != 0;
        }
        return values;
    }

    int[] codes(int count, int width) {
        if (width != 1 && width != 2 && width != 4) {
            throw new IllegalArgumentException("codes of " + width + " bytes");
        }
        need((long) width * count);
        int[] codes = new int[count];
        for (int i = 0; i < count; i++) {
            codes[i] = switch (width) {
                case 1 -> segment.get(BYTE, at + (long) i) & 0xff;
                case 2 -> segment.get(SHORT, at + 2L * i) & 0xffff;
                default -> segment.get(INT, at + 4L * i);
            };
        }
        at += width * count;
        return codes;
    }

    Utf8Block block(int count) {
        int width = get();
        long shortest = getInt();
        if (width == 0 && count > IntegerForm.MAX_WITHOUT_BYTES) {
            throw new IllegalArgumentException(count + " texts whose lengths take no bytes");
        }
        long[] lengths = longs(count, shortest, width);
        int[] offsets = new int[count + 1];
        long end = 0;
        for (int i = 0; i < count; i++) {
            end += lengths[i];
            need(end);
            offsets[i + 1] = (int) end;
        }
        byte[] text = new byte[(int) end];
        System.arraycopy(bytes, at, text, 0, text.length);
        at += text.length;
        return new Utf8Block(text, offsets);
    }

    /// Bytes that nobody has read.
    int left() {
        return bytes.length - at;
    }
}
