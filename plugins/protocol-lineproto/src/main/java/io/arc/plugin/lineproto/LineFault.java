package io.arc.plugin.lineproto;

import java.util.Locale;

/// What is wrong with a line, and where. Set and read again for every bad line; words are made on demand only. One thread.
final class LineFault {
    enum Kind {
        MISSING_MEASUREMENT("the measurement is missing"),
        BAD_MEASUREMENT("the measurement's name is not allowed"),
        INVALID_UTF8("a name is not valid UTF-8"),
        MISSING_FIELDS("the fields are missing"),
        MISSING_TAG_KEY("a tag has no key"),
        MISSING_TAG_VALUE("a tag has no value"),
        DUPLICATE_TAG("a tag is there twice"),
        MISSING_FIELD_KEY("a field has no key"),
        MISSING_FIELD_VALUE("a field has no value"),
        OPEN_STRING("a string is not closed"),
        BAD_VALUE("a field's value is not a number, a boolean or text in quotes"),
        INTEGER_TOO_LARGE("an integer is outside of -9223372036854775808 to 9223372036854775807"),
        FLOAT_TOO_LARGE("a float is outside of what 64 bits can hold"),
        BAD_TIME("the timestamp is not a whole number"),
        TIME_TOO_LARGE("the timestamp is outside of what 64-bit microseconds can hold"),
        TYPE_CONFLICT("a field's value does not fit the type of its column in the lines before"),
        INEXACT_NUMBER("a field mixes floats with an integer that a float cannot hold exactly");

        private final String text;

        Kind(String text) {
            this.text = text;
        }
    }

    private Kind kind;
    private int at;
    private int from;
    private int to;
    private ColumnRows column;
    private byte valueKind;
    private String explanation;

    /// @param place from where on the line is not understood
    /// @param shownFrom where the bytes start that a message shows
    /// @param shownTo where they end
    /// @param field the tag or field at fault, or null
    void set(Kind what, int place, int shownFrom, int shownTo, ColumnRows field) {
        kind = what;
        at = place;
        from = shownFrom;
        to = shownTo;
        column = field;
        valueKind = ColumnRows.EMPTY;
        explanation = "is not allowed";
    }

    /// Why a measurement's name is not allowed, in a clause.
    void explain(String problem) {
        explanation = problem;
    }

    /// Which kind of value does not fit its column.
    void explainKind(byte kindOfValue) {
        valueKind = kindOfValue;
    }

    /// Keeps nothing of the body.
    void forget() {
        column = null;
    }

    /// From where on the line is not understood.
    int at() {
        return at;
    }

    /// A reason that costs nothing.
    String shortReason() {
        return kind.text;
    }

    /// The reason with names and values.
    String reason(byte[] body, int limit, Precision precision, NumberReader numbers) {
        String shown = ByteText.excerpt(body, from, to);
        String name = column == null ? shown : "'" + column.name() + "'";
        return switch (kind) {
            case MISSING_MEASUREMENT, MISSING_FIELDS, MISSING_TAG_KEY, MISSING_FIELD_KEY -> kind.text;
            case BAD_MEASUREMENT -> "the measurement's name " + shown + " " + explanation;
            case INVALID_UTF8 -> "the name " + shown + " is not valid UTF-8";
            case MISSING_TAG_VALUE -> "the tag " + name + " has no value";
            case DUPLICATE_TAG -> "the tag " + name + " is there twice";
            case MISSING_FIELD_VALUE -> "the field " + name + " has no value";
            case OPEN_STRING -> "the field " + name + " starts with a quote and is never closed";
            case BAD_VALUE -> "the field " + name + " is " + shown + ", which is not a number, a boolean or text in quotes";
            case INTEGER_TOO_LARGE -> "the field " + name + " is " + shown
                    + ", outside of -9223372036854775808 to 9223372036854775807";
            case FLOAT_TOO_LARGE -> "the field " + name + " is " + shown + ", outside of what 64 bits can hold";
            case BAD_TIME -> "the timestamp " + shown + " is not a whole number";
            case TIME_TOO_LARGE -> "the timestamp " + shown + " in " + precision.name().toLowerCase(Locale.ROOT)
                    + " is outside of what 64-bit microseconds can hold; check the parameter precision";
            case TYPE_CONFLICT -> "the field " + name + " is the " + ColumnRows.type(valueKind) + " " + shown + " here and "
                    + ColumnRows.type(column.kind()) + " in the lines before, and no column type can hold both";
            case INEXACT_NUMBER -> inexact(name, shown, body, limit, numbers);
        };
    }

    private String inexact(String name, String shown, byte[] body, int limit, NumberReader numbers) {
        if (column.kind() == ColumnRows.FLOAT) {
            return "the field " + name + " is " + shown
                    + ", which the FLOAT64 column of the lines before cannot hold exactly";
        }
        numbers.read(body, column.inexactPlace(), limit);
        return "the field " + name + " is the FLOAT64 " + shown + " here and "
                + ByteText.excerpt(body, column.inexactPlace(), numbers.textEnd())
                + " in a line before, which a FLOAT64 column cannot hold exactly";
    }
}
