package io.arc.runtime.compaction;

import io.arc.runtime.schedule.Schedule;
import java.time.Duration;
import java.util.Objects;

/// When a partition of a tier is merged.
///
/// @param enabled whether the schedule runs it
/// @param schedule when
/// @param minAge how long ago the partition must have begun and its newest file have come; a partition that has not ended is
///     merged only when this is zero
/// @param minFiles how many files that are not merged yet make a partition worth it
/// @param skipFileAge partitions that ended so long ago are merged however new their newest file is: rows of the past come in
///     bulk
public record TierOptions(boolean enabled, Schedule schedule, Duration minAge, int minFiles, Duration skipFileAge) {
    public TierOptions {
        Objects.requireNonNull(schedule, "schedule");
        Objects.requireNonNull(minAge, "minAge");
        Objects.requireNonNull(skipFileAge, "skipFileAge");
        if (minFiles < 2) {
            throw new IllegalArgumentException("minFiles is " + minFiles + ", merging takes at least 2");
        }
    }
}
