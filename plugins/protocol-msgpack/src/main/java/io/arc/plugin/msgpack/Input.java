package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// A cursor over MessagePack bytes. Every read is bounds-checked against the body; sizes that headers claim are held against the
/// bytes that are left before anything is allocated.
final class Input {
    static final int MAX_DEPTH = 32;
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);

    byte[] bytes = new byte[0];
    int start;
    int at;
    int end;

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.BIG_ENDIAN);
    }

    void reset(byte[] array, int offset, int length) {
        bytes = array;
        start = offset;
        at = offset;
        end = offset + length;
    }

    boolean isAtEnd() {
        return at >= end;
    }

    ArcException malformed(String what) {
        return new ArcException(ErrorCode.MALFORMED_PAYLOAD, what + " (byte " + (at - start) + " of " + (end - start) + ")");
    }

    private void need(int count) {
        if (count > end - at) {
            throw malformed("the MessagePack data ends in the middle of a value");
        }
    }

    int peek() {
        need(1);
        return bytes[at] & 0xff;
    }

    int next() {
        need(1);
        return bytes[at++] & 0xff;
    }

    private int unsigned(int width) {
        need(width);
        long value = switch (width) {
            case 1 -> bytes[at] & 0xff;
            case 2 -> (short) SHORT.get(bytes, at) & 0xffff;
            default -> (int) INT.get(bytes, at) & 0xffff_ffffL;
        };
        at += width;
        if (value > Integer.MAX_VALUE) {
            throw malformed("a size of " + value + " is more than a body can hold");
        }
        return (int) value;
    }

    static boolean isMap(int type) {
        return type >= 0x80 && type <= 0x8f || type == 0xde || type == 0xdf;
    }

    static boolean isArray(int type) {
        return type >= 0x90 && type <= 0x9f || type == 0xdc || type == 0xdd;
    }

    static boolean isText(int type) {
        return type >= 0xa0 && type <= 0xbf || type >= 0xd9 && type <= 0xdb;
    }

    static boolean isInteger(int type) {
        return type <= 0x7f || type >= 0xe0 || type >= 0xcc && type <= 0xd3;
    }

    static boolean isFloat(int type) {
        return type == 0xca || type == 0xcb;
    }

    static boolean isNumber(int type) {
        return isInteger(type) || isFloat(type);
    }

    int mapSize() {
        int type = next();
        int size = type <= 0x8f ? type & 0x0f : unsigned(type == 0xde ? 2 : 4);
        if (size > (end - at) / 2) {
            throw malformed("a map claims " + size + " entries, more than there are bytes left for");
        }
        return size;
    }

    int arraySize() {
        int type = next();
        int size = type <= 0x9f ? type & 0x0f : unsigned(type == 0xdc ? 2 : 4);
        if (size > end - at) {
            throw malformed("an array claims " + size + " elements, more than there are bytes left for");
        }
        return size;
    }

    /// Moves behind a text's header and gives its length, which is within the body.
    int textLength() {
        int type = next();
        int length = type <= 0xbf ? type & 0x1f : unsigned(1 << type - 0xd9);
        need(length);
        return length;
    }

    int binaryLength() {
        int type = next();
        int length = unsigned(1 << type - 0xc4);
        need(length);
        return length;
    }

    /// A name: text that has to be valid UTF-8.
    String name(String what) {
        if (!isText(peek())) {
            throw malformed(what + " has to be text and is " + describe(peek()));
        }
        int length = textLength();
        try {
            String text = StandardCharsets.UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes, at, length)).toString();
            at += length;
            return text;
        } catch (CharacterCodingException invalid) {
            throw malformed(what + " is not valid UTF-8");
        }
    }

    /// An integer of any width.
    ///
    /// @throws ArcException for an unsigned one above what 64 signed bits hold
    long integer() {
        int type = next();
        if (type <= 0x7f) {
            return type;
        }
        if (type >= 0xe0) {
            return (byte) type;
        }
        int width = 1 << (type & 3);
        need(width);
        long value = switch (type) {
            case 0xcc -> bytes[at] & 0xff;
            case 0xcd -> (short) SHORT.get(bytes, at) & 0xffff;
            case 0xce -> (int) INT.get(bytes, at) & 0xffff_ffffL;
            case 0xd0 -> bytes[at];
            case 0xd1 -> (short) SHORT.get(bytes, at);
            case 0xd2 -> (int) INT.get(bytes, at);
            default -> (long) LONG.get(bytes, at);
        };
        if (type == 0xcf && value < 0) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the integer " + Long.toUnsignedString(value) + " at byte "
                    + (at - 1 - start) + " is above 9223372036854775807, which no column type holds exactly; send it as text");
        }
        at += width;
        return value;
    }

    double floating() {
        int type = next();
        int width = type == 0xca ? 4 : 8;
        need(width);
        double value = width == 4 ? Float.intBitsToFloat((int) INT.get(bytes, at)) : Double.longBitsToDouble((long) LONG.get(bytes, at));
        at += width;
        return value;
    }

    /// The 8 bytes behind the cursor, unchecked by type. The caller has seen that they are there.
    long longAt(int position) {
        return (long) LONG.get(bytes, position);
    }

    int intAt(int position) {
        return (int) INT.get(bytes, position);
    }

    /// For an extension value: its length; the cursor is at the type byte behind it.
    int extensionLength() {
        int type = next();
        int length = type >= 0xd4 && type <= 0xd8 ? 1 << type - 0xd4 : unsigned(1 << type - 0xc7);
        need(Math.addExact(length, 1));
        return length;
    }

    static boolean isExtension(int type) {
        return type >= 0xd4 && type <= 0xd8 || type >= 0xc7 && type <= 0xc9;
    }

    /// Skips one value, whatever is in it.
    void skip(int depth) {
        if (depth > MAX_DEPTH) {
            throw malformed("values are nested deeper than " + MAX_DEPTH + " levels");
        }
        int type = peek();
        if (isInteger(type)) {
            at++;
            if (type > 0x7f && type < 0xe0) {
                advance(1 << (type & 3));
            }
        } else if (isText(type)) {
            int length = textLength();
            at += length;
        } else if (isMap(type)) {
            int size = mapSize();
            for (int i = 0; i < 2 * size; i++) {
                skip(depth + 1);
            }
        } else if (isArray(type)) {
            int size = arraySize();
            for (int i = 0; i < size; i++) {
                skip(depth + 1);
            }
        } else if (isFloat(type)) {
            at++;
            advance(type == 0xca ? 4 : 8);
        } else if (type == 0xc0 || type == 0xc2 || type == 0xc3) {
            at++;
        } else if (type >= 0xc4 && type <= 0xc6) {
            int length = binaryLength();
            at += length;
        } else if (isExtension(type)) {
            int length = extensionLength();
            at += length + 1;
        } else {
            throw malformed("0xc1 is no MessagePack value");
        }
    }

    private void advance(int count) {
        need(count);
        at += count;
    }

    static String describe(int type) {
        if (isInteger(type)) {
            return "an integer";
        }
        if (isText(type)) {
            return "text";
        }
        if (isMap(type)) {
            return "a map";
        }
        if (isArray(type)) {
            return "an array";
        }
        if (isFloat(type)) {
            return "a floating-point number";
        }
        return switch (type) {
            case 0xc0 -> "nil";
            case 0xc2, 0xc3 -> "a boolean";
            case 0xc4, 0xc5, 0xc6 -> "binary";
            case 0xc1 -> "no MessagePack value (0xc1)";
            default -> "an extension value";
        };
    }
}
