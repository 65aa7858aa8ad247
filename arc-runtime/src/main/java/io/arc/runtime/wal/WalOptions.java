package io.arc.runtime.wal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToLongFunction;

/// How the log is written.
///
/// @param directory of the segment files
/// @param instanceId tells this server's writers from those of any other that writes to the same store; at most 24 ASCII
///     characters
/// @param writers how many segments are written at a time
/// @param maxSegmentBytes a segment of this size is closed and the next begun
/// @param maxSegmentAge or of this age
/// @param maxBacklogBytes what may wait for the disk in memory, for all writers together; one frame may wait whatever its size
/// @param maxFrameBytes a request whose rows take more is refused
/// @param recovered what becomes of the segments of earlier runs once their rows are in files; empty: they are deleted
/// @param lastSequence for a writer's id the highest sequence that is known to have been given, in segments or in the catalog
public record WalOptions(Path directory, String instanceId, int writers, SyncMode syncMode, long maxSegmentBytes,
        Duration maxSegmentAge, long maxBacklogBytes, long maxFrameBytes, Optional<KeepRecovered> recovered,
        ToLongFunction<String> lastSequence) {
    /// How recovered segments are kept, as `*.wal.recovered`: at most so long, and at most so many bytes of them.
    public record KeepRecovered(Duration age, long bytes) {
        public KeepRecovered {
            Objects.requireNonNull(age, "age");
        }
    }

    /// More than a sensible request holds, and little enough to be read back in one piece.
    public static final long DEFAULT_MAX_FRAME_BYTES = 1 << 30;

    /// FSYNC and FDATASYNC: an acknowledged frame is on the disk. ASYNC: the operating system has it, and the disk within
    /// moments.
    public enum SyncMode {
        FSYNC, FDATASYNC, ASYNC
    }

    public WalOptions {
        Objects.requireNonNull(directory, "directory");
        Objects.requireNonNull(syncMode, "syncMode");
        Objects.requireNonNull(maxSegmentAge, "maxSegmentAge");
        Objects.requireNonNull(recovered, "recovered");
        Objects.requireNonNull(lastSequence, "lastSequence");
        if (instanceId.isEmpty() || instanceId.length() > 24 || !instanceId.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
            throw new IllegalArgumentException("instance id '" + instanceId + "'");
        }
        if (writers < 1 || writers > 9_999 || maxSegmentBytes < 1 || maxBacklogBytes < 1 || maxFrameBytes < 1
                || !maxSegmentAge.isPositive()) {
            throw new IllegalArgumentException("writers, sizes and ages start at 1");
        }
    }

    public WalOptions(Path directory, String instanceId, int writers, SyncMode syncMode, long maxSegmentBytes,
            Duration maxSegmentAge, long maxBacklogBytes, ToLongFunction<String> lastSequence) {
        this(directory, instanceId, writers, syncMode, maxSegmentBytes, maxSegmentAge, maxBacklogBytes, DEFAULT_MAX_FRAME_BYTES,
                lastSequence);
    }

    public WalOptions(Path directory, String instanceId, int writers, SyncMode syncMode, long maxSegmentBytes,
            Duration maxSegmentAge, long maxBacklogBytes, long maxFrameBytes, ToLongFunction<String> lastSequence) {
        this(directory, instanceId, writers, syncMode, maxSegmentBytes, maxSegmentAge, maxBacklogBytes, maxFrameBytes,
                Optional.empty(), lastSequence);
    }

    public WalOptions withRecovered(KeepRecovered keep) {
        return new WalOptions(directory, instanceId, writers, syncMode, maxSegmentBytes, maxSegmentAge, maxBacklogBytes,
                maxFrameBytes, Optional.of(keep), lastSequence);
    }

    /// The id of one of this server's writers.
    ///
    /// @param number from 1
    public static String writerId(String instanceId, int number) {
        return instanceId + "-" + number;
    }
}
