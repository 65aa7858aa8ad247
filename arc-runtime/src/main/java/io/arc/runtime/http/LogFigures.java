package io.arc.runtime.http;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// What the write-ahead log is doing, as its routes show it.
///
/// @param enabled everything but `recovery` is empty when not
/// @param syncMode `fsync`, `fdatasync` or `async`
/// @param trouble what does not work at the moment; empty when all is well
/// @param backlogBytes what waits in memory for the disk
/// @param refused requests that were answered 503 because that was full
/// @param waiting segments that are closed and hold rows which are in no data file yet
/// @param recovered segments of earlier runs that are kept for a while
/// @param quarantined names of copies of damaged segments, from this start's recovery
/// @param recovery what this start has found in the log; empty when it found none
public record LogFigures(boolean enabled, String directory, String syncMode, Optional<String> trouble, List<Writer> writers,
        long backlogBytes, long maxBacklogBytes, long refused, List<File> waiting, List<File> recovered,
        List<String> quarantined, Optional<Recovery> recovery) {
    public LogFigures {
        Objects.requireNonNull(trouble, "trouble");
        Objects.requireNonNull(recovery, "recovery");
        writers = List.copyOf(writers);
        waiting = List.copyOf(waiting);
        recovered = List.copyOf(recovered);
        quarantined = List.copyOf(quarantined);
    }

    /// @param file the open segment's name; empty when there is none
    /// @param frames requests kept since the start
    public record Writer(String id, String file, long fileBytes, double fileAgeSeconds, long lastSequence, long frames,
            long bytes, long syncs, long rotations, long failures, long failedFrames, double lastSyncMillis) {}

    /// @param modified when it was put aside; empty where that is not told
    public record File(String name, long bytes, Optional<Instant> modified) {}

    /// @param replayed rows that were in no data file and came back
    /// @param damaged frames that were on the disk and are lost
    /// @param tornTails segments that end in frames which were never acknowledged as synced
    public record Recovery(Instant at, int files, long frames, long rows, long replayed, long bytes, long damaged,
            long tornTails) {}
}
