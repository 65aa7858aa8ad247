package io.arc.runtime.http;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/// Ends reads of bodies that stop arriving; Helidon has no limit for that. The reading thread is interrupted, which closes
/// its connection. Thread-safe; one thread looks around a few times within the limit.
final class StallGuard implements AutoCloseable {
    private final long limitNanos;
    private final Set<Watch> reads = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer;

    StallGuard(Duration limit) {
        this.limitNanos = limit.toNanos();
        this.timer = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("arc-http-stalls").factory());
        long period = Math.clamp(limitNanos / 4, 1_000_000L, 1_000_000_000L);
        timer.scheduleWithFixedDelay(this::look, period, period, TimeUnit.NANOSECONDS);
    }

    /// Begins a read on the calling thread.
    Watch watch() {
        Watch watch = new Watch();
        reads.add(watch);
        return watch;
    }

    private void look() {
        long now = System.nanoTime();
        for (Watch watch : reads) {
            watch.look(now);
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /// One read.
    final class Watch implements AutoCloseable {
        private final Thread reader = Thread.currentThread();
        private volatile long lastNanos = System.nanoTime();
        private boolean over;
        private boolean stalled;

        /// Bytes came.
        void progressed() {
            lastNanos = System.nanoTime();
        }

        private synchronized void look(long now) {
            if (!over && !stalled && now - lastNanos > limitNanos) {
                stalled = true;
                reader.interrupt();
            }
        }

        /// Ends the read. The thread is not interrupted afterwards.
        ///
        /// @return whether it had been given up
        synchronized boolean end() {
            over = true;
            reads.remove(this);
            if (stalled) {
                Thread.interrupted();
            }
            return stalled;
        }

        @Override
        public void close() {
            end();
        }
    }
}
