package io.arc.api.data;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// Many strings in one array: string i is `bytes[offsets[i], offsets[i + 1])`, valid UTF-8. Both arrays may be longer than
/// what is used.
public record Utf8Block(byte[] bytes, int[] offsets) {
    public Utf8Block {
        Objects.requireNonNull(bytes, "bytes");
        Objects.requireNonNull(offsets, "offsets");
        if (offsets.length == 0) {
            throw new IllegalArgumentException("offsets needs one entry more than there are strings, so at least one");
        }
    }

    /// For tests and cold paths.
    public static Utf8Block of(String... strings) {
        byte[][] encoded = new byte[strings.length][];
        int[] offsets = new int[strings.length + 1];
        for (int i = 0; i < strings.length; i++) {
            encoded[i] = strings[i].getBytes(StandardCharsets.UTF_8);
            offsets[i + 1] = Math.addExact(offsets[i], encoded[i].length);
        }
        byte[] bytes = new byte[offsets[strings.length]];
        for (int i = 0; i < strings.length; i++) {
            System.arraycopy(encoded[i], 0, bytes, offsets[i], encoded[i].length);
        }
        return new Utf8Block(bytes, offsets);
    }

    public int length(int index) {
        return offsets[index + 1] - offsets[index];
    }

    /// Makes a string; for messages and tests, not for hot paths.
    public String string(int index) {
        return new String(bytes, offsets[index], length(index), StandardCharsets.UTF_8);
    }
}
