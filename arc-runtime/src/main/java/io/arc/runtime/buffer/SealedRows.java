package io.arc.runtime.buffer;

import io.arc.api.data.TableId;
import java.util.List;

/// Rows of one table that are on their way into files: no row joins or leaves any more. Queries see them until
/// [Buffers#release].
///
/// @param number unique in this process, rising
/// @param retainedBytes what they hold of the memory budget
public record SealedRows(TableId table, long number, List<HotBatch> batches, long rowCount, long retainedBytes) {
    public SealedRows {
        batches = List.copyOf(batches);
    }
}
