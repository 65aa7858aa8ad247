package io.arc.runtime.catalog;

import io.arc.api.data.TableId;
import java.util.List;
import java.util.Objects;

/// What a catalog is to hold according to storage alone.
///
/// @param superseded keys of files whose rows are in other files; they become garbage
/// @param unfinished keys of files that no commit made part of a table and whose rows are in the log; they are to be deleted
public record RebuiltCatalog(List<Table> tables, List<String> superseded, List<String> unfinished) {
    public RebuiltCatalog {
        tables = List.copyOf(tables);
        superseded = List.copyOf(superseded);
        unfinished = List.copyOf(unfinished);
    }

    /// @param coverage of which log ranges the table's rows are all in `files`
    public record Table(TableId id, TableSchema schema, List<DataFile> files, List<WalRange> coverage) {
        public Table {
            Objects.requireNonNull(id, "id");
            Objects.requireNonNull(schema, "schema");
            files = List.copyOf(files);
            coverage = List.copyOf(coverage);
        }
    }

    public int fileCount() {
        return tables.stream().mapToInt(table -> table.files().size()).sum();
    }

    public long rowCount() {
        return tables.stream().flatMap(table -> table.files().stream()).mapToLong(DataFile::rowCount).sum();
    }
}
