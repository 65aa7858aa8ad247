package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.HotBatch;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.Pin;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.catalog.TableSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;

/// Files and buffers as one, each row exactly once, without a lock between flush and query.
///
/// The trick is the order: first the rows in memory are looked at, then the catalog, and rows in memory that the catalog's
/// log coverage includes are left out. A flush that commits in between moves its rows from memory to files; they are then
/// in both, and the coverage tells. A flush releases memory only after its commit, so no row is in neither.
public final class LiveTables implements TableSource {
    private static final String DEFAULT_DATABASE = "default";

    private final Catalog catalog;
    private final SchemaRegistry schemas;
    private final Buffers buffers;

    public LiveTables(Catalog catalog, SchemaRegistry schemas, Buffers buffers) {
        this.catalog = Objects.requireNonNull(catalog, "catalog");
        this.schemas = Objects.requireNonNull(schemas, "schemas");
        this.buffers = Objects.requireNonNull(buffers, "buffers");
    }

    @Override
    public List<String> databases() {
        TreeSet<String> names = new TreeSet<>(catalog.snapshot().databases());
        names.add(DEFAULT_DATABASE);
        for (TableId table : schemas.tables()) {
            names.add(table.database());
        }
        return List.copyOf(names);
    }

    @Override
    public List<TableId> tables(String database) {
        TreeSet<TableId> tables = new TreeSet<>();
        for (TableEntry entry : catalog.snapshot().tables(database)) {
            tables.add(entry.id());
        }
        for (TableId table : schemas.tables()) {
            if (table.database().equals(database)) {
                tables.add(table);
            }
        }
        return List.copyOf(tables);
    }

    @Override
    public boolean awaitReadable(String position, Duration atMost) throws InterruptedException {
        int colon = position.lastIndexOf(':');
        String writer = colon < 0 ? "" : position.substring(0, colon);
        if (writer.isEmpty() || !position.substring(colon + 1).matches("[0-9]{1,18}")) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "the position '" + position
                    + "' is none; send what a write's answer had as X-Arc-Position");
        }
        if (!buffers.knows(writer)) {
            if (writer.startsWith(catalog.instanceId() + "-")) {
                // A writer of an earlier run that has left nothing in the log: all its rows are in files.
                return true;
            }
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "the position '" + position
                    + "' is of another server's log; ask the server that took the write");
        }
        return buffers.awaitPassed(writer, Long.parseLong(position.substring(colon + 1)), atMost);
    }

    @Override
    public Snapshot snapshot() {
        return new LiveSnapshot();
    }

    private final class LiveSnapshot implements Snapshot {
        private final List<Pin> pins = new ArrayList<>(2);
        /// A table that a statement mentions twice has the same rows in both places.
        private final Map<TableId, TableView> views = new HashMap<>();
        private final Map<TableId, TableVersion> versions = new HashMap<>();

        @Override
        public Optional<TableView> find(TableId table) {
            TableView known = views.get(table);
            if (known != null) {
                return Optional.of(known);
            }
            // The order of these is the whole point; see the class comment. The schema comes last because it only ever
            // grows, so that it fits every row that the first two have found, and its version comes before it, so that an
            // answer is never kept under a version that is newer than what it shows.
            List<HotBatch> hot = buffers.hot(table);
            Pin pin = catalog.pin();
            pins.add(pin);
            CatalogSnapshot files = pin.snapshot();
            Optional<TableEntry> entry = files.find(table);
            long schemaVersion = schemas.version(table);
            Optional<TableSchema> schema = schemas.find(table);
            if (schema.isEmpty()) {
                return Optional.empty();
            }
            List<ColumnBatch> uncovered = new ArrayList<>(hot.size());
            Map<String, Long> through = new HashMap<>();
            for (HotBatch batch : hot) {
                if (entry.isEmpty() || !entry.get().covers(batch.writer(), batch.last())) {
                    uncovered.add(batch.batch());
                    through.merge(batch.writer(), batch.last(), Math::max);
                }
            }
            TableView view = new TableView(table, schema.get(), entry.map(TableEntry::files).orElse(List.of()), uncovered);
            views.put(table, view);
            versions.put(table, new TableVersion(files.version(table), schemaVersion, through));
            return Optional.of(view);
        }

        @Override
        public TableVersion version(TableId table) {
            return Objects.requireNonNull(versions.get(table), "find the table first");
        }

        @Override
        public void close() {
            pins.forEach(Pin::close);
            pins.clear();
        }
    }
}
