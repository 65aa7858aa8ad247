package io.arc.runtime.wal;

import io.arc.api.spi.Health;
import java.util.concurrent.locks.ReentrantLock;

/// The journal of a server that runs without a log: acknowledges at once, keeps nothing.
public final class NoJournal implements Journal {
    private final String writer;
    private final ReentrantLock lock = new ReentrantLock();
    private long sequence;

    /// @param writer an id that no log has
    public NoJournal(String writer, long lastSequence) {
        this.writer = writer;
        this.sequence = lastSequence;
    }

    @Override
    public AckLevel ackLevel() {
        return AckLevel.MEMORY;
    }

    @Override
    public void append(byte[] payload, Commit commit) {
        lock.lock();
        try {
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
        // There is nothing to end.
    }
}
