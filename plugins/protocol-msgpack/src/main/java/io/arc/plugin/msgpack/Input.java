package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// A cursor over MessagePack bytes. Every read is checked against the body's end; sizes that headers claim are held against the
/// bytes that are left before anything is allocated.
final class Input {
    /// How many arrays and maps may be around a value, those of the body itself included.
    static final int MAX_DEPTH = 32;
    private static final VarHandle SHORT = view(short[].class);
    private static final VarHandle INT = view(int[].class);
    private static final VarHandle LONG = view(long[].class);

    byte[] bytes = new byte[0];
    int start;
    int at;
    int end;
    /// The number of the item at the cursor, for messages.
    int item;

    private static VarHandle view(Class<?> type) {
        return MethodHandles.byteArrayViewVarHandle(type, ByteOrder.BIG_ENDIAN);
    }

    static long longAt(byte[] bytes, int position) {
        return (long) LONG.get(bytes, position);
    }

    void reset(byte[] array, int offset, int length) {
        bytes = array;
        start = offset;
        at = offset;
        end = offset + length;
        item = 0;
    }

    boolean isAtEnd() {
        return at >= end;
    }

    ArcException malformed(String what) {
        return new ArcException(ErrorCode.MALFORMED_PAYLOAD, "item " + item + ": " + what + " (byte " + (at - start) + " of "
                + (end - start) + ")");
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

    private int next() {
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
        if (value > end - at) {
            throw malformed("a value claims a size of " + value + ", and " + (end - at) + " bytes are left");
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

    static boolean isBinary(int type) {
        return type >= 0xc4 && type <= 0xc6;
    }

    static boolean isInteger(int type) {
        return type <= 0x7f || type >= 0xe0 || type >= 0xcc && type <= 0xd3;
    }

    static boolean isFloat(int type) {
        return type == 0xca || type == 0xcb;
    }

    static boolean isBoolean(int type) {
        return type == 0xc2 || type == 0xc3;
    }

    static boolean isNil(int type) {
        return type == 0xc0;
    }

    static boolean isExtension(int type) {
        return type >= 0xd4 && type <= 0xd8 || type >= 0xc7 && type <= 0xc9;
    }

    int mapSize() {
        int type = next();
        int size = type <= 0x8f ? type & 0x0f : unsigned(type == 0xde ? 2 : 4);
        if (size > (end - at) / 2) {
            throw malformed("a map claims " + size + " entries, and " + (end - at) + " bytes are left");
        }
        return size;
    }

    int arraySize() {
        int type = next();
        int size = type <= 0x9f ? type & 0x0f : unsigned(type == 0xdc ? 2 : 4);
        if (size > end - at) {
            throw malformed("an array claims " + size + " elements, and " + (end - at) + " bytes are left");
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

    /// Moves behind the header of binary and gives its length, which is within the body.
    int binaryLength() {
        int type = next();
        return unsigned(1 << type - 0xc4);
    }

    /// The length of a name, behind whose header the cursor moves: text that has to be valid UTF-8 and, in all places that names
    /// have, not empty.
    int nameLength(String what) {
        if (!isText(peek())) {
            throw malformed(what + " has to be text and is " + describe(peek()));
        }
        int length = textLength();
        if (length == 0) {
            throw malformed(what + " is empty");
        }
        if (!TextSet.isAscii(bytes, at, length) && !Utf8.isValid(bytes, at, length)) {
            throw malformed(what + " is not valid UTF-8");
        }
        return length;
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
        long value = wideInteger(type);
        if (type == 0xcf && value < 0) {
            throw malformed("the integer " + Long.toUnsignedString(value)
                    + " is above 9223372036854775807, which no column type holds exactly; send it as text");
        }
        return value;
    }

    private long wideInteger(int type) {
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
        at += width;
        return value;
    }

    /// Appends an integer of any width in digits, the large unsigned ones included.
    void appendInteger(TextBuffer text) {
        if (peek() == 0xcf) {
            at++;
            long value = wideInteger(0xcf);
            if (value < 0) {
                text.add(Long.toUnsignedString(value));
            } else {
                text.addNumber(value);
            }
            return;
        }
        text.addNumber(integer());
    }

    double floating() {
        int type = next();
        int width = type == 0xca ? 4 : 8;
        need(width);
        double value = width == 4 ? Float.intBitsToFloat((int) INT.get(bytes, at)) : Double.longBitsToDouble(longAt(at));
        at += width;
        return value;
    }

    /// Nil or a boolean: its type byte.
    int constant() {
        int type = next();
        if (!isNil(type) && !isBoolean(type)) {
            at--;
            throw malformed("0xc1 is no MessagePack value");
        }
        return type;
    }

    /// The 8 bytes at a position. The caller has seen that they are there.
    long longAt(int position) {
        return (long) LONG.get(bytes, position);
    }

    /// The 4 bytes at a position. The caller has seen that they are there.
    int intAt(int position) {
        return (int) INT.get(bytes, position);
    }

    /// The length of an extension's data. The cursor moves to its type byte, and type and data are within the body.
    int extensionLength() {
        int type = next();
        int length = type >= 0xd4 && type <= 0xd8 ? 1 << type - 0xd4 : unsigned(1 << type - 0xc7);
        if (length >= end - at) {
            throw malformed("the MessagePack data ends in the middle of an extension value");
        }
        return length;
    }

    /// @param depth how many arrays and maps are around the one at the cursor
    void requireDepth(int depth) {
        if (depth >= MAX_DEPTH) {
            throw malformed("arrays and maps are nested deeper than " + MAX_DEPTH + " levels");
        }
    }

    /// Skips one value, whatever is in it.
    ///
    /// @param depth how many arrays and maps are around it
    void skip(int depth) {
        int type = peek();
        if (isInteger(type)) {
            at++;
            if (type > 0x7f && type < 0xe0) {
                advance(1 << (type & 3));
            }
        } else if (isText(type)) {
            int length = textLength();
            at += length;
        } else if (isFloat(type)) {
            at++;
            advance(type == 0xca ? 4 : 8);
        } else if (isMap(type)) {
            requireDepth(depth);
            int size = mapSize();
            for (int i = 0; i < size; i++) {
                skip(depth + 1);
                skip(depth + 1);
            }
        } else if (isArray(type)) {
            requireDepth(depth);
            int size = arraySize();
            for (int i = 0; i < size; i++) {
                skip(depth + 1);
            }
        } else if (isBinary(type)) {
            int length = binaryLength();
            at += length;
        } else if (isExtension(type)) {
            int length = extensionLength();
            at += length + 1;
        } else {
            constant();
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
        if (isBinary(type)) {
            return "binary";
        }
        if (isExtension(type)) {
            return "an extension value";
        }
        return isNil(type) ? "nil" : isBoolean(type) ? "a boolean" : "no MessagePack value (0xc1)";
    }
}
