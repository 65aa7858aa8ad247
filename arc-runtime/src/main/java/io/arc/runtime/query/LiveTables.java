package io.arc.runtime.query;

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
import java.util.ArrayList;
import java.util.List;
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
    public Snapshot snapshot() {
        return new LiveSnapshot();
    }

    private final class LiveSnapshot implements Snapshot {
        private final List<Pin> pins = new ArrayList<>(2);

        @Override
        public Optional<TableView> find(TableId table) {
            // The order of these three is the whole point; see the class comment. The schema comes last because it only
            // ever grows, so that it fits every row that the first two have found.
            List<HotBatch> hot = buffers.hot(table);
            Pin pin = catalog.pin();
            pins.add(pin);
            CatalogSnapshot files = pin.snapshot();
            Optional<TableEntry> entry = files.find(table);
            Optional<TableSchema> schema = schemas.find(table);
            if (schema.isEmpty()) {
                return Optional.empty();
            }
            List<ColumnBatch> uncovered = new ArrayList<>(hot.size());
            for (HotBatch batch : hot) {
                if (entry.isEmpty() || !entry.get().covers(batch.writer(), batch.last())) {
                    uncovered.add(batch.batch());
                }
            }
            return Optional.of(new TableView(table, schema.get(), entry.map(TableEntry::files).orElse(List.of()), uncovered));
        }

        @Override
        public long version(TableId table) {
            long hotRows = 0;
            for (HotBatch batch : buffers.hot(table)) {
                hotRows = 31 * hotRows + batch.last();
            }
            return 31 * (31 * hotRows + catalog.snapshot().version()) + schemas.version(table);
        }

        @Override
        public void close() {
            pins.forEach(Pin::close);
            pins.clear();
        }
    }
}
