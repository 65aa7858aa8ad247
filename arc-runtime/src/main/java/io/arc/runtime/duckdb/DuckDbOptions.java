package io.arc.runtime.duckdb;

import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// How the instance is set up. Fixed for its life: the configuration is locked after the start.
///
/// @param memoryLimitBytes what DuckDB may hold; beyond it queries spill to `tempDirectory`
/// @param maxTempBytes what may be spilled
/// @param threads DuckDB's own worker threads for the work inside queries
/// @param tempDirectory for spilled data; made if missing, its left-overs of earlier runs are removed at the start
/// @param readableDirectories the roots under which data files are; DuckDB opens nothing elsewhere
public record DuckDbOptions(long memoryLimitBytes, long maxTempBytes, int threads, Path tempDirectory,
        List<Path> readableDirectories) {
    public DuckDbOptions {
        Objects.requireNonNull(tempDirectory, "tempDirectory");
        readableDirectories = List.copyOf(readableDirectories);
        if (threads < 1) {
            throw new IllegalArgumentException("threads is " + threads + ", at least 1 is needed");
        }
        if (memoryLimitBytes < 16L << 20) {
            throw new IllegalArgumentException("memoryLimitBytes is " + memoryLimitBytes + ", at least 16 MiB are needed");
        }
    }
}
