package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.Health;
import java.util.List;

/// Where requests go before they are acknowledged. Thread-safe.
public interface Journal extends AutoCloseable {
    /// What an acknowledgement survives. MEMORY: nothing. WRITTEN: the end of the process. SYNCED: a power cut.
    enum AckLevel {
        MEMORY, WRITTEN, SYNCED
    }

    /// Told once how a frame has ended, on the journal's thread. Must be quick and must not throw.
    interface Commit {
        /// The frame is as durable as [#ackLevel] says. For each writer called in the order of its sequences.
        void committed(String writer, long sequence);

        /// The frame is not acknowledged. STORAGE_UNAVAILABLE: it will never come back. STORAGE_OUTCOME_UNKNOWN: it may after a
        /// restart.
        void failed(ArcException cause);
    }

    AckLevel ackLevel();

    /// Queues a frame; does no I/O.
    ///
    /// @param payload from [FrameCodec]; not changed afterwards
    /// @throws ArcException OVERLOADED when what waits for the disk has reached its bound, NOT_READY after [#close],
    ///     PAYLOAD_TOO_LARGE for a frame beyond the configured bound; the commit is not called then
    void append(byte[] payload, Commit commit);

    /// Encodes the batches of one request, where they have to be encoded, and queues them as one frame.
    ///
    /// @throws ArcException like the other `append`
    default void append(List<ColumnBatch> batches, Commit commit) {
        append(FrameCodec.encode(batches), commit);
    }

    /// Everything up to and including the sequence is in files: segments that hold nothing else may go. Does no I/O.
    void release(String writer, long throughSequence);

    Health health();

    /// Ends what is queued, then takes no more.
    @Override
    void close();
}
