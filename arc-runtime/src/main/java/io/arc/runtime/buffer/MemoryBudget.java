package io.arc.runtime.buffer;

import java.util.concurrent.atomic.AtomicLong;

/// A number of bytes that many parts share. Thread-safe. Whoever takes bytes gives them back.
public final class MemoryBudget {
    private final long limitBytes;
    private final AtomicLong used = new AtomicLong();

    public MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /// Takes `bytes` unless that would pass the limit.
    public boolean tryTake(long bytes) {
        long after = used.addAndGet(bytes);
        if (after <= limitBytes) {
            return true;
        }
        used.addAndGet(-bytes);
        return false;
    }

    /// Takes `bytes` even past the limit: for rows that are acknowledged already.
    public void take(long bytes) {
        used.addAndGet(bytes);
    }

    public void give(long bytes) {
        used.addAndGet(-bytes);
    }

    public long usedBytes() {
        return used.get();
    }

    public long limitBytes() {
        return limitBytes;
    }
}
