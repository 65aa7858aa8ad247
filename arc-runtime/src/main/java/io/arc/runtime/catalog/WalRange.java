package io.arc.runtime.catalog;

import java.util.Objects;

/// A run of sequences of one log writer, both ends included. A data file or a flush that covers it holds every row that the
/// table has in frames of that run.
///
/// @param writer the writer's id, unique among all machines that ever wrote to the same store
public record WalRange(String writer, long first, long last) {
    public WalRange {
        Objects.requireNonNull(writer, "writer");
        if (first > last) {
            throw new IllegalArgumentException("empty range " + first + ".." + last + " of writer " + writer);
        }
    }
}
