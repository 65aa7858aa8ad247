package io.arc.plugin.lineproto;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Role;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.plugin.lineproto.LineFault.Kind;

/// Reads bodies of lines.
///
/// ```
/// line   = measurement *("," key "=" text) blanks field *("," field) [blanks timestamp] *(blank | CR) LF
/// field  = key "=" (integer ("i" | "u") | float | boolean | string)
/// string = '"' *(any byte but a quote or backslash | '\"' | '\\' | backslash) '"'
/// ```
///
/// The corners, all as InfluxDB has them unless said otherwise:
///
/// - In a measurement a backslash escapes a comma and a blank, in keys and tag values an equals sign too; every other one is
///   itself. So `\\,` is a backslash and a comma. Only where a line is bad when it is read like that, it is read once more
///   with `\\` as one backslash: some clients end a tag with a doubled one.
/// - Quotes mean nothing outside of a field's value. An equals sign in a tag's value means nothing either (InfluxDB refuses
///   it).
/// - Strings may hold line ends. A tab separates nothing before the fields, and counts as a blank around them.
/// - Blank lines and those whose first character is `#` are skipped. A line may end in CR LF.
/// - A string that is never closed, or any other mistake, costs its own line: reading goes on behind the next line end that
///   is not in a string, where a string starts with a quote directly behind an equals sign.
/// - Of two equal field keys in a line the last wins; two equal tag keys make the line bad.
///
/// A line is stored as a whole or not at all: its cells wait in arrays until its timestamp has been read.
final class LineDecoder implements Decoder {
    private static final int BAD = -1;
    private static final int FIRST_CELLS = 16;
    private static final int MAX_KEPT_SCRATCH = 1 << 16;
    /// Rejections beyond this many come without the words that cost memory.
    private static final int DETAILED_REJECTIONS = 100;

    private static final long COMMAS = ByteText.repeat(',');
    private static final long BLANKS = ByteText.repeat(' ');
    private static final long BACKSLASHES = ByteText.repeat('\\');
    private static final long LINE_FEEDS = ByteText.repeat('\n');
    private static final long QUOTES = ByteText.repeat('"');

    private static final long LOWER_TRUE = asciiWord("true");
    private static final long UPPER_TRUE = asciiWord("TRUE");
    private static final long TITLE_TRUE = asciiWord("True");
    private static final long LOWER_FALSE = asciiWord("false");
    private static final long UPPER_FALSE = asciiWord("FALSE");
    private static final long TITLE_FALSE = asciiWord("False");

    private final NumberReader numbers = new NumberReader();
    private final BatchWriter writer = new BatchWriter();
    private RowStore store = new RowStore();
    private TableRows lastTable;

    // The body.
    private byte[] body;
    private int limit;
    private Sink sink;
    private Precision precision;
    private long receivedMicros;
    private long rejections;

    // Every line read, of all bodies, has a number, and a second reading another one.
    private long attempt;
    private long firstAttempt;

    // The line's cells, tags first; the table's layout has their columns.
    private TableRows table;
    private int tagCount;
    private int cellCount;
    private byte[] kinds = new byte[FIRST_CELLS];
    private long[] values = new long[FIRST_CELLS];
    private int[] froms = new int[FIRST_CELLS];
    private int[] tos = new int[FIRST_CELLS];
    private boolean otherKinds;
    private long micros;
    private int lineFeedsInStrings;

    // How escapes are read, and whether the other way would make a difference.
    private boolean paired;
    private boolean doubled;
    private boolean escaped;
    private byte[] scratch = new byte[64];

    private LineFault fault = new LineFault();
    private LineFault otherFault = new LineFault();

    private static long asciiWord(String text) {
        long word = 0;
        for (int i = text.length() - 1; i >= 0; i--) {
            word = word << Byte.SIZE | text.charAt(i);
        }
        return word;
    }

