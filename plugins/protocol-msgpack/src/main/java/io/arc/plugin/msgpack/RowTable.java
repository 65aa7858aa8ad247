package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.spi.IngestProtocol.Sink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The row-form items of one table and one body. Tags and fields are kept apart by the names that they came with; what they are
/// stored as is settled when all rows are there:
///
/// - `time` becomes `time_value`;
/// - a field that is called like a tag of any row gets `_value` behind its name, as often as it takes;
/// - two names that would become one column are refused.
///
/// Rows become one batch, or several when hardly any two rows share a column: rows times columns stay within a fixed multiple
/// of the values.
final class RowTable {
    static final int MAX_COLUMNS = 10_000;
    private static final String HOST = "host";
    private static final byte[] UNKNOWN = "unknown".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_CELLS_PER_VALUE = 16;
    private static final int FREE_CELLS = 1024;

    private final String name;
    private final SpareBuilders spare;
    private final int expectedRows;
    private final Names tags = new Names(Role.TAG);
    private final Names fields = new Names(Role.FIELD);
    private final Set<String> tagNames = new HashSet<>();
    private final List<Segment> segments = new ArrayList<>();
    private ColumnBuilder host;
    private boolean hostGiven;
    private int columnCount;
    private long values;
    private long[] times;
    private int count;

    private record Segment(long[] times, List<Column> columns) {}

    /// Columns by the names that they came with, and by the place at which the row before had them.
    private static final class Names {
        private final Role role;
        private final Map<String, ColumnBuilder> byName = new HashMap<>();
        private final List<ColumnBuilder> columns = new ArrayList<>();
        private final List<Key> places = new ArrayList<>();
        private final List<ColumnBuilder> columnsByPlace = new ArrayList<>();

        private Names(Role role) {
            this.role = role;
        }

        private void clear() {
            byName.clear();
            columns.clear();
            places.clear();
            columnsByPlace.clear();
        }
    }

    RowTable(String name, SpareBuilders spare, int expectedRows) {
        this.name = name;
        this.spare = spare;
        this.expectedRows = expectedRows;
        times = spare.takeTimes();
    }

    String name() {
        return name;
    }

    /// A tag of the row that is coming in. The cursor is at its name and moves behind its value.
    ///
    /// @param place how many tags of the row came before
    /// @param depth how many arrays and maps are around the value
    /// @throws ArcException where the row has this tag already
    void readTag(Input input, int place, int depth) {
        ColumnBuilder column = column(tags, input, place);
        if (Input.isNil(input.peek())) {
            input.at++;
            return;
        }
        hostGiven |= column == host;
        column.readText(input, depth);
        values++;
    }

    /// A field, likewise.
    void readField(Input input, int place, int depth) {
        ColumnBuilder column = column(fields, input, place);
        if (input.peek() == 0xcb && input.end - input.at >= 9) {
            column.addDouble(Double.longBitsToDouble(input.longAt(input.at + 1)));
            input.at += 9;
        } else if (Input.isNil(input.peek())) {
            input.at++;
            return;
        } else {
            column.readValue(input, depth);
        }
        values++;
    }

    /// A field that has a number for a name.
    void readNumberedField(Input input, int number, int depth) {
        ColumnBuilder column = named(fields, "field_" + number, input);
        column.padTo(count);
        column.readValue(input, depth);
        values++;
    }

    private ColumnBuilder column(Names names, Input input, int place) {
        ColumnBuilder column;
        if (place < names.places.size() && names.places.get(place).isNext(input)) {
            column = names.columnsByPlace.get(place);
        } else {
            column = named(names, input, place);
        }
        if (column.rows() != count) {
            if (column.rows() > count) {
                throw input.malformed("the name '" + column.name() + "' is there twice");
            }
            column.padTo(count);
        }
        return column;
    }

    private ColumnBuilder named(Names names, Input input, int place) {
        int from = input.at;
        String text = input.name(names.role == Role.TAG ? "the name of a tag" : "the name of a field");
        ColumnBuilder column = named(names, text, input);
        Key key = new Key(text, input, from, input.at);
        if (place < names.places.size()) {
            names.places.set(place, key);
            names.columnsByPlace.set(place, column);
        } else if (place == names.places.size()) {
            names.places.add(key);
            names.columnsByPlace.add(column);
        }
        return column;
    }

