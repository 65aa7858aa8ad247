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
import io.arc.plugin.msgpack.RowTable.RowMemory;
import io.arc.plugin.msgpack.Times.Unit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

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
///
/// What decoding a body takes is at most sixteen times the body and a constant. Hence the second pass first notes where the items
/// in row form are, and then decodes one table after the other.
final class MsgPackDecoder implements Decoder {
    private static final int MAX_TABLES = 10_000;
    private static final int REMEMBERED_PLACES = 256;
    private static final int REMEMBERED_NAMES = 16_384;
    /// The quick pass keeps all tables of rows side by side, and leaves bodies with more of them, or with more columns, to the other.
    private static final int QUICK_TABLES = 256;
    private static final int QUICK_COLUMNS = 1_024;
    /// Names of larger maps get their memory at once.
    private static final int LARGE_MAP = 256;
    private static final int MAX_SPARE_TABLES = 64;
    private static final int NO_TABLE = -1;
    private static final int NO_COLUMN = -1;
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
    private final NameSet tableNames = new NameSet(spare.newTextSet());
    private final NameSet rowNames = new NameSet(spare.newTextSet());
    private final NameSet columnNames = new NameSet(spare.newTextSet());
    private final RowMemory rowMemory = new RowMemory();
    private final ArrayDeque<RowTable> spareTables = new ArrayDeque<>();
    /// The quick pass's, by the number of the table; null for those without rows.
    private RowTable[] rowTables = new RowTable[16];
    /// The quick pass's in the order of their first rows.
    private final List<RowTable> tablesWithRows = new ArrayList<>();
    /// The careful pass's.
    private final RowItems rowItems = new RowItems();
    /// By the number of the table; null for those without columnar items.
    private TableId[] tableIds = new TableId[16];
    /// The names of the columnar item before, by place.
    private final Key[] columnKeys = new Key[REMEMBERED_PLACES];
    /// The present item's columns but its time, and their names; which are marked with twice the item's own count, and with one more
    /// for tags.
    private final List<Column> columns = new ArrayList<>();
    private int[] columnNumbers = new int[16];
    private int columnItem;
    private final NameSet mapKeys = new NameSet(spare.newTextSet());
    private final BitSet repeatedEntries = new BitSet();
    private Parameters parameters;
    private Optional<Unit> givenUnit = Optional.empty();
    private Pass pass = Pass.QUICK;

    /// What the names of the items before led to; items mostly repeat the one before.
    private Key tableKey;
    private RowTable lastRows;
    private int lastRowsTable;
    /// The number of the current item's measurement, or below 0.
    private int table;
    private int expectedRows;
    private long[] columnTimes;
    private int columnRows;

    private enum Pass {
        QUICK, CAREFUL, ROWS
    }

