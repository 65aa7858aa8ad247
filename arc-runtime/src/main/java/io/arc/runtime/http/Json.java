package io.arc.runtime.http;

/// Writes small JSON documents: answers of administration and errors. Query results have writers of their own. One thread.
final class Json {
    private final StringBuilder text = new StringBuilder(128);
    private boolean first = true;

    Json object() {
        separate();
        text.append('{');
        first = true;
        return this;
    }

    Json endObject() {
        text.append('}');
        first = false;
        return this;
    }

    Json array() {
        separate();
        text.append('[');
        first = true;
        return this;
    }

    Json endArray() {
        text.append(']');
        first = false;
        return this;
    }

    Json name(String name) {
        separate();
        quote(name);
        text.append(':');
        first = true;
        return this;
    }

    Json value(String value) {
        separate();
        quote(value);
        return this;
    }

    Json value(long value) {
        separate();
        text.append(value);
        return this;
    }

    /// NaN and the infinities, which JSON has no words for, become null.
    Json value(double value) {
        separate();
        if (Double.isFinite(value)) {
            text.append(value == Math.rint(value) && Math.abs(value) < 1e15 ? Long.toString((long) value) : value + "");
        } else {
            text.append("null");
        }
        return this;
    }

    Json value(boolean value) {
        separate();
        text.append(value);
        return this;
    }

    Json nullValue() {
        separate();
        text.append("null");
        return this;
    }

    private void separate() {
        if (!first) {
            text.append(',');
        }
        first = false;
    }

    private void quote(String value) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            switch (c) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\r' -> text.append("\\r");
                case '\t' -> text.append("\\t");
                default -> {
                    if (c < 0x20 || c == 0x2028 || c == 0x2029) {
                        text.append("\\u%04x".formatted((int) c));
                    } else {
                        text.append(c);
                    }
                }
            }
        }
        text.append('"');
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
