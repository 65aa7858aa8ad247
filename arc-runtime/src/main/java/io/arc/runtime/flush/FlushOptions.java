package io.arc.runtime.flush;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// When tables are flushed and how their files are sorted.
///
/// @param maxRows rows of a table that start a flush
/// @param maxBytes bytes of a table in memory that start a flush at once, however lately the last one was
/// @param maxAge how long a row waits for a flush at the most
/// @param minInterval the least time between two flushes of a table that are started by rows alone, so that a busy table
///     becomes a few large files instead of thousands of tiny ones
/// @param workers how many tables are flushed at once
/// @param maxBackoff the longest wait before a failed flush is tried again
/// @param defaultSortKeys columns to sort by before time, for tables without keys of their own
/// @param sortKeys the same by table name
public record FlushOptions(long maxRows, long maxBytes, Duration maxAge, Duration minInterval, int workers, Duration maxBackoff,
        List<String> defaultSortKeys, Map<String, List<String>> sortKeys) {
    public FlushOptions {
        Objects.requireNonNull(maxAge, "maxAge");
        Objects.requireNonNull(minInterval, "minInterval");
        Objects.requireNonNull(maxBackoff, "maxBackoff");
        defaultSortKeys = List.copyOf(defaultSortKeys);
        sortKeys = Map.copyOf(sortKeys);
        if (maxRows < 1 || maxBytes < 1 || workers < 1) {
            throw new IllegalArgumentException("rows, bytes and workers start at 1");
        }
    }

    List<String> keysOf(String table) {
        return sortKeys.getOrDefault(table, defaultSortKeys);
    }
}
