package io.arc.runtime.recovery;

/// Reads the column `time` of a file whose footer does not tell its bounds. Blocking; one call at a time.
@FunctionalInterface
public interface TimeProbe {
    /// What is in the column.
    ///
    /// @param min the least value: microseconds since 1970 UTC, or the number itself for a column of integers
    /// @param max the greatest value
    /// @param nulls rows without a value
    record Bounds(long min, long max, long nulls) {}

    /// @param integer whether the column is a plain integer instead of a timestamp
    /// @throws io.arc.api.ArcException CORRUPT_DATA when the file cannot be read; what the store throws
    Bounds read(String key, long sizeBytes, boolean integer);
}
