package io.arc.runtime.buffer;

import io.arc.api.data.TableId;

/// How full a table's buffer is.
///
/// @param activeRows rows that no flush has taken yet
/// @param activeBytes what these hold of the memory budget
/// @param sealedRows rows whose flush is under way
/// @param oldestMicros when the oldest active row was acknowledged, in microseconds since 1970 UTC; 0 when there is none
public record BufferStatus(TableId table, long activeRows, long activeBytes, long sealedRows, long oldestMicros) {}
