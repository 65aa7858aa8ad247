package io.arc.api.spi;

import java.util.Objects;

/// A part of an array, lent for the length of one call. The lender may overwrite the bytes as soon as the call has returned.
public record ByteSlice(byte[] array, int offset, int length) {
    public ByteSlice {
        Objects.checkFromIndexSize(offset, length, array.length);
    }

    public static ByteSlice of(byte[] array) {
        return new ByteSlice(array, 0, array.length);
    }
}
