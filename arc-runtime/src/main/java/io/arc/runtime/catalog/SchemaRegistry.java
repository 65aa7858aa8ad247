package io.arc.runtime.catalog;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// The schema of every table at the door: what the catalog knows, and the columns of rows that no flush has committed yet. In
/// memory; its content becomes durable with the flushes that carry it, and a replay of the log makes the same again, as joining
/// schemas does not depend on their order.
///
/// Thread-safe. A batch that brings nothing new costs a look-up per column and takes no lock; others take turns.
public final class SchemaRegistry {
    private final int maxColumns;
    private final Function<String, Optional<String>> nameProblem;
    private final ConcurrentHashMap<TableId, Known> tables = new ConcurrentHashMap<>();
    private final Object growth = new Object();

    /// The last version given. Guarded by `growth`.
    private long lastVersion = 1;

    /// @param version never given twice, also not to another table
    private record Known(TableSchema schema, long version) {}

    /// @param snapshot where to begin
    /// @param maxColumns how many columns a table may get besides `time`
    /// @param nameProblem why a name cannot be a column's; asked once for each new column
    public SchemaRegistry(CatalogSnapshot snapshot, int maxColumns, Function<String, Optional<String>> nameProblem) {
        this.maxColumns = maxColumns;
        this.nameProblem = Objects.requireNonNull(nameProblem, "nameProblem");
        for (String database : snapshot.databases()) {
            for (TableEntry entry : snapshot.tables(database)) {
                tables.put(entry.id(), new Known(entry.schema(), 1));
            }
        }
    }

    /// Makes the table's schema hold this batch's columns, too: adds new ones in the order of their arrival and widens types by
    /// [ColumnType#join]. A TEXT column without any value changes nothing where the table has the column; where it has not, the
    /// column is remembered, and its first value decides the type.
    ///
    /// @return the schema that holds the batch's columns
    /// @throws ArcException and the schema is as before: TYPE_CONFLICT naming table, column and both types; INVALID_NAME for a
    ///     new column's name; MALFORMED_PAYLOAD for more columns than a table may have
    public TableSchema admit(ColumnBatch batch) {
        Known known = tables.get(batch.table());
        if (known != null && holds(known.schema(), batch)) {
            return known.schema();
        }
        admitAll(List.of(batch));
        return tables.get(batch.table()).schema();
    }

    /// The same for the batches of one request: all are admitted, or none and no schema has changed.
    public void admitAll(List<ColumnBatch> batches) {
        admitAll(batches, true);
    }

    /// The same for rows that were admitted before and are acknowledged: whatever limits and rules for names say today, they
    /// belong to their tables.
    ///
    /// @throws ArcException TYPE_CONFLICT only
    public void admitLogged(List<ColumnBatch> batches) {
        admitAll(batches, false);
    }

    private void admitAll(List<ColumnBatch> batches, boolean limited) {
        boolean news = false;
        for (ColumnBatch batch : batches) {
            Known known = tables.get(batch.table());
            if (known == null || !holds(known.schema(), batch)) {
                news = true;
                break;
            }
        }
        if (!news) {
            return;
        }
        synchronized (growth) {
            Map<TableId, TableSchema> grown = new HashMap<>();
            for (ColumnBatch batch : batches) {
                TableId table = batch.table();
                TableSchema before = grown.containsKey(table) ? grown.get(table) : present(table);
                TableSchema added = schemaOf(batch, before, limited);
                grown.put(table, limited ? joined(before, added, table) : before.join(added, table));
            }
            grown.forEach(this::put);
        }
    }

    /// Joins a schema that came from elsewhere (adopted files), with the failures of [#admit].
    public TableSchema learn(TableId table, TableSchema schema) {
        synchronized (growth) {
            TableSchema joined = joined(present(table), schema, table);
            put(table, joined);
            return joined;
        }
    }

    /// Forgets a table that was dropped. Rows that are written later begin anew.
    public void forget(TableId table) {
        synchronized (growth) {
            tables.remove(table);
        }
    }

    public Optional<TableSchema> find(TableId table) {
        Known known = tables.get(table);
        return known == null ? Optional.empty() : Optional.of(known.schema());
    }

    /// The tables that have a schema now.
    public Set<TableId> tables() {
        return Set.copyOf(tables.keySet());
    }

    /// Another number whenever the table's schema has changed; 0 for a table that is not known.
    public long version(TableId table) {
        Known known = tables.get(table);
        return known == null ? 0 : known.version();
    }

    private static boolean holds(TableSchema schema, ColumnBatch batch) {
        List<Column> columns = batch.columns();
        for (int i = 0; i < columns.size(); i++) {
            Column column = columns.get(i);
            ColumnSchema known = schema.columnOrNull(column.name());
            if (known == null) {
                return false;
            }
            ColumnType type = column.type();
            boolean held = type == known.type() ? type != ColumnType.TEXT || !schema.isUntyped(column.name())
                    : type == ColumnType.INT64 && known.type() == ColumnType.FLOAT64
                            || known.type() == ColumnType.TEXT && !schema.isUntyped(column.name());
            if (!held && !isUntyped(column, batch.rowCount())) {
                return false;
            }
        }
        return true;
    }

    /// A protocol that saw nulls only has no type to tell, and says TEXT.
    private static boolean isUntyped(Column column, int rowCount) {
        return column.type() == ColumnType.TEXT && column.validity().presentCount(rowCount) == 0;
    }

    private TableSchema schemaOf(ColumnBatch batch, TableSchema known, boolean limited) {
        List<ColumnSchema> columns = new ArrayList<>(batch.columns().size());
        Set<String> untyped = new HashSet<>();
        Set<String> seen = HashSet.newHashSet(batch.columns().size());
        for (Column column : batch.columns()) {
            String name = column.name();
            if (!seen.add(name)) {
                throw new ArcException(ErrorCode.INVALID_NAME, "Two columns of one record of table " + batch.table()
                        + " are named '" + name + "'. Rename the tag or the field.");
            }
            if (limited && known.columnOrNull(name) == null) {
                nameProblem.apply(name).ifPresent(problem -> {
                    throw new ArcException(ErrorCode.INVALID_NAME, problem + " (Table " + batch.table() + ".)");
                });
            }
            columns.add(new ColumnSchema(name, column.type(), column.role()));
            if (isUntyped(column, batch.rowCount())) {
                untyped.add(name);
            }
        }
        return new TableSchema(columns, untyped);
    }

    private TableSchema joined(TableSchema before, TableSchema added, TableId table) {
        TableSchema joined = before.join(added, table);
        if (joined.columns().size() > maxColumns && joined.columns().size() > before.columns().size()) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "Table " + table + " would get " + joined.columns().size()
                    + " columns, at most " + maxColumns + " are allowed. Names that hold values (ids, times) belong into a"
                    + " tag's value, not into its name.");
        }
        return joined;
    }

    private TableSchema present(TableId table) {
        Known known = tables.get(table);
        return known == null ? TableSchema.EMPTY : known.schema();
    }

    private void put(TableId table, TableSchema schema) {
        Known known = tables.get(table);
        if (known == null || known.schema() != schema) {
            tables.put(table, new Known(schema, ++lastVersion));
        }
    }
}
