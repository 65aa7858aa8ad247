package io.arc.plugin.lineproto;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The values of one column in the order of their lines, without gaps: value i belongs to row `row(i)`. Its arrays are
/// scratch memory of the decoder and used again for the next body. One thread.
final class ColumnRows {
    /// The kinds of values, in bytes because a line's kinds are compared one by one. EMPTY is a column without values.
    static final byte EMPTY = 0;
    static final byte INTEGER = 1;
    static final byte FLOAT = 2;
    static final byte BOOLEAN = 3;
    static final byte TEXT = 4;

    /// What a text value's bytes may need before they are stored.
    static final int ESCAPED = 1;
    static final int BEYOND_ASCII = 2;

    private static final byte[][] JOINED = joinedKinds();
    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
    private static final int NOWHERE = -1;
    private static final int[] NO_INTS = {};
    private static final long[] NO_LONGS = {};
    private static final byte[] NO_BYTES = {};

    private final String name;
    private final Role role;
    // As the first line wrote it, with the equals sign, to be compared in place; no bytes when that is not allowed.
    private final byte[] spelling;
    private final long spellingStart;
    private final long spellingMask;
    private final TextSet texts;

    private long line = -1;
    private int cell;
    private byte kind;
    private int count;
    private long[] bits = NO_LONGS;
    // A tag's codes; for numbers the place of the value in the body; for text the end of the value in `text`.
    private int[] places = NO_INTS;
    private boolean gaps;
    private int[] rows = NO_INTS;
    private byte[] text = NO_BYTES;
    private int textEnd;
    private int inexactPlace = NOWHERE;

    /// @param spelling the name as it is written in lines, with the equals sign behind it, or nothing
    ColumnRows(String name, Role role, byte[] spelling) {
        this.name = name;
        this.role = role;
        this.spelling = spelling;
        int start = Math.min(spelling.length, Long.BYTES);
        this.spellingMask = ByteText.first(-1L, start);
        this.spellingStart = spelling.length == 0 ? -1 : ByteText.first(ByteText.word(spelling, 0), start);
        this.texts = role == Role.TAG ? new TextSet() : null;
    }

    String name() {
        return name;
    }

    boolean isTag() {
        return role == Role.TAG;
    }

    Role role() {
        return role;
    }

    /// Whether the body has the column's name and the equals sign at `at`.
    boolean isSpelledAt(byte[] body, int at, int limit) {
        int length = spelling.length;
        return (ByteText.word(body, at) & spellingMask) == spellingStart && length <= limit - at
                && (length <= Long.BYTES || Arrays.equals(spelling, Long.BYTES, length, body, at + Long.BYTES, at + length));
    }

    int spellingLength() {
        return spelling.length;
    }

    /// The last line that named the column, as the decoder numbers its attempts at lines.
    long line() {
        return line;
    }

    /// The column's place in that line.
    int cell() {
        return cell;
    }

    void nameIn(long attempt, int place) {
        line = attempt;
        cell = place;
    }

    /// The distinct values of a tag; its codes are indexes of them.
    TextSet texts() {
        return texts;
    }

    byte kind() {
        return kind;
    }

    int count() {
        return count;
    }

    /// Whether some row below the last one with a value has none.
    boolean hasGaps() {
        return gaps;
    }

    int row(int index) {
        return gaps ? rows[index] : index;
    }

    /// The integer, the float's bits, or 1 for true.
    long bits(int index) {
        return bits[index];
    }

    /// The code of a tag's value.
    int code(int index) {
        return places[index];
    }

    /// How many bytes a text value has.
    int textLength(int index) {
        return isTag() ? texts.length(places[index]) : places[index] - textStart(index);
    }

    private int textStart(int index) {
        return index == 0 ? 0 : places[index - 1];
    }

