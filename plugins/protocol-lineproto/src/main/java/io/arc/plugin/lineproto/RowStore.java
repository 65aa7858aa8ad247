package io.arc.plugin.lineproto;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Role;
import io.arc.api.spi.IngestProtocol.Sink;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Finds tables and columns by their names' bytes, and keeps them with their memory for the next body. One thread.
final class RowStore {
    /// More tables than this in one body refuse it.
    static final int MAX_TABLES = 10_000;
    /// More columns than this in one table of a body refuse it.
    static final int MAX_COLUMNS = 10_000;

    private static final long MAX_RETAINED_BYTES = 8L << 20;
    private static final int MAX_RETAINED_NAMES = 1_024;
    private static final byte[] NO_SPELLING = {};

    // Chosen by chance, so that nobody can send names or tags that all fall into the same slots.
    private final long seed = new SplittableRandom().nextLong();
    private final TextSet tableNames = new TextSet();
    private final TextSet columnNames = new TextSet();
    private TableRows[] tables = new TableRows[4];
    private ColumnRows[] columns = new ColumnRows[16];
    private TableRows[] written = new TableRows[4];
    private int writtenCount;
    private long body;
    private int tablesOfBody;

    /// What [ByteText#hash] and [ByteText#mix] have to start with for the texts of this store.
    long seed() {
        return seed;
    }

    /// The table of that name, ready for rows of the present body.
    ///
    /// @param names where the name's bytes are, without escapes and valid UTF-8
    /// @param spelling where the name starts in `bytes`, as lines write it
    /// @param spellingTo where it ends; the same place when it must not be recognised in place
    TableRows table(byte[] names, int from, int to, byte[] bytes, int spelling, int spellingTo, Sink sink) {
        int id = tableNames.add(ByteText.hash(seed, names, from, to), 0, names, from, to);
        if (id == tables.length || tables[id] == null) {
            tables = Growth.forIndex(tables, id);
            tables[id] = new TableRows(id, new String(names, from, to - from, StandardCharsets.UTF_8),
                    Arrays.copyOfRange(bytes, spelling, spellingTo));
        }
        return open(tables[id], sink);
    }

    /// Makes a table that an earlier body has left ready for this one.
    TableRows open(TableRows table, Sink sink) {
        if (table.body() != body) {
            if (++tablesOfBody > MAX_TABLES) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body has more than " + MAX_TABLES
                        + " measurements; send it in smaller parts");
            }
            table.startBody(body, sink.tableNameProblem(table.name()));
        }
        return table;
    }

    /// The column of that name and role; see [#table] for the parameters.
    ColumnRows column(TableRows table, Role role, byte[] names, int from, int to, byte[] bytes, int spelling, int spellingTo) {
        int key = table.id() << 1 | role.ordinal();
        long hash = ByteText.mix(ByteText.hash(seed, names, from, to), key);
        int id = columnNames.add(hash, key, names, from, to);
        if (id == columns.length || columns[id] == null) {
            columns = Growth.forIndex(columns, id);
            columns[id] = new ColumnRows(new String(names, from, to - from, StandardCharsets.UTF_8), role,
                    spelling == spellingTo ? NO_SPELLING : Arrays.copyOfRange(bytes, spelling, spellingTo + 1));
        }
        return columns[id];
    }

    /// Makes a column that an earlier body has left ready for this one.
    void open(TableRows table, ColumnRows column) {
        if (table.countNamedColumn() > MAX_COLUMNS) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the measurement " + table.name() + " has more than "
                    + MAX_COLUMNS + " tags and fields in this body; send it in smaller parts or under several names");
        }
        column.clear();
    }

    /// Notes that a table has its first row.
    void write(TableRows table) {
        written = Growth.forIndex(written, writtenCount);
        written[writtenCount++] = table;
    }

    int writtenCount() {
        return writtenCount;
    }

    /// The tables with rows, in the order of their first ones.
    TableRows written(int index) {
        return written[index];
    }

    /// Ends the present body. What is left is memory for the next one.
    void endBody() {
        body++;
        tablesOfBody = 0;
        writtenCount = 0;
    }

    /// Whether the memory is more than is worth keeping between bodies.
    boolean isLarge() {
        if (tableNames.size() + columnNames.size() > MAX_RETAINED_NAMES) {
            return true;
        }
        long bytes = tableNames.retainedBytes() + columnNames.retainedBytes();
        for (int i = 0; i < tableNames.size() && tables[i] != null; i++) {
            bytes += tables[i].retainedBytes();
        }
        for (int i = 0; i < columnNames.size() && columns[i] != null; i++) {
            bytes += columns[i].retainedBytes();
        }
        return bytes > MAX_RETAINED_BYTES;
    }
}
