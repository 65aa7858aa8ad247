package io.arc.runtime.wal;

import io.arc.runtime.wal.WalOptions.SyncMode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// What a log is doing, read without stopping it: the figures of one writer need not be of the same moment.
///
/// @param backlogBytes frames in memory that wait for the disk
/// @param refused frames that were refused because the backlog was full
/// @param archived recovered segments that are kept for a while, oldest first
/// @param closedSegments files that hold rows which no flush has covered, and those about to be deleted; oldest first by writer
public record WalStatus(Path directory, SyncMode syncMode, long backlogBytes, long maxBacklogBytes, long refused,
        List<Writer> writers, List<ClosedSegment> closedSegments, List<Archived> archived) {
    public WalStatus {
        writers = List.copyOf(writers);
        closedSegments = List.copyOf(closedSegments);
        archived = List.copyOf(archived);
    }

    /// One writer since the log was opened.
    ///
    /// @param id the writer's, as in positions
    /// @param file the open segment's name; empty when there is none
    /// @param fileBytes of that segment
    /// @param fileAge of that segment
    /// @param lastSequence the highest given
    /// @param frames committed
    /// @param payloadBytes of those
    /// @param failures segments that could not be written or synced
    /// @param failedFrames answered with an error
    public record Writer(String id, String file, long fileBytes, Duration fileAge, long lastSequence, long frames,
            long payloadBytes, long syncs, long rotations, long failures, long failedFrames, long lastSyncNanos) {}

    /// A file that is not written any more.
    public record ClosedSegment(String writer, Path file, long bytes, long lastSequence) {}

    /// A recovered segment, of which nothing is needed any more.
    ///
    /// @param since when it was put aside; after a restart, when it was made
    public record Archived(Path file, long bytes, Instant since) {}

    public long closedBytes() {
        return closedSegments.stream().mapToLong(ClosedSegment::bytes).sum();
    }
}
