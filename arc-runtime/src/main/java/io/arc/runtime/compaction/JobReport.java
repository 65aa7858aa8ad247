package io.arc.runtime.compaction;

import io.arc.api.data.TableId;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/// What became of a job.
///
/// @param rowsWritten fewer than the inputs had where duplicates were dropped
/// @param error empty when it succeeded
public record JobReport(TableId table, String partition, Tier tier, int files, long rowsRead, long rowsWritten,
        long bytesBefore, long bytesAfter, Instant started, Duration duration, Optional<String> error) {
    public JobReport {
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(partition, "partition");
        Objects.requireNonNull(tier, "tier");
        Objects.requireNonNull(started, "started");
        Objects.requireNonNull(duration, "duration");
        Objects.requireNonNull(error, "error");
    }

    public boolean success() {
        return error.isEmpty();
    }
}
