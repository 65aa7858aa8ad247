package io.arc.plugin.msgpack;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/// Arrays and maps as JSON text, which is how a column holds them. A number, boolean or nil as a key becomes text; NaN and the infinities,
/// which JSON has no words for, become null; binary and extensions become what they would be in a column of their own.
final class JsonText {
    private JsonText() {}

    /// Reads the value at the cursor and moves behind it.
    ///
    /// @param depth how many arrays and maps of the body are around the value
    static String read(Input input, int depth) {
        StringBuilder json = new StringBuilder();
        append(json, input, depth);
        return json.toString();
    }

    private static void append(StringBuilder json, Input input, int depth) {
        int type = input.peek();
        if (Input.isMap(type)) {
            input.requireDepth(depth);
            int size = input.mapSize();
            json.append('{');
            for (int i = 0; i < size; i++) {
                json.append(i == 0 ? "" : ",");
                appendKey(json, input, depth + 1);
                json.append(':');
                append(json, input, depth + 1);
            }
            json.append('}');
        } else if (Input.isArray(type)) {
            input.requireDepth(depth);
            int size = input.arraySize();
            json.append('[');
            for (int i = 0; i < size; i++) {
                json.append(i == 0 ? "" : ",");
                append(json, input, depth + 1);
            }
            json.append(']');
        } else if (Input.isText(type) || Input.isBinary(type)) {
            quote(json, text(input));
        } else if (Input.isExtension(type)) {
            quote(json, Times.extension(input, Times.NO_ROW).toString());
        } else if (Input.isFloat(type)) {
            double value = input.floating();
            json.append(Double.isFinite(value) ? Double.toString(value) : "null");
        } else if (Input.isInteger(type)) {
            json.append(input.integerText());
        } else {
            json.append(switch (input.constant()) {
                case 0xc2 -> "false";
                case 0xc3 -> "true";
                default -> "null";
            });
        }
    }

    private static void appendKey(StringBuilder json, Input input, int depth) {
        // Written as text, its quotes would be escaped once for every level: forty bytes could make a gigabyte.
        if (Input.isMap(input.peek()) || Input.isArray(input.peek())) {
            throw input.malformed("a map inside a value has an array or a map as a key, for which JSON has no form; use text");
        }
        StringBuilder key = new StringBuilder();
        append(key, input, depth);
        if (key.charAt(0) == '"') {
            json.append(key);
        } else {
            quote(json, key);
        }
    }

    /// Text, or binary as text: when it is valid UTF-8 the same characters, else Base64.
    private static String text(Input input) {
        boolean isBinary = Input.isBinary(input.peek());
        int length = isBinary ? input.binaryLength() : input.textLength();
        int from = input.at;
        input.at += length;
        if (Utf8.isValid(input.bytes, from, length)) {
            return new String(input.bytes, from, length, StandardCharsets.UTF_8);
        }
        return isBinary ? base64(input.bytes, from, length)
                : new String(Utf8.repaired(input.bytes, from, length), StandardCharsets.UTF_8);
    }

    static String base64(byte[] bytes, int from, int length) {
        byte[] binary = new byte[length];
        System.arraycopy(bytes, from, binary, 0, length);
        return Base64.getEncoder().encodeToString(binary);
    }

    private static void quote(StringBuilder json, CharSequence text) {
        json.append('"');
        for (int i = 0; i < text.length(); i++) {
            char character = text.charAt(i);
            switch (character) {
                case '"' -> json.append("\\\"");
                case '\\' -> json.append("\\\\");
                case '\n' -> json.append("\\n");
                case '\r' -> json.append("\\r");
                case '\t' -> json.append("\\t");
                default -> {
                    if (character < ' ') {
                        json.append("\\u00").append(character < 0x10 ? '0' : '1')
                                .append(Character.forDigit(character & 15, 16));
                    } else {
                        json.append(character);
                    }
                }
            }
        }
        json.append('"');
    }
}
