package io.arc.runtime.compaction;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What compaction has done since the start, is doing and will do.
///
/// @param cycle number of the last one; 0 before the first
/// @param recoveredLeftOvers objects of failed jobs that were deleted
/// @param recent the latest jobs, newest first
public record CompactionStatus(boolean cycleRunning, long cycle, long jobsCompleted, long jobsFailed, long filesCompacted,
        long bytesSaved, long recoveredLeftOvers, List<Running> running, List<JobReport> recent, Map<Tier, TierFigures> tiers,
        List<Quarantined> quarantined) {
    public CompactionStatus {
        running = List.copyOf(running);
        recent = List.copyOf(recent);
        tiers = Map.copyOf(tiers);
        quarantined = List.copyOf(quarantined);
    }

    /// A job under way.
    public record Running(Candidate candidate, Instant started, long rowsWritten) {}

    /// @param next when the schedule runs the tier next; empty when it is off
    public record TierFigures(TierOptions options, Optional<Instant> next, long compactions, long filesCompacted,
            long bytesSaved) {}

    /// @param name a file's key, or for a set of files that failed together a number that stands for it
    public record Quarantined(String name, boolean isFile, String partition, String reason, Instant since) {}
}
