package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;

/// One column while its values come in. Its type is that of the values so far, widened by [ColumnType#join]; nothing is ever
/// rounded: an integer that a double cannot hold exactly, in a column with fractions, is refused.
final class ColumnBuilder {
    /// 2^53: every integer up to it is a double.
    private static final long EXACT = 1L << 53;
    /// A dictionary pays as long as a text comes at least twice on average.
    private static final int MIN_REPEAT = 2;

    private String name = "";
    private Role role = Role.FIELD;
    private boolean typed;
    private ColumnType type = ColumnType.TEXT;
    private int rows;
    private boolean anyAbsent;
    private long[] present = new long[16];
    private long[] longs = new long[0];
    private double[] doubles = new double[0];
    private boolean[] booleans = new boolean[0];
    private int[] codes = new int[0];
    private final TextSet texts = new TextSet();

    void reset(String newName, Role newRole) {
        name = newName;
        role = newRole;
        typed = false;
        type = ColumnType.TEXT;
        rows = 0;
        anyAbsent = false;
        texts.clear();
    }

    String name() {
        return name;
    }

    Role role() {
        return role;
    }

    void rename(String newName) {
        name = newName;
    }

    int rows() {
        return rows;
    }

    /// Fills up with absent rows.
    void padTo(int rowCount) {
        while (rows < rowCount) {
            absent();
        }
    }

    /// Takes rows back that an item began and did not end.
    void cutTo(int rowCount) {
        rows = Math.min(rows, rowCount);
    }

    /// Takes the last row back, so that another value can take its place.
    void dropLast() {
        rows--;
    }

    /// All values of a column; the cursor is at the array's header.
    void readColumn(Input input, int count) {
        reserve(count);
        while (rows < count) {
            int type = input.peek();
            if (type == 0xcb && (!typed || this.type == ColumnType.FLOAT64)) {
                readDoubles(input, count);
            } else if (Input.isText(type) && (!typed || this.type == ColumnType.TEXT)) {
                readTexts(input, count);
            } else if (Input.isInteger(type) && (!typed || this.type == ColumnType.INT64)) {
                readLongs(input, count);
            } else {
                readValue(input, 3);
            }
        }
    }

    private void reserve(int count) {
        int words = Validity.wordCount(count);
        if (present.length < words) {
            present = Arrays.copyOf(present, Math.max(words, 2 * present.length));
        }
    }

    private void become(ColumnType newType, int capacity) {
        boolean first = !typed;
        typed = true;
        type = newType;
        switch (newType) {
            case INT64 -> longs = sized(longs, capacity);
            case FLOAT64 -> doubles = sized(doubles, capacity);
            case BOOLEAN -> {
                if (booleans.length < capacity) {
                    booleans = Arrays.copyOf(booleans, Math.max(capacity, 2 * booleans.length));
                }
            }
            case TEXT -> {
                if (codes.length < capacity) {
                    codes = Arrays.copyOf(codes, Math.max(capacity, 2 * codes.length));
                }
                if (first) {
                    Arrays.fill(codes, 0, rows, -1);
                }
            }
        }
    }

    private static long[] sized(long[] values, int capacity) {
        return values.length >= capacity ? values : Arrays.copyOf(values, Math.max(capacity, 2 * values.length));
    }

    private static double[] sized(double[] values, int capacity) {
        return values.length >= capacity ? values : Arrays.copyOf(values, Math.max(capacity, 2 * values.length));
    }

    private void markPresent(int from, int to) {
        int word = from >> 6;
        for (int row = from; row < to;) {
            int next = Math.min(to, (row & ~63) + 64);
            long bits = (next & 63) == 0 ? -1L << row : (-1L << row) & ~(-1L << next);
            present[word] = ((row & 63) == 0 ? 0 : present[word]) | bits;
            word++;
            row = next;
        }
    }

