package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.plugin.msgpack.Times.Unit;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Decodes a body of one or more objects, each an item, an array of items, or a map whose `batch` is such an array.
///
/// ```
/// columnar { "m": table, "columns": { "time": [..], name: [..] }, "tags": [name..]? }
/// row      { "m": table, "t": time?, "h": host?, "fields": { name: value }, "tags": { name: value }? }
/// compact  { "m": number, "t": time?, "h": number?, "f": [value..] }
/// ```
///
/// Of equal keys the last counts; keys that mean nothing here are passed over. `_database` and `_measurement` are the names of
/// upstream's log and are not stored; other names with an underscore are. A column's type is settled within a batch; what other
/// batches of the body hold is for the runtime to widen.
///
/// A body is read in one quick pass that decodes values where they stand. Whatever that pass cannot do well, such as a key that
/// is there twice, and whatever it finds wrong, makes it give up; then the body is read again by a pass that looks at all of an
/// item's keys before it decodes a value, and that pass decides. A body that the quick pass takes means the same to both.
final class MsgPackDecoder implements Decoder {
    private static final int MAX_TABLES = 10_000;
    private static final int REMEMBERED_NAMES = 256;
    /// The quick pass leaves items that are nested deeper to the other, which counts levels in every value.
    private static final int QUICK_DEPTH = 8;

    private static final int M = 1;
    private static final int T = 2;
    private static final int H = 4;
    private static final int F = 8;
    private static final int COLUMNS = 16;
    private static final int FIELDS = 32;
    private static final int TAGS = 64;
    private static final int BATCH = 128;
    private static final int UNKNOWN = 0;

    private final Input input = new Input();
    private final SpareBuilders spare = new SpareBuilders();
    private final ColumnItems columnItems = new ColumnItems(spare);
    private final Map<String, RowTable> rowTables = new LinkedHashMap<>();
    /// The names of the columnar item before, by place.
    private final List<Key> columnKeys = new ArrayList<>();
    private final Map<String, ColumnBuilder> columns = new LinkedHashMap<>();
    private Parameters parameters;
    private Optional<Unit> givenUnit = Optional.empty();
    private boolean isCareful;

    /// What the names of the items before led to; items mostly repeat the one before.
    private Key tableKey;
    private RowTable lastRows;
    /// Of the current item.
    private String table;
    private int expectedRows;
    private long[] columnTimes;
    private int columnRows;

