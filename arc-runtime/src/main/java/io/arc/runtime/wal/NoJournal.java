package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.Health;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/// The journal of a server that runs without a log: acknowledges at once, on the calling thread, and keeps nothing.
public final class NoJournal implements Journal {
    private final String writer;
    private final ReentrantLock lock = new ReentrantLock();
    private long sequence;
    private boolean closed;

    /// @param writer an id that no log has
    public NoJournal(String writer, long lastSequence) {
        this.writer = Objects.requireNonNull(writer, "writer");
        this.sequence = lastSequence;
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.MEMORY;
    }

    @Override
    public void append(byte[] payload, Commit commit) {
        commit(commit);
    }

    @Override
    public void append(List<ColumnBatch> batches, Commit commit) {
        commit(commit);
    }

    private void commit(Commit commit) {
        lock.lock();
        try {
            if (closed) {
                throw new ArcException(ErrorCode.NOT_READY, "the server is stopping; send this again later");
            }
            commit.committed(writer, ++sequence);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void release(String released, long throughSequence) {
        // There is nothing to delete.
    }

    @Override
    public Health health() {
        return new Health(Health.Status.UP, "the log is off (wal.enabled): a crash loses rows that are in no file yet");
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
        } finally {
            lock.unlock();
        }
    }
}
