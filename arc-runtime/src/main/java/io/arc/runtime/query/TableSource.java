package io.arc.runtime.query;

import io.arc.api.data.TableId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where the query engine finds databases, tables and their rows. Thread-safe.
public interface TableSource {
    /// Sorted; `default` is always among them.
    List<String> databases();

    /// The database's tables, sorted; empty for a database that does not exist.
    List<TableId> tables(String database);

    /// Opens a moment of the whole catalog: files seen through it stay readable until it is closed. Cheap.
    Snapshot snapshot();

    /// Waits until a write is readable.
    ///
    /// @param position where it is in the log, `writer:sequence`, as the writer was told
    /// @return false when it is not readable yet after that time
    /// @throws io.arc.api.ArcException INVALID_PARAMETER for a position that is not one, or not one of this server
    boolean awaitReadable(String position, Duration atMost) throws InterruptedException;

    /// A state of one table. Equal versions mean equal rows.
    ///
    /// @param files changes with the table's files
    /// @param schema changes with its columns
    /// @param hot by log writer, up to where its rows in memory are part of the state
    record TableVersion(long files, long schema, Map<String, Long> hot) {
        public TableVersion {
            hot = Map.copyOf(hot);
        }
    }

    /// One moment. Not thread-safe; closed by the query that opened it.
    interface Snapshot extends AutoCloseable {
        /// The table with all rows acknowledged before this snapshot was opened, and perhaps later ones; the same rows however
        /// often it is asked.
        Optional<TableView> find(TableId table);

        /// What tells the state of that table as [#find] gave it from every other state of its rows and schema. Only after a
        /// `find` that found it.
        TableVersion version(TableId table);

        @Override
        void close();
    }
}
