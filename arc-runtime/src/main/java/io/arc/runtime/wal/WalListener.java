package io.arc.runtime.wal;

import java.nio.file.Path;

/// Hears what the log does, for metrics. Called on the log's own threads: must be quick and must not throw.
public interface WalListener {
    /// Hears nothing.
    WalListener NONE = new WalListener() {};

    /// A group of frames is as durable as it gets before its requests are told.
    ///
    /// @param payloadBytes of all its frames
    /// @param syncNanos what the sync took; 0 where none was made
    default void committed(String writer, int frames, long payloadBytes, long syncNanos) {}

    /// A segment could not be written or synced and is given up.
    default void segmentFailed(String writer, Exception cause) {}

    /// Frames were answered with an error.
    default void failed(String writer, int frames) {}

    default void segmentClosed(String writer, Path file, long bytes) {}

    /// A recovered segment whose rows are all in files was put aside under a new name.
    default void segmentArchived(String writer, Path file) {}

    /// A segment whose rows are all in files is gone.
    default void segmentDeleted(String writer, Path file) {}
}
