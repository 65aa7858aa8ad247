package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/// From a request's rows to a table's files.
///
/// @param maxBufferRows a table's buffer is written to a file when it holds so many rows
/// @param maxBufferAge or when its oldest row has waited so long
/// @param maxBufferBytes or when it takes so much heap
/// @param memoryLimitBytes what all buffers together may take; beyond it writes are answered 503
/// @param compression the name of a compressor plugin, or empty for none
/// @param defaultSortKeys columns by which the rows of a file are sorted before `time`; empty sorts by `time` alone
/// @param sortKeys the same for single tables, by name
/// @param sanitizeNames whether a bad table name is mended instead of refused
/// @param maxColumns of one table
/// @param flushTimeout of one attempt to store a file
public record IngestConfig(int maxBufferRows, Duration maxBufferAge, long maxBufferBytes, long memoryLimitBytes,
        Optional<String> compression, boolean useDictionary, List<String> defaultSortKeys, Map<String, List<String>> sortKeys,
        boolean sanitizeNames, LineErrors lineErrors, int maxColumns, Duration flushTimeout, int flushWorkers,
        String defaultDatabase) {
    /// What happens to the good records of a request that has bad ones. PARTIAL stores them, REJECT refuses the request.
    public enum LineErrors {
        PARTIAL, REJECT
    }

    private static final String SECTION = "ingest";
    private static final String TIME = "time";
    private static final Pattern DATABASE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,63}");

    public static final Setting<Long> MAX_BUFFER_SIZE = new Setting<>(SECTION, ConfigKey.integer("max_buffer_size", 50_000, 1,
            100_000_000, "A table's buffer is written to a file when it holds so many rows."));
    public static final Setting<Long> MAX_BUFFER_AGE_MS = new Setting<>(SECTION, ConfigKey.integer("max_buffer_age_ms", 5_000,
            1, 86_400_000, "A table's buffer is written to a file when its oldest row has waited so many milliseconds."));
    public static final Setting<Long> MAX_BUFFER_BYTES = new Setting<>(SECTION, KeyTypes.size("max_buffer_bytes", "64MB",
            1 << 10, "A table's buffer is written to a file when it takes so much memory."));
    public static final Setting<Long> MEMORY_LIMIT = new Setting<>(SECTION, KeyTypes.optionalSize("memory_limit", 1 << 20,
            "What all buffers together may take; beyond it writes are answered 503 with Retry-After. "
                    + "Default: a third of the JVM's heap."));
    public static final Setting<String> COMPRESSION = new Setting<>(SECTION, ConfigKey.string("compression", "snappy",
            "How new files are compressed: the name of a compressor plugin, or none."));
    public static final Setting<Boolean> USE_DICTIONARY = new Setting<>(SECTION, ConfigKey.bool("use_dictionary", true,
            "Whether text that repeats is stored once a file and referred to."));
    public static final Setting<List<String>> DEFAULT_SORT_KEYS = new Setting<>(SECTION, ConfigKey.list("default_sort_keys",
            List.of(TIME), "Columns by which the rows of a file are sorted; time is always the last of them."));
    public static final Setting<Map<String, List<String>>> SORT_KEYS = new Setting<>(SECTION, new ConfigKey<>("sort_keys",
            "list of table:column,column", IngestConfig::parseSortKeys, Optional.of(Map.of()), false,
            "The same for single tables. In arc.toml an array, [\"cpu:host,core\", \"mem:host\"]; in the environment "
                    + "separated by blanks."));
    public static final Setting<Boolean> SANITIZE_NAMES = new Setting<>(SECTION, ConfigKey.bool("sanitize_names", false,
            "Whether characters that a table's name may not hold are replaced by _ instead of refusing the write."));
    public static final Setting<LineErrors> LINE_ERRORS = new Setting<>(SECTION, ConfigKey.choice("line_errors",
            LineErrors.class, LineErrors.PARTIAL, "What happens to the good lines of a request that has bad ones. "
                    + "partial stores them and answers 400 with the bad ones' numbers; reject stores nothing."));
    public static final Setting<Long> MAX_COLUMNS = new Setting<>(SECTION, ConfigKey.integer("max_columns", 4_096, 1, 100_000,
            "The most columns that a table may have; a write that would add more is answered 400."));
    public static final Setting<Long> FLUSH_TIMEOUT_SECONDS = new Setting<>(SECTION, ConfigKey.integer("flush_timeout_seconds",
            30, 1, 86_400, "How many seconds one attempt to store a file may take before it counts as failed."));
    public static final Setting<Long> FLUSH_WORKERS = new Setting<>(SECTION, KeyTypes.optionalInteger("flush_workers", 1, 256,
            "How many tables are written to files at a time. Default: the number of processors, at least 2."));
    public static final Setting<String> DEFAULT_DATABASE = new Setting<>(SECTION, KeyTypes.parsed("default_database", "string",
            IngestConfig::parseDatabase, "default", "The database of writes and queries that name none."));

    static final List<Setting<?>> SETTINGS = List.of(MAX_BUFFER_SIZE, MAX_BUFFER_AGE_MS, MAX_BUFFER_BYTES, MEMORY_LIMIT,
            COMPRESSION, USE_DICTIONARY, DEFAULT_SORT_KEYS, SORT_KEYS, SANITIZE_NAMES, LINE_ERRORS, MAX_COLUMNS,
            FLUSH_TIMEOUT_SECONDS, FLUSH_WORKERS, DEFAULT_DATABASE);

    public IngestConfig {
        defaultSortKeys = List.copyOf(defaultSortKeys);
        sortKeys = Map.copyOf(sortKeys);
    }

    public static IngestConfig from(Configuration configuration, Machine machine) {
        String compression = configuration.value(COMPRESSION).strip().toLowerCase(Locale.ROOT);
        return new IngestConfig(Math.toIntExact(configuration.value(MAX_BUFFER_SIZE)),
                Duration.ofMillis(configuration.value(MAX_BUFFER_AGE_MS)), configuration.value(MAX_BUFFER_BYTES),
                configuration.find(MEMORY_LIMIT).orElse(machine.heapBytes() / 3),
                compression.equals("none") ? Optional.empty() : Optional.of(compression), configuration.value(USE_DICTIONARY),
                withoutTime(configuration.value(DEFAULT_SORT_KEYS)), configuration.value(SORT_KEYS),
                configuration.value(SANITIZE_NAMES), configuration.value(LINE_ERRORS),
                Math.toIntExact(configuration.value(MAX_COLUMNS)),
                Duration.ofSeconds(configuration.value(FLUSH_TIMEOUT_SECONDS)),
                configuration.find(FLUSH_WORKERS).map(Math::toIntExact).orElse(Math.max(2, machine.processors())),
                configuration.value(DEFAULT_DATABASE));
    }

    /// The sort columns of a table, without `time`, which always is the last.
    public List<String> sortKeysOf(String table) {
        return sortKeys.getOrDefault(table, defaultSortKeys);
    }

    /// Entries are separated by blanks. An array's elements arrive joined by a comma and a blank, hence the comma at their end.
    private static Map<String, List<String>> parseSortKeys(String text) {
        Map<String, List<String>> all = new LinkedHashMap<>();
        Function<String, IllegalArgumentException> wrong = entry -> new IllegalArgumentException("'" + entry
                + "' is not of the form table:column,column");
        for (String entry : text.strip().split("\\s+")) {
            if (entry.isEmpty()) {
                continue;
            }
            String[] parts = entry.split(":", -1);
            List<String> columns = new ArrayList<>();
            for (String column : parts.length == 2 ? parts[1].split(",") : new String[0]) {
                if (!column.isEmpty()) {
                    columns.add(column);
                }
            }
            if (parts.length != 2 || parts[0].isEmpty() || columns.isEmpty()) {
                throw wrong.apply(entry);
            }
            if (all.put(parts[0], withoutTime(columns)) != null) {
                throw new IllegalArgumentException("the table '" + parts[0] + "' has sort keys twice");
            }
        }
        return all;
    }

    private static List<String> withoutTime(List<String> columns) {
        return columns.stream().filter(column -> !column.equals(TIME)).distinct().toList();
    }

    private static String parseDatabase(String text) {
        if (!DATABASE.matcher(text).matches()) {
            throw new IllegalArgumentException("a database's name is a letter and up to 63 letters, digits, '_' or '-'");
        }
        return text;
    }
}
