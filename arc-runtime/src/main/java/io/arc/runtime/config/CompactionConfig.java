package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import io.arc.runtime.schedule.Schedule;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Merging of data files.
///
/// @param targetFileBytes how large files should become
/// @param maxFilesPerBatch how many files one job merges at most
/// @param compression the name of a compressor plugin; empty when it was not set
/// @param memoryBytes what the engine may take for one job where it is needed
/// @param threads of the engine for one job
/// @param tempDirectory absolute
public record CompactionConfig(boolean enabled, Tier hourly, Tier daily, Duration skipFileAge, long targetFileBytes,
        int maxFilesPerBatch, int maxConcurrent, Optional<String> compression, int compressionLevel, Duration lockTtl,
        long memoryBytes, int threads, Path tempDirectory, boolean deduplicate) {
    /// One tier.
    ///
    /// @param schedule when it runs
    public record Tier(boolean enabled, Schedule schedule, Duration minAge, int minFiles) {}

    private static final String SECTION = "compaction";
    private static final long LARGEST_FILE_MB = 16_384;
    private static final long SMALLEST_MEMORY = 128L << 20;
    private static final long LARGEST_MEMORY = 1L << 30;

    public static final Setting<Boolean> ENABLED = new Setting<>(SECTION, ConfigKey.bool("enabled", true,
            "Whether small files are merged into large ones in the background."));
    public static final Setting<Boolean> HOURLY_ENABLED = new Setting<>(SECTION, ConfigKey.bool("hourly_enabled", true,
            "Whether the schedule merges the files of an hour."));
    public static final Setting<Schedule> HOURLY_SCHEDULE = new Setting<>(SECTION, KeyTypes.schedule("hourly_schedule",
            "5 * * * *", "When hours are merged: a cron expression of five fields, in UTC."));
    public static final Setting<Long> HOURLY_MIN_AGE_HOURS = new Setting<>(SECTION, ConfigKey.integer("hourly_min_age_hours", 1,
            0, 8_760, "How many hours ago an hour must have begun and its newest file have come. "
                    + "0 merges the hour that is being written, too."));
    public static final Setting<Long> HOURLY_MIN_FILES = new Setting<>(SECTION, ConfigKey.integer("hourly_min_files", 10, 2,
            100_000, "How many files that are not merged yet make an hour worth it."));
    public static final Setting<Boolean> DAILY_ENABLED = new Setting<>(SECTION, ConfigKey.bool("daily_enabled", true,
            "Whether the schedule merges the files of a day."));
    public static final Setting<Schedule> DAILY_SCHEDULE = new Setting<>(SECTION, KeyTypes.schedule("daily_schedule",
            "0 3 * * *", "When days are merged: a cron expression of five fields, in UTC."));
    public static final Setting<Long> DAILY_MIN_AGE_HOURS = new Setting<>(SECTION, ConfigKey.integer("daily_min_age_hours", 24,
            0, 87_600, "How many hours ago a day must have begun and its newest file have come."));
    public static final Setting<Long> DAILY_MIN_FILES = new Setting<>(SECTION, ConfigKey.integer("daily_min_files", 12, 2,
            100_000, "How many files that are not merged by day yet make a day worth it."));
    public static final Setting<Long> SKIP_FILE_AGE_DAYS = new Setting<>(SECTION, ConfigKey.integer(
            "daily_skip_file_age_check_days", 7, 0, 36_500, "Hours and days that ended so many days ago are merged however new "
                    + "their newest file is: rows of the past come in bulk."));
    public static final Setting<Long> TARGET_FILE_SIZE_MB = new Setting<>(SECTION, ConfigKey.integer("target_file_size_mb", 512,
            1, LARGEST_FILE_MB, "How large merged files should become, in MB. A file of three quarters of it is left alone."));
    public static final Setting<Long> MAX_FILES_PER_BATCH = new Setting<>(SECTION, ConfigKey.integer("max_files_per_batch",
            1_000, 2, 10_000, "How many files one job merges at most."));
    public static final Setting<Long> MAX_CONCURRENT = new Setting<>(SECTION, ConfigKey.integer("max_concurrent", 2, 1, 64,
            "How many jobs run at a time."));
    public static final Setting<String> COMPRESSION = new Setting<>(SECTION, ConfigKey.optionalString("compression",
            "The codec of merged files: the name of a compressor plugin, or `none`. Default: zstd, or that of "
                    + "ingest.compression where there is no zstd."));
    public static final Setting<Long> COMPRESSION_LEVEL = new Setting<>(SECTION, ConfigKey.integer("compression_level", 3, -100,
            100, "The codec's level; one beyond the codec's own least and greatest means those."));
    public static final Setting<Long> LOCK_TTL_HOURS = new Setting<>(SECTION, ConfigKey.integer("lock_ttl_hours", 2, 1, 168,
            "How many hours a partition stays locked by a server that has died; a job that takes longer is thrown away."));
    public static final Setting<Long> MEMORY_LIMIT = new Setting<>(SECTION, KeyTypes.optionalSize("memory_limit",
            SMALLEST_MEMORY, "What all jobs together may take for sorting, outside the JVM's heap. "
                    + "Default: a quarter of query.memory_limit, at most 1GB."));
    public static final Setting<Long> THREADS = new Setting<>(SECTION, KeyTypes.optionalInteger("threads", 0, 1_024,
            "How many threads one job uses for sorting. Default, and 0: half of the processors."));
    public static final Setting<String> TEMP_DIRECTORY = new Setting<>(SECTION, KeyTypes.optionalPath("temp_directory",
            "Where merged files are made before they are stored. Default: compaction under data.dir."));
    public static final Setting<Boolean> DEDUPLICATE = new Setting<>(SECTION, ConfigKey.bool("deduplicate", false,
            "Whether of rows that agree in time and all tags a merge keeps only the one written last. "
                    + "Until they are merged, queries see all of them."));

    static final List<Setting<?>> SETTINGS = List.of(ENABLED, HOURLY_ENABLED, HOURLY_SCHEDULE, HOURLY_MIN_AGE_HOURS,
            HOURLY_MIN_FILES, DAILY_ENABLED, DAILY_SCHEDULE, DAILY_MIN_AGE_HOURS, DAILY_MIN_FILES, SKIP_FILE_AGE_DAYS,
            TARGET_FILE_SIZE_MB, MAX_FILES_PER_BATCH, MAX_CONCURRENT, COMPRESSION, COMPRESSION_LEVEL, LOCK_TTL_HOURS,
            MEMORY_LIMIT, THREADS, TEMP_DIRECTORY, DEDUPLICATE);

    public static CompactionConfig from(Configuration configuration, DataConfig data, QueryConfig query, Machine machine) {
        int maxConcurrent = Math.toIntExact(configuration.value(MAX_CONCURRENT));
        long memory = configuration.find(MEMORY_LIMIT).orElse(Math.min(LARGEST_MEMORY, query.memoryLimitBytes() / 4));
        int threads = configuration.find(THREADS).map(Math::toIntExact).orElse(0);
        return new CompactionConfig(configuration.value(ENABLED),
                new Tier(configuration.value(HOURLY_ENABLED), configuration.value(HOURLY_SCHEDULE),
                        Duration.ofHours(configuration.value(HOURLY_MIN_AGE_HOURS)),
                        Math.toIntExact(configuration.value(HOURLY_MIN_FILES))),
                new Tier(configuration.value(DAILY_ENABLED), configuration.value(DAILY_SCHEDULE),
                        Duration.ofHours(configuration.value(DAILY_MIN_AGE_HOURS)),
                        Math.toIntExact(configuration.value(DAILY_MIN_FILES))),
                Duration.ofDays(configuration.value(SKIP_FILE_AGE_DAYS)), configuration.value(TARGET_FILE_SIZE_MB) << 20,
                Math.toIntExact(configuration.value(MAX_FILES_PER_BATCH)), maxConcurrent,
                configuration.find(COMPRESSION).map(name -> name.strip().toLowerCase(Locale.ROOT)),
                Math.toIntExact(configuration.value(COMPRESSION_LEVEL)),
                Duration.ofHours(configuration.value(LOCK_TTL_HOURS)), Math.max(SMALLEST_MEMORY, memory / maxConcurrent),
                threads > 0 ? threads : Math.max(1, machine.processors() / 2),
                configuration.path(TEMP_DIRECTORY).orElse(data.directory().resolve("compaction")),
                configuration.value(DEDUPLICATE));
    }
}
