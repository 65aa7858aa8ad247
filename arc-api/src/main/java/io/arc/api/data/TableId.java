package io.arc.api.data;

import java.util.Objects;

/// A table's full name. Case-sensitive. The naming rules are enforced where requests enter the runtime, not here.
public record TableId(String database, String table) implements Comparable<TableId> {
    public TableId {
        Objects.requireNonNull(database, "database");
        Objects.requireNonNull(table, "table");
    }

    @Override
    public int compareTo(TableId other) {
        int byDatabase = database.compareTo(other.database);
        return byDatabase != 0 ? byDatabase : table.compareTo(other.table);
    }

    /// `database.table`, for messages and metrics.
    @Override
    public String toString() {
        return database + "." + table;
    }
}
