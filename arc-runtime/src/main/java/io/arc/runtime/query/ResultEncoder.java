package io.arc.runtime.query;

import java.time.Instant;
import java.util.List;
import org.apache.arrow.vector.VectorSchemaRoot;

/// Turns an answer into bytes, batch by batch. One answer, one thread.
sealed interface ResultEncoder permits JsonEncoder, CsvEncoder, ArrowEncoder, MessagePackEncoder {
    /// Called once, before the first batch.
    void begin(List<ResultColumn> columns, VectorSchemaRoot shape, ByteOutput out);

    /// Called for each batch, also for empty ones.
    void batch(VectorSchemaRoot batch, ByteOutput out);

    /// Called once when all rows are written.
    void end(Summary summary, ByteOutput out);

    /// Called instead of [#end] when the rows end too early and some bytes have already gone out. What it writes shows the
    /// failure to a reader of the format, where the format can.
    void fail(String message, Summary summary, ByteOutput out);

    /// Whether no byte may go out before the end.
    default boolean collects() {
        return false;
    }

    /// @param started when the request arrived
    /// @param profile what the client asked to know about the run, or null
    record Summary(long rowCount, long executionMillis, Instant started, Profile profile) {}

    /// Where the time went.
    record Profile(double totalMillis, double plannerMillis, double executionMillis, double waitMillis) {}
}
