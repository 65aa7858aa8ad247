package io.arc.runtime.catalog;

import io.arc.api.data.TableId;
import java.util.List;
import java.util.Map;

/// A table in a [CatalogSnapshot]. Immutable.
///
/// @param files every file that is part of the table, by key
/// @param walCoverage per log writer, the sequence up to and including which every row of this table is in `files`
public record TableEntry(TableId id, TableSchema schema, List<DataFile> files, Map<String, Long> walCoverage) {
    public TableEntry {
        files = List.copyOf(files);
        walCoverage = Map.copyOf(walCoverage);
    }

    /// Whether the rows that the table has in that log frame are in `files`.
    public boolean covers(String writer, long sequence) {
        Long through = walCoverage.get(writer);
        return through != null && sequence <= through;
    }
}
