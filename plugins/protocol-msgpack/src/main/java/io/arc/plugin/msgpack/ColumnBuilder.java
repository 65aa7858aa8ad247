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
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// One column while its values come in. Its type is that of the values so far, widened from row to row by [ColumnType#join];
/// nothing is ever rounded: an integer that a double cannot hold exactly, in a column with fractions, is refused.
///
/// Text is kept as a dictionary as long as values repeat, then plain. Memory is kept between uses, unless [#build] could give
/// an array away as it was.
final class ColumnBuilder {
    /// 2^53: every integer up to it is a double.
    private static final long EXACT = 1L << 53;
    /// A dictionary pays as long as a text comes at least twice on average.
    private static final int MIN_REPEAT = 2;
    /// A dictionary is given up at the earliest with this many texts, and not before an eighth of the expected rows.
    private static final int MIN_SAMPLE = 128;
    private static final long[] NO_LONGS = {};
    private static final double[] NO_DOUBLES = {};
    private static final boolean[] NO_BOOLEANS = {};
    private static final int[] NO_INTS = {};
    private static final int[] NO_ENDS = {0};
    private static final byte[] NO_BYTES = {};
    private static final byte[] TRUE = "true".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] FALSE = "false".getBytes(StandardCharsets.US_ASCII);
    /// Longer texts are not looked up, and shorter columns have no dictionary.
    private static final int LONG_TEXT = 1 << 12;
    private static final int MAX_TEXT = Integer.MAX_VALUE - 64;
    /// `false,` of a byte, or an escaped control character.
    private static final int MAX_JSON_FACTOR = 6;
    private static final int FEW_ROWS = SmallArrays.MAX_ROWS;
    /// Longer columns are decoded into the array that they are emitted in.
    private static final int SCRATCH_ROWS = 16;
    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private final SpareBuilders spare;
    /// For a text that is being made out of another value.
    private final TextBuffer made;
    private final SmallArrays small;
    private String name = "";
    private Role role = Role.FIELD;
    private boolean typed;
    private ColumnType type = ColumnType.TEXT;
    private int rows;
    /// While false, all rows are present and `present` holds nothing.
    private boolean anyAbsent;
    private long[] present = NO_LONGS;
    private long[] longs = NO_LONGS;
    private double[] doubles = NO_DOUBLES;
    private boolean[] booleans = NO_BOOLEANS;
    /// Text as a dictionary: the number of each row's text, -1 for absent ones.
    private int[] codes = NO_INTS;
    /// Null until it is needed.
    private TextSet texts;
    private int sample;
    /// Plain text: that of row r is `textBytes[ends[r], ends[r + 1])`.
    private boolean plain;
    private byte[] textBytes = NO_BYTES;
    private int[] ends = NO_ENDS;

    ColumnBuilder(SpareBuilders spare) {
        this.spare = spare;
        made = spare.text();
        small = spare.small();
    }

    /// @param expectedRows a guess
    void reset(String newName, Role newRole, int expectedRows) {
        name = newName;
        role = newRole;
        typed = false;
        type = ColumnType.TEXT;
        rows = 0;
        anyAbsent = false;
        plain = expectedRows > 0 && expectedRows <= FEW_ROWS;
        sample = Math.max(MIN_SAMPLE, expectedRows / 8);
        if (texts != null) {
            texts.clear();
        }
    }

    String name() {
        return name;
    }

    int rows() {
        return rows;
    }

    /// The memory that is kept for the next use.
    long retainedBytes() {
        return 8L * (present.length + longs.length + doubles.length) + booleans.length + 4L * (codes.length + ends.length)
                + textBytes.length + (texts == null ? 0 : texts.retainedBytes());
    }

    /// Fills up with absent rows.
    void padTo(int rowCount) {
        while (rows < rowCount) {
            absent();
        }
    }

    /// All values of a column, into a builder without rows; the cursor is at the first value.
    ///
    /// @param depth how many arrays and maps are around a value
    void readColumn(Input input, int count, int depth) {
        while (rows < count) {
            int next = input.peek();
            if (next == 0xcb && (!typed || type == ColumnType.FLOAT64)) {
                readDoubles(input, count);
            } else if (Input.isText(next) && (!typed || type == ColumnType.TEXT)) {
                if (plain) {
                    readPlainTexts(input, count);
                } else {
                    readTexts(input, count);
                }
            } else if (Input.isInteger(next) && (!typed || type == ColumnType.INT64)) {
                readLongs(input, count);
            } else {
                readValue(input, depth);
            }
        }
    }

    /// Makes `type` the column's with room for `capacity` rows, exactly where there are no rows yet.
    private void become(ColumnType newType, int capacity) {
        boolean first = !typed;
        typed = true;
        type = newType;
        switch (newType) {
            case INT64 -> {
                if (longs.length < capacity) {
                    longs = Arrays.copyOf(longs, room(longs.length, capacity));
                }
            }
            case FLOAT64 -> {
                if (doubles.length < capacity) {
                    doubles = Arrays.copyOf(doubles, room(doubles.length, capacity));
                }
            }
            case BOOLEAN -> {
                if (booleans.length < capacity) {
                    booleans = Arrays.copyOf(booleans, room(booleans.length, capacity));
                }
            }
            case TEXT -> {
                if (plain) {
                    if (ends.length <= capacity) {
                        ends = Arrays.copyOf(ends, room(ends.length, capacity) + 1);
                    }
                    if (first) {
                        Arrays.fill(ends, 0, rows + 1, 0);
                    }
                    return;
                }
                if (texts == null) {
                    texts = spare.newTextSet();
                }
                if (codes.length < capacity) {
                    codes = Arrays.copyOf(codes, room(codes.length, capacity));
                }
                if (first) {
                    Arrays.fill(codes, 0, rows, -1);
                }
            }
        }
    }

    private int room(int length, int capacity) {
        return rows == 0 ? capacity : Math.max(16, TextSet.grown(length, capacity));
    }

    private void markPresent(int from, int to) {
        if (!anyAbsent) {
            return;
        }
        reserve(to);
        for (int row = from; row < to;) {
            int word = row >> 6;
            int next = Math.min(to, (row & ~63) + 64);
            long bits = -1L << row & ((next & 63) == 0 ? -1L : ~(-1L << next));
            present[word] = ((row & 63) == 0 ? 0 : present[word]) | bits;
            row = next;
        }
    }

    private void reserve(int count) {
        int words = Validity.wordCount(count);
        if (present.length < words) {
            present = Arrays.copyOf(present, Math.max(4, TextSet.grown(present.length, words)));
        }
    }

    private void readDoubles(Input input, int count) {
        if (rows == 0 && count > SCRATCH_ROWS) {
            // As long as the column, the array is given away in the end and need not be copied.
            doubles = new double[count];
        }
        become(ColumnType.FLOAT64, count);
        byte[] bytes = input.bytes;
        double[] to = doubles;
        int at = input.at;
        int row = rows;
        int fitting = (int) Math.min(count, row + (input.end - at) / 9L);
        while (row < fitting && bytes[at] == (byte) 0xcb) {
            to[row++] = Double.longBitsToDouble(Input.longAt(bytes, at + 1));
            at += 9;
        }
        input.at = at;
        if (row == rows) {
            // The value is cut; reading it says so.
            input.floating();
        }
        markPresent(rows, row);
        rows = row;
    }

    private void readLongs(Input input, int count) {
        if (rows == 0 && count > SCRATCH_ROWS) {
            longs = new long[count];
        }
        become(ColumnType.INT64, count);
        int row = rows;
        long[] to = longs;
        byte[] bytes = input.bytes;
        while (row < count && input.at < input.end) {
            int next = bytes[input.at] & 0xff;
            if (next <= 0x7f) {
                to[row++] = next;
                input.at++;
            } else if (next == 0xd3 && input.end - input.at >= 9) {
                to[row++] = input.longAt(input.at + 1);
                input.at += 9;
            } else if (Input.isInteger(next)) {
                to[row++] = input.integer();
            } else {
                break;
            }
        }
        markPresent(rows, row);
        rows = row;
    }

    private void readTexts(Input input, int count) {
        become(ColumnType.TEXT, count);
        byte[] bytes = input.bytes;
        int row = rows;
        int[] to = codes;
        boolean isDistinct = false;
        while (row < count && !isDistinct && input.at < input.end) {
            int next = bytes[input.at] & 0xff;
            if (!Input.isText(next)) {
                break;
            }
            int length = input.textLength();
            int before = texts.size();
            int code = texts.add(bytes, input.at, length);
            to[row++] = code;
            input.at += length;
            isDistinct = code == before && code >= sample && isMostlyDistinct(row);
        }
        markPresent(rows, row);
        rows = row;
        if (isDistinct) {
            makePlain(count);
        }
    }

    private boolean isMostlyDistinct(int rowCount) {
        return 8L * texts.size() > 7L * rowCount;
    }

    /// Copies texts of up to 8 bytes as a word, which may write past their ends: the next text, or nothing, comes there.
    private void readPlainTexts(Input input, int count) {
        become(ColumnType.TEXT, count);
        byte[] bytes = input.bytes;
        int row = rows;
        int position = ends[row];
        while (row < count && input.at < input.end) {
            int next = bytes[input.at] & 0xff;
            if (!Input.isText(next)) {
                break;
            }
            int length = input.textLength();
            int from = input.at;
            input.at = from + length;
            if (length <= 16 && from + 16 <= bytes.length && position + 16 <= textBytes.length) {
                long first = (long) WORD.get(bytes, from);
                long second = (long) WORD.get(bytes, from + 8);
                long firstMask = length >= 8 ? HIGH_BITS : ~(-1L << 8 * length) & HIGH_BITS;
                long secondMask = length <= 8 ? 0 : length == 16 ? HIGH_BITS : ~(-1L << 8 * (length - 8)) & HIGH_BITS;
                if ((first & firstMask | second & secondMask) == 0) {
                    WORD.set(textBytes, position, first);
                    WORD.set(textBytes, position + 8, second);
                    position += length;
                    ends[++row] = position;
                    continue;
                }
            }
            position = putPlain(bytes, from, length, position, row);
            ends[++row] = position;
        }
        markPresent(rows, row);
        rows = row;
    }

    /// Appends a text, repaired where it has to be, and gives the position behind it.
    private int putPlain(byte[] source, int from, int length, int position, int row) {
        if (!TextSet.isAscii(source, from, length) && !Utf8.isValid(source, from, length)) {
            made.clear();
            made.addRepaired(source, from, length);
            return putPlain(made.bytes(), 0, made.length(), position, row);
        }
        int end = Math.addExact(position, length);
        if (end + 16L > textBytes.length) {
            textBytes = Arrays.copyOf(textBytes, roomForTexts(end, row));
        }
        System.arraycopy(source, from, textBytes, position, length);
        return end;
    }

    /// As much as all rows take when they go on like those so far, the one that ends at `end` included.
    private int roomForTexts(int end, int row) {
        long guess = (long) end * (ends.length - 1) / (row + 1);
        long least = Math.addExact(end, 16);
        if (row > 0) {
            guess = Math.max(guess, textBytes.length * 3L / 2);
        }
        return (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(least, Math.min(guess + guess / 16, 8 * least)));
    }

    /// Goes over from a dictionary to plain text.
    private void makePlain(int capacity) {
        if (ends.length <= capacity) {
            ends = new int[Math.max(capacity, rows) + 1];
        }
        ends[0] = 0;
        for (int row = 0; row < rows; row++) {
            ends[row + 1] = Math.addExact(ends[row], codes[row] < 0 ? 0 : texts.length(codes[row]));
        }
        long guess = rows == 0 ? 0 : (long) ends[rows] * capacity / rows;
        int least = Math.addExact(ends[rows], 16);
        if (textBytes.length < Math.max(least, guess)) {
            textBytes = new byte[(int) Math.min(Integer.MAX_VALUE - 8L, Math.max(least, guess))];
        }
        for (int row = 0; row < rows; row++) {
            if (codes[row] >= 0) {
                texts.copyTo(codes[row], textBytes, ends[row]);
            }
        }
        plain = true;
    }

    /// Any one value.
    ///
    /// @param depth how many arrays and maps are around it
    void readValue(Input input, int depth) {
        int next = input.peek();
        if (Input.isFloat(next)) {
            addDouble(input.floating());
        } else if (Input.isInteger(next)) {
            addLong(input.integer());
        } else if (Input.isText(next)) {
            int length = input.textLength();
            addText(input.bytes, input.at, length);
            input.at += length;
        } else if (Input.isBoolean(next)) {
            input.at++;
            addBoolean(next == 0xc3);
        } else if (Input.isBinary(next)) {
            int length = input.binaryLength();
            addBinary(input.bytes, input.at, length);
            input.at += length;
        } else if (Input.isArray(next) || Input.isMap(next)) {
            TextBuffer json = make();
            int from = input.at;
            input.skip(depth);
            int length = input.at - from;
            if (length > LONG_TEXT) {
                json.reserve((int) Math.min(MAX_TEXT, MAX_JSON_FACTOR * (long) length));
            }
            input.at = from;
            JsonText.append(json, input, depth);
            addMade();
        } else if (Input.isExtension(next)) {
            make();
            Times.appendExtension(made, input, rows);
            addMade();
        } else {
            input.constant();
            absent();
        }
    }

    /// Any one value as text, nil excepted.
    ///
    /// @param depth how many arrays and maps are around it
    void readText(Input input, int depth) {
        int next = input.peek();
        if (Input.isFloat(next)) {
            make();
            made.addNumber(input.floating());
            addMade();
        } else if (Input.isInteger(next)) {
            make();
            input.appendInteger(made);
            addMade();
        } else if (Input.isBoolean(next)) {
            input.at++;
            addWord(next == 0xc3);
        } else {
            readValue(input, depth);
        }
    }

    private void absent() {
        if (!anyAbsent) {
            anyAbsent = true;
            markPresent(0, rows);
        }
        reserve(rows + 1);
        int word = rows >> 6;
        present[word] = (rows & 63) == 0 ? 0 : present[word] & ~(1L << rows);
        if (typed) {
            become(type, rows + 1);
            if (type == ColumnType.TEXT && plain) {
                ends[rows + 1] = ends[rows];
            } else if (type == ColumnType.TEXT) {
                codes[rows] = -1;
            }
        }
        rows++;
    }

    private void present() {
        if (anyAbsent) {
            markPresent(rows, rows + 1);
        }
        rows++;
    }

    void addLong(long value) {
        if (type == ColumnType.INT64 && rows < longs.length) {
            longs[rows] = value;
            present();
            return;
        }
        widen(ColumnType.INT64);
        switch (type) {
            case INT64 -> longs[rows] = value;
            case FLOAT64 -> doubles[rows] = exact(value, rows);
            case TEXT -> {
                make();
                made.addNumber(value);
                addMade();
                return;
            }
            case BOOLEAN -> throw new IllegalStateException(name);
        }
        present();
    }

    void addDouble(double value) {
        if (type == ColumnType.FLOAT64 && rows < doubles.length) {
            doubles[rows] = value;
            present();
            return;
        }
        widen(ColumnType.FLOAT64);
        if (type == ColumnType.TEXT) {
            make();
            made.addNumber(value);
            addMade();
            return;
        }
        doubles[rows] = value;
        present();
    }

    void addBoolean(boolean value) {
        widen(ColumnType.BOOLEAN);
        if (type == ColumnType.TEXT) {
            addWord(value);
            return;
        }
        booleans[rows] = value;
        present();
    }

    void addText(byte[] bytes, int from, int length) {
        widen(ColumnType.TEXT);
        if (!plain && length >= LONG_TEXT) {
            makePlain(codes.length);
        }
        if (plain) {
            ends[rows + 1] = putPlain(bytes, from, length, ends[rows], rows);
            present();
            return;
        }
        int before = texts.size();
        int code = texts.add(bytes, from, length);
        codes[rows] = code;
        present();
        if (code == before && code >= sample && isMostlyDistinct(rows)) {
            makePlain(codes.length);
        }
    }

    /// A buffer for a text to add by [#addMade]. The column is one of text already, because becoming one needs the buffer, too.
    TextBuffer make() {
        widen(ColumnType.TEXT);
        made.clear();
        return made;
    }

    /// Adds the text that has been made, which is valid UTF-8.
    void addMade() {
        addText(made.bytes(), 0, made.length());
    }

    private void addWord(boolean value) {
        byte[] word = value ? TRUE : FALSE;
        addText(word, 0, word.length);
    }

    /// Binary is text when it is valid UTF-8, else Base64.
    private void addBinary(byte[] bytes, int from, int length) {
        if (Utf8.isValid(bytes, from, length)) {
            addText(bytes, from, length);
        } else {
            make();
            made.addBase64(bytes, from, length);
            addMade();
        }
    }

    /// Makes room for a value of `added`: the column's type afterwards holds both.
    private void widen(ColumnType added) {
        if (!typed || type == added) {
            become(added, rows + 1);
            return;
        }
        ColumnType before = type;
        ColumnType joined = before.join(added).orElseThrow(() -> new ArcException(ErrorCode.TYPE_CONFLICT, "column '" + name
                + "', row " + rows + ": a " + added + " value in a column of " + before + " values; send one type, or text"));
        become(joined, rows + 1);
        if (joined == before) {
            return;
        }
        if (joined == ColumnType.FLOAT64) {
            for (int row = 0; row < rows; row++) {
                doubles[row] = isPresent(row) ? exact(longs[row], row) : 0;
            }
            return;
        }
        for (int row = 0; row < rows; row++) {
            made.clear();
            if (isPresent(row)) {
                switch (before) {
                    case INT64 -> made.addNumber(longs[row]);
                    case FLOAT64 -> made.addNumber(doubles[row]);
                    case BOOLEAN -> made.add(booleans[row] ? TRUE : FALSE, 0, (booleans[row] ? TRUE : FALSE).length);
                    case TEXT -> throw new IllegalStateException(name);
                }
            }
            if (plain) {
                ends[row + 1] = putPlain(made.bytes(), 0, made.length(), ends[row], row);
            } else {
                codes[row] = isPresent(row) ? texts.add(made.bytes(), 0, made.length()) : -1;
            }
        }
    }

    private boolean isPresent(int row) {
        return !anyAbsent || (present[row >> 6] >>> row & 1) != 0;
    }

    private double exact(long value, int row) {
        double asDouble = value;
        if ((value > EXACT || value < -EXACT) && ((long) asDouble != value || asDouble == 0x1p63)) {
            throw new ArcException(ErrorCode.TYPE_CONFLICT, "column '" + name + "', row " + row + ": the integer " + value
                    + " stands beside fractions, and no double holds it exactly; send the column as text");
        }
        return asDouble;
    }

    /// Appends what was built before.
    ///
    /// @param totalRows how many rows there will be in the end
    void append(Column column, int rowCount, int totalRows) {
        if (!typed && column.validity().presentCount(rowCount) > 0 && rows < totalRows) {
            become(column.type(), totalRows);
        }
        for (int row = 0; row < rowCount; row++) {
            if (!column.validity().isPresent(row)) {
                absent();
                continue;
            }
            switch (column) {
                case LongColumn numbers -> addLong(numbers.values()[row]);
                case DoubleColumn numbers -> addDouble(numbers.values()[row]);
                case BooleanColumn flags -> addBoolean(flags.values()[row]);
                case Utf8Column text -> addText(text.values(), row);
                case DictionaryColumn text -> addText(text.dictionary(), text.codes()[row]);
            }
        }
    }

    private void addText(Utf8Block block, int index) {
        addText(block.bytes(), block.offsets()[index], block.length(index));
    }

    /// The column. The builder has to be reset afterwards.
    Column build() {
        return build(role);
    }

    /// The column in another role than was thought.
    Column build(Role builtRole) {
        Validity validity = anyAbsent ? validity() : Validity.ALL_PRESENT;
        if (!typed) {
            return new Utf8Column(name, builtRole, small.noTexts(rows), small.noRows(rows));
        }
        return switch (type) {
            case INT64 -> {
                long[] values = longs;
                if (values.length == rows && rows > 1) {
                    longs = NO_LONGS;
                } else {
                    values = small.longs(values, rows);
                }
                yield new LongColumn(name, builtRole, values, validity);
            }
            case FLOAT64 -> {
                double[] values = doubles;
                if (values.length == rows) {
                    doubles = NO_DOUBLES;
                } else {
                    values = Arrays.copyOf(values, rows);
                }
                yield new DoubleColumn(name, builtRole, values, validity);
            }
            case BOOLEAN -> new BooleanColumn(name, builtRole, small.booleans(booleans, rows), validity);
            case TEXT -> text(builtRole, validity);
        };
    }

    private Column text(Role builtRole, Validity validity) {
        if (rows <= FEW_ROWS && !plain) {
            return new Utf8Column(name, builtRole, fewTexts(), validity);
        }
        if (!plain && (long) texts.size() * MIN_REPEAT > rows + 64L) {
            makePlain(rows);
        }
        if (plain) {
            return new Utf8Column(name, builtRole, plainBlock(), validity);
        }
        int[] copy = Arrays.copyOf(codes, rows);
        if (anyAbsent) {
            for (int row = 0; row < rows; row++) {
                copy[row] = Math.max(0, copy[row]);
            }
        }
        return new DictionaryColumn(name, builtRole, copy, texts.block(), validity);
    }

    private Utf8Block fewTexts() {
        int[] to = small.ends();
        made.clear();
        for (int row = 0; row < rows; row++) {
            if (codes[row] >= 0) {
                texts.appendTo(made, codes[row]);
            }
            to[row + 1] = made.length();
        }
        return small.block(made.bytes(), to, rows);
    }

    /// Long texts are given away with the array that they are in, when little of it is free.
    private Utf8Block plainBlock() {
        if (ends[rows] < LONG_TEXT || ends[rows] < textBytes.length / 4 * 3) {
            return small.block(textBytes, ends, rows);
        }
        byte[] bytes = textBytes;
        textBytes = NO_BYTES;
        return new Utf8Block(bytes, Arrays.copyOf(ends, rows + 1));
    }

    private Validity validity() {
        if (rows <= Long.SIZE) {
            return small.validity(rows == Long.SIZE ? present[0] : present[0] & ~(-1L << rows));
        }
        long[] words = Arrays.copyOf(present, Validity.wordCount(rows));
        if ((rows & 63) != 0) {
            words[rows >> 6] &= ~(-1L << rows);
        }
        return new Validity(words);
    }
}
