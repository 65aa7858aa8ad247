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
/// Rows become one batch, or several when hardly any two rows share a column: what the batches take stays within a fixed multiple
/// of what the items took.
final class RowTable {
    static final int MAX_COLUMNS = 10_000;
    private static final String HOST = "host";
    private static final String TIME = "time";
    private static final byte[] HOST_BYTES = HOST.getBytes(StandardCharsets.US_ASCII);
    private static final byte[] UNKNOWN = "unknown".getBytes(StandardCharsets.US_ASCII);
    /// What a column of a batch takes beside its values, in bytes.
    private static final int COLUMN_BYTES = 96;
    /// How many times the items' bytes the batches of rows that share few columns may take.
    private static final int MAX_FACTOR = 5;
    /// Rows that share more than this stay together.
    private static final int MAX_CELLS_PER_VALUE = 2;
    private static final int MAX_KEPT_TIMES = 1 << 17;
    private static final Key[] NO_KEYS = {};
    private static final int[] NO_INTS = {};
    private static final ColumnBuilder[] NO_BUILDERS = {};

    private final SpareBuilders spare;
    private final NameSet allNames;
    private final RowMemory memory;
    private final Names tags = new Names(Role.TAG);
    private final Names fields = new Names(Role.FIELD);
    private final List<Segment> segments = new ArrayList<>(1);
    private String name = "";
    private int expectedRows;
    private ColumnBuilder host;
    private boolean hostGiven;
    /// Whether a tag is called like a field, or one of them `time`.
    private boolean collides;
    private int columnCount;
    private long bytes;
    /// How many values the rows of the present segment have, nil among them.
    private long named;
    private long[] times = new long[1];
    private int count;

    private record Segment(long[] times, List<Column> columns) {}

    /// The bytes beyond the items' own share that the rows of a body may still take.
    static final class RowMemory {
        private static final long FREE_BYTES = 1L << 20;
        private long free = FREE_BYTES;

        private int columns;
        private int maxColumns;

        /// @param newMaxColumns how many columns the tables may have in all
        void startBody(int newMaxColumns) {
            free = FREE_BYTES;
            columns = 0;
            maxColumns = newMaxColumns;
        }
    }

    /// Columns by the names that they came with, and by the place at which the row before had them.
    private static final class Names {
        private final Role role;
        private final SlotMap slots = new SlotMap();
        /// By slot; null for one that has no value in the present segment.
        private ColumnBuilder[] bySlot = NO_BUILDERS;
        /// Those of the present segment, in the order of their arrival.
        private ColumnBuilder[] columns = NO_BUILDERS;
        private int[] slotsOfColumns = NO_INTS;
        private int columnCount;
        /// How many places the rows of the present segment have, and how many keys are remembered.
        private int placeCount;
        private int keyCount;
        private Key[] places = NO_KEYS;
        private ColumnBuilder[] columnsByPlace = NO_BUILDERS;

        private Names(Role role) {
            this.role = role;
        }

        private void reserve(int count) {
            if (count > columns.length) {
                columns = Arrays.copyOf(columns, count);
                slotsOfColumns = Arrays.copyOf(slotsOfColumns, count);
            }
            if (count > bySlot.length) {
                bySlot = Arrays.copyOf(bySlot, count);
            }
            if (count > places.length) {
                places = Arrays.copyOf(places, count);
                columnsByPlace = Arrays.copyOf(columnsByPlace, count);
            }
            slots.reserve(count);
        }

        private void add(int slot, ColumnBuilder column) {
            if (columnCount == columns.length) {
                columns = Arrays.copyOf(columns, Math.max(4, 2 * columnCount));
                slotsOfColumns = Arrays.copyOf(slotsOfColumns, columns.length);
            }
            slotsOfColumns[columnCount] = slot;
            columns[columnCount++] = column;
            if (slot >= bySlot.length) {
                bySlot = Arrays.copyOf(bySlot, Math.max(4, 2 * slot));
            }
            bySlot[slot] = column;
        }

        private void remember(int place, Key key, ColumnBuilder column) {
            if (place >= places.length) {
                places = Arrays.copyOf(places, Math.max(4, 2 * place));
                columnsByPlace = Arrays.copyOf(columnsByPlace, places.length);
            }
            places[place] = key;
            columnsByPlace[place] = column;
            placeCount = Math.max(placeCount, place + 1);
            keyCount = Math.max(keyCount, place + 1);
        }

