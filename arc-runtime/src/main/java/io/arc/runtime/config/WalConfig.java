package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// The write-ahead log.
///
/// @param directory absolute
/// @param maxSegmentBytes a segment file of this size is closed and the next begun
/// @param maxSegmentAge or of this age
/// @param writers how many segment files are written at a time
/// @param keepRecovered how long the segments of earlier runs are kept once their rows are in files
/// @param keepRecoveredBytes and how many bytes of them
/// @param maxBacklogBytes what may wait in memory for the disk, all writers together; beyond it writes are answered 503
public record WalConfig(boolean enabled, Path directory, SyncMode syncMode, long maxSegmentBytes, Duration maxSegmentAge,
        int writers, long maxBacklogBytes, Duration keepRecovered, long keepRecoveredBytes) {
    /// When a write is acknowledged. FSYNC, FDATASYNC: after the device has it. ASYNC: after the operating system has it.
    public enum SyncMode {
        FSYNC, FDATASYNC, ASYNC
    }

    private static final String SECTION = "wal";

    public static final Setting<Boolean> ENABLED = new Setting<>(SECTION, ConfigKey.bool("enabled", true,
            "Whether a write is logged before it is acknowledged. Without, a crash loses the rows not yet in files."));
    public static final Setting<String> DIRECTORY = new Setting<>(SECTION, KeyTypes.optionalPath("directory",
            "Where the log's segment files are. Default: wal under data.dir."));
    public static final Setting<SyncMode> SYNC_MODE = new Setting<>(SECTION, ConfigKey.choice("sync_mode", SyncMode.class,
            SyncMode.FDATASYNC, "When a write is acknowledged. fsync and fdatasync: when the disk has it. "
                    + "async: when the operating system has it, so that a power failure can lose the last moments."));
    public static final Setting<Long> MAX_SIZE_MB = new Setting<>(SECTION, ConfigKey.integer("max_size_mb", 100, 1, 16_384,
            "A segment file of so many MB is closed and the next one begun."));
    public static final Setting<Long> MAX_AGE_SECONDS = new Setting<>(SECTION, ConfigKey.integer("max_age_seconds", 3_600, 1,
            31_536_000, "A segment file of so many seconds is closed and the next one begun."));
    public static final Setting<Long> WRITERS = new Setting<>(SECTION, KeyTypes.optionalInteger("writers", 1, 64,
            "How many segment files are written at a time. Default: one for every 4 processors, at least 1."));
    public static final Setting<Long> MAX_BACKLOG = new Setting<>(SECTION, KeyTypes.size("max_backlog", "128MB", 1 << 20,
            "What may wait in memory for the disk; beyond it writes are answered 503 with Retry-After."));

    public static final Setting<Long> KEEP_RECOVERED_HOURS = new Setting<>(SECTION, ConfigKey.integer("keep_recovered_hours", 24, 0,
            8_760, "How long the segment files of earlier runs are kept as *.wal.recovered once their rows are in data files. "
                    + "0: they are deleted at once."));
    public static final Setting<Long> KEEP_RECOVERED = new Setting<>(SECTION, ConfigKey.size("keep_recovered", "256MB",
            "What those files may take together; the oldest go first."));

    static final List<Setting<?>> SETTINGS = List.of(ENABLED, DIRECTORY, SYNC_MODE, MAX_SIZE_MB, MAX_AGE_SECONDS, WRITERS,
            MAX_BACKLOG, KEEP_RECOVERED_HOURS, KEEP_RECOVERED);

    public static WalConfig from(Configuration configuration, DataConfig data, Machine machine) {
        return new WalConfig(configuration.value(ENABLED),
                configuration.path(DIRECTORY).orElse(data.directory().resolve("wal")), configuration.value(SYNC_MODE),
                configuration.value(MAX_SIZE_MB) << 20, Duration.ofSeconds(configuration.value(MAX_AGE_SECONDS)),
                configuration.find(WRITERS).map(Math::toIntExact).orElse(Math.max(1, machine.processors() / 4)),
                configuration.value(MAX_BACKLOG), Duration.ofHours(configuration.value(KEEP_RECOVERED_HOURS)),
                configuration.value(KEEP_RECOVERED));
    }
}
