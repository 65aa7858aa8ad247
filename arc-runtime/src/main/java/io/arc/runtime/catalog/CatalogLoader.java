package io.arc.runtime.catalog;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.CatalogDatabase.Session;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Makes the first snapshot of the catalog's tables. Used once, on the catalog's thread.
final class CatalogLoader {
    /// The order of a table's files.
    static final Comparator<DataFile> BY_KEY = Comparator.comparing(DataFile::key);

    private final Map<Long, TableEntryBuilder> tables = new HashMap<>();
    private final Map<TableId, TableEntryBuilder> byId = new HashMap<>();
    private CatalogSnapshot loaded = CatalogSnapshot.EMPTY;

    private record TableEntryBuilder(long rowId, TableId id, List<ColumnSchema> columns, Set<String> untyped,
            List<DataFile> files, Map<String, Long> coverage) {}

    /// @return how many files there are
    int load(Session session) throws SQLException {
        loadTables(session);
        loadColumns(session);
        int files = loadFiles(session);
        loadCoverage(session);
        for (TableEntryBuilder table : tables.values()) {
            loaded = loaded.withTable(table.rowId(), new TableEntry(table.id(),
                    new TableSchema(table.columns(), table.untyped()), table.files(), table.coverage()));
        }
        return files;
    }

    CatalogSnapshot snapshot() {
        return loaded;
    }

    private void loadTables(Session session) throws SQLException {
        try (ResultSet row = session.prepare("SELECT name, created_micros FROM catalog_database").executeQuery()) {
            while (row.next()) {
                loaded = loaded.withDatabase(row.getString(1), row.getLong(2));
            }
        }
        try (ResultSet row = session.prepare("SELECT id, database, name FROM catalog_table").executeQuery()) {
            while (row.next()) {
                TableId id = new TableId(row.getString(2), row.getString(3));
                TableEntryBuilder table = new TableEntryBuilder(row.getLong(1), id, new ArrayList<>(), new HashSet<>(),
                        new ArrayList<>(), new HashMap<>());
                tables.put(table.rowId(), table);
                byId.put(id, table);
            }
        }
    }

    private void loadColumns(Session session) throws SQLException {
        try (ResultSet row = session.prepare("SELECT table_id, name, type, role, typed FROM catalog_column"
                + " ORDER BY table_id, position").executeQuery()) {
            while (row.next()) {
                TableEntryBuilder table = tables.get(row.getLong(1));
                String name = row.getString(2);
                table.columns().add(new ColumnSchema(name, ColumnType.valueOf(row.getString(3)),
                        Role.valueOf(row.getString(4))));
                if (row.getInt(5) == 0) {
                    table.untyped().add(name);
                }
            }
        }
    }

    private int loadFiles(Session session) throws SQLException {
        FileDetails.Reader details = new FileDetails.Reader();
        int count = 0;
        try (ResultSet row = session.prepare("SELECT table_id, key, size_bytes, row_count, min_micros, max_micros, level,"
                + " added_micros, details FROM catalog_file").executeQuery()) {
            while (row.next()) {
                TableEntryBuilder table = tables.get(row.getLong(1));
                String key = row.getString(2);
                details.read(key, row.getBytes(9));
                table.files().add(new DataFile(table.id(), key, row.getLong(3), row.getLong(4), row.getLong(5),
                        row.getLong(6), row.getInt(7), details.coverage, details.columns, row.getLong(8),
                        details.foreign));
                count++;
            }
        }
        for (TableEntryBuilder table : tables.values()) {
            // SQLite orders by UTF-8 bytes, this list by UTF-16 units.
            table.files().sort(BY_KEY);
        }
        return count;
    }

    private void loadCoverage(Session session) throws SQLException {
        Map<String, Map<String, Long>> ofDatabases = new HashMap<>();
        try (ResultSet row = session.prepare("SELECT database, table_name, writer, through FROM catalog_coverage")
                .executeQuery()) {
            while (row.next()) {
                String databaseName = row.getString(1);
                String tableName = row.getString(2);
                if (tableName.isEmpty()) {
                    ofDatabases.computeIfAbsent(databaseName, name -> new HashMap<>())
                            .put(row.getString(3), row.getLong(4));
                    loaded = loaded.withTombstone(databaseName, row.getString(3), row.getLong(4));
                    continue;
                }
                TableId id = new TableId(databaseName, tableName);
                TableEntryBuilder table = byId.get(id);
                if (table == null) {
                    loaded = loaded.withTombstone(CatalogSnapshot.tombstone(id), row.getString(3), row.getLong(4));
                } else {
                    table.coverage().put(row.getString(3), row.getLong(4));
                }
            }
        }
        for (TableEntryBuilder table : tables.values()) {
            ofDatabases.getOrDefault(table.id().database(), Map.of())
                    .forEach((writer, through) -> table.coverage().merge(writer, through, Math::max));
        }
    }
}
