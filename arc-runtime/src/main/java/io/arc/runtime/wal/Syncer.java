package io.arc.runtime.wal;

import io.arc.runtime.fs.FileHandle;
import java.io.IOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The thread that syncs a writer's open segment while the writer goes on appending to it. One sync at a time; the writer
/// begins it, learns of its end by its own condition, and takes the outcome.
final class Syncer {
    private final boolean metadata;
    private final ReentrantLock lock;
    /// Of the writer.
    private final Condition ended;
    private final Condition begun;
    private final Thread thread;
    // Guarded by `lock`.
    private FileHandle segment;
    private boolean busy;
    private boolean done;
    private boolean stopped;
    private Exception failure;
    private long nanos;

    Syncer(String name, boolean metadata, ReentrantLock lock, Condition ended) {
        this.metadata = metadata;
        this.lock = lock;
        this.ended = ended;
        this.begun = lock.newCondition();
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /// Ends the thread when the sync under way has ended.
    void stop() {
        lock.lock();
        try {
            stopped = true;
            begun.signal();
        } finally {
            lock.unlock();
        }
    }

    void join() {
        Threads.join(thread);
    }

    /// Covers all that was appended before this call. Not while another one is under way.
    void begin(FileHandle handle) {
        lock.lock();
        try {
            segment = handle;
            busy = true;
            done = false;
            begun.signal();
        } finally {
            lock.unlock();
        }
    }

    /// From [#begin] until its outcome is taken.
    boolean isBusy() {
        lock.lock();
        try {
            return busy;
        } finally {
            lock.unlock();
        }
    }

    /// Whether there is an outcome to take.
    boolean hasEnded() {
        lock.lock();
        try {
            return done;
        } finally {
            lock.unlock();
        }
    }

    /// Takes the outcome, after waiting for it where it must.
    ///
    /// @return why the sync has failed, or null
    Exception await() {
        lock.lock();
        try {
            while (!done) {
                ended.awaitUninterruptibly();
            }
            busy = false;
            done = false;
            segment = null;
            return failure;
        } finally {
            lock.unlock();
        }
    }

    /// How long the last sync took.
    long lastNanos() {
        lock.lock();
        try {
            return nanos;
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        FileHandle handle = next();
        while (handle != null) {
            long started = System.nanoTime();
            Exception outcome = null;
            try {
                handle.sync(metadata);
            } catch (IOException | RuntimeException refused) {
                outcome = refused;
            }
            lock.lock();
            try {
                failure = outcome;
                nanos = System.nanoTime() - started;
                done = true;
                ended.signal();
            } finally {
                lock.unlock();
            }
            handle = next();
        }
    }

    private FileHandle next() {
        lock.lock();
        try {
            while (!stopped && (!busy || done)) {
                begun.awaitUninterruptibly();
            }
            return busy && !done ? segment : null;
        } finally {
            lock.unlock();
        }
    }
}
