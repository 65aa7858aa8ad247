package io.arc.plugin.msgpack;

/// Arrays and maps as JSON text, which is how a column holds them. A key that is a number, a flag or nil becomes text; one that is
/// an array or a map is refused, because each level of those would double the text. NaN and the infinities, which JSON has no words
/// for, become null; binary and extensions become what they would be in a column of their own.
final class JsonText {
    private JsonText() {}

    /// Appends the value at the cursor and moves behind it.
    ///
    /// @param depth how many arrays and maps of the body are around the value
    static void append(TextBuffer json, Input input, int depth) {
        int type = input.peek();
        if (Input.isMap(type)) {
            input.requireDepth(depth);
            int size = input.mapSize();
            json.add('{');
            for (int i = 0; i < size; i++) {
                if (i > 0) {
                    json.add(',');
                }
                appendKey(json, input, depth + 1);
                json.add(':');
                append(json, input, depth + 1);
            }
            json.add('}');
        } else if (Input.isArray(type)) {
            input.requireDepth(depth);
            int size = input.arraySize();
            json.add('[');
            for (int i = 0; i < size; i++) {
                if (i > 0) {
                    json.add(',');
                }
                append(json, input, depth + 1);
            }
            json.add(']');
        } else if (Input.isText(type)) {
            int length = input.textLength();
            quote(json, input.bytes, input.at, length);
            input.at += length;
        } else if (Input.isBinary(type)) {
            int length = input.binaryLength();
            if (Utf8.isValid(input.bytes, input.at, length)) {
                quote(json, input.bytes, input.at, length);
            } else {
                json.add('"');
                json.addBase64(input.bytes, input.at, length);
                json.add('"');
            }
            input.at += length;
        } else if (Input.isExtension(type)) {
            json.add('"');
            Times.appendExtension(json, input, Times.NO_ROW);
            json.add('"');
        } else if (Input.isFloat(type)) {
            double value = input.floating();
            if (Double.isFinite(value)) {
                json.addNumber(value);
            } else {
                json.add("null");
            }
        } else if (Input.isInteger(type)) {
            input.appendInteger(json);
        } else {
            json.add(switch (input.constant()) {
                case 0xc2 -> "false";
                case 0xc3 -> "true";
                default -> "null";
            });
        }
    }

    private static void appendKey(TextBuffer json, Input input, int depth) {
        int type = input.peek();
        // Written as text, its quotes would be escaped once for every level: forty bytes could make a gigabyte.
        if (Input.isMap(type) || Input.isArray(type)) {
            throw input.malformed("a map inside a value has an array or a map as a key, for which JSON has no form; use text");
        }
        if (Input.isText(type) || Input.isBinary(type) || Input.isExtension(type)) {
            append(json, input, depth);
        } else {
            json.add('"');
            append(json, input, depth);
            json.add('"');
        }
    }

    private static void quote(TextBuffer json, byte[] text, int from, int length) {
        json.add('"');
        int end = from + length;
        for (int at = from; at < end;) {
            int character = Utf8.characterLength(text, at, end);
            if (character == 1) {
                escape(json, (char) text[at]);
            } else if (character == 0) {
                json.addRepaired(text, at, 1);
            } else {
                json.add(text, at, character);
            }
            at += Math.max(1, character);
        }
        json.add('"');
    }

    private static void escape(TextBuffer json, char character) {
        switch (character) {
            case '"' -> json.add("\\\"");
            case '\\' -> json.add("\\\\");
            case '\n' -> json.add("\\n");
            case '\r' -> json.add("\\r");
            case '\t' -> json.add("\\t");
            default -> {
                if (character < ' ') {
                    json.add("\\u00");
                    json.add(character < 0x10 ? '0' : '1');
                    json.add(Character.forDigit(character & 15, 16));
                } else {
                    json.add(character);
                }
            }
        }
    }
}
