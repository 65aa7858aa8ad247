package io.arc.runtime.wal;

import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The closed segments of all writers, those of earlier runs included, until their rows are in files. Thread-safe.
///
/// Deletes on a thread of its own, so that neither a flush nor a writer waits for it. A writer's segments go in their order,
/// each for certain before the next: what a later one says about an earlier one stays as long as that does.
final class Segments {
    private static final Logger LOG = System.getLogger(Segments.class.getName());

    private final FileSystem files;
    private final Path directory;
    private final WalListener listener;
    private final Thread thread = Thread.ofPlatform().name("arc-wal-sweep").unstarted(this::run);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    // Guarded by `lock`.
    private final Map<String, Deque<WalStatus.ClosedSegment>> closed = new TreeMap<>();
    private final Map<String, Long> released = new HashMap<>();
    private boolean due;
    private boolean stopping;

    Segments(FileSystem files, Path directory, WalListener listener) {
        this.files = files;
        this.directory = directory;
        this.listener = listener;
    }

    void start() {
        thread.start();
    }

    /// For each writer called in the order of its segments.
    ///
    /// @param lastSequence the highest one in the segment; below the first one for a segment without frames
    void add(String writer, long lastSequence, Path file, long bytes) {
        lock.lock();
        try {
            closed.computeIfAbsent(writer, absent -> new ArrayDeque<>())
                    .add(new WalStatus.ClosedSegment(writer, file, bytes, lastSequence));
            sweepSoon();
        } finally {
            lock.unlock();
        }
    }

    void release(String writer, long throughSequence) {
        lock.lock();
        try {
            released.merge(writer, throughSequence, Math::max);
            sweepSoon();
        } finally {
            lock.unlock();
        }
    }

    List<WalStatus.ClosedSegment> list() {
        lock.lock();
        try {
            List<WalStatus.ClosedSegment> all = new ArrayList<>();
            closed.values().forEach(all::addAll);
            return all;
        } finally {
            lock.unlock();
        }
    }

    /// Deletes what may go by now and ends.
    void close() {
        lock.lock();
        try {
            stopping = true;
            work.signal();
        } finally {
            lock.unlock();
        }
        Threads.join(thread);
    }

    private void sweepSoon() {
        due = true;
        work.signal();
    }

    private void run() {
        boolean last = false;
        while (!last) {
            lock.lock();
            try {
                while (!due && !stopping) {
                    work.awaitUninterruptibly();
                }
                due = false;
                last = stopping;
            } finally {
                lock.unlock();
            }
            for (List<WalStatus.ClosedSegment> ofWriter : covered()) {
                delete(ofWriter);
            }
        }
    }

    private List<List<WalStatus.ClosedSegment>> covered() {
        lock.lock();
        try {
            List<List<WalStatus.ClosedSegment>> all = new ArrayList<>();
            closed.forEach((writer, segments) -> {
                long through = released.getOrDefault(writer, Long.MIN_VALUE);
                List<WalStatus.ClosedSegment> prefix = new ArrayList<>();
                for (WalStatus.ClosedSegment segment : segments) {
                    if (segment.lastSequence() > through) {
                        break;
                    }
                    prefix.add(segment);
                }
                all.add(prefix);
            });
            return all;
        } finally {
            lock.unlock();
        }
    }

    private void delete(List<WalStatus.ClosedSegment> ofWriter) {
        for (WalStatus.ClosedSegment segment : ofWriter) {
            try {
                files.delete(segment.file());
                files.syncDirectory(directory);
            } catch (IOException | RuntimeException stays) {
                // Replaying it would be passed over; the next release tries again.
                LOG.log(Level.WARNING, "the log segment " + segment.file() + " is not needed and cannot be deleted: " + stays);
                return;
            }
            lock.lock();
            try {
                closed.get(segment.writer()).remove(segment);
            } finally {
                lock.unlock();
            }
            listener.segmentDeleted(segment.writer(), segment.file());
        }
    }
}
