package io.arc.runtime.catalog;

import io.arc.api.data.TableId;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// One Parquet object of a table. Immutable, as the object is.
///
/// @param key where it is in the store
/// @param sizeBytes its whole size
/// @param minMicros the least time in it, in microseconds since 1970 UTC
/// @param maxMicros the greatest time in it, inclusive
/// @param level 0 as flushed, 1 after the hourly compaction, 2 after the daily one
/// @param coverage the log ranges whose rows it holds (part of)
/// @param columns its columns besides `time`
/// @param addedMicros when it entered the catalog, in microseconds since 1970 UTC
/// @param foreign how another program's file is to be read; empty for a file that is stored as Arc stores
public record DataFile(TableId table, String key, long sizeBytes, long rowCount, long minMicros, long maxMicros, int level,
        List<WalRange> coverage, List<ColumnStats> columns, long addedMicros, Optional<ForeignForm> foreign) {
    public DataFile {
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(key, "key");
        coverage = List.copyOf(coverage);
        columns = List.copyOf(columns);
        Objects.requireNonNull(foreign, "foreign");
    }

    /// A file as Arc writes it.
    public DataFile(TableId table, String key, long sizeBytes, long rowCount, long minMicros, long maxMicros, int level,
            List<WalRange> coverage, List<ColumnStats> columns, long addedMicros) {
        this(table, key, sizeBytes, rowCount, minMicros, maxMicros, level, coverage, columns, addedMicros, Optional.empty());
    }
}
