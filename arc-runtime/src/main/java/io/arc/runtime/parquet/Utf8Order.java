package io.arc.runtime.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/// The order of text in Parquet: by unsigned bytes, which for UTF-8 is the order of the code points.
final class Utf8Order {
    private static final VarHandle BIG_ENDIAN = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private Utf8Order() {}

    /// The first eight bytes as a number whose unsigned order is theirs; shorter text is filled up with zeros.
    static long prefix(byte[] bytes, int from, int length) {
        if (length >= 8) {
            return (long) BIG_ENDIAN.get(bytes, from);
        }
        if (length == 0) {
            return 0;
        }
        if (from + 8 <= bytes.length) {
            return (long) BIG_ENDIAN.get(bytes, from) & -1L << 64 - 8 * length;
        }
        long prefix = 0;
        for (int i = 0; i < length; i++) {
            prefix |= (bytes[from + i] & 0xFFL) << 56 - 8 * i;
        }
        return prefix;
    }

    static int compare(byte[] a, int aFrom, int aLength, byte[] b, int bFrom, int bLength) {
        return Arrays.compareUnsigned(a, aFrom, aFrom + aLength, b, bFrom, bFrom + bLength);
    }

    /// The longest beginning of at most `maxBytes` bytes that ends between characters.
    static byte[] cut(byte[] bytes, int from, int length, int maxBytes) {
        return Arrays.copyOfRange(bytes, from, from + cutLength(bytes, from, length, maxBytes));
    }

    private static int cutLength(byte[] bytes, int from, int length, int maxBytes) {
        if (length <= maxBytes) {
            return length;
        }
        int end = maxBytes;
        while (end > 0 && isContinuation(bytes[from + end])) {
            end--;
        }
        return end;
    }

    private static boolean isContinuation(byte value) {
        return (value & 0xC0) == 0x80;
    }

    /// The least text that is not below any text beginning with the first `maxBytes` bytes of this one: the cut text with its
    /// last character raised.
    ///
    /// @return empty when no character can be raised
    static Optional<byte[]> cutAndRaise(byte[] bytes, int from, int length, int maxBytes) {
        int end = from + cutLength(bytes, from, length, maxBytes);
        while (end > from) {
            int start = end - 1;
            while (start > from && isContinuation(bytes[start])) {
                start--;
            }
            int raised = codePoint(bytes, start, end) + 1;
            if (raised == Character.MIN_SURROGATE) {
                raised = Character.MAX_SURROGATE + 1;
            }
            if (raised > 0 && raised <= Character.MAX_CODE_POINT) {
                byte[] result = Arrays.copyOfRange(bytes, from, start + encodedLength(raised));
                encode(raised, result, start - from);
                return Optional.of(result);
            }
            end = start;
        }
        return Optional.empty();
    }

    /// @return -1 for bytes that are not one character of UTF-8
    private static int codePoint(byte[] bytes, int start, int end) {
        int first = bytes[start] & 0xFF;
        int length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
        if (length == 0 || length != end - start) {
            return -1;
        }
        int value = length == 1 ? first : first & 0x7F >> length;
        for (int i = start + 1; i < end; i++) {
            value = value << 6 | bytes[i] & 0x3F;
        }
        return value;
    }

    private static int encodedLength(int codePoint) {
        return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    }

    private static void encode(int codePoint, byte[] to, int at) {
        int length = encodedLength(codePoint);
        if (length == 1) {
            to[at] = (byte) codePoint;
            return;
        }
        int rest = codePoint;
        for (int i = length - 1; i > 0; i--) {
            to[at + i] = (byte) (0x80 | rest & 0x3F);
            rest >>>= 6;
        }
        to[at] = (byte) (0xF00 >> length | rest);
    }
}
