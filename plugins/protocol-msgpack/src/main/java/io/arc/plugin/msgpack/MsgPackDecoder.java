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
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
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
/// A columnar item becomes a batch of its own; all rows of a table become one. `_database` and `_measurement` are the names of
/// upstream's log and are not stored. Keys that mean nothing here are passed over; of equal keys the last counts.
final class MsgPackDecoder implements Decoder {
    private static final int MAX_COLUMNS = 10_000;
    private static final int MAX_TABLES = 10_000;
    private static final int REMEMBERED_NAMES = 256;
    /// Not valid in UTF-8, so equal to no name.
    private static final byte[] NO_NAME = {(byte) 0xff};

    private final Input input = new Input();
    private final ArrayDeque<ColumnBuilder> spare = new ArrayDeque<>();
    private final Map<String, RowTable> rowTables = new LinkedHashMap<>();
    private Parameters parameters;
    private Optional<Unit> givenUnit = Optional.empty();
    private Sink sink;
    private int items;

    private String table;
    private String lastTable;
    private byte[] lastTableBytes = NO_NAME;
    private RowTable lastRows;
    private boolean hasColumns;
    private boolean hasFields;
    private boolean hostGiven;
    private final Map<String, ColumnBuilder> columns = new LinkedHashMap<>();
    private final List<String> columnNames = new ArrayList<>();
    private final List<byte[]> columnNameBytes = new ArrayList<>();
    private long[] columnTimes;
    private int columnRows;

    /// The keys of the row before, by place, and where they led.
    private static final class Keys {
        private final List<byte[]> names = new ArrayList<>();
        private final List<ColumnBuilder> columns = new ArrayList<>();
    }

    /// The rows of one table while they come in.
    private static final class RowTable {
        private final Map<String, ColumnBuilder> byName = new HashMap<>();
        private final List<ColumnBuilder> columns = new ArrayList<>();
        private final Set<String> tagNames = new HashSet<>();
        private final Keys tagKeys = new Keys();
        private final Keys fieldKeys = new Keys();
        private ColumnBuilder host;
        private long[] times = new long[16];
        private int count;
    }

