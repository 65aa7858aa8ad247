package io.arc.runtime.parquet;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Decodes the values of a page, without regard to absent rows. Every method checks the page's bounds and throws CORRUPT_DATA.
final class PageValues {
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle LONG_VIEW = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE = ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int MAX_WIDTH = 31;

    private PageValues() {}

    static void longs(PageCursor page, long[] to, int count) {
        page.require(page.valuesTo() - page.valuesFrom() >= 8L * count, "a page without all its values");
        MemorySegment.copy(MemorySegment.ofArray(page.values()), LONG, page.valuesFrom(), to, 0, count);
    }

    static void doubles(PageCursor page, double[] to, int count) {
        page.require(page.valuesTo() - page.valuesFrom() >= 8L * count, "a page without all its values");
        MemorySegment.copy(MemorySegment.ofArray(page.values()), DOUBLE, page.valuesFrom(), to, 0, count);
    }

    static void booleans(PageCursor page, boolean[] to, int count) {
        page.require(page.valuesTo() - page.valuesFrom() >= count + 7 >>> 3, "a page without all its values");
        byte[] bytes = page.values();
        for (int i = 0; i < count; i++) {
            to[i] = (bytes[page.valuesFrom() + (i >>> 3)] >>> (i & 7) & 1) != 0;
        }
    }

    /// Dictionary codes: a byte with their width, then runs and packed groups.
    static void codes(PageCursor page, int[] to, int count, int entries) {
        if (count == 0) {
            return;
        }
        byte[] bytes = page.values();
        int at = page.valuesFrom();
        int end = page.valuesTo();
        page.require(at < end, "a page without all its values");
        int width = bytes[at++];
        page.require(width >= 0 && width <= MAX_WIDTH, "codes of " + width + " bits");
        int mask = (int) ((1L << width) - 1);
        int done = 0;
        int most = 0;
        while (done < count) {
            long head = 0;
            int shift = 0;
            byte next;
            do {
                page.require(at < end && shift < 35, "a page without all its values");
                next = bytes[at++];
                head |= (long) (next & 0x7F) << shift;
                shift += 7;
            } while (next < 0);
            page.require(head > 1, "an empty run of codes");
            if ((head & 1) == 0) {
                int valueBytes = width + 7 >>> 3;
                page.require(end - at >= valueBytes, "a page without all its values");
                int code = 0;
                for (int i = 0; i < valueBytes; i++) {
                    code |= (bytes[at++] & 0xFF) << 8 * i;
                }
                int until = (int) Math.min(count, done + (head >>> 1));
                Arrays.fill(to, done, until, code);
                page.require(code >= 0, "a negative code");
                most = Math.max(most, code);
                done = until;
            } else {
                int take = (int) Math.min(count - done, (head >>> 1) * 8);
                page.require(end - at >= (take * (long) width + 7 >>> 3), "a page without all its values");
                most = Math.max(most, unpack(bytes, at, end, to, done, take, width, mask));
                done += take;
                at += (int) Math.min(end - at, (head >>> 1) * width);
            }
        }
        page.require(most < entries, "the code " + most + " of a dictionary of " + entries + " entries");
    }

    /// @return the greatest
    private static int unpack(byte[] bytes, int from, int end, int[] to, int start, int count, int width, int mask) {
        int most = 0;
        int i = 0;
        // Eight bytes hold any code wherever in the first of them it begins.
        int safe = width == 0 ? 0 : Math.clamp(((long) end - from - 8) * 8 / width, 0, count);
        long bit = 0;
        for (; i < safe; i++, bit += width) {
            int code = (int) ((long) LONG_VIEW.get(bytes, from + (int) (bit >>> 3)) >>> (bit & 7)) & mask;
            to[start + i] = code;
            most = Math.max(most, code);
        }
        for (; i < count; i++, bit += width) {
            long word = 0;
            int first = from + (int) (bit >>> 3);
            for (int b = 0; b < 8 && first + b < end; b++) {
                word |= (bytes[first + b] & 0xFFL) << 8 * b;
            }
            int code = (int) (word >>> (bit & 7)) & mask;
            to[start + i] = code;
            most = Math.max(most, code);
        }
        return most;
    }

