package io.arc.plugin.lineproto;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.util.Arrays;

/// Arrays that grow by doubling, up to what an array can hold.
final class Growth {
    private static final int MAX_LENGTH = Integer.MAX_VALUE - 8;

    private Growth() {}

    /// The array, or a longer copy that has an element `index`.
    static int[] forIndex(int[] array, int index) {
        return index < array.length ? array : Arrays.copyOf(array, lengthFor(array.length, index + 1L));
    }

    static long[] forIndex(long[] array, int index) {
        return index < array.length ? array : Arrays.copyOf(array, lengthFor(array.length, index + 1L));
    }

    static byte[] forIndex(byte[] array, int index) {
        return index < array.length ? array : Arrays.copyOf(array, lengthFor(array.length, index + 1L));
    }

    static <T> T[] forIndex(T[] array, int index) {
        return index < array.length ? array : Arrays.copyOf(array, lengthFor(array.length, index + 1L));
    }

    /// The array, or a longer copy with room for `length` bytes from `start`.
    static byte[] forLength(byte[] array, int start, long length) {
        long needed = start + length;
        return needed <= array.length ? array : Arrays.copyOf(array, lengthFor(array.length, needed));
    }

    private static int lengthFor(int length, long needed) {
        return Math.toIntExact(Math.min(MAX_LENGTH, Math.max(checked(needed), Math.max(4, 2L * length))));
    }

    /// A length that an array can have.
    ///
    /// @throws ArcException MALFORMED_PAYLOAD for a longer one; only text gets there, where bad bytes become three
    static int checked(long length) {
        if (length > MAX_LENGTH) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD,
                    "the text of one column is longer than 2 GiB; send the body in smaller parts");
        }
        return Math.toIntExact(length);
    }
}