    /// Copies a text value.
    ///
    /// @return the end of the copy
    int copyText(int index, byte[] target, int at) {
        if (isTag()) {
            return texts.copyTo(places[index], target, at);
        }
        int start = textStart(index);
        int length = places[index] - start;
        System.arraycopy(text, start, target, at, length);
        return at + length;
    }

    /// For text fields without gaps: copies of the values' bytes and offsets.
    byte[] copyTexts() {
        return Arrays.copyOf(text, textEnd);
    }

    /// For text fields without gaps.
    int[] copyOffsets() {
        int[] offsets = new int[count + 1];
        System.arraycopy(places, 0, offsets, 1, count);
        return offsets;
    }

    /// For tags without gaps.
    int[] copyCodes() {
        return Arrays.copyOf(places, count);
    }

    /// For integers without gaps.
    long[] copyLongs() {
        return Arrays.copyOf(bits, count);
    }

    /// Where the first integer stands that no double can hold, or a negative number.
    int inexactPlace() {
        return inexactPlace;
    }

    /// Forgets all values and keeps the memory.
    void clear() {
        kind = EMPTY;
        count = 0;
        gaps = false;
        textEnd = 0;
        inexactPlace = NOWHERE;
        if (texts != null) {
            texts.clear();
        }
    }

    /// Adds a tag's value.
    void addCode(int row, int code) {
        int index = count;
        if (index == places.length) {
            places = Growth.forIndex(places, index);
        }
        if (index != row || gaps) {
            leaveGap(index, row);
        }
        kind = TEXT;
        places[index] = code;
        count = index + 1;
    }

    /// Adds a value of the column's own kind, which is not text.
    void addBits(int row, long value, int place) {
        int index = count;
        if (index == bits.length) {
            bits = Growth.forIndex(bits, index);
        }
        if (index >= places.length) {
            places = Growth.forIndex(places, index);
        }
        if (index != row || gaps) {
            leaveGap(index, row);
        }
        bits[index] = value;
        places[index] = place;
        count = index + 1;
    }

    private void leaveGap(int index, int row) {
        if (!gaps) {
            gaps = true;
            rows = Growth.forIndex(rows, index);
            for (int i = 0; i < index; i++) {
                rows[i] = i;
            }
        }
        rows = Growth.forIndex(rows, index);
        rows[index] = row;
    }

    /// The kind of a value as a type of columns; not for EMPTY.
    static ColumnType type(byte kind) {
        return switch (kind) {
            case INTEGER -> ColumnType.INT64;
            case FLOAT -> ColumnType.FLOAT64;
            case BOOLEAN -> ColumnType.BOOLEAN;
            case TEXT -> ColumnType.TEXT;
            default -> throw new IllegalStateException("kind " + kind + " has no type");
        };
    }

    // By kind and kind, what ColumnType joins them to; EMPTY where no type holds both.
    private static byte[][] joinedKinds() {
        byte[][] joined = new byte[TEXT + 1][TEXT + 1];
        for (byte left = EMPTY; left <= TEXT; left++) {
            for (byte right = INTEGER; right <= TEXT; right++) {
                joined[left][right] = left == EMPTY ? right : type(left).join(type(right)).map(ColumnRows::kind).orElse(EMPTY);
            }
        }
        return joined;
    }

    private static byte kind(ColumnType type) {
        return switch (type) {
            case INT64 -> INTEGER;
            case FLOAT64 -> FLOAT;
            case BOOLEAN -> BOOLEAN;
            case TEXT -> TEXT;
        };
    }

    /// Whether a double is exactly this integer.
    static boolean isExactDouble(long value) {
        return (long) (double) value == value && value != Long.MAX_VALUE;
    }

    /// Whether some type holds the column's values and one of another kind.
    boolean joins(byte valueKind) {
        return JOINED[kind][valueKind] != EMPTY;
    }

    /// Whether the column can take the value without changing it or one that it holds.
    boolean accepts(byte valueKind, long value) {
        byte joined = JOINED[kind][valueKind];
        if (joined != FLOAT) {
            return joined != EMPTY;
        }
        return valueKind == FLOAT ? inexactPlace < 0 : isExactDouble(value);
    }