    @Override
    public void decode(ByteSlice body, Parameters given, Sink sink) {
        parameters = given;
        givenUnit = given.find("precision").map(Unit::named);
        if (body.length() == 0) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body is empty; send a map or an array of maps");
        }
        try {
            try {
                read(body, false);
            } catch (ArcException beyondTheQuickPass) {
                release();
                read(body, true);
            }
            columnItems.emit(sink);
            for (RowTable rows : rowTables.values()) {
                rows.emit(given.database(), sink);
            }
        } catch (ArithmeticException tooLong) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE,
                    "the texts of one column take more than 2 GiB; send less at once", tooLong);
        } finally {
            release();
            parameters = null;
            input.reset(new byte[0], 0, 0);
        }
    }

    private void release() {
        columnItems.clear();
        columns.values().forEach(spare::give);
        columns.clear();
        rowTables.values().forEach(RowTable::release);
        rowTables.clear();
        lastRows = null;
        columnTimes = null;
    }

    private void read(ByteSlice body, boolean carefully) {
        isCareful = carefully;
        input.reset(body.array(), body.offset(), body.length());
        while (!input.isAtEnd()) {
            object(0);
        }
    }

    /// @param depth how many arrays and maps are around the object
    private void object(int depth) {
        int type = input.peek();
        if (Input.isMap(type)) {
            if (isCareful) {
                carefulItem(depth);
            } else {
                quickItem(depth);
            }
        } else if (Input.isArray(type)) {
            input.requireDepth(depth);
            int size = input.arraySize();
            expectedRows = size;
            for (int i = 0; i < size; i++) {
                object(depth + 1);
            }
        } else {
            throw input.malformed("an item has to be a map and is " + Input.describe(type));
        }
    }

    /// Reads a key of an item and says which it is.
    private int key() {
        if (!Input.isText(input.peek())) {
            throw input.malformed("a key has to be text and is " + Input.describe(input.peek()));
        }
        int length = input.textLength();
        byte[] bytes = input.bytes;
        int at = input.at;
        input.at = at + length;
        return switch (length) {
            case 1 -> switch (bytes[at]) {
                case 'm' -> M;
                case 't' -> T;
                case 'h' -> H;
                case 'f' -> F;
                default -> UNKNOWN;
            };
            case 4 -> is("tags", at) ? TAGS : UNKNOWN;
            case 5 -> is("batch", at) ? BATCH : UNKNOWN;
            case 6 -> is("fields", at) ? FIELDS : UNKNOWN;
            case 7 -> is("columns", at) ? COLUMNS : UNKNOWN;
            default -> UNKNOWN;
        };
    }

    private boolean is(String text, int from) {
        for (int i = 0; i < text.length(); i++) {
            if (input.bytes[from + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private void quickItem(int depth) {
        if (depth > QUICK_DEPTH) {
            throw input.malformed("the item is nested too deep for the quick pass");
        }
        table = null;
        int seen = 0;
        int decoded = 0;
        long time = parameters.receivedMicros();
        int host = -1;
        int hint = -1;
        int fields = -1;
        int compact = -1;
        int size = input.mapSize();
        for (int i = 0; i < size; i++) {
            int key = key();
            if ((seen & key) != 0) {
                throw input.malformed("a key is there twice");
            }
            seen |= key;
            int value = input.at;
            int type = input.peek();
            if (key == M) {
                readTable();
            } else if (key == T && !Input.isNil(type)) {
                time = rowTime();
            } else if (key == COLUMNS && Input.isMap(type) && decoded == 0) {
                readColumns(depth + 1);
                decoded |= COLUMNS;
            } else if (key == FIELDS && Input.isMap(type) && table != null && (decoded & (COLUMNS | BATCH)) == 0) {
                readFields(depth + 1);
                decoded |= FIELDS;
            } else if (key == TAGS && Input.isMap(type) && table != null && (decoded & (COLUMNS | BATCH)) == 0) {
                readTags(depth + 1);
                decoded |= TAGS;
            } else if (key == BATCH && Input.isArray(type) && decoded == 0) {
                object(depth + 1);
                decoded |= BATCH;
            } else {
                input.skip(depth + 1);
                switch (key) {
                    case H -> host = value;
                    case F -> compact = Input.isArray(type) ? value : -1;
                    case TAGS -> hint = Input.isNil(type) ? -1 : value;
                    case FIELDS -> fields = Input.isMap(type) ? value : -1;
                    case COLUMNS, BATCH -> {
                        if (key == COLUMNS && Input.isMap(type) && decoded != BATCH || key == BATCH && Input.isArray(type)) {
                            throw input.malformed("the item's form shows too late for the quick pass");
                        }
                    }
                    default -> { }
                }
            }
        }
        if ((decoded & BATCH) != 0) {
            return;
        }
        int behind = input.at;
        endItem((decoded & COLUMNS) != 0, (decoded & FIELDS) != 0, fields, compact, hint, time, host, depth);
        input.at = behind;
    }

    private void carefulItem(int depth) {
        input.requireDepth(depth);
        int begin = input.at;
        int measurement = -1;
        int time = -1;
        int host = -1;
        int hint = -1;
        int fields = -1;
        int compact = -1;
        int columnMap = -1;
        int batch = -1;
        int size = input.mapSize();
        for (int i = 0; i < size; i++) {
            int key = key();
            int value = input.at;
            int type = input.peek();
            input.skip(depth + 1);
            switch (key) {
                case M -> measurement = Input.isNil(type) ? -1 : value;
                case T -> time = Input.isNil(type) ? -1 : value;
                case H -> host = value;
                case F -> compact = Input.isArray(type) ? value : -1;
                case TAGS -> hint = Input.isNil(type) ? -1 : value;
                case FIELDS -> fields = Input.isMap(type) ? value : -1;
                case COLUMNS -> columnMap = Input.isMap(type) ? value : -1;
                case BATCH -> batch = Input.isArray(type) ? value : -1;
                default -> { }
            }
        }
        int behind = input.at;
        if (batch >= 0) {
            input.at = batch;
            object(depth + 1);
            input.at = behind;
            return;
        }
        if (measurement < 0) {
            input.at = begin;
            throw input.malformed("the item has no measurement; name it by \"m\"");
        }
        input.at = measurement;
        readTable();
        long micros = parameters.receivedMicros();
        if (columnMap >= 0) {
            input.at = columnMap;
            readColumns(depth + 1);
        } else if (time >= 0) {
            input.at = time;
            micros = rowTime();
        }
        endItem(columnMap >= 0, false, fields, compact, hint, micros, host, depth);
        input.at = behind;
    }

    /// Reads what of an item has been left, and ends its row or rows.
    ///
    /// @param tags where the value of `tags` is when it has not been read, like the others below 0 when there is none
    private void endItem(boolean hasColumns, boolean hasFields, int fields, int compact, int tags, long time, int host,
            int depth) {
        if (table == null) {
            throw input.malformed("the item before this byte has no measurement; name it by \"m\"");
        }
        if (hasColumns) {
            addColumns(tags < 0 ? Set.of() : hintedTags(tags));
        } else {
            if (!hasFields && fields < 0 && compact < 0) {
                throw input.malformed("the item of measurement '" + table + "' has neither a map \"columns\" nor a map"
                        + " \"fields\"");
            }
            if (tags >= 0) {
                input.at = tags;
                readTags(depth + 1);
            }
            if (fields >= 0) {
                input.at = fields;
                readFields(depth + 1);
            } else if (!hasFields) {
                input.at = compact;
                readCompact(depth + 1);
            }
            rows().endRow(time, input, host);
        }
        input.item++;
    }

    private void readTable() {
        if (tableKey != null && tableKey.isNext(input)) {
            table = tableKey.text();
            return;
        }
        int from = input.at;
        if (Input.isInteger(input.peek())) {
            table = "measurement_" + input.integerText();
            return;
        }
        table = input.name("\"m\"");
        tableKey = new Key(table, input, from, input.at);
    }

    /// The entries of the map behind the cursor that an entry further behind has the key of. The quick pass does not look.
    private BitSet repeated(int size) {
        BitSet repeated = new BitSet();
        if (!isCareful) {
            return repeated;
        }
        int begin = input.at;
        Map<String, Integer> lastByKey = new HashMap<>();
        for (int i = 0; i < size; i++) {
            if (!Input.isText(input.peek())) {
                throw input.malformed("a name has to be text and is " + Input.describe(input.peek()));
            }
            int length = input.textLength();
            Integer before = lastByKey.put(new String(input.bytes, input.at, length, StandardCharsets.ISO_8859_1), i);
            if (before != null) {
                repeated.set(before);
            }
            input.at += length;
            input.skip(0);
        }
        input.at = begin;
        return repeated;
    }

    private void skipEntry() {
        input.skip(0);
        input.skip(0);
    }

    // Columns

    private void readColumns(int depth) {
        columns.values().forEach(spare::give);
        columns.clear();
        columnTimes = null;
        columnRows = -1;
        int size = input.mapSize();
        if (size == 0) {
            throw input.malformed("\"columns\" is an empty map");
        }
        if (size > RowTable.MAX_COLUMNS) {
            throw input.malformed("the item has " + size + " columns; up to " + RowTable.MAX_COLUMNS + " are accepted");
        }
        BitSet repeated = repeated(size);
        String first = "";
        for (int i = 0; i < size; i++) {
            if (repeated.get(i)) {
                skipEntry();
                continue;
            }
            String name = columnName(i);
            if (!Input.isArray(input.peek())) {
                throw input.malformed("column '" + name + "' has to be an array and is " + Input.describe(input.peek()));
            }
            int count = input.arraySize();
            if (columnRows < 0) {
                first = name;
                columnRows = count;
            } else if (count != columnRows) {
                throw input.malformed("column '" + name + "' has " + count + " values and column '" + first + "' has "
                        + columnRows + "; fill up with nil");
            }
            if (name.equals("time")) {
                if (columnTimes != null) {
                    throw input.malformed("the column 'time' is there twice");
                }
                columnTimes = times(count);
                continue;
            }
            ColumnBuilder builder = spare.take(name, Role.FIELD, count);
            if (columns.putIfAbsent(name, builder) != null) {
                spare.give(builder);
                throw input.malformed("the column '" + name + "' is there twice");
            }
            builder.readColumn(input, count, depth + 2);
        }
    }

    private String columnName(int place) {
        if (place < columnKeys.size() && columnKeys.get(place).isNext(input)) {
            return columnKeys.get(place).text();
        }
        int from = input.at;
        String name = input.name("the name of a column");
        Key key = new Key(name, input, from, input.at);
        if (place < columnKeys.size()) {
            columnKeys.set(place, key);
        } else if (place == columnKeys.size() && place < REMEMBERED_NAMES) {
            columnKeys.add(key);
        }
        return name;
    }

    private void addColumns(Set<String> tagNames) {
        if (columnRows > 0) {
            if (columnTimes == null) {
                columnTimes = new long[columnRows];
                Arrays.fill(columnTimes, parameters.receivedMicros());
            }
            List<Column> built = new ArrayList<>(columns.size());
            for (ColumnBuilder builder : columns.values()) {
                if (!isOwnLogColumn(builder.name())) {
                    built.add(builder.build(tagNames.contains(builder.name()) ? Role.TAG : Role.FIELD));
                }
            }
            columnItems.add(new ColumnBatch(new TableId(parameters.database(), table), columnRows, columnTimes, built));
        }
        columns.values().forEach(spare::give);
        columns.clear();
        columnTimes = null;
    }

    static boolean isOwnLogColumn(String name) {
        return name.equals("_database") || name.equals("_measurement");
    }

    private Set<String> hintedTags(int at) {
        input.at = at;
        if (!Input.isArray(input.peek())) {
            throw input.malformed("\"tags\" beside \"columns\" has to be an array of column names and is "
                    + Input.describe(input.peek()));
        }
        int size = input.arraySize();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < size; i++) {
            names.add(input.name("the name of a tag"));
        }
        return names;
    }

    /// The unit of all numbers of a column is that of the first one.
    private long[] times(int count) {
        long[] micros = new long[count];
        byte[] bytes = input.bytes;
        Unit unit = givenUnit.orElse(null);
        for (int row = 0; row < count;) {
            int type = input.peek();
            if (Input.isInteger(type)) {
                long value = input.integer();
                if (unit == null) {
                    unit = Unit.of(value);
                }
                micros[row] = unit == Unit.MICROS ? value : Times.fromLong(value, unit, input, row);
                row++;
                if (type != 0xcf && type != 0xd3) {
                    continue;
                }
                int at = input.at;
                int fitting = (int) Math.min(count, row + (input.end - at) / 9L);
                while (row < fitting && (bytes[at] & 0xff) == type) {
                    value = Input.longAt(bytes, at + 1);
                    if (value < 0 && type == 0xcf) {
                        break;
                    }
                    micros[row] = unit == Unit.MICROS ? value : Times.fromLong(value, unit, input, row);
                    row++;
                    at += 9;
                }
                input.at = at;
            } else if (Input.isFloat(type)) {
                double value = input.floating();
                if (unit == null) {
                    unit = Unit.of(value);
                }
                micros[row] = Times.fromDouble(value, unit, input, row);
                row++;
            } else {
                micros[row] = oddTime(type, row);
                row++;
            }
        }
        return micros;
    }

    private long oddTime(int type, int row) {
        if (Input.isExtension(type)) {
            return Times.micros(Times.extension(input, row), input, row);
        }
        if (Input.isText(type)) {
            return Times.text(input, row);
        }
        throw Times.invalid(input, row, "a time has to be a number and is " + Input.describe(type));
    }

    // Rows

    private RowTable rows() {
        RowTable rows = lastRows;
        // Tables that repeat are the same string.
        if (rows == null || !rows.name().equals(table)) {
            rows = rowTables.get(table);
            if (rows == null) {
                if (rowTables.size() == MAX_TABLES) {
                    throw input.malformed("the body has rows of more than " + MAX_TABLES + " measurements");
                }
                rows = new RowTable(table, spare, expectedRows);
                rowTables.put(table, rows);
            }
            lastRows = rows;
        }
        return rows;
    }

    private int entries(String what) {
        if (!Input.isMap(input.peek())) {
            throw input.malformed("\"" + what + "\" has to be a map and is " + Input.describe(input.peek()));
        }
        return input.mapSize();
    }

    private void readTags(int depth) {
        RowTable rows = rows();
        int size = entries("tags");
        BitSet repeated = isCareful ? repeated(size) : null;
        for (int i = 0; i < size; i++) {
            if (repeated != null && repeated.get(i)) {
                skipEntry();
            } else {
                rows.readTag(input, i, depth + 1);
            }
        }
    }

    private void readFields(int depth) {
        RowTable rows = rows();
        int size = entries("fields");
        BitSet repeated = isCareful ? repeated(size) : null;
        for (int i = 0; i < size; i++) {
            if (repeated != null && repeated.get(i)) {
                skipEntry();
            } else {
                rows.readField(input, i, depth + 1);
            }
        }
    }

    private void readCompact(int depth) {
        RowTable rows = rows();
        int size = input.arraySize();
        for (int i = 0; i < size; i++) {
            rows.readNumberedField(input, i, depth + 1);
        }
    }

    private long rowTime() {
        int type = input.peek();
        if (Input.isInteger(type)) {
            long value = input.integer();
            return Times.fromLong(value, givenUnit.isEmpty() ? Unit.of(value) : givenUnit.get(), input, Times.NO_ROW);
        }
        if (Input.isFloat(type)) {
            double value = input.floating();
            return Times.fromDouble(value, givenUnit.isEmpty() ? Unit.of(value) : givenUnit.get(), input, Times.NO_ROW);
        }
        return oddTime(type, Times.NO_ROW);
    }
}
