package io.arc.runtime.catalog;

import io.arc.api.data.TableId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The whole catalog at one moment. Immutable; a commit makes a new one that shares all but the changed table with it.
///
/// Two snapshots are equal when they hold the same databases, tables and files, whatever their versions.
public final class CatalogSnapshot {
    public static final CatalogSnapshot EMPTY = new CatalogSnapshot(0, PersistentMap.empty(), PersistentMap.empty());

    /// @param id of its row in the file
    /// @param changed the version of the snapshot that brought this entry
    record Table(long id, TableEntry entry, long changed) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Table that && entry.equals(that.entry);
        }

        @Override
        public int hashCode() {
            return entry.hashCode();
        }
    }

    record Database(long createdMicros, PersistentMap<Table> tables) {}

    private final long version;
    private final PersistentMap<Database> databases;
    /// What remains of dropped databases (by name) and tables (by `database/table`): how far their log frames are dead.
    private final PersistentMap<Map<String, Long>> dropped;

    private CatalogSnapshot(long version, PersistentMap<Database> databases, PersistentMap<Map<String, Long>> dropped) {
        this.version = version;
        this.databases = databases;
        this.dropped = dropped;
    }

    /// Grows with every change. Comparable between snapshots of one run of the server only.
    public long version() {
        return version;
    }

    /// The version of the snapshot that last changed the table, its files or its schema; 0 for a table that is not there.
    public long version(TableId table) {
        Table found = table(table);
        return found == null ? 0 : found.changed();
    }

    /// Sorted.
    public List<String> databases() {
        return databases.keys();
    }

    public boolean hasDatabase(String database) {
        return databases.find(database) != null;
    }

    /// The database's tables, sorted by name; empty for a database that does not exist.
    public List<TableEntry> tables(String database) {
        Database found = databases.find(database);
        if (found == null) {
            return List.of();
        }
        List<TableEntry> entries = new ArrayList<>(found.tables().size());
        for (Table table : found.tables().values()) {
            entries.add(table.entry());
        }
        entries.sort((left, right) -> left.id().compareTo(right.id()));
        return entries;
    }

    public Optional<TableEntry> find(TableId id) {
        Table found = table(id);
        return found == null ? Optional.empty() : Optional.of(found.entry());
    }

    /// Whether the log frame has nothing left to replay into the table: its rows are in files, or were dropped with the table
    /// or its database. Unlike [TableEntry#covers] this knows about tables that are not there any more.
    public boolean covers(TableId id, String writer, long sequence) {
        Table found = table(id);
        Long through = (found == null ? inherited(id) : found.entry().walCoverage()).get(writer);
        return through != null && sequence <= through;
    }

    Table table(TableId id) {
        Database database = databases.find(id.database());
        return database == null ? null : database.tables().find(id.table());
    }

    /// What a table that is made now begins with: the log positions at which it or its database was dropped.
    Map<String, Long> inherited(TableId id) {
        Map<String, Long> ofDatabase = dropped.find(id.database());
        Map<String, Long> ofTable = dropped.find(tombstone(id));
        if (ofDatabase == null) {
            return ofTable == null ? Map.of() : ofTable;
        }
        return ofTable == null ? ofDatabase : raised(ofDatabase, ofTable);
    }

    CatalogSnapshot withDatabase(String name, long createdMicros) {
        return new CatalogSnapshot(version + 1, databases.with(name, new Database(createdMicros, PersistentMap.empty())),
                dropped);
    }

    /// The database must be there.
    CatalogSnapshot withTable(long rowId, TableEntry entry) {
        TableId id = entry.id();
        Database database = databases.find(id.database());
        Table table = new Table(rowId, entry, version + 1);
        return new CatalogSnapshot(version + 1, databases.with(id.database(),
                new Database(database.createdMicros(), database.tables().with(id.table(), table))),
                dropped.without(tombstone(id)));
    }

    CatalogSnapshot withoutTable(TableId id, Map<String, Long> walPositions) {
        Database database = databases.find(id.database());
        Table table = database.tables().find(id.table());
        return new CatalogSnapshot(version + 1,
                databases.with(id.database(), new Database(database.createdMicros(), database.tables().without(id.table()))),
                withTombstone(dropped, tombstone(id), raised(table.entry().walCoverage(), walPositions)));
    }

    /// The tables must have gone before.
    CatalogSnapshot withoutDatabase(String name, Map<String, Long> walPositions) {
        return new CatalogSnapshot(version + 1, databases.without(name), withTombstone(dropped, name, walPositions));
    }

    /// For loading.
    CatalogSnapshot withTombstone(String key, String writer, long through) {
        return new CatalogSnapshot(version, databases, withTombstone(dropped, key, Map.of(writer, through)));
    }

    private static PersistentMap<Map<String, Long>> withTombstone(PersistentMap<Map<String, Long>> dropped, String key,
            Map<String, Long> walPositions) {
        Map<String, Long> before = dropped.find(key);
        if (walPositions.isEmpty()) {
            return dropped;
        }
        return dropped.with(key, before == null ? Map.copyOf(walPositions) : raised(before, walPositions));
    }

    CatalogSnapshot withoutWriters(Set<String> writers) {
        CatalogSnapshot next = this;
        for (String database : databases()) {
            for (TableEntry entry : tables(database)) {
                Map<String, Long> kept = without(entry.walCoverage(), writers);
                if (kept.size() != entry.walCoverage().size()) {
                    next = next.withTable(table(entry.id()).id(),
                            new TableEntry(entry.id(), entry.schema(), entry.files(), kept));
                }
            }
        }
        PersistentMap<Map<String, Long>> tombstones = next.dropped;
        for (String key : dropped.keys()) {
            Map<String, Long> kept = without(dropped.find(key), writers);
            tombstones = kept.isEmpty() ? tombstones.without(key) : tombstones.with(key, kept);
        }
        return new CatalogSnapshot(next.version + 1, next.databases, tombstones);
    }

    static String tombstone(TableId id) {
        return id.database() + '/' + id.table();
    }

    static Map<String, Long> raised(Map<String, Long> one, Map<String, Long> other) {
        Map<String, Long> joined = new HashMap<>(one);
        other.forEach((writer, through) -> joined.merge(writer, through, Math::max));
        return Map.copyOf(joined);
    }

    private static Map<String, Long> without(Map<String, Long> coverage, Collection<String> writers) {
        Map<String, Long> kept = new HashMap<>(coverage);
        kept.keySet().removeAll(writers);
        return kept;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof CatalogSnapshot that && databases.equals(that.databases) && dropped.equals(that.dropped);
    }

    @Override
    public int hashCode() {
        return databases.hashCode();
    }

    @Override
    public String toString() {
        return "catalog snapshot " + version + " of databases " + databases();
    }
}
