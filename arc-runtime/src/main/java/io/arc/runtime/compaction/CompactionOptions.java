package io.arc.runtime.compaction;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// How compaction works.
///
/// @param tiers each with its rules
/// @param limits of one job
/// @param maxConcurrentJobs how many partitions are merged at a time
/// @param lockLife how long a partition stays locked at most by a server that has died
/// @param spillDirectory for results in the making and what the engine spills; absolute
/// @param memoryBytes what the engine may take for one job where it is needed
/// @param engineThreads of it
/// @param deduplicate whether of rows that agree in time and all tags only the one written last stays
/// @param defaultSortKeys columns before the time by which files are sorted
/// @param sortKeys the same by table
/// @param garbageAge how long an object that left its table stays in the store at least
public record CompactionOptions(Map<Tier, TierOptions> tiers, Planner.Limits limits, int maxConcurrentJobs, Duration lockLife,
        Path spillDirectory, long memoryBytes, int engineThreads, boolean deduplicate, List<String> defaultSortKeys,
        Map<String, List<String>> sortKeys, Duration garbageAge) {
    public CompactionOptions {
        tiers = Map.copyOf(tiers);
        Objects.requireNonNull(limits, "limits");
        Objects.requireNonNull(lockLife, "lockLife");
        Objects.requireNonNull(spillDirectory, "spillDirectory");
        defaultSortKeys = List.copyOf(defaultSortKeys);
        sortKeys = Map.copyOf(sortKeys);
        Objects.requireNonNull(garbageAge, "garbageAge");
        if (maxConcurrentJobs < 1 || engineThreads < 1) {
            throw new IllegalArgumentException(maxConcurrentJobs + " jobs with " + engineThreads + " threads");
        }
    }

    List<String> keysOf(String table) {
        return sortKeys.getOrDefault(table, defaultSortKeys);
    }
}
