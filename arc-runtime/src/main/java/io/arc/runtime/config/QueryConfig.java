package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The SQL side.
///
/// @param timeout of one query with its waiting; zero is none
/// @param poolSize queries that run at a time
/// @param maxQueueSize queries that wait; beyond it they are answered 503
/// @param threads of the engine
/// @param memoryLimitBytes of the engine, outside the JVM's heap
/// @param tempDirectory where the engine spills to, absolute
/// @param fileCacheDirectory where parts of files from stores that the engine cannot read are kept, absolute
/// @param fileCacheBytes how much of the disk they may take
/// @param slowQueryThreshold queries that take longer are logged; zero is never
/// @param maxSqlBytes the longest statement
public record QueryConfig(Duration timeout, int poolSize, int maxQueueSize, int threads, long memoryLimitBytes,
        Path tempDirectory, Path fileCacheDirectory, long fileCacheBytes, UnknownTable unknownTable, boolean cacheEnabled,
        Duration cacheTtl, Duration slowQueryThreshold, int maxSqlBytes) {
    /// What a query of a table that does not exist gets.
    public enum UnknownTable {
        ERROR, EMPTY
    }

    private static final String SECTION = "query";
    private static final long SMALLEST_MEMORY = 256L << 20;
    /// With less the engine cannot even begin.
    private static final long LEAST_MEMORY = 64L << 20;

    public static final Setting<Duration> TIMEOUT = new Setting<>(SECTION, KeyTypes.seconds("timeout", 300,
            "How long a query may take, its waiting included. 0 is without end."));
    public static final Setting<Long> POOL_SIZE = new Setting<>(SECTION, ConfigKey.integer("pool_size", 5, 1, 1_024,
            "How many queries run at a time."));
    public static final Setting<Long> MAX_QUEUE_SIZE = new Setting<>(SECTION, ConfigKey.integer("max_queue_size", 100, 0,
            1_000_000, "How many queries may wait; further ones are answered 503 with Retry-After."));
    public static final Setting<Long> THREADS = new Setting<>(SECTION, KeyTypes.optionalInteger("threads", 1, 1_024,
            "How many threads the engine uses for all queries. Default: the number of processors."));
    public static final Setting<Long> MEMORY_LIMIT = new Setting<>(SECTION, KeyTypes.optionalSize("memory_limit", LEAST_MEMORY,
            "What the engine may take for all queries, outside the JVM's heap. "
                    + "Default: half of what the machine has beside the heap."));
    public static final Setting<String> TEMP_DIRECTORY = new Setting<>(SECTION, KeyTypes.optionalPath("temp_directory",
            "Where the engine spills to when memory does not suffice. Default: tmp under data.dir."));
    public static final Setting<String> FILE_CACHE_DIRECTORY = new Setting<>(SECTION, KeyTypes.optionalPath(
            "file_cache_directory", "Where parts of files from a remote store are kept for queries. "
                    + "Default: cache under data.dir."));
    public static final Setting<Long> FILE_CACHE_SIZE = new Setting<>(SECTION, KeyTypes.size("file_cache_size", "10GB", 1 << 20,
            "How much of the disk they may take; what was not used for the longest time goes first."));
    public static final Setting<UnknownTable> UNKNOWN_TABLE = new Setting<>(SECTION, ConfigKey.choice("unknown_table",
            UnknownTable.class, UnknownTable.ERROR, "What a query of a table that does not exist gets: an error that names "
                    + "the nearest one, or an empty answer."));
    public static final Setting<Boolean> CACHE_ENABLED = new Setting<>(SECTION, ConfigKey.bool("cache_enabled", false,
            "Whether answers are kept for the same statement on unchanged tables."));
    public static final Setting<Duration> CACHE_TTL = new Setting<>(SECTION, KeyTypes.seconds("cache_ttl", 60,
            "How long an answer is kept at most."));
    public static final Setting<Long> SLOW_QUERY_THRESHOLD_MS = new Setting<>(SECTION, ConfigKey.integer(
            "slow_query_threshold_ms", 0, 0, 86_400_000, "Queries that take more milliseconds are logged. 0 is never."));
    public static final Setting<Long> MAX_SQL_BYTES = new Setting<>(SECTION, ConfigKey.integer("max_sql_bytes", 100_000, 100,
            100_000_000, "The longest statement, in bytes of UTF-8; a longer one is answered 400."));

    static final List<Setting<?>> SETTINGS = List.of(TIMEOUT, POOL_SIZE, MAX_QUEUE_SIZE, THREADS, MEMORY_LIMIT,
            TEMP_DIRECTORY, FILE_CACHE_DIRECTORY, FILE_CACHE_SIZE, UNKNOWN_TABLE, CACHE_ENABLED, CACHE_TTL,
            SLOW_QUERY_THRESHOLD_MS, MAX_SQL_BYTES);

    public static QueryConfig from(Configuration configuration, DataConfig data, Machine machine) {
        long besideHeap = Math.max(0, machine.memoryBytes() - machine.heapBytes());
        return new QueryConfig(configuration.value(TIMEOUT), Math.toIntExact(configuration.value(POOL_SIZE)),
                Math.toIntExact(configuration.value(MAX_QUEUE_SIZE)),
                configuration.find(THREADS).map(Math::toIntExact).orElse(machine.processors()),
                configuration.find(MEMORY_LIMIT).orElse(Math.max(SMALLEST_MEMORY, besideHeap / 2)),
                configuration.path(TEMP_DIRECTORY).orElse(data.directory().resolve("tmp")),
                configuration.path(FILE_CACHE_DIRECTORY).orElse(data.directory().resolve("cache")),
                configuration.value(FILE_CACHE_SIZE), configuration.value(UNKNOWN_TABLE),
                configuration.value(CACHE_ENABLED), configuration.value(CACHE_TTL),
                Duration.ofMillis(configuration.value(SLOW_QUERY_THRESHOLD_MS)),
                Math.toIntExact(configuration.value(MAX_SQL_BYTES)));
    }
}