    /// DELTA_BINARY_PACKED, see [DeltaPacking].
    static void deltas(PageCursor page, long[] to, int count) {
        Bits in = new Bits(page);
        long block = in.varint();
        long miniblocks = in.varint();
        long total = in.varint();
        long value = in.zigZag();
        page.require(total == count && miniblocks > 0 && miniblocks <= 512 && block > 0 && block <= 1 << 20
                && block % (32 * miniblocks) == 0, "differences in blocks of an impossible size");
        int perMiniblock = Math.toIntExact(block / miniblocks);
        if (count > 0) {
            to[0] = value;
        }
        int done = 1;
        int[] widths = new int[Math.toIntExact(miniblocks)];
        while (done < count) {
            long least = in.zigZag();
            for (int i = 0; i < widths.length; i++) {
                widths[i] = in.octet();
                page.require(widths[i] <= 64, "differences of " + widths[i] + " bits");
            }
            for (int i = 0; i < widths.length && done < count; i++) {
                int take = Math.min(perMiniblock, count - done);
                value = in.addDifferences(to, done, take, perMiniblock, widths[i], least, value);
                done += take;
            }
        }
    }

    private static final class Bits {
        private final PageCursor page;
        private final byte[] bytes;
        private final int end;
        private int at;

        Bits(PageCursor page) {
            this.page = page;
            bytes = page.values();
            at = page.valuesFrom();
            end = page.valuesTo();
        }

        int octet() {
            page.require(at < end, "a page without all its values");
            return bytes[at++] & 0xFF;
        }

        long varint() {
            long value = 0;
            for (int shift = 0; shift < Long.SIZE; shift += 7) {
                int next = octet();
                value |= (long) (next & 0x7F) << shift;
                if (next < 0x80) {
                    return value;
                }
            }
            throw page.corrupt("a number without an end", null);
        }

        long zigZag() {
            long value = varint();
            return value >>> 1 ^ -(value & 1);
        }

        long addDifferences(long[] to, int start, int take, int all, int width, long least, long before) {
            int size = Math.toIntExact((long) all * width >>> 3);
            page.require(size <= end - at, "a page without all its values");
            long value = before;
            long mask = width == 64 ? -1L : (1L << width) - 1;
            long bit = 8L * at;
            for (int i = 0; i < take; i++, bit += width) {
                int first = (int) (bit >>> 3);
                int offset = (int) (bit & 7);
                long word;
                if (first + 9 <= bytes.length) {
                    word = (long) LONG_VIEW.get(bytes, first) >>> offset;
                    if (offset + width > 64) {
                        word |= (bytes[first + 8] & 0xFFL) << 64 - offset;
                    }
                } else {
                    word = slow(first, offset);
                }
                value += least + (word & mask);
                to[start + i] = value;
            }
            at += size;
            return value;
        }

        private long slow(int first, int offset) {
            long word = 0;
            for (int b = 0; b < 8 && first + b < bytes.length; b++) {
                word |= (bytes[first + b] & 0xFFL) << 8 * b;
            }
            word >>>= offset;
            if (offset > 0 && first + 8 < bytes.length) {
                word |= (bytes[first + 8] & 0xFFL) << 64 - offset;
            }
            return word;
        }
    }

    /// The length of the next PLAIN text; it and its bytes are within the page.
    static int textLength(PageCursor page, int at) {
        page.require(page.valuesTo() - at >= 4, "a page without all its values");
        int length = (int) INT.get(page.values(), at);
        page.require(length >= 0 && length <= page.valuesTo() - at - 4, "a text of " + length + " bytes");
        return length;
    }
}
