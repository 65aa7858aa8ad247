package io.arc.runtime.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files out there have these tables: change one by a further migration only.
class CatalogFileTest {
    @TempDir
    private Path folder;

    @Test
    void theTablesStay() {
        try (Catalog catalog = Catalog.open(folder.resolve("arc.db"), new TestClock())) {
            String schema = catalog.database().write(session -> {
                StringBuilder text = new StringBuilder();
                try (ResultSet row = session.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
                        .executeQuery()) {
                    while (row.next()) {
                        text.append(row.getString(1).replaceAll("\\s+", " ")).append('\n');
                    }
                }
                return text.toString();
            });
            assertThat(schema).isEqualTo("""
                    CREATE TABLE catalog_announced ( key TEXT NOT NULL PRIMARY KEY ) STRICT, WITHOUT ROWID
                    CREATE TABLE catalog_column ( table_id INTEGER NOT NULL REFERENCES catalog_table (id), position INTEGER \
                    NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL CHECK (type IN ('INT64', 'FLOAT64', 'BOOLEAN', 'TEXT')), \
                    role TEXT NOT NULL CHECK (role IN ('TAG', 'FIELD')), typed INTEGER NOT NULL CHECK (typed IN (0, 1)), \
                    PRIMARY KEY (table_id, position), UNIQUE (table_id, name) ) STRICT, WITHOUT ROWID
                    CREATE TABLE catalog_coverage ( database TEXT NOT NULL, table_name TEXT NOT NULL, writer TEXT NOT NULL, \
                    through INTEGER NOT NULL, PRIMARY KEY (database, table_name, writer) ) STRICT, WITHOUT ROWID
                    CREATE TABLE catalog_database ( name TEXT NOT NULL PRIMARY KEY, created_micros INTEGER NOT NULL ) STRICT, \
                    WITHOUT ROWID
                    CREATE TABLE catalog_file ( key TEXT NOT NULL PRIMARY KEY, table_id INTEGER NOT NULL REFERENCES \
                    catalog_table (id), size_bytes INTEGER NOT NULL, row_count INTEGER NOT NULL, min_micros INTEGER NOT NULL, \
                    max_micros INTEGER NOT NULL, level INTEGER NOT NULL, added_micros INTEGER NOT NULL, details BLOB NOT \
                    NULL ) STRICT, WITHOUT ROWID
                    CREATE INDEX catalog_file_by_table ON catalog_file (table_id)
                    CREATE TABLE catalog_garbage ( key TEXT NOT NULL PRIMARY KEY, removed_micros INTEGER NOT NULL ) STRICT, \
                    WITHOUT ROWID
                    CREATE TABLE catalog_lock ( key TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, token INTEGER NOT NULL, \
                    expires_micros INTEGER NOT NULL ) STRICT, WITHOUT ROWID
                    CREATE TABLE catalog_property ( name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL ) STRICT, WITHOUT ROWID
                    CREATE TABLE catalog_table ( id INTEGER PRIMARY KEY, database TEXT NOT NULL REFERENCES catalog_database \
                    (name), name TEXT NOT NULL, created_micros INTEGER NOT NULL, UNIQUE (database, name) ) STRICT
                    CREATE TABLE catalog_version ( component TEXT NOT NULL, version INTEGER NOT NULL, applied_micros INTEGER \
                    NOT NULL, PRIMARY KEY (component, version) ) STRICT, WITHOUT ROWID
                    """);
        }
    }

    @Test
    void nothingIsLeftBesideTheFileAfterAClose() throws Exception {
        try (Catalog catalog = Catalog.open(folder.resolve("arc.db"), new TestClock())) {
            catalog.commitFlush(Samples.flush(Samples.CPU, "a", 1));
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyElementsOf(List.of("arc.db"));
        }
    }
}
