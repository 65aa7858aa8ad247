package io.arc.api.data;

import java.util.List;
import java.util.Objects;

/// Rows of one table, by column: row r of every column and `epochMicros[r]` belong together.
///
/// Handing a batch over hands over its arrays: the giver never touches them again and nobody copies them. Arrays may be
/// longer than `rowCount`. Time is microseconds since 1970-01-01T00:00:00Z, never absent, in any order, any sign. No two
/// columns share a name and none is called `time`. Immutable by agreement, hence readable by any thread.
public record ColumnBatch(TableId table, int rowCount, long[] epochMicros, List<Column> columns) {
    /// @throws IllegalArgumentException when an array is shorter than `rowCount`
    public ColumnBatch {
        Objects.requireNonNull(table, "table");
        columns = List.copyOf(columns);
        if (rowCount < 0 || rowCount > epochMicros.length) {
            throw new IllegalArgumentException("rowCount " + rowCount + " with " + epochMicros.length + " times in " + table);
        }
        for (Column column : columns) {
            if (column.capacity() < rowCount) {
                throw new IllegalArgumentException("column " + column.name() + " of " + table + " holds " + column.capacity()
                        + " rows of " + rowCount);
            }
        }
    }

    /// The heap that the arrays take, in bytes, plus a fixed charge for the objects around them.
    public long retainedBytes() {
        long bytes = 96 + 8L * epochMicros.length;
        for (Column column : columns) {
            bytes += 96 + 2L * column.name().length() + column.retainedBytes();
        }
        return bytes;
    }
}
