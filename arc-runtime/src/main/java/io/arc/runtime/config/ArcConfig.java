package io.arc.runtime.config;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// All settings of the server, an area each. Values are within their bounds once [Configuration#problems] is empty.
public record ArcConfig(ServerConfig server, DataConfig data, LogConfig log, AuthConfig auth, IngestConfig ingest,
        WalConfig wal,
        StorageConfig storage, QueryConfig query, CompactionConfig compaction, PluginsConfig plugins) {
    /// Every setting of the server itself, in the order of the documentation.
    public static final List<Setting<?>> SETTINGS = Stream.of(ServerConfig.SETTINGS, DataConfig.SETTINGS, LogConfig.SETTINGS,
            AuthConfig.SETTINGS, IngestConfig.SETTINGS, WalConfig.SETTINGS, StorageConfig.SETTINGS, QueryConfig.SETTINGS,
            CompactionConfig.SETTINGS, PluginsConfig.SETTINGS).<Setting<?>>flatMap(List::stream).toList();

    /// Never throws; a bad value reads as its default.
    public static ArcConfig from(Configuration configuration, Machine machine) {
        DataConfig data = DataConfig.from(configuration);
        QueryConfig query = QueryConfig.from(configuration, data, machine);
        return new ArcConfig(ServerConfig.from(configuration), data, LogConfig.from(configuration),
                AuthConfig.from(configuration), IngestConfig.from(configuration, machine),
                WalConfig.from(configuration, data, machine), StorageConfig.from(configuration),
                query, CompactionConfig.from(configuration, data, query, machine), PluginsConfig.from(configuration));
    }

    /// What settings without a fixed default have worked out to, by name, as an operator would write it.
    public Map<String, String> workedOut() {
        return Map.of(DataConfig.DIR.name(), data.directory().toString(), WalConfig.DIRECTORY.name(), wal.directory().toString(),
                WalConfig.WRITERS.name(), Integer.toString(wal.writers()), IngestConfig.MEMORY_LIMIT.name(),
                ValueText.size(ingest.memoryLimitBytes()), IngestConfig.FLUSH_WORKERS.name(),
                Integer.toString(ingest.flushWorkers()), QueryConfig.MEMORY_LIMIT.name(), ValueText.size(query.memoryLimitBytes()),
                QueryConfig.THREADS.name(), Integer.toString(query.threads()), QueryConfig.TEMP_DIRECTORY.name(),
                query.tempDirectory().toString());
    }

    /// Adds everything that is wrong: single values, unknown keys, and keys that do not go together.
    public static void check(Configuration configuration, ConfigurationProblems problems) {
        problems.addAll(configuration.problems());
        AuthConfig.check(configuration, problems);
    }
}
