package io.arc.runtime.query;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/// How queries are admitted and run.
///
/// @param poolSize queries that run at once
/// @param queueSize queries that may wait beside them; one more is refused
/// @param timeout the limit of a query that brings none of its own, waiting included; zero for no limit
/// @param memoryLimitBytes what all queries together may hold in DuckDB before they spill
/// @param maxTempBytes what they may spill
/// @param threads DuckDB's own worker threads
/// @param maxSqlBytes the longest statement
/// @param unknownTable what a statement on a table that does not exist gets
/// @param slowQuery queries that take at least so long are reported; zero for none
/// @param maxCollectedBytes the largest answer in a format that has to be complete before its first byte goes out (MessagePack)
/// @param cache whether answers are kept
/// @param cacheTtl how long a kept answer serves
/// @param cacheEntries how many answers are kept
/// @param cacheMaxBytes the largest answer that is kept
/// @param readableDirectories the roots of all data files and of the file cache
public record QueryOptions(int poolSize, int queueSize, Duration timeout, long memoryLimitBytes, long maxTempBytes, int threads,
        int maxSqlBytes, UnknownTable unknownTable, Duration slowQuery, long maxCollectedBytes, boolean cache,
                Duration cacheTtl,
        int cacheEntries, int cacheMaxBytes, List<Path> readableDirectories) {
    /// What a statement on a table that does not exist gets: an error that names it, or an answer without columns and rows.
    public enum UnknownTable {
        ERROR, EMPTY
    }

    public QueryOptions {
        Objects.requireNonNull(timeout, "timeout");
        Objects.requireNonNull(unknownTable, "unknownTable");
        Objects.requireNonNull(slowQuery, "slowQuery");
        Objects.requireNonNull(cacheTtl, "cacheTtl");
        readableDirectories = List.copyOf(readableDirectories);
        if (poolSize < 1 || queueSize < 0 || threads < 1 || maxSqlBytes < 1) {
            throw new IllegalArgumentException("poolSize " + poolSize + ", queueSize " + queueSize + ", threads " + threads
                    + " and maxSqlBytes " + maxSqlBytes + " have to be positive");
        }
    }

    /// The defaults, for data under these roots.
    public static QueryOptions defaults(List<Path> readableDirectories) {
        int cores = Runtime.getRuntime().availableProcessors();
        return new QueryOptions(5, 100, Duration.ofSeconds(300), Math.clamp(cores, 1, 32) * (1L << 30), 16L << 30, cores,
                100_000,
                UnknownTable.ERROR, Duration.ZERO, 256L << 20, false, Duration.ofSeconds(60), 100, 10 << 20,
                readableDirectories);
    }

    public QueryOptions withPool(int newPoolSize, int newQueueSize) {
        return new QueryOptions(newPoolSize, newQueueSize, timeout, memoryLimitBytes, maxTempBytes, threads, maxSqlBytes,
                unknownTable, slowQuery, maxCollectedBytes, cache, cacheTtl, cacheEntries, cacheMaxBytes, readableDirectories);
    }

    public QueryOptions withUnknownTable(UnknownTable newUnknownTable) {
        return new QueryOptions(poolSize, queueSize, timeout, memoryLimitBytes, maxTempBytes, threads, maxSqlBytes,
                newUnknownTable, slowQuery, maxCollectedBytes, cache, cacheTtl, cacheEntries, cacheMaxBytes,
                        readableDirectories);
    }

    public QueryOptions withCache(boolean newCache) {
        return new QueryOptions(poolSize, queueSize, timeout, memoryLimitBytes, maxTempBytes, threads, maxSqlBytes,
                unknownTable, slowQuery, maxCollectedBytes, newCache, cacheTtl, cacheEntries, cacheMaxBytes,
                        readableDirectories);
    }

    public QueryOptions withMemory(long newMemoryLimitBytes, int newThreads) {
        return new QueryOptions(poolSize, queueSize, timeout, newMemoryLimitBytes, maxTempBytes, newThreads, maxSqlBytes,
                unknownTable, slowQuery, maxCollectedBytes, cache, cacheTtl, cacheEntries, cacheMaxBytes, readableDirectories);
    }
}