        private void endSegment(SpareBuilders spare) {
            for (int i = 0; i < columnCount; i++) {
                spare.give(columns[i]);
                columns[i] = null;
                bySlot[slotsOfColumns[i]] = null;
            }
            columnCount = 0;
            Arrays.fill(columnsByPlace, 0, placeCount, null);
            placeCount = 0;
        }

        private void clear(SpareBuilders spare) {
            endSegment(spare);
            slots.clear();
            Arrays.fill(places, 0, keyCount, null);
            keyCount = 0;
        }
    }

    RowTable(SpareBuilders spare, NameSet names, RowMemory memory) {
        this.spare = spare;
        this.allNames = names;
        this.memory = memory;
    }

    /// Begins a table; what was of another one before is forgotten.
    ///
    /// @param newExpectedRows a guess
    void start(String newName, int newExpectedRows) {
        name = newName;
        expectedRows = newExpectedRows;
        segments.clear();
        hostGiven = false;
        collides = false;
    }

    String name() {
        return name;
    }

    /// How many different columns there have been.
    int columns() {
        return tags.slots.size() + fields.slots.size();
    }

    /// Makes room for so many fields at once.
    void reserveFields(int fieldCount) {
        fields.reserve(fieldCount);
    }

    /// A tag of the row that is coming in. The cursor is at its name and moves behind its value.
    ///
    /// @param place how many tags of the row came before
    /// @param depth how many arrays and maps are around the value
    /// @throws ArcException where the row has this tag already
    void readTag(Input input, int place, int depth) {
        ColumnBuilder column = column(tags, input, place);
        named++;
        if (Input.isNil(input.peek())) {
            input.at++;
            return;
        }
        hostGiven |= column == host;
        column.readText(input, depth);
    }

    /// A field, likewise.
    void readField(Input input, int place, int depth) {
        ColumnBuilder column = column(fields, input, place);
        named++;
        if (input.peek() == 0xcb && input.end - input.at >= 9) {
            column.addDouble(Double.longBitsToDouble(input.longAt(input.at + 1)));
            input.at += 9;
        } else if (Input.isNil(input.peek())) {
            input.at++;
        } else {
            column.readValue(input, depth);
        }
    }

    /// A field that has a number for a name.
    void readNumberedField(Input input, int number, int depth) {
        TextBuffer text = spare.text();
        text.clear();
        text.add("field_");
        text.addNumber(number);
        ColumnBuilder column = named(fields, allNames.add(text.bytes(), 0, text.length()), input);
        column.padTo(count);
        column.readValue(input, depth);
        named++;
    }

    private ColumnBuilder column(Names names, Input input, int place) {
        ColumnBuilder column = place < names.places.length ? names.columnsByPlace[place] : null;
        if (column == null || names.places[place] == null || !names.places[place].isNext(input)) {
            int number = allNames.read(input, names.role == Role.TAG ? "the name of a tag" : "the name of a field");
            column = named(names, number, input);
            names.remember(place, allNames.key(number), column);
        }
        if (column.rows() != count) {
            if (column.rows() > count) {
                throw input.malformed("the name '" + column.name() + "' is there twice");
            }
            column.padTo(count);
        }
        return column;
    }

    private ColumnBuilder named(Names names, int number, Input input) {
        int slot = names.slots.find(number);
        if (slot >= 0 && names.bySlot[slot] != null) {
            return names.bySlot[slot];
        }
        String text = allNames.name(number);
        if (slot < 0) {
            if (columns() == MAX_COLUMNS) {
                throw input.malformed("the rows of measurement '" + name + "' have more than " + MAX_COLUMNS + " columns");
            }
            if (++memory.columns > memory.maxColumns) {
                throw input.malformed("the rows have too many columns to be kept side by side");
            }
            slot = names.slots.add(number);
            collides |= text.equals(TIME) || (names == tags ? fields : tags).slots.find(number) >= 0;
        }
        columnCount++;
        ColumnBuilder column = spare.take(text, names.role, expectedRows);
        names.add(slot, column);
        if (names == tags && text.equals(HOST)) {
            host = column;
        }
        return column;
    }

    /// Ends the row that came in. Its host is that among its tags, else `h`, else `unknown`.
    ///
    /// @param hostAt where the value of `h` is, or below 0
    /// @param itemBytes what the row took in the body
    void endRow(long epochMicros, Input input, int hostAt, int itemBytes) {
        if (!hostGiven) {
            addHost(input, hostAt);
        }
        hostGiven = false;
        if (count == times.length) {
            times = Arrays.copyOf(times, Math.max(16, 2 * count));
        }
        times[count++] = epochMicros;
        bytes += itemBytes;
        if ((long) columnCount * count > MAX_CELLS_PER_VALUE * named && beyond() > memory.free) {
            closeSegment();
        }
    }

