package io.arc.runtime.query;

import io.arc.api.data.TableId;
import java.util.List;
import java.util.Optional;

/// Where the query engine finds databases, tables and their rows. Thread-safe.
public interface TableSource {
    /// Sorted; `default` is always among them.
    List<String> databases();

    /// The database's tables, sorted; empty for a database that does not exist.
    List<TableId> tables(String database);

    /// Opens a moment of the whole catalog: files seen through it stay readable until it is closed. Cheap.
    Snapshot snapshot();

    /// One moment. Not thread-safe; closed by the query that opened it.
    interface Snapshot extends AutoCloseable {
        /// The table with all rows acknowledged before this snapshot was opened, and perhaps later ones.
        Optional<TableView> find(TableId table);

        /// A number that changes whenever the rows or the schema of that table may have changed.
        long version(TableId table);

        @Override
        void close();
    }
}
