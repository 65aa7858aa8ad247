package io.arc.runtime.parquet;

import io.arc.api.data.ColumnType;
import java.util.Objects;

/// One column that a file is to have. The time column is apart: it is always the first and called `time`.
public record FileColumn(String name, ColumnType type) {
    public FileColumn {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        if (name.equals(ParquetEncoder.TIME)) {
            throw new IllegalArgumentException("'" + ParquetEncoder.TIME + "' is written by itself, as the first column");
        }
    }
}