    @Override
    public void decode(ByteSlice body, Parameters given, Sink target) {
        input.reset(body.array(), body.offset(), body.length());
        parameters = given;
        sink = target;
        items = 0;
        givenUnit = given.find("precision").map(Unit::named);
        if (input.isAtEnd()) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body is empty; send a map or an array of maps");
        }
        try {
            while (!input.isAtEnd()) {
                object(0);
            }
            emitRows();
        } catch (IndexOutOfBoundsException cut) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the MessagePack data ends in the middle of a value", cut);
        } finally {
            for (RowTable rows : rowTables.values()) {
                spare.addAll(rows.columns);
            }
            rowTables.clear();
            spare.addAll(columns.values());
            columns.clear();
            lastTable = null;
            lastRows = null;
            parameters = null;
            sink = null;
            input.bytes = NO_NAME;
        }
    }

    private void object(int depth) {
        if (depth > Input.MAX_DEPTH) {
            throw input.malformed("arrays are nested deeper than " + Input.MAX_DEPTH + " levels");
        }
        int type = input.peek();
        if (Input.isArray(type)) {
            int size = input.arraySize();
            for (int i = 0; i < size; i++) {
                object(depth + 1);
            }
        } else if (Input.isMap(type)) {
            item(depth);
        } else {
            throw input.malformed("item " + items + " has to be a map and is " + Input.describe(type));
        }
    }

    private void item(int depth) {
        int begin = input.at;
        table = null;
        hasColumns = false;
        hasFields = false;
        hostGiven = false;
        int time = -1;
        int host = -1;
        int tags = -1;
        int fields = -1;
        int compact = -1;
        int batch = -1;
        int size = input.mapSize();
        for (int i = 0; i < size; i++) {
            if (!Input.isText(input.peek())) {
                throw input.malformed("item " + items + ": a key has to be text and is " + Input.describe(input.peek()));
            }
            int length = input.textLength();
            int key = input.at;
            input.at += length;
            int value = input.at;
            int type = input.peek();
            // What can be decoded on the way is; what needs the table's name, and comes before it, waits.
            if (length == 1 && input.bytes[key] == 'm') {
                table();
            } else if (is(key, length, "columns") && Input.isMap(type)) {
                readColumns();
                hasColumns = true;
            } else if (is(key, length, "fields") && Input.isMap(type) && table != null) {
                fields();
                hasFields = true;
            } else if (is(key, length, "tags") && Input.isMap(type) && table != null && !hasFields) {
                tags();
            } else {
                input.skip(depth + 1);
                if (length == 1) {
                    switch (input.bytes[key]) {
                        case 't' -> time = type == 0xc0 ? -1 : value;
                        case 'h' -> host = value;
                        case 'f' -> compact = Input.isArray(type) ? value : compact;
                        default -> { }
                    }
                } else if (is(key, length, "columns")) {
                    hasColumns = false;
                } else if (is(key, length, "fields")) {
                    fields = Input.isMap(type) ? value : -1;
                } else if (is(key, length, "tags")) {
                    tags = type == 0xc0 ? -1 : value;
                } else if (is(key, length, "batch")) {
                    batch = Input.isArray(type) ? value : -1;
                }
            }
        }
        int behind = input.at;
        if (batch >= 0) {
            input.at = batch;
            object(depth + 1);
            input.at = behind;
            return;
        }
        if (table == null) {
            input.at = begin;
            throw input.malformed("item " + items + " has no measurement; name it by \"m\"");
        }
        if (hasColumns) {
            emitColumns(tags < 0 ? Set.of() : tagNames(tags));
        } else if (hasFields || fields >= 0 || compact >= 0) {
            if (tags >= 0) {
                input.at = tags;
                tags();
            }
            if (fields >= 0) {
                input.at = fields;
                fields();
            } else if (!hasFields) {
                input.at = compact;
                compact();
            }
            endRow(time, host);
        } else {
            input.at = begin;
            throw input.malformed("item " + items + " of measurement '" + table + "' has neither a map \"columns\" nor a map"
                    + " \"fields\"");
        }
        input.at = behind;
        items++;
    }

    private boolean is(int from, int length, String text) {
        if (length != text.length()) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (input.bytes[from + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /// Reads the item's table. Items mostly repeat the one before, whose bytes are compared first.
    private void table() {
        if (Input.isInteger(input.peek())) {
            named("measurement_" + input.integer());
            return;
        }
        int from = input.at;
        if (Input.isText(input.peek())) {
            int length = input.textLength();
            if (lastTable != null && Arrays.equals(lastTableBytes, 0, lastTableBytes.length, input.bytes, input.at, input.at + length)) {
                input.at += length;
                table = lastTable;
                return;
            }
            input.at = from;
        }
        named(input.name("item " + items + ": \"m\""));
    }

    private void named(String name) {
        table = name;
        lastTable = name;
        lastTableBytes = name.getBytes(StandardCharsets.UTF_8);
        lastRows = null;
    }

    // Columns

    private void readColumns() {
        spare.addAll(columns.values());
        columns.clear();
        columnTimes = null;
        columnRows = -1;
        int size = input.mapSize();
        if (size > MAX_COLUMNS) {
            throw input.malformed("item " + items + " has " + size + " columns; up to " + MAX_COLUMNS + " are accepted");
        }
        String first = "";
        for (int i = 0; i < size; i++) {
            String name = columnName(i);
            if (!Input.isArray(input.peek())) {
                throw input.malformed("item " + items + ": column '" + name + "' has to be an array and is "
                        + Input.describe(input.peek()));
            }
            int count = input.arraySize();
            if (columnRows >= 0 && count != columnRows) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "item " + items + ": column '" + name + "' has " + count
                        + " values and column '" + first + "' has " + columnRows + "; fill up with nil");
            }
            if (columnRows < 0) {
                first = name;
                columnRows = count;
            }
            if (name.equals("time")) {
                columnTimes = times(count);
                continue;
            }
            ColumnBuilder builder = builder(name, Role.FIELD);
            ColumnBuilder before = columns.put(name, builder);
            if (before != null) {
                spare.add(before);
            }
            builder.readColumn(input, count);
        }
    }

    /// A column's name. The one that stood at this place in the item before is tried first.
    private String columnName(int place) {
        int from = input.at;
        if (place < columnNames.size() && Input.isText(input.peek())) {
            byte[] known = columnNameBytes.get(place);
            int length = input.textLength();
            if (Arrays.equals(known, 0, known.length, input.bytes, input.at, input.at + length)) {
                input.at += length;
                return columnNames.get(place);
            }
            input.at = from;
        }
        String name = input.name("item " + items + ": a column's name");
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (place < columnNames.size()) {
            columnNames.set(place, name);
            columnNameBytes.set(place, bytes);
        } else if (place < REMEMBERED_NAMES) {
            columnNames.add(name);
            columnNameBytes.add(bytes);
        }
        return name;
    }

    private void emitColumns(Set<String> tagNames) {
        if (columnRows <= 0) {
            return;
        }
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
        sink.accept(new ColumnBatch(new TableId(parameters.database(), table), columnRows, columnTimes, built));
        spare.addAll(columns.values());
        columns.clear();
        columnTimes = null;
    }

    private static boolean isOwnLogColumn(String name) {
        return name.equals("_database") || name.equals("_measurement");
    }

    private ColumnBuilder builder(String name, Role role) {
        if (name.isEmpty()) {
            throw input.malformed("item " + items + " has a column without a name");
        }
        ColumnBuilder builder = spare.poll();
        if (builder == null) {
            builder = new ColumnBuilder();
        }
        builder.reset(name, role);
        return builder;
    }

    private Set<String> tagNames(int at) {
        input.at = at;
        if (!Input.isArray(input.peek())) {
            throw input.malformed("item " + items + ": \"tags\" beside \"columns\" has to be an array of column names");
        }
        int size = input.arraySize();
        Set<String> names = new HashSet<>();
        for (int i = 0; i < size; i++) {
            names.add(input.name("item " + items + ": a tag's name"));
        }
        return names;
    }

    /// The unit of a number column is that of its first value.
    private long[] times(int count) {
        long[] micros = new long[count];
        Unit unit = givenUnit.orElse(null);
        for (int row = 0; row < count; row++) {
            int type = input.peek();
            if (type == 0xcf || type == 0xd3 || Input.isInteger(type)) {
                long value = input.integer();
                if (unit == null) {
                    unit = Unit.of(value);
                }
                micros[row] = unit == Unit.MICROS ? value : Times.fromLong(value, unit, row);
            } else if (Input.isFloat(type)) {
                double value = input.floating();
                if (unit == null) {
                    unit = Unit.of(value);
                }
                micros[row] = Times.fromDouble(value, unit, row);
            } else {
                micros[row] = oddTime(type, row);
            }
        }
        return micros;
    }

    private long oddTime(int type, int row) {
        if (Input.isExtension(type)) {
            return Times.micros(Times.extension(input, row), row);
        }
        if (Input.isText(type)) {
            return Times.text(input, row);
        }
        throw Times.invalid(row, "item " + items + ": a time has to be a number and is " + Input.describe(type));
    }

    // Rows

    private RowTable rows() {
        if (lastRows == null) {
            lastRows = rowTables.get(table);
            if (lastRows == null) {
                if (rowTables.size() == MAX_TABLES) {
                    throw input.malformed("the body has more than " + MAX_TABLES + " measurements");
                }
                lastRows = new RowTable();
                rowTables.put(table, lastRows);
            }
        }
        return lastRows;
    }

    private void tags() {
        if (!Input.isMap(input.peek())) {
            throw input.malformed("item " + items + ": \"tags\" has to be a map and is " + Input.describe(input.peek()));
        }
        RowTable rows = rows();
        int size = input.mapSize();
        for (int i = 0; i < size; i++) {
            ColumnBuilder column = column(rows.tagKeys, rows, i, true);
            hostGiven |= column == rows.host && input.peek() != 0xc0;
            value(rows, column, true);
        }
    }

    private void fields() {
        RowTable rows = rows();
        int size = input.mapSize();
        for (int i = 0; i < size; i++) {
            value(rows, column(rows.fieldKeys, rows, i, false), false);
        }
    }

    private void compact() {
        RowTable rows = rows();
        int size = input.arraySize();
        for (int i = 0; i < size; i++) {
            value(rows, named(rows, "field_" + i, false), false);
        }
    }

    private void endRow(int time, int host) {
        RowTable rows = rows();
        if (rows.count == rows.times.length) {
            rows.times = Arrays.copyOf(rows.times, 2 * rows.count);
        }
        rows.times[rows.count] = time < 0 ? parameters.receivedMicros() : rowTime(time, rows.count);
        if (!hostGiven) {
            host(rows, host);
        }
        rows.count++;
    }

    private long rowTime(int at, int row) {
        input.at = at;
        int type = input.peek();
        if (Input.isInteger(type)) {
            long value = input.integer();
            return Times.fromLong(value, givenUnit.orElse(Unit.of(value)), row);
        }
        if (Input.isFloat(type)) {
            double value = input.floating();
            return Times.fromDouble(value, givenUnit.orElse(Unit.of(value)), row);
        }
        return oddTime(type, row);
    }

    /// The host of a row whose tags name none: `h`, or `unknown`.
    private void host(RowTable table, int at) {
        String host = "unknown";
        if (at >= 0) {
            input.at = at;
            int type = input.peek();
            if (Input.isText(type)) {
                host = input.name("item " + items + ": \"h\"");
            } else if (Input.isInteger(type)) {
                host = "host_" + input.integer();
            }
        }
        ColumnBuilder column = named(table, "host", true);
        if (column.rows() > table.count) {
            column.dropLast();
        }
        column.padTo(table.count);
        column.addString(host);
    }

    /// The column of the key at the cursor. Rows mostly repeat the keys of the row before, so the key at the same place is
    /// compared first, byte by byte.
    private ColumnBuilder column(Keys keys, RowTable rows, int place, boolean isTag) {
        if (!Input.isText(input.peek())) {
            throw input.malformed("item " + items + ": a name has to be text and is " + Input.describe(input.peek()));
        }
        int header = input.at;
        int length = input.textLength();
        if (place < keys.names.size()) {
            byte[] key = keys.names.get(place);
            if (Arrays.equals(key, 0, key.length, input.bytes, input.at, input.at + length)) {
                input.at += length;
                return keys.columns.get(place);
            }
        }
        input.at = header;
        String name = input.name("item " + items + ": a name");
        ColumnBuilder column = named(rows, name, isTag);
        byte[] key = name.getBytes(StandardCharsets.UTF_8);
        if (place < keys.names.size()) {
            keys.names.set(place, key);
            keys.columns.set(place, column);
        } else if (place == keys.names.size()) {
            keys.names.add(key);
            keys.columns.add(column);
        }
        return column;
    }

    private ColumnBuilder named(RowTable table, String name, boolean isTag) {
        // A field that is called like a tag moves aside; tags of later rows cannot take a field's name away any more.
        String stored = name.equals("time") ? "time_value" : name;
        if (!isTag && table.tagNames.contains(stored)) {
            stored = stored + "_value";
        } else if (isTag && !table.tagNames.contains(stored) && table.byName.containsKey(stored)) {
            rename(table, stored);
        }
        if (isTag) {
            table.tagNames.add(stored);
        }
        ColumnBuilder column = table.byName.get(stored);
        if (column == null) {
            if (table.columns.size() == MAX_COLUMNS) {
                throw input.malformed("the rows of one measurement have more than " + MAX_COLUMNS + " columns");
            }
            column = builder(stored, isTag ? Role.TAG : Role.FIELD);
            if (isTag && stored.equals("host")) {
                table.host = column;
            }
            table.byName.put(stored, column);
            table.columns.add(column);
        }
        return column;
    }

    /// A tag turns up under the name that fields of rows before had: those become `name_value`, as they would have been.
    private void rename(RowTable table, String name) {
        String aside = name + "_value";
        if (table.byName.containsKey(aside)) {
            throw new ArcException(ErrorCode.TYPE_CONFLICT, "'" + name + "' is a field in one row and a tag in another, and '" + aside
                    + "' is taken, too; rename one of them");
        }
        ColumnBuilder column = table.byName.remove(name);
        column.rename(aside);
        table.byName.put(aside, column);
        for (int place = 0; place < table.fieldKeys.names.size(); place++) {
            if (table.fieldKeys.columns.get(place) == column) {
                // The name at this place leads to the tag from now on, so it has to be looked up again.
                table.fieldKeys.names.set(place, NO_NAME);
            }
        }
    }

    private void value(RowTable table, ColumnBuilder column, boolean isTag) {
        if (column.rows() > table.count) {
            column.dropLast();
        }
        column.padTo(table.count);
        if (!isTag || Input.isText(input.peek()) || input.peek() == 0xc0) {
            column.readValue(input, 4);
            return;
        }
        int type = input.peek();
        if (Input.isInteger(type)) {
            column.addString(Long.toString(input.integer()));
        } else if (Input.isFloat(type)) {
            column.addString(Double.toString(input.floating()));
        } else if (type == 0xc2 || type == 0xc3) {
            input.at++;
            column.addString(Boolean.toString(type == 0xc3));
        } else if (Input.isExtension(type)) {
            Instant instant = Times.extension(input, table.count);
            column.addString(instant.toString());
        } else {
            column.readValue(input, 4);
        }
    }

    private void emitRows() {
        for (Map.Entry<String, RowTable> entry : rowTables.entrySet()) {
            RowTable table = entry.getValue();
            List<Column> columns = new ArrayList<>(table.columns.size());
            for (ColumnBuilder builder : table.columns) {
                builder.cutTo(table.count);
                builder.padTo(table.count);
                if (!isOwnLogColumn(builder.name())) {
                    columns.add(builder.build(builder.role()));
                }
            }
            sink.accept(new ColumnBatch(new TableId(parameters.database(), entry.getKey()), table.count,
                    Arrays.copyOf(table.times, table.count), columns));
        }
    }
}
