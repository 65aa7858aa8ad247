package io.arc.runtime.catalog;

import io.arc.runtime.catalog.CatalogDatabase.Migration;
import java.util.List;

/// The catalog's tables in the SQLite file. `arc.db` may have come from an upstream server, whose tables have other names and
/// are left alone.
final class CatalogTables {
    static final String COMPONENT = "catalog";

    static final List<Migration> MIGRATIONS = List.of(Migration.of(
            // instance_id; lock_token, the last one given
            """
            CREATE TABLE catalog_property (
              name TEXT NOT NULL PRIMARY KEY,
              value TEXT NOT NULL
            ) STRICT, WITHOUT ROWID""",
            """
            CREATE TABLE catalog_database (
              name TEXT NOT NULL PRIMARY KEY,
              created_micros INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID""",
            """
            CREATE TABLE catalog_table (
              id INTEGER PRIMARY KEY,
              database TEXT NOT NULL REFERENCES catalog_database (name),
              name TEXT NOT NULL,
              created_micros INTEGER NOT NULL,
              UNIQUE (database, name)
            ) STRICT""",
            // typed = 0: TEXT for want of any value so far
            """
            CREATE TABLE catalog_column (
              table_id INTEGER NOT NULL REFERENCES catalog_table (id),
              position INTEGER NOT NULL,
              name TEXT NOT NULL,
              type TEXT NOT NULL CHECK (type IN ('INT64', 'FLOAT64', 'BOOLEAN', 'TEXT')),
              role TEXT NOT NULL CHECK (role IN ('TAG', 'FIELD')),
              typed INTEGER NOT NULL CHECK (typed IN (0, 1)),
              PRIMARY KEY (table_id, position),
              UNIQUE (table_id, name)
            ) STRICT, WITHOUT ROWID""",
            // details: see FileDetails
            """
            CREATE TABLE catalog_file (
              key TEXT NOT NULL PRIMARY KEY,
              table_id INTEGER NOT NULL REFERENCES catalog_table (id),
              size_bytes INTEGER NOT NULL,
              row_count INTEGER NOT NULL,
              min_micros INTEGER NOT NULL,
              max_micros INTEGER NOT NULL,
              level INTEGER NOT NULL,
              added_micros INTEGER NOT NULL,
              details BLOB NOT NULL
            ) STRICT, WITHOUT ROWID""",
            "CREATE INDEX catalog_file_by_table ON catalog_file (table_id)",
            // Outlives its table, and an empty table_name is the whole database: log frames of dropped tables stay dead.
            """
            CREATE TABLE catalog_coverage (
              database TEXT NOT NULL,
              table_name TEXT NOT NULL,
              writer TEXT NOT NULL,
              through INTEGER NOT NULL,
              PRIMARY KEY (database, table_name, writer)
            ) STRICT, WITHOUT ROWID""",
            // Objects that left their table and are still in the store.
            """
            CREATE TABLE catalog_garbage (
              key TEXT NOT NULL PRIMARY KEY,
              removed_micros INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID""",
            """
            CREATE TABLE catalog_lock (
              key TEXT NOT NULL PRIMARY KEY,
              owner TEXT NOT NULL,
              token INTEGER NOT NULL,
              expires_micros INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID"""), Migration.of(
            // Objects that a flush puts into the store before it commits them; what is left of a crash is an orphan.
            """
            CREATE TABLE catalog_announced (
              key TEXT NOT NULL PRIMARY KEY
            ) STRICT, WITHOUT ROWID"""));

    private CatalogTables() {}
}