    @Override
    public void decode(ByteSlice slice, Parameters parameters, Sink target) {
        precision = Precision.of(parameters.find("precision").orElse(""));
        receivedMicros = parameters.receivedMicros();
        body = slice.array();
        limit = slice.offset() + slice.length();
        sink = target;
        rejections = 0;
        firstAttempt = attempt + 1;
        try {
            readLines(slice.offset());
            if (store.writtenCount() == 0 && rejections == 0) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD,
                        "no points: the body is empty or holds only blank lines and comments");
            }
            for (int i = 0; i < store.writtenCount(); i++) {
                writer.write(store.written(i), parameters.database(), target);
            }
        } finally {
            endBody();
        }
    }

    private void endBody() {
        body = null;
        sink = null;
        fault.forget();
        otherFault.forget();
        store.endBody();
        if (store.isLarge()) {
            store = new RowStore();
            lastTable = null;
            table = null;
        }
        if (scratch.length > MAX_KEPT_SCRATCH) {
            scratch = new byte[MAX_KEPT_SCRATCH];
        }
    }

    private void readLines(int start) {
        long line = 1;
        int at = start;
        while (at < limit) {
            int lineStart = at;
            while (at < limit && (body[at] == ' ' || body[at] == '\t' || body[at] == '\r')) {
                at++;
            }
            if (at == limit) {
                return;
            }
            int end;
            if (body[at] == '\n') {
                end = at;
            } else if (body[at] == '#') {
                end = lineFeed(at);
            } else {
                end = readPoint(at);
                if (end < 0) {
                    end = badLineEnd(fault.at(), at);
                    reject(line, lineStart - start);
                    line += lineFeeds(at, end);
                } else if (storePoint(end - lineStart)) {
                    line += lineFeedsInStrings;
                } else {
                    reject(line, lineStart - start);
                    line += lineFeedsInStrings;
                }
            }
            line++;
            at = end + 1;
        }
    }

    private int lineFeed(int from) {
        int at = from;
        while (at < limit && body[at] != '\n') {
            at++;
        }
        return at;
    }

    private long lineFeeds(int from, int to) {
        long count = 0;
        for (int at = from; at < to; at++) {
            if (body[at] == '\n') {
                count++;
            }
        }
        return count;
    }

    // Where a bad line ends.
    //
    // A quote that no other follows is looked for once in a body only: the search passes every later quote that stands
    // behind an equals sign, and would have stopped at it.
    private int badLineEnd(int from, int lineStart) {
        for (int at = from; at < limit; at++) {
            byte next = body[at];
            if (next == '\n') {
                return at;
            }
            if (next == '"' && at > lineStart && body[at - 1] == '=') {
                int close = closingQuote(at + 1);
                if (close >= 0) {
                    at = close;
                }
            }
        }
        return limit;
    }

    private int closingQuote(int from) {
        for (int at = from; at < limit; at++) {
            if (body[at] == '"') {
                return at;
            }
            if (body[at] == '\\' && at + 1 < limit && (body[at + 1] == '"' || body[at + 1] == '\\')) {
                at++;
            }
        }
        return BAD;
    }

    /// Reads a line into the cells.
    ///
    /// @return its end, or BAD with the fault set
    private int readPoint(int start) {
        doubled = false;
        int end = readLine(start);
        if (end >= 0 || !doubled) {
            return end;
        }
        swapFaults();
        paired = true;
        try {
            end = readLine(start);
        } finally {
            paired = false;
        }
        if (end < 0) {
            swapFaults();
        }
        return end;
    }

    private void swapFaults() {
        LineFault last = fault;
        fault = otherFault;
        otherFault = last;
    }

    private int readLine(int start) {
        attempt++;
        otherKinds = false;
        lineFeedsInStrings = 0;
        int at = readMeasurement(start);
        if (at < 0) {
            return BAD;
        }
        TableRows rows = table;
        int cell = 0;
        while (body[at] == ',') {
            at = readTag(rows, at + 1, cell++);
            if (at < 0) {
                return BAD;
            }
        }
        tagCount = cell;
        at = afterBlanks(at);
        if (lineEnd(at) >= 0) {
            return fail(Kind.MISSING_FIELDS, at, start, at);
        }
        for (;;) {
            ColumnRows column = expected(rows, cell);
            if (column != null && !column.isTag() && !paired && column.isSpelledAt(body, at, limit)) {
                at += column.spellingLength();
            } else {
                at = readKey(rows, Role.FIELD, at, cell);
                if (at < 0) {
                    return BAD;
                }
                column = rows.expected(cell);
            }
            int target = cell;
            if (column.line() == attempt) {
                target = column.cell();
            } else {
                name(rows, column, cell++);
            }
            at = readValue(column, at, target);
            if (at < 0) {
                return BAD;
            }
            if (at < limit && body[at] == ',') {
                at++;
            } else {
                break;
            }
        }
        cellCount = cell;
        return readTime(at);
    }

    private int readMeasurement(int start) {
        TableRows expected = lastTable;
        int at;
        if (expected != null && !paired && expected.isSpelledAt(body, start, limit)) {
            at = start + expected.spellingLength();
            table = store.open(expected, sink);
        } else {
            at = nameEnd(start, false);
            if (at == start) {
                return fail(Kind.MISSING_MEASUREMENT, at, start, at);
            }
            if (at == limit || body[at] == '\n') {
                return fail(Kind.MISSING_FIELDS, at, start, at);
            }
            byte[] names = body;
            int from = start;
            int to = at;
            if (escaped) {
                to = unescape(start, at, false);
                names = scratch;
                from = 0;
            }
            if (!ByteText.isAscii(names, from, to) && !ByteText.isValidUtf8(names, from, to)) {
                return fail(Kind.INVALID_UTF8, at, start, at);
            }
            table = store.table(names, from, to, body, start, paired && escaped ? start : at, sink);
            lastTable = table;
        }
        if (table.problem().isPresent()) {
            fail(Kind.BAD_MEASUREMENT, at, start, at);
            fault.explain(table.problem().get());
            return BAD;
        }
        return at;
    }

    private ColumnRows expected(TableRows rows, int cell) {
        if (cell >= rows.layoutSize()) {
            rows.widenLayout(cell);
        }
        if (cell >= kinds.length) {
            kinds = Growth.forIndex(kinds, cell);
            values = Growth.forIndex(values, cell);
            froms = Growth.forIndex(froms, cell);
            tos = Growth.forIndex(tos, cell);
        }
        return rows.expected(cell);
    }

    // The column's first and only appearance in the line.
    private void name(TableRows rows, ColumnRows column, int cell) {
        if (column.line() < firstAttempt) {
            store.open(rows, column);
        }
        column.nameIn(attempt, cell);
    }

    /// Reads `key=` and notes its column for the cell.
    ///
    /// @return where the value starts, or BAD
    private int readKey(TableRows rows, Role role, int start, int cell) {
        boolean tag = role == Role.TAG;
        int at = nameEnd(start, true);
        if (at == start) {
            return fail(tag ? Kind.MISSING_TAG_KEY : Kind.MISSING_FIELD_KEY, at, start, Math.min(limit, at + 1));
        }
        if (at == limit || body[at] != '=') {
            return fail(tag ? Kind.MISSING_TAG_VALUE : Kind.MISSING_FIELD_VALUE, at, start, at);
        }
        byte[] names = body;
        int from = start;
        int to = at;
        if (escaped) {
            to = unescape(start, at, true);
            names = scratch;
            from = 0;
        }
        if (!ByteText.isAscii(names, from, to) && !ByteText.isValidUtf8(names, from, to)) {
            return fail(Kind.INVALID_UTF8, at, start, at);
        }
        rows.expect(cell, store.column(rows, role, names, from, to, body, start, paired && escaped ? start : at));
        return at + 1;
    }

    // Where a name ends: at a comma, a blank, in keys an equals sign, that no backslash escapes, or the line's end.
    private int nameEnd(int from, boolean equalsEnds) {
        escaped = false;
        int at = from;
        while (at < limit) {
            byte next = body[at];
            if (next == '\\') {
                escaped = true;
                at += isEscape(at, true) ? 2 : 1;
            } else if (next == ',' || next == ' ' || next == '\n' || next == '=' && equalsEnds) {
                return at;
            } else {
                at++;
            }
        }
        return limit;
    }

    // Whether the backslash there takes the special meaning off the byte behind it.
    private boolean isEscape(int at, boolean equalsToo) {
        if (at + 1 >= limit) {
            return false;
        }
        byte next = body[at + 1];
        if (next == '\\') {
            doubled = true;
            return paired;
        }
        return next == ',' || next == ' ' || next == '=' && equalsToo;
    }

    // Copies a name or a tag's value to the scratch bytes, without escapes, and returns their end.
    private int unescape(int from, int to, boolean equalsToo) {
        scratch = Growth.forLength(scratch, 0, to - from);
        int out = 0;
        for (int at = from; at < to; at++) {
            if (body[at] == '\\' && at + 1 < to && isEscape(at, equalsToo)) {
                at++;
            }
            scratch[out++] = body[at];
        }
        return out;
    }

    private int readTag(TableRows rows, int start, int cell) {
        ColumnRows column = expected(rows, cell);
        int at;
        if (column != null && column.isTag() && !paired && column.isSpelledAt(body, start, limit)) {
            at = start + column.spellingLength();
        } else {
            at = readKey(rows, Role.TAG, start, cell);
            if (at < 0) {
                return BAD;
            }
            column = rows.expected(cell);
        }
        if (column.line() == attempt) {
            return fail(Kind.DUPLICATE_TAG, at, start, at - 1, column);
        }
        name(rows, column, cell);
        return readTagValue(column, at, cell);
    }

    private int readTagValue(ColumnRows column, int from, int cell) {
        int at = from;
        long hash = store.seed();
        long seen = 0;
        for (;;) {
            long word = ByteText.word(body, at);
            long stops = ByteText.marks(word, COMMAS) | ByteText.marks(word, BLANKS) | ByteText.marks(word, BACKSLASHES)
                    | ByteText.marks(word, LINE_FEEDS);
            if (stops == 0 && at + Long.BYTES <= limit) {
                hash = ByteText.mix(hash, word);
                seen |= word;
                at += Long.BYTES;
                continue;
            }
            int rest = Math.min(Long.numberOfTrailingZeros(stops) >>> 3, limit - at);
            if (rest > 0) {
                long last = ByteText.first(word, rest);
                hash = ByteText.mix(hash, last);
                seen |= last;
                at += rest;
            }
            break;
        }
        if (at == limit || body[at] == '\\' || (seen & ByteText.HIGH_BITS) != 0) {
            return readOddTagValue(column, from, cell);
        }
        if (body[at] == '\n') {
            return fail(Kind.MISSING_FIELDS, at, from, at);
        }
        if (at == from) {
            return fail(Kind.MISSING_TAG_VALUE, at, from, at, column);
        }
        values[cell] = column.texts().add(ByteText.mix(hash, at - from), 0, body, from, at);
        return at;
    }

    // With escapes or beyond ASCII, or cut off.
    private int readOddTagValue(ColumnRows column, int from, int cell) {
        int at = nameEnd(from, false);
        if (at == limit || body[at] == '\n') {
            return fail(Kind.MISSING_FIELDS, at, from, at);
        }
        int length = unescape(from, at, true);
        if (!ByteText.isValidUtf8(scratch, 0, length)) {
            byte[] valid = new byte[Growth.checked(3L * length)];
            length = ByteText.copyValid(scratch, 0, length, valid, 0);
            scratch = valid;
        }
        values[cell] = column.texts().add(ByteText.hash(store.seed(), scratch, 0, length), 0, scratch, 0, length);
        return at;
    }

    /// Reads a field's value into the cell.
    ///
    /// @return its end, at a comma or a blank or the line's end, or BAD
    private int readValue(ColumnRows column, int from, int cell) {
        byte first = at(from);
        int end;
        if (first >= '0' && first <= '9' || first == '-' || first == '.' || first == '+') {
            end = readNumber(column, from, cell);
        } else if (first == '"') {
            end = readString(column, from + 1, cell);
        } else {
            end = readBoolean(column, from, cell);
        }
        if (end < 0) {
            return BAD;
        }
        if (!isValueEnd(end)) {
            return failValue(column, from, end);
        }
        otherKinds |= kinds[cell] != column.kind();
        return end;
    }

    private int readNumber(ColumnRows column, int from, int cell) {
        NumberReader.Found found = numbers.read(body, from, limit);
        int end = numbers.end();
        if (found == NumberReader.Found.FLOAT) {
            kinds[cell] = ColumnRows.FLOAT;
        } else if (found == NumberReader.Found.INTEGER) {
            kinds[cell] = ColumnRows.INTEGER;
        } else if (found == NumberReader.Found.NOT_A_NUMBER || !isValueEnd(end)) {
            return failValue(column, from, from);
        } else {
            Kind tooLarge = found == NumberReader.Found.INTEGER_TOO_LARGE ? Kind.INTEGER_TOO_LARGE : Kind.FLOAT_TOO_LARGE;
            return fail(tooLarge, from, from, end, column);
        }
        values[cell] = numbers.bits();
        froms[cell] = from;
        tos[cell] = numbers.textEnd();
        return end;
    }

    private byte at(int place) {
        return place < limit ? body[place] : (byte) '\n';
    }

    private boolean isValueEnd(int place) {
        byte next = at(place);
        return next == ',' || next == ' ' || lineEnd(place) >= 0;
    }

    // The line is read on at `at`, behind whatever string has ended before.
    private int failValue(ColumnRows column, int from, int at) {
        if (isValueEnd(from)) {
            return fail(Kind.MISSING_FIELD_VALUE, from, from, from, column);
        }
        int to = at;
        while (to < limit && body[to] != ',' && body[to] != ' ' && body[to] != '\n') {
            to++;
        }
        return fail(Kind.BAD_VALUE, at, from, to, column);
    }

    private int readString(ColumnRows column, int from, int cell) {
        int at = from;
        int needs = 0;
        long seen = 0;
        for (;;) {
            long word = ByteText.word(body, at);
            long stops = ByteText.marks(word, QUOTES) | ByteText.marks(word, BACKSLASHES) | ByteText.marks(word, LINE_FEEDS);
            if (stops == 0 && at + Long.BYTES <= limit) {
                seen |= word;
                at += Long.BYTES;
                continue;
            }
            int rest = Math.min(Long.numberOfTrailingZeros(stops) >>> 3, limit - at);
            seen |= ByteText.first(word, rest);
            at += rest;
            if (at >= limit) {
                return fail(Kind.OPEN_STRING, from, from - 1, limit, column);
            }
            if (body[at] == '"') {
                break;
            }
            if (body[at] == '\n') {
                lineFeedsInStrings++;
            } else if (at + 1 < limit && (body[at + 1] == '"' || body[at + 1] == '\\')) {
                needs = ColumnRows.ESCAPED;
                at++;
            }
            at++;
        }
        kinds[cell] = ColumnRows.TEXT;
        froms[cell] = from;
        tos[cell] = at;
        values[cell] = needs | ((seen & ByteText.HIGH_BITS) == 0 ? 0 : ColumnRows.BEYOND_ASCII);
        return at + 1;
    }

    private int readBoolean(ColumnRows column, int from, int cell) {
        int length = 0;
        while (length < Long.BYTES && (at(from + length) | 0x20) >= 'a' && (at(from + length) | 0x20) <= 'z') {
            length++;
        }
        long word = ByteText.first(ByteText.word(body, from), length);
        boolean truth = word == 't' || word == 'T' || word == LOWER_TRUE || word == TITLE_TRUE || word == UPPER_TRUE;
        if (!truth && word != 'f' && word != 'F' && word != LOWER_FALSE && word != TITLE_FALSE && word != UPPER_FALSE) {
            return failValue(column, from, from);
        }
        kinds[cell] = ColumnRows.BOOLEAN;
        values[cell] = truth ? 1 : 0;
        froms[cell] = from;
        tos[cell] = from + length;
        return from + length;
    }

    private int readTime(int from) {
        int at = afterBlanks(from);
        int end = lineEnd(at);
        if (end >= 0) {
            micros = receivedMicros;
            return end;
        }
        NumberReader.Found found = numbers.readTime(body, at, limit);
        end = lineEnd(numbers.end());
        if (end < 0 || found == NumberReader.Found.NOT_A_NUMBER) {
            int to = at;
            while (to < limit && body[to] != '\n') {
                to++;
            }
            return fail(Kind.BAD_TIME, at, at, to);
        }
        if (found == NumberReader.Found.INTEGER_TOO_LARGE || !precision.holds(numbers.bits())) {
            return fail(Kind.TIME_TOO_LARGE, at, at, numbers.end());
        }
        micros = precision.micros(numbers.bits());
        return end;
    }

    private int afterBlanks(int from) {
        int at = from;
        while (at < limit && (body[at] == ' ' || body[at] == '\t')) {
            at++;
        }
        return at;
    }

    // The place of the line feed, or of the body's end, when nothing but blanks and CR is before it.
    private int lineEnd(int from) {
        int at = from;
        while (at < limit && body[at] != '\n') {
            if (body[at] != '\r' && body[at] != ' ' && body[at] != '\t') {
                return BAD;
            }
            at++;
        }
        return at;
    }

    /// Puts the cells into the table.
    ///
    /// @return false when a value does not fit its column, with the fault set and nothing stored
    private boolean storePoint(int bytes) {
        TableRows rows = table;
        if (otherKinds && !allFit(rows)) {
            return false;
        }
        int row = rows.rows();
        if (row == 0) {
            store.write(rows);
        }
        for (int cell = 0; cell < tagCount; cell++) {
            ColumnRows column = rows.expected(cell);
            if (column.count() == 0) {
                rows.include(column);
            }
            column.addCode(row, (int) values[cell]);
        }
        for (int cell = tagCount; cell < cellCount; cell++) {
            ColumnRows column = rows.expected(cell);
            byte kind = kinds[cell];
            if (kind != column.kind()) {
                if (column.count() == 0) {
                    rows.include(column);
                }
                column.add(row, kind, values[cell], body, limit, froms[cell], tos[cell], numbers);
            } else if (kind == ColumnRows.INTEGER) {
                column.addInteger(row, values[cell], froms[cell]);
            } else if (kind == ColumnRows.TEXT) {
                column.addText(row, body, froms[cell], tos[cell], values[cell]);
            } else {
                column.addBits(row, values[cell], froms[cell]);
            }
        }
        rows.addRow(micros, bytes);
        return true;
    }

    private boolean allFit(TableRows rows) {
        for (int cell = tagCount; cell < cellCount; cell++) {
            ColumnRows column = rows.expected(cell);
            byte kind = kinds[cell];
            if (kind != column.kind() && !column.accepts(kind, values[cell])) {
                fail(column.joins(kind) ? Kind.INEXACT_NUMBER : Kind.TYPE_CONFLICT, froms[cell], froms[cell],
                        tos[cell], column);
                fault.explainKind(kind);
                return false;
            }
        }
        return true;
    }

    private int fail(Kind kind, int at, int from, int to) {
        return fail(kind, at, from, to, null);
    }

    private int fail(Kind kind, int at, int from, int to, ColumnRows column) {
        fault.set(kind, at, from, to, column);
        return BAD;
    }

    private void reject(long line, int position) {
        rejections++;
        sink.reject(line, position, rejections > DETAILED_REJECTIONS ? fault.shortReason()
                : fault.reason(body, limit, precision, numbers));
    }
}