    private void readDoubles(Input input, int count) {
        become(ColumnType.FLOAT64, count);
        byte[] bytes = input.bytes;
        int at = input.at;
        int row = rows;
        int last = input.end - 9;
        double[] to = doubles;
        while (row < count && at <= last && bytes[at] == (byte) 0xcb) {
            to[row++] = Double.longBitsToDouble(input.longAt(at + 1));
            at += 9;
        }
        if (row == rows) {
            // The value is cut; reading it says so.
            input.floating();
        }
        markPresent(rows, row);
        rows = row;
        input.at = at;
    }

    private void readLongs(Input input, int count) {
        become(ColumnType.INT64, count);
        int from = rows;
        int row = rows;
        long[] to = longs;
        while (row < count && !input.isAtEnd()) {
            int type = input.bytes[input.at] & 0xff;
            if (type <= 0x7f) {
                to[row++] = type;
                input.at++;
            } else if (Input.isInteger(type)) {
                to[row++] = input.integer();
            } else {
                break;
            }
        }
        markPresent(from, row);
        rows = row;
    }

    private void readTexts(Input input, int count) {
        become(ColumnType.TEXT, count);
        byte[] bytes = input.bytes;
        int row = rows;
        int[] to = codes;
        while (row < count && !input.isAtEnd()) {
            int type = bytes[input.at] & 0xff;
            if (!Input.isText(type)) {
                break;
            }
            int length;
            if (type <= 0xbf && (type & 0x1f) < input.end - input.at) {
                length = type & 0x1f;
                input.at++;
            } else {
                length = input.textLength();
            }
            to[row++] = texts.add(bytes, input.at, length);
            input.at += length;
        }
        markPresent(rows, row);
        rows = row;
    }

    /// Any one value.
    void readValue(Input input, int depth) {
        int type = input.peek();
        if (Input.isInteger(type)) {
            addLong(input.integer());
        } else if (Input.isFloat(type)) {
            addDouble(input.floating());
        } else if (Input.isText(type)) {
            int length = input.textLength();
            addText(input.bytes, input.at, length);
            input.at += length;
        } else if (type == 0xc0) {
            input.at++;
            absent();
        } else if (type == 0xc2 || type == 0xc3) {
            input.at++;
            addBoolean(type == 0xc3);
        } else if (type >= 0xc4 && type <= 0xc6) {
            int length = input.binaryLength();
            addBinary(input.bytes, input.at, length);
            input.at += length;
        } else if (Input.isArray(type) || Input.isMap(type)) {
            addString(JsonText.read(input, depth));
        } else if (Input.isExtension(type)) {
            Instant instant = Times.extension(input, rows);
            addString(instant.toString());
        } else {
            throw input.malformed("0xc1 is no MessagePack value");
        }
    }

    void absent() {
        reserve(rows + 1);
        anyAbsent = true;
        int word = rows >> 6;
        present[word] = (rows & 63) == 0 ? 0 : present[word] & ~(1L << rows);
        if (typed) {
            become(type, rows + 1);
            if (type == ColumnType.TEXT) {
                codes[rows] = -1;
            }
        }
        rows++;
    }

    private void present() {
        reserve(rows + 1);
        int word = rows >> 6;
        present[word] = ((rows & 63) == 0 ? 0 : present[word]) | 1L << rows;
        rows++;
    }

    void addLong(long value) {
        widen(ColumnType.INT64);
        switch (type) {
            case INT64 -> {
                become(type, rows + 1);
                longs[rows] = value;
            }
            case FLOAT64 -> {
                become(type, rows + 1);
                doubles[rows] = exact(value, rows);
            }
            case TEXT -> {
                addString(Long.toString(value));
                return;
            }
            case BOOLEAN -> throw new IllegalStateException(name);
        }
        present();
    }

    void addDouble(double value) {
        widen(ColumnType.FLOAT64);
        if (type == ColumnType.TEXT) {
            addString(Double.toString(value));
            return;
        }
        become(type, rows + 1);
        doubles[rows] = value;
        present();
    }

    void addBoolean(boolean value) {
        widen(ColumnType.BOOLEAN);
        if (type == ColumnType.TEXT) {
            addString(Boolean.toString(value));
            return;
        }
        become(type, rows + 1);
        booleans[rows] = value;
        present();
    }

