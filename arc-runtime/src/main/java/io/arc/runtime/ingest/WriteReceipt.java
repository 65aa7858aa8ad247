package io.arc.runtime.ingest;

import java.util.List;

/// What became of a write request.
///
/// @param rowCount rows that are kept and readable from now on
/// @param rejectedCount records of the body that were refused one by one; 0 for a full success
/// @param firstRejections the first few of them, in the order of the body
/// @param acknowledgement how safe the rows are: `synced`, `written` or `memory`
/// @param position where the rows are in the log, `writer:sequence`; empty when there were none
public record WriteReceipt(long rowCount, long rejectedCount, List<Rejection> firstRejections, String acknowledgement,
        String position) {
    public WriteReceipt {
        firstRejections = List.copyOf(firstRejections);
    }

    /// One refused record.
    ///
    /// @param record its number in the body, from 1
    /// @param position the byte it starts at
    public record Rejection(long record, int position, String reason) {}
}
