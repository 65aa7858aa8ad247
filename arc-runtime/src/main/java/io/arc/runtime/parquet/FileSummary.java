package io.arc.runtime.parquet;

import java.util.List;

/// What an encoder has written, so that a catalog can prune without opening the file.
///
/// @param sizeBytes of the whole file
/// @param minMicros the least time, in microseconds since 1970 UTC; Long.MAX_VALUE for a file without rows
/// @param maxMicros the greatest time, inclusive; Long.MIN_VALUE for a file without rows
/// @param columns in the order of the file, without `time`
public record FileSummary(long sizeBytes, long rowCount, long minMicros, long maxMicros, List<ColumnSummary> columns) {
    public FileSummary {
        columns = List.copyOf(columns);
    }
}