    void addText(byte[] bytes, int from, int length) {
        widen(ColumnType.TEXT);
        become(ColumnType.TEXT, rows + 1);
        codes[rows] = texts.add(bytes, from, length);
        present();
    }

    void addString(String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        addText(bytes, 0, bytes.length);
    }

    /// Binary is text when it is valid UTF-8, else Base64.
    private void addBinary(byte[] bytes, int from, int length) {
        String text = new String(bytes, from, length, StandardCharsets.UTF_8);
        byte[] back = text.getBytes(StandardCharsets.UTF_8);
        if (Arrays.equals(back, 0, back.length, bytes, from, from + length)) {
            addText(bytes, from, length);
        } else {
            addString(Base64.getEncoder().encodeToString(Arrays.copyOfRange(bytes, from, from + length)));
        }
    }

    /// Makes room for a value of `added`: the column's type afterwards holds both.
    private void widen(ColumnType added) {
        if (!typed) {
            become(added, rows + 1);
            return;
        }
        ColumnType joined = type.join(added).orElseThrow(() -> new ArcException(ErrorCode.TYPE_CONFLICT, "column '" + name
                + "', row " + rows + ": a " + added + " value in a column of " + type + " values; send one type, or text"));
        if (joined == type) {
            return;
        }
        ColumnType before = type;
        become(joined, rows + 1);
        if (joined == ColumnType.FLOAT64) {
            for (int row = 0; row < rows; row++) {
                doubles[row] = isPresent(row) ? exact(longs[row], row) : 0;
            }
            return;
        }
        for (int row = 0; row < rows; row++) {
            codes[row] = -1;
            if (isPresent(row)) {
                byte[] text = (switch (before) {
                    case INT64 -> Long.toString(longs[row]);
                    case FLOAT64 -> Double.toString(doubles[row]);
                    case BOOLEAN -> Boolean.toString(booleans[row]);
                    case TEXT -> throw new IllegalStateException(name);
                }).getBytes(StandardCharsets.UTF_8);
                codes[row] = texts.add(text, 0, text.length);
            }
        }
    }

    private boolean isPresent(int row) {
        return (present[row >> 6] >>> row & 1) != 0;
    }

    private double exact(long value, int row) {
        double asDouble = value;
        if (value > EXACT || value < -EXACT) {
            if ((long) asDouble != value || asDouble == 0x1p63) {
                throw new ArcException(ErrorCode.TYPE_CONFLICT, "column '" + name + "', row " + row + ": the integer " + value
                        + " stands beside fractions, and no double holds it exactly; send the column as text");
            }
        }
        return asDouble;
    }

    /// The column, copied out of the scratch memory.
    Column build(Role role) {
        Validity validity = anyAbsent ? validity() : Validity.ALL_PRESENT;
        if (!typed) {
            return new Utf8Column(name, role, new Utf8Block(new byte[0], new int[rows + 1]), Validity.allAbsent(rows));
        }
        return switch (type) {
            case INT64 -> new LongColumn(name, role, Arrays.copyOf(longs, rows), validity);
            case FLOAT64 -> new DoubleColumn(name, role, Arrays.copyOf(doubles, rows), validity);
            case BOOLEAN -> new BooleanColumn(name, role, Arrays.copyOf(booleans, rows), validity);
            case TEXT -> text(role, validity);
        };
    }

    private Column text(Role role, Validity validity) {
        if ((long) texts.size() * MIN_REPEAT > rows + 64L) {
            return new Utf8Column(name, role, texts.expanded(codes, rows), validity);
        }
        int[] copy = Arrays.copyOf(codes, rows);
        if (anyAbsent) {
            for (int row = 0; row < rows; row++) {
                copy[row] = Math.max(0, copy[row]);
            }
        }
        return new DictionaryColumn(name, role, copy, texts.block(), validity);
    }

    private Validity validity() {
        long[] words = Arrays.copyOf(present, Math.max(1, Validity.wordCount(rows)));
        if ((rows & 63) != 0) {
            words[rows >> 6] &= ~(-1L << rows);
        }
        return new Validity(words);
    }
}