    /// Adds a value of another kind that the column [#accepts], and becomes what holds all of them.
    ///
    /// @param limit where the body ends
    /// @param from where the value's text starts in the body: behind the quote, for text
    /// @param to where it ends: before the quote, or before an integer's suffix
    void add(int row, byte valueKind, long value, byte[] body, int limit, int from, int to, NumberReader numbers) {
        byte joined = JOINED[kind][valueKind];
        if (kind != joined) {
            switch (joined) {
                case FLOAT -> becomeFloat();
                case TEXT -> becomeText(body, limit, numbers);
                default -> kind = joined;
            }
        }
        switch (joined) {
            case TEXT -> {
                switch (valueKind) {
                    case TEXT -> addText(row, body, from, to, value);
                    case BOOLEAN -> addText(row, word(value), 0, word(value).length, 0);
                    default -> addText(row, body, from, to, 0);
                }
            }
            case FLOAT -> addBits(row, valueKind == INTEGER ? Double.doubleToRawLongBits((double) value) : value, from);
            case INTEGER -> addInteger(row, value, from);
            default -> addBits(row, value, from);
        }
    }

    /// Adds an integer to a column of integers.
    void addInteger(int row, long value, int place) {
        if (!isExactDouble(value) && inexactPlace < 0) {
            inexactPlace = place;
        }
        addBits(row, value, place);
    }

    /// Adds text to a column of text.
    ///
    /// @param needs [#ESCAPED] and [#BEYOND_ASCII], or neither
    void addText(int row, byte[] bytes, int from, int to, long needs) {
        appendText(bytes, from, to, needs);
        int index = count;
        places = Growth.forIndex(places, index);
        if (index != row || gaps) {
            leaveGap(index, row);
        }
        places[index] = textEnd;
        count = index + 1;
    }

    private static byte[] word(long truth) {
        return truth == 0 ? FALSE : TRUE;
    }

    private void becomeFloat() {
        for (int i = 0; i < count; i++) {
            bits[i] = Double.doubleToRawLongBits((double) bits[i]);
        }
        kind = FLOAT;
    }

    private void becomeText(byte[] body, int limit, NumberReader numbers) {
        for (int i = 0; i < count; i++) {
            if (kind == BOOLEAN) {
                appendText(word(bits[i]), 0, word(bits[i]).length, 0);
            } else {
                numbers.read(body, places[i], limit);
                appendText(body, places[i], numbers.textEnd(), 0);
            }
            places[i] = textEnd;
        }
        kind = TEXT;
    }

    private void appendText(byte[] bytes, int from, int to, long needs) {
        int start = textEnd;
        int length = to - from;
        if ((needs & BEYOND_ASCII) != 0) {
            text = Growth.forLength(text, start, 3L * length);
            textEnd = ByteText.copyValid(bytes, from, to, text, start);
        } else {
            text = Growth.forLength(text, start, length);
            System.arraycopy(bytes, from, text, start, length);
            textEnd = start + length;
        }
        if ((needs & ESCAPED) != 0) {
            textEnd = unescapeString(text, start, textEnd);
        }
    }

    // Only a quote and a backslash can be escaped in a string; other backslashes are themselves.
    private static int unescapeString(byte[] bytes, int from, int to) {
        int out = from;
        for (int at = from; at < to; at++) {
            if (bytes[at] == '\\' && at + 1 < to && (bytes[at + 1] == '"' || bytes[at + 1] == '\\')) {
                at++;
            }
            bytes[out++] = bytes[at];
        }
        return out;
    }

    /// The scratch memory that the column keeps.
    long retainedBytes() {
        return 160 + 2L * name.length() + spelling.length + 8L * bits.length + 4L * (places.length + rows.length) + text.length
                + (texts == null ? 0 : texts.retainedBytes());
    }
}