    @Override
    public void decode(ByteSlice body, Parameters given, Sink sink) {
        parameters = given;
        givenUnit = given.find("precision").map(Unit::named);
        if (body.length() == 0) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body is empty; send a map or an array of maps");
        }
        try {
            try {
                read(body, Pass.QUICK);
            } catch (ArcException beyondTheQuickPass) {
                release();
                read(body, Pass.CAREFUL);
            }
            columnItems.emit(sink);
            for (RowTable rows : tablesWithRows) {
                rows.emit(given.database(), sink);
            }
            if (pass == Pass.CAREFUL) {
                emitRows(sink);
            }
        } catch (ArithmeticException tooLong) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE,
                    "the texts of one column take more than 2 GiB; send less at once", tooLong);
        } finally {
            release();
            spare.endBody();
            parameters = null;
            input.reset(new byte[0], 0, 0);
        }
    }

    private void release() {
        columnItems.clear();
        columns.clear();
        columnTimes = null;
        tablesWithRows.forEach(this::release);
        tablesWithRows.clear();
        lastRows = null;
        Arrays.fill(rowTables, 0, Math.min(rowTables.length, tableNames.size()), null);
        Arrays.fill(tableIds, 0, Math.min(tableIds.length, tableNames.size()), null);
        tableNames.clear();
        tableNames.release();
        tableKey = null;
        rowItems.clear();
        rowNames.release();
        mapKeys.release();
        if (columnNames.release()) {
            Arrays.fill(columnKeys, null);
        }
    }

    private void release(RowTable rows) {
        boolean isSmall = rows.columns() <= REMEMBERED_PLACES;
        rows.release();
        if (isSmall && spareTables.size() < MAX_SPARE_TABLES) {
            spareTables.push(rows);
        }
    }

    private RowTable takeRowTable() {
        RowTable rows = spareTables.poll();
        return rows == null ? new RowTable(spare, rowNames, rowMemory) : rows;
    }

    private void read(ByteSlice body, Pass newPass) {
        pass = newPass;
        rowMemory.startBody(QUICK_COLUMNS);
        input.reset(body.array(), body.offset(), body.length());
        while (!input.isAtEnd()) {
            object(0);
        }
    }

    /// Decodes the items in row form that the careful pass has found, table by table.
    private void emitRows(Sink sink) {
        pass = Pass.ROWS;
        rowMemory.startBody(Integer.MAX_VALUE);
        RowTable rows = takeRowTable();
        tablesWithRows.add(rows);
        lastRows = rows;
        for (int i = 0; i < rowItems.tableCount(); i++) {
            if (rowNames.size() > REMEMBERED_NAMES) {
                rowNames.clear();
            }
            lastRowsTable = rowItems.table(i);
            rows.start(tableNames.name(lastRowsTable), rowItems.count(lastRowsTable));
            for (int item = rowItems.first(lastRowsTable); item >= 0; item = rowItems.next(item)) {
                input.at = rowItems.place(item);
                input.item = rowItems.number(item);
                carefulItem(rowItems.depth(item));
            }
            rows.emit(parameters.database(), sink);
            rows.clear();
        }
    }

    /// @param depth how many arrays and maps are around the object
    private void object(int depth) {
        int type = input.peek();
        if (Input.isMap(type)) {
            if (pass != Pass.QUICK) {
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
        int begin = input.at;
        table = NO_TABLE;
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
            } else if (key == FIELDS && Input.isMap(type) && table >= 0 && (decoded & (COLUMNS | BATCH)) == 0) {
                readFields(depth + 1);
                decoded |= FIELDS;
            } else if (key == TAGS && Input.isMap(type) && table >= 0 && (decoded & (COLUMNS | BATCH)) == 0) {
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
        endItem((decoded & COLUMNS) != 0, (decoded & FIELDS) != 0, fields, compact, hint, time, host, depth, behind - begin);
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
        if (pass == Pass.CAREFUL && columnMap < 0) {
            rowItems.add(table, begin, input.item, depth);
            input.item++;
            input.at = behind;
            return;
        }
        long micros = parameters.receivedMicros();
        if (columnMap >= 0) {
            input.at = columnMap;
            readColumns(depth + 1);
        } else if (time >= 0) {
            input.at = time;
            micros = rowTime();
        }
        endItem(columnMap >= 0, false, fields, compact, hint, micros, host, depth, behind - begin);
        input.at = behind;
    }

    /// Reads what of an item has been left, and ends its row or rows.
    ///
    /// @param tags where the value of `tags` is when it has not been read, like the others below 0 when there is none
    private void endItem(boolean hasColumns, boolean hasFields, int fields, int compact, int tags, long time, int host,
            int depth, int itemBytes) {
        if (table < 0) {
            throw input.malformed("the item before this byte has no measurement; name it by \"m\"");
        }
        if (hasColumns) {
            if (tags >= 0) {
                markTags(tags);
            }
            addColumns();
        } else {
            if (!hasFields && fields < 0 && compact < 0) {
                throw input.malformed("the item of measurement '" + tableNames.name(table) + "' has neither a map \"columns\" nor a map"
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
            rows().endRow(time, input, host, itemBytes);
        }
        input.item++;
    }

    private void readTable() {
        if (tableKey != null && tableKey.isNext(input)) {
            table = tableKey.number();
            return;
        }
        if (Input.isInteger(input.peek())) {
            TextBuffer text = spare.text();
            text.clear();
            text.add("measurement_");
            input.appendInteger(text);
            table = tableNames.add(text.bytes(), 0, text.length());
        } else {
            table = tableNames.read(input, "\"m\"");
            tableKey = tableNames.key(table);
        }
        if (tableNames.size() > MAX_TABLES) {
            throw input.malformed("the body has rows of more than " + MAX_TABLES + " measurements");
        }
    }

    /// The entries of the map behind the cursor that an entry further behind has the key of. The quick pass does not look.
    private BitSet repeated(int size) {
        repeatedEntries.clear();
        if (pass == Pass.QUICK) {
            return repeatedEntries;
        }
        int begin = input.at;
        mapKeys.clear();
        mapKeys.reserve(Math.min(size, RowTable.MAX_COLUMNS));
        for (int i = 0; i < size; i++) {
            int key = mapKeys.read(input, "a name");
            if (!mapKeys.wasNew()) {
                repeatedEntries.set(mapKeys.mark(key));
            }
            mapKeys.mark(key, i);
            input.skip(0);
        }
        input.at = begin;
        return repeatedEntries;
    }

    private void skipEntry() {
        input.skip(0);
        input.skip(0);
    }

    // Columns

    private void readColumns(int depth) {
        columns.clear();
        columnTimes = null;
        columnRows = -1;
        columnItem += 2;
        if (columnNames.size() > REMEMBERED_NAMES) {
            columnNames.clear();
            Arrays.fill(columnKeys, null);
        }
        int size = input.mapSize();
        if (size == 0) {
            throw input.malformed("\"columns\" is an empty map");
        }
        if (size > RowTable.MAX_COLUMNS) {
            throw input.malformed("the item has " + size + " columns; up to " + RowTable.MAX_COLUMNS + " are accepted");
        }
        if (size > LARGE_MAP) {
            columnNames.reserve(columnNames.size() + size);
        }
        BitSet repeated = repeated(size);
        int first = NO_COLUMN;
        ColumnBuilder builder = null;
        for (int i = 0; i < size; i++) {
            if (repeated.get(i)) {
                skipEntry();
                continue;
            }
            int column = columnName(i);
            String name = columnNames.name(column);
            if (columnNames.mark(column) == columnItem) {
                throw input.malformed("the column '" + name + "' is there twice");
            }
            columnNames.mark(column, columnItem);
            if (!Input.isArray(input.peek())) {
                throw input.malformed("column '" + name + "' has to be an array and is " + Input.describe(input.peek()));
            }
            int count = input.arraySize();
            if (columnRows < 0) {
                first = column;
                columnRows = count;
            } else if (count != columnRows) {
                throw input.malformed("column '" + name + "' has " + count + " values and column '" + columnNames.name(first)
                        + "' has " + columnRows + "; fill up with nil");
            }
            if (name.equals("time")) {
                columnTimes = times(count);
                continue;
            }
            if (builder == null) {
                builder = spare.take(name, Role.FIELD, count);
            } else {
                builder.reset(name, Role.FIELD, count);
            }
            builder.readColumn(input, count, depth + 2);
            if (count > 0 && !isOwnLogColumn(name)) {
                if (columns.size() == columnNumbers.length) {
                    columnNumbers = Arrays.copyOf(columnNumbers, 2 * columns.size());
                }
                columnNumbers[columns.size()] = column;
                columns.add(builder.build());
            }
        }
        if (builder != null) {
            spare.give(builder);
        }
    }

    private int columnName(int place) {
        Key key = place < REMEMBERED_PLACES ? columnKeys[place] : null;
        if (key != null && key.isNext(input)) {
            return key.number();
        }
        int column = columnNames.read(input, "the name of a column");
        if (place < REMEMBERED_PLACES && columnNames.key(column) != null) {
            columnKeys[place] = columnNames.key(column);
        }
        return column;
    }

    private void addColumns() {
        if (columnRows > 0) {
            if (columnTimes == null) {
                columnTimes = new long[columnRows];
                Arrays.fill(columnTimes, parameters.receivedMicros());
            }
            for (int i = 0; i < columns.size(); i++) {
                if (columnNames.mark(columnNumbers[i]) != columnItem) {
                    columns.set(i, RowTable.tag(columns.get(i)));
                }
            }
            if (table >= tableIds.length) {
                tableIds = Arrays.copyOf(tableIds, 2 * table);
            }
            if (tableIds[table] == null) {
                tableIds[table] = new TableId(parameters.database(), tableNames.name(table));
            }
            columnItems.add(new ColumnBatch(tableIds[table], columnRows, columnTimes, columns));
        }
        columns.clear();
        columnTimes = null;
    }

    static boolean isOwnLogColumn(String name) {
        return name.equals("_database") || name.equals("_measurement");
    }

    private void markTags(int at) {
        input.at = at;
        if (!Input.isArray(input.peek())) {
            throw input.malformed("\"tags\" beside \"columns\" has to be an array of column names and is "
                    + Input.describe(input.peek()));
        }
        int size = input.arraySize();
        for (int i = 0; i < size; i++) {
            int column = columnNames.find(input, "the name of a tag");
            if (column >= 0 && columnNames.mark(column) == columnItem) {
                columnNames.mark(column, columnItem + 1);
            }
        }
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
            return Times.extensionMicros(input, row);
        }
        if (Input.isText(type)) {
            return Times.text(input, row);
        }
        throw Times.invalid(input, row, "a time has to be a number and is " + Input.describe(type));
    }

    // Rows

    private RowTable rows() {
        if (lastRows != null && lastRowsTable == table) {
            return lastRows;
        }
        if (table >= rowTables.length) {
            rowTables = Arrays.copyOf(rowTables, 2 * table);
        }
        RowTable rows = rowTables[table];
        if (rows == null) {
            if (tablesWithRows.size() == QUICK_TABLES) {
                throw input.malformed("the rows are too many tables' for the quick pass");
            }
            rows = takeRowTable();
            rows.start(tableNames.name(table), expectedRows);
            rowTables[table] = rows;
            tablesWithRows.add(rows);
        }
        lastRows = rows;
        lastRowsTable = table;
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
        BitSet repeated = pass == Pass.QUICK ? null : repeated(size);
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
        if (size > LARGE_MAP && pass == Pass.ROWS) {
            rowNames.reserve(rowNames.size() + Math.min(size, RowTable.MAX_COLUMNS));
            rows.reserveFields(Math.min(size, RowTable.MAX_COLUMNS));
        }
        BitSet repeated = pass == Pass.QUICK ? null : repeated(size);
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
