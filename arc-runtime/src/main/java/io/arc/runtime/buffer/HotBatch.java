package io.arc.runtime.buffer;

import io.arc.api.data.ColumnBatch;

/// Rows in memory and where they are in the log.
///
/// @param writer the log writer that acknowledged them
/// @param first the lowest sequence of the frames they came in
/// @param last the highest one
public record HotBatch(String writer, long first, long last, ColumnBatch batch) {}
