package io.arc.plugin.msgpack;

/// Tells valid UTF-8 from other bytes, as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
final class Utf8 {
    private Utf8() {}

    static boolean isValid(byte[] bytes, int from, int length) {
        int end = from + length;
        for (int at = from; at < end;) {
            int character = characterLength(bytes, at, end);
            if (character == 0) {
                return false;
            }
            at += character;
        }
        return true;
    }

    /// How many bytes the character at `at` has; 0 where none begins or it is not whole.
    static int characterLength(byte[] bytes, int at, int end) {
        int lead = bytes[at] & 0xff;
        if (lead < 0x80) {
            return 1;
        }
        if (lead < 0xc2 || lead > 0xf4) {
            return 0;
        }
        int length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (length > end - at) {
            return 0;
        }
        for (int i = 1; i < length; i++) {
            if ((bytes[at + i] & 0xc0) != 0x80) {
                return 0;
            }
        }
        int second = bytes[at + 1] & 0xff;
        boolean isOutside = switch (lead) {
            case 0xe0 -> second < 0xa0;
            case 0xed -> second > 0x9f;
            case 0xf0 -> second < 0x90;
            case 0xf4 -> second > 0x8f;
            default -> false;
        };
        return isOutside ? 0 : length;
    }
}