    private void addHost(Input input, int at) {
        ColumnBuilder column = host;
        if (column == null) {
            column = named(tags, allNames.add(HOST_BYTES, 0, HOST_BYTES.length), input);
        }
        column.padTo(count);
        named++;
        if (at >= 0) {
            input.at = at;
            int type = input.peek();
            if (Input.isText(type)) {
                column.readValue(input, 0);
                return;
            }
            if (Input.isInteger(type)) {
                TextBuffer text = column.make();
                text.add("host_");
                input.appendInteger(text);
                column.addMade();
                return;
            }
        }
        column.addText(UNKNOWN, 0, UNKNOWN.length);
    }

    /// What the segment takes more than the items' share.
    private long beyond() {
        return Math.max(0, columnCount * (COLUMN_BYTES + 8L * count) - MAX_FACTOR * bytes);
    }

    private void closeSegment() {
        memory.free = Math.max(0, memory.free - beyond());
        List<Column> built = new ArrayList<>(columnCount);
        build(tags, built);
        build(fields, built);
        segments.add(new Segment(Arrays.copyOf(times, count), built));
        tags.endSegment(spare);
        fields.endSegment(spare);
        startSegment();
    }

    private void startSegment() {
        host = null;
        columnCount = 0;
        count = 0;
        bytes = 0;
        named = 0;
    }

    private void build(Names names, List<Column> built) {
        for (int i = 0; i < names.columnCount; i++) {
            ColumnBuilder builder = names.columns[i];
            builder.padTo(count);
            if (!MsgPackDecoder.isOwnLogColumn(builder.name())) {
                built.add(builder.build());
            }
        }
    }

    /// Forgets all rows.
    void clear() {
        tags.clear(spare);
        fields.clear(spare);
        segments.clear();
        startSegment();
    }

    /// Gives its memory back and can begin another table.
    void release() {
        clear();
        name = "";
        if (times.length > MAX_KEPT_TIMES) {
            times = new long[1];
        }
    }

    /// A column in the other role.
    static Column tag(Column column) {
        return switch (column) {
            case LongColumn old -> new LongColumn(old.name(), Role.TAG, old.values(), old.validity());
            case DoubleColumn old -> new DoubleColumn(old.name(), Role.TAG, old.values(), old.validity());
            case BooleanColumn old -> new BooleanColumn(old.name(), Role.TAG, old.values(), old.validity());
            case Utf8Column old -> new Utf8Column(old.name(), Role.TAG, old.values(), old.validity());
            case DictionaryColumn old ->
                new DictionaryColumn(old.name(), Role.TAG, old.codes(), old.dictionary(), old.validity());
        };
    }

    /// Hands all rows over.
    void emit(String database, Sink sink) {
        if (count > 0) {
            closeSegment();
        }
        TableId table = new TableId(database, name);
        StoredNames stored = collides ? new StoredNames() : null;
        for (Segment segment : segments) {
            List<Column> columns = stored == null ? segment.columns : segment.columns.stream().map(stored::stored).toList();
            sink.accept(new ColumnBatch(table, segment.times.length, segment.times, columns));
        }
    }

    /// Under which names columns are stored where they cannot all have their own.
    private final class StoredNames {
        private final Set<String> tagNames = new HashSet<>();
        private final Map<String, Column> takenBy = new HashMap<>();

        private StoredNames() {
            for (int slot = 0; slot < tags.slots.size(); slot++) {
                tagNames.add(storedTag(allNames.name(tags.slots.number(slot))));
            }
        }

        private Column stored(Column column) {
            String stored = column.role() == Role.TAG ? storedTag(column.name()) : storedField(column.name());
            Column other = takenBy.putIfAbsent(stored, column);
            if (other != null && (other.role() != column.role() || !other.name().equals(column.name()))) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "in the rows of measurement '" + name + "' both '"
                        + other.name() + "' and '" + column.name() + "' would be stored as '" + stored
                        + "'; rename one of them");
            }
            return stored.equals(column.name()) ? column : renamed(column, stored);
        }

        private static String storedTag(String key) {
            return key.equals(TIME) ? "time_value" : key;
        }

        private String storedField(String key) {
            String stored = storedTag(key);
            while (tagNames.contains(stored)) {
                stored += "_value";
            }
            return stored;
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