    private ColumnBuilder named(Names names, String text, Input input) {
        ColumnBuilder column = names.byName.get(text);
        if (column == null) {
            if (columnCount == MAX_COLUMNS) {
                throw input.malformed("the rows of measurement '" + name + "' have more than " + MAX_COLUMNS + " columns");
            }
            columnCount++;
            column = spare.take(text, names.role, expectedRows);
            names.byName.put(text, column);
            names.columns.add(column);
            if (names.role == Role.TAG) {
                tagNames.add(storedTag(text));
                if (text.equals(HOST)) {
                    host = column;
                }
            }
        }
        return column;
    }

    /// Ends the row that came in. Its host is that among its tags, else `h`, else `unknown`.
    ///
    /// @param hostAt where the value of `h` is, or below 0
    void endRow(long epochMicros, Input input, int hostAt) {
        if (!hostGiven) {
            addHost(input, hostAt);
        }
        hostGiven = false;
        if (count == times.length) {
            times = Arrays.copyOf(times, 2 * count);
        }
        times[count++] = epochMicros;
        if ((long) columnCount * count > MAX_CELLS_PER_VALUE * values + FREE_CELLS) {
            closeSegment();
        }
    }

    private void addHost(Input input, int at) {
        ColumnBuilder column = named(tags, HOST, input);
        column.padTo(count);
        values++;
        if (at >= 0) {
            input.at = at;
            int type = input.peek();
            if (Input.isText(type)) {
                column.readValue(input, 0);
                return;
            }
            if (Input.isInteger(type)) {
                column.addString("host_" + input.integerText());
                return;
            }
        }
        column.addText(UNKNOWN, 0, UNKNOWN.length);
    }

    private void closeSegment() {
        List<Column> built = new ArrayList<>(columnCount);
        build(tags, built);
        build(fields, built);
        segments.add(new Segment(Arrays.copyOf(times, count), built));
        releaseColumns();
        columnCount = 0;
        count = 0;
        values = 0;
    }

    private void build(Names names, List<Column> built) {
        for (ColumnBuilder builder : names.columns) {
            builder.padTo(count);
            if (!MsgPackDecoder.isOwnLogColumn(builder.name())) {
                built.add(builder.build());
            }
        }
    }

    /// Gives its memory back. The table is of no use any more.
    void release() {
        releaseColumns();
        spare.giveTimes(times);
    }

    private void releaseColumns() {
        tags.columns.forEach(spare::give);
        fields.columns.forEach(spare::give);
        tags.clear();
        fields.clear();
        host = null;
    }

    private static String storedTag(String key) {
        return key.equals("time") ? "time_value" : key;
    }

    private String storedField(String key) {
        String stored = storedTag(key);
        while (tagNames.contains(stored)) {
            stored += "_value";
        }
        return stored;
    }

    /// Hands all rows over.
    void emit(String database, Sink sink) {
        if (count > 0) {
            closeSegment();
        }
        TableId table = new TableId(database, name);
        Map<String, Column> takenBy = new HashMap<>();
        for (Segment segment : segments) {
            List<Column> columns = new ArrayList<>(segment.columns.size());
            for (Column column : segment.columns) {
                String stored = column.role() == Role.TAG ? storedTag(column.name()) : storedField(column.name());
                Column other = takenBy.putIfAbsent(stored, column);
                if (other != null && (other.role() != column.role() || !other.name().equals(column.name()))) {
                    throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "in the rows of measurement '" + name + "' both '"
                            + other.name() + "' and '" + column.name() + "' would be stored as '" + stored
                            + "'; rename one of them");
                }
                columns.add(stored.equals(column.name()) ? column : renamed(column, stored));
            }
            sink.accept(new ColumnBatch(table, segment.times.length, segment.times, columns));
        }
    }

    private static Column renamed(Column column, String name) {
        return switch (column) {
            case LongColumn old -> new LongColumn(name, old.role(), old.values(), old.validity());
            case DoubleColumn old -> new DoubleColumn(name, old.role(), old.values(), old.validity());
            case BooleanColumn old -> new BooleanColumn(name, old.role(), old.values(), old.validity());
            case Utf8Column old -> new Utf8Column(name, old.role(), old.values(), old.validity());
            case DictionaryColumn old -> new DictionaryColumn(name, old.role(), old.codes(), old.dictionary(), old.validity());
        };
    }
}
