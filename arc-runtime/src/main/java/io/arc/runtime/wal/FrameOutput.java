package io.arc.runtime.wal;

import io.arc.api.data.Utf8Block;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Writes a payload into an array that is large enough. Little-endian. One thread.
final class FrameOutput {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final MemorySegment segment;
    private int at;

    FrameOutput(byte[] bytes) {
        this.bytes = bytes;
        this.segment = MemorySegment.ofArray(bytes);
    }

    void put(int value) {
        bytes[at++] = (byte) value;
    }

    void putInt(int value) {
        segment.set(INT, at, value);
        at += 4;
    }

    void putText(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        putInt(utf8.length);
        System.arraycopy(utf8, 0, bytes, at, utf8.length);
        at += utf8.length;
    }

    void putLongs(long[] values, int count) {
        MemorySegment.copy(values, 0, segment, LONG, at, count);
        at += 8 * count;
    }

    void putShort(int value) {
        segment.set(SHORT, at, (short) value);
        at += 2;
    }

    void putLong(long value) {
        segment.set(LONG, at, value);
        at += 8;
    }

    /// Each number less `base`, cut to `width` bytes.
    void putLongs(long[] values, int count, long base, int width) {
        switch (width) {
            case 0 -> {
                // All are the base.
            }
            case 1 -> {
                for (int i = 0; i < count; i++) {
                    bytes[at + i] = (byte) (values[i] - base);
                }
            }
            case 2 -> {
                for (int i = 0; i < count; i++) {
                    segment.set(SHORT, at + 2L * i, (short) (values[i] - base));
                }
            }
            case 4 -> {
                for (int i = 0; i < count; i++) {
                    segment.set(INT, at + 4L * i, (int) (values[i] - base));
                }
            }
            default -> putLongs(values, count);
        }
        at += width == 8 ? 0 : width * count;
    }

    /// Each number less the one before and less `base`, from the second on.
    void putSteps(long[] values, int count, long base, int width) {
        switch (width) {
            case 0 -> {
                // All are the base.
            }
            case 1 -> {
                for (int i = 1; i < count; i++) {
                    bytes[at + i - 1] = (byte) (values[i] - values[i - 1] - base);
                }
            }
            case 2 -> {
                for (int i = 1; i < count; i++) {
                    segment.set(SHORT, at + 2L * (i - 1), (short) (values[i] - values[i - 1] - base));
                }
            }
            default -> {
                for (int i = 1; i < count; i++) {
                    segment.set(INT, at + 4L * (i - 1), (int) (values[i] - values[i - 1] - base));
                }
            }
        }
        at += width * (count - 1);
    }

    /// Each value times `scale` as a whole number, less `least`.
    void putDecimals(double[] values, int count, int scale, long least, int width) {
        int base = (int) least;
        switch (width) {
            case 0 -> {
                // All are the least.
            }
            case 1 -> {
                for (int i = 0; i < count; i++) {
                    bytes[at + i] = (byte) (DecimalForm.whole(values[i], scale) - base);
                }
            }
            case 2 -> {
                for (int i = 0; i < count; i++) {
                    segment.set(SHORT, at + 2L * i, (short) (DecimalForm.whole(values[i], scale) - base));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    segment.set(INT, at + 4L * i, DecimalForm.whole(values[i], scale) - base);
                }
            }
        }
        at += width * count;
    }

    void putDoubles(double[] values, int count) {
        MemorySegment.copy(values, 0, segment, DOUBLE, at, count);
        at += 8 * count;
    }

    void putBooleans(boolean[] values, int count) {
        for (int i = 0; i < count; i++) {
            bytes[at++] = (byte) (values[i] ? 1 : 0);
        }
    }

    void putCodes(int[] codes, int count, int width) {
        switch (width) {
            case 1 -> {
                for (int i = 0; i < count; i++) {
                    bytes[at + i] = (byte) codes[i];
                }
            }
            case 2 -> {
                for (int i = 0; i < count; i++) {
                    segment.set(SHORT, at + 2L * i, (short) codes[i]);
                }
            }
            default -> MemorySegment.copy(codes, 0, segment, INT, at, count);
        }
        at += width * count;
    }

    /// The texts' lengths less the shortest's, then the texts.
    void putBlock(Utf8Block block, int count, int shortest, int width) {
        int[] offsets = block.offsets();
        put(width);
        putInt(shortest);
        switch (width) {
            case 0 -> {
                // All are as long.
            }
            case 1 -> {
                for (int i = 0; i < count; i++) {
                    bytes[at + i] = (byte) (offsets[i + 1] - offsets[i] - shortest);
                }
            }
            case 2 -> {
                for (int i = 0; i < count; i++) {
                    segment.set(SHORT, at + 2L * i, (short) (offsets[i + 1] - offsets[i] - shortest));
                }
            }
            default -> {
                for (int i = 0; i < count; i++) {
                    segment.set(INT, at + 4L * i, offsets[i + 1] - offsets[i] - shortest);
                }
            }
        }
        at += width * count;
        int length = offsets[count] - offsets[0];
        System.arraycopy(block.bytes(), offsets[0], bytes, at, length);
        at += length;
    }
}
