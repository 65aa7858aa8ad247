package io.arc.runtime.query;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import java.util.List;

/// All rows of a table at one moment, each exactly once: those in files and those still in memory. Immutable.
///
/// A column's type in a file or batch may be narrower than in the schema, and a column may be missing there.
///
/// @param files in the store
/// @param hot batches that no file of `files` holds
public record TableView(TableId table, TableSchema schema, List<DataFile> files, List<ColumnBatch> hot) {
    public TableView {
        files = List.copyOf(files);
        hot = List.copyOf(hot);
    }
}
