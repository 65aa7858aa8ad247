package io.arc.runtime.query;

import io.arc.api.ArcException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;

/// A query that has begun to answer. It holds a place in the pool, memory, and a moment of the catalog until it is closed. The
/// caller writes it once, in one format. One thread, except [#cancel].
///
/// The writers: when the query fails before a byte has gone out, an ArcException and an untouched stream; when it fails
/// later, an ArcException with [#hasWritten] true, and the connection must be aborted so that no client takes the answer for
/// complete. An IOException of the stream ends the query at once.
public interface RunningQuery extends AutoCloseable {
    String id();

    /// Empty for a table that does not exist, when the options answer that so.
    List<ResultColumn> columns();

    void writeJson(OutputStream out) throws IOException;

    /// An Arrow IPC stream.
    ///
    /// @throws ArcException UNKNOWN_TABLE also when the other formats answer with an empty result
    void writeArrow(OutputStream out) throws IOException;

    void writeMsgPack(OutputStream out) throws IOException;

    void writeCsv(OutputStream out) throws IOException;

    /// The rows written so far; all of them after a writer has returned.
    long rowCount();

    /// Whether a writer has put bytes into its stream.
    boolean hasWritten();

    /// Whole milliseconds from the start of the run until now, or until the end.
    long executionMillis();

    /// Milliseconds that the query waited for a place.
    long waitMillis();

    /// Whether the answer was kept from an earlier run.
    boolean fromCache();

    /// Ends the query from any thread; its writer fails with QUERY_CANCELLED.
    void cancel();

    @Override
    void close();
}
