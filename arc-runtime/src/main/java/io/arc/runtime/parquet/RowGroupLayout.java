package io.arc.runtime.parquet;

import java.util.List;
import java.util.Objects;

/// Where a row group's bytes are.
///
/// @param chunks in the order of the file; a nested column has several, all under its outermost name
public record RowGroupLayout(long rowCount, List<Chunk> chunks) {
    public RowGroupLayout {
        chunks = List.copyOf(chunks);
    }

    /// The pages of one column in one row group, dictionary included.
    public record Chunk(String column, long position, long length) {
        public Chunk {
            Objects.requireNonNull(column, "column");
        }
    }
}
