package io.arc.runtime.catalog;

import io.arc.api.data.TableId;
import java.util.List;
import java.util.Objects;

/// What a flush adds to a table, all or nothing.
///
/// @param schema the table's schema as [SchemaRegistry] knows it, or any that holds the files' columns
/// @param files new files of this table, usually one an hour; may be empty
/// @param coverage the log ranges of which every row of the table is stored once `files` are; the flushes of a table are
///     committed in the order of their sequences, as the catalog remembers the greatest one of each writer only
public record FlushCommit(TableId table, TableSchema schema, List<DataFile> files, List<WalRange> coverage) {
    public FlushCommit {
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(schema, "schema");
        files = List.copyOf(files);
        coverage = List.copyOf(coverage);
        requireOwn(table, files);
    }

    static void requireOwn(TableId table, List<DataFile> files) {
        for (DataFile file : files) {
            if (!file.table().equals(table)) {
                throw new IllegalArgumentException("file " + file.key() + " is of table " + file.table() + ", not of " + table);
            }
        }
    }
}
