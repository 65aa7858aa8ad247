package io.arc.plugin.rewriter.time;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads a syntax tree: objects as Map, arrays as List, whole numbers as Long, other numbers as Double, null as null. What is
/// no JSON, or nested too deeply to be a statement, is an IllegalArgumentException.
final class JsonTree {
    private static final int MAX_DEPTH = 3_000;

    private final String text;
    private int at;
    private int depth;

    private JsonTree(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        JsonTree tree = new JsonTree(text);
        Object value = tree.value();
        tree.blank();
        if (tree.at != text.length()) {
            throw tree.malformed();
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }

    static List<?> array(Object value) {
        return value instanceof List<?> list ? list : List.of();
    }

    static String text(Object value) {
        return value instanceof String text ? text : "";
    }

    /// The number, or -1 where there is none.
    static long number(Object value) {
        return value instanceof Long number ? number : -1;
    }

    private IllegalArgumentException malformed() {
        return new IllegalArgumentException("no JSON at character " + at);
    }

    private void blank() {
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
    }

    private char peek() {
        blank();
        if (at >= text.length()) {
            throw malformed();
        }
        return text.charAt(at);
    }

    private boolean accept(char wanted) {
        if (peek() == wanted) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char wanted) {
        if (!accept(wanted)) {
            throw malformed();
        }
    }

    private Object value() {
        if (++depth > MAX_DEPTH) {
            throw malformed();
        }
        Object value = switch (peek()) {
            case '{' -> members();
            case '[' -> elements();
            case '"' -> string();
            case 't' -> word("true", true);
            case 'f' -> word("false", false);
            case 'n' -> word("null", null);
            default -> numeral();
        };
        depth--;
        return value;
    }

    private Map<String, Object> members() {
        Map<String, Object> members = new LinkedHashMap<>();
        expect('{');
        if (accept('}')) {
            return members;
        }
        do {
            peek();
            String name = string();
            expect(':');
            members.put(name, value());
        } while (accept(','));
        expect('}');
        return members;
    }

    private List<Object> elements() {
        List<Object> elements = new ArrayList<>();
        expect('[');
        if (accept(']')) {
            return elements;
        }
        do {
            elements.add(value());
        } while (accept(','));
        expect(']');
        return elements;
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed();
        }
        at += word.length();
        return value;
    }

    private Object numeral() {
        int start = at;
        while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        String numeral = text.substring(start, at);
        try {
            return numeral.matches("-?[0-9]{1,18}") ? (Object) Long.valueOf(numeral) : (Object) Double.valueOf(numeral);
        } catch (NumberFormatException none) {
            throw malformed();
        }
    }

    private String string() {
        expect('"');
        StringBuilder string = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return string.toString();
            }
            if (c != '\\') {
                string.append(c);
                continue;
            }
            char escaped = at < text.length() ? text.charAt(at++) : ' ';
            switch (escaped) {
                case '"', '\\', '/' -> string.append(escaped);
                case 'b' -> string.append('\b');
                case 'f' -> string.append('\f');
                case 'n' -> string.append('\n');
                case 'r' -> string.append('\r');
                case 't' -> string.append('\t');
                case 'u' -> {
                    if (at + 4 > text.length()) {
                        throw malformed();
                    }
                    string.append((char) Integer.parseInt(text, at, at + 4, 16));
                    at += 4;
                }
                default -> throw malformed();
            }
        }
        throw malformed();
    }
}
