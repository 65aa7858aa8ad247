package io.arc.runtime.query;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A reader for the JSON that DuckDB produces: objects as Map, arrays as List, texts as String, numbers as [Number] with
/// their own
/// spelling, Boolean, null. Input that is not JSON is an IllegalArgumentException.
final class Json {
    /// A number as it was written.
    record Number(String text) {}

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    static Object parse(String text) {
        Json json = new Json(text);
        Object value = json.value();
        json.blank();
        if (json.at != text.length()) {
            throw json.malformed();
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

    static String string(Object value) {
        return value instanceof String string ? string : "";
    }

    static int integer(Object value, int otherwise) {
        return value instanceof Number(String digits) ? Integer.parseInt(digits) : otherwise;
    }

    private Object value() {
        blank();
        if (at >= text.length()) {
            throw malformed();
        }
        return switch (text.charAt(at)) {
            case '{' -> object();
            case '[' -> array();
            case '"' -> string();
            case 't' -> word("true", Boolean.TRUE);
            case 'f' -> word("false", Boolean.FALSE);
            case 'n' -> word("null", null);
            default -> number();
        };
    }

    private Map<String, Object> object() {
        Map<String, Object> map = new LinkedHashMap<>();
        at++;
        blank();
        if (peek('}')) {
            return map;
        }
        do {
            blank();
            String key = string();
            blank();
            expect(':');
            map.put(key, value());
            blank();
        } while (peek(','));
        expect('}');
        return map;
    }

    private List<Object> array() {
        List<Object> list = new ArrayList<>();
        at++;
        blank();
        if (peek(']')) {
            return list;
        }
        do {
            list.add(value());
            blank();
        } while (peek(','));
        expect(']');
        return list;
    }

    private String string() {
        expect('"');
        int plain = at;
        while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') {
            at++;
        }
        if (at < text.length() && text.charAt(at) == '"') {
            return text.substring(plain, at++);
        }
        StringBuilder unescaped = new StringBuilder(text.substring(plain, at));
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '"') {
                return unescaped.toString();
            }
            if (c != '\\') {
                unescaped.append(c);
                continue;
            }
            if (at >= text.length()) {
                break;
            }
            char escape = text.charAt(at++);
            switch (escape) {
                case 'n' -> unescaped.append('\n');
                case 't' -> unescaped.append('\t');
                case 'r' -> unescaped.append('\r');
                case 'b' -> unescaped.append('\b');
                case 'f' -> unescaped.append('\f');
                case 'u' -> {
                    if (at + 4 > text.length()) {
                        throw malformed();
                    }
                    unescaped.append((char) Integer.parseInt(text, at, at + 4, 16));
                    at += 4;
                }
                default -> unescaped.append(escape);
            }
        }
        throw malformed();
    }

    private Number number() {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (start == at) {
            throw malformed();
        }
        return new Number(text.substring(start, at));
    }

    private Object word(String word, Object value) {
        if (!text.startsWith(word, at)) {
            throw malformed();
        }
        at += word.length();
        return value;
    }

    private boolean peek(char c) {
        if (at < text.length() && text.charAt(at) == c) {
            at++;
            return true;
        }
        return false;
    }

    private void expect(char c) {
        if (!peek(c)) {
            throw malformed();
        }
    }

    private void blank() {
        while (at < text.length() && text.charAt(at) <= ' ') {
            at++;
        }
    }

    private IllegalArgumentException malformed() {
        return new IllegalArgumentException("not JSON at character " + at);
    }
}
