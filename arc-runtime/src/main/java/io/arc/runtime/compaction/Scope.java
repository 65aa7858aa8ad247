package io.arc.runtime.compaction;

import io.arc.api.data.TableId;
import java.util.Objects;
import java.util.Optional;

/// What a run is to look at; all that is empty means everything.
///
/// @param table only with a database
/// @param partition only with a table: the folder of the partitions wanted below the table's, such as `2026/01/31` or
///     `2026/01/31/14`
public record Scope(Optional<String> database, Optional<String> table, Optional<String> partition) {
    public static final Scope EVERYTHING = new Scope(Optional.empty(), Optional.empty(), Optional.empty());

    public Scope {
        Objects.requireNonNull(database, "database");
        if (table.isPresent() && database.isEmpty()) {
            throw new IllegalArgumentException("the table " + table.get() + " needs its database");
        }
        if (partition.isPresent() && table.isEmpty()) {
            throw new IllegalArgumentException("the partition " + partition.get() + " needs its table");
        }
    }

    boolean hasDatabase(String name) {
        return database.isEmpty() || database.get().equals(name);
    }

    boolean hasTable(TableId id) {
        return hasDatabase(id.database()) && (table.isEmpty() || table.get().equals(id.table()));
    }

    /// @param folder without the table's
    boolean hasPartition(String folder) {
        return partition.isEmpty() || folder.equals(partition.get()) || folder.startsWith(partition.get() + "/");
    }
}
