package io.arc.runtime.wal;

import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The closed segments of all writers, those of earlier runs included, until their rows are in files. Thread-safe.
///
/// Deletes on a thread of its own, so that neither a flush nor a writer waits for it. A writer's segments go in their order,
/// each for certain before the next: what a later one says about an earlier one stays as long as that does.
final class Segments {
    private static final Logger LOG = System.getLogger(Segments.class.getName());

    private static final String ARCHIVED = ".recovered";
    private static final Pattern MADE_AT = Pattern.compile("worker-[0-9]+-([0-9]{8}_[0-9]{6}).*");
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss").withZone(ZoneOffset.UTC);
    private static final long LONGEST_NAP_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final FileSystem files;
    private final Path directory;
    private final InstantSource clock;
    private final Optional<WalOptions.KeepRecovered> keep;
    private final WalListener listener;
    private final Thread thread = Thread.ofPlatform().name("arc-wal-sweep").unstarted(this::run);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    // Guarded by `lock`.
    private final Map<String, Deque<WalStatus.ClosedSegment>> closed = new TreeMap<>();
    private final Map<String, Long> released = new HashMap<>();
    private final Set<Path> recovered = new HashSet<>();
    private final List<WalStatus.Archived> archived = new ArrayList<>();
    private boolean due;
    private boolean stopping;

    /// @param keep how segments of earlier runs are kept once they are not needed; empty: they are deleted like all others
    Segments(FileSystem files, Path directory, InstantSource clock, Optional<WalOptions.KeepRecovered> keep,
            WalListener listener) {
        this.files = files;
        this.directory = directory;
        this.clock = clock;
        this.keep = keep;
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

    /// The same for a segment of an earlier run.
    void addRecovered(String writer, long lastSequence, Path file, long bytes) {
        lock.lock();
        try {
            if (bytes > SegmentFormat.HEADER_BYTES) {
                recovered.add(file);
            }
            add(writer, lastSequence, file, bytes);
        } finally {
            lock.unlock();
        }
    }

    List<WalStatus.Archived> archived() {
        lock.lock();
        try {
            return List.copyOf(archived);
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
        if (keep.isPresent()) {
            findArchived();
        }
        boolean last = false;
        while (!last) {
            lock.lock();
            try {
                if (!due && !stopping) {
                    awaitWork();
                }
                due = false;
                last = stopping;
            } finally {
                lock.unlock();
            }
            for (List<WalStatus.ClosedSegment> ofWriter : covered()) {
                delete(ofWriter);
            }
            keep.ifPresent(this::prune);
        }
    }

    private void awaitWork() {
        try {
            if (keep.isPresent()) {
                work.awaitNanos(LONGEST_NAP_NANOS);
            } else {
                work.await();
            }
        } catch (InterruptedException ignored) {
            // Nobody has a reason to interrupt this thread; a round without work does no harm.
        }
    }

    /// What earlier runs have put aside. Their age counts from when they were made, as nothing else is known.
    private void findArchived() {
        try {
            for (Path file : files.list(directory)) {
                Matcher name = MADE_AT.matcher(file.getFileName().toString());
                if (name.matches() && file.getFileName().toString().endsWith(WalReader.SUFFIX + ARCHIVED)) {
                    WalStatus.Archived found = new WalStatus.Archived(file, files.size(file),
                            STAMP.parse(name.group(1), Instant::from));
                    lock.lock();
                    try {
                        archived.add(found);
                    } finally {
                        lock.unlock();
                    }
                }
            }
        } catch (IOException | RuntimeException unreadable) {
            LOG.log(Level.WARNING, "recovered segments in " + directory + " are not found, and stay: " + unreadable);
        }
    }

    private void prune(WalOptions.KeepRecovered limits) {
        deleteArchived(limits.age());
        List<WalStatus.Archived> kept = archived();
        long bytes = kept.stream().mapToLong(WalStatus.Archived::bytes).sum();
        for (WalStatus.Archived each : kept) {
            if (bytes <= limits.bytes()) {
                return;
            }
            if (deleteArchived(each)) {
                bytes -= each.bytes();
            }
        }
    }

    /// @return what was deleted
    List<WalStatus.Archived> deleteArchived(Duration age) {
        Instant oldest = clock.instant().minus(age);
        return archived().stream().filter(each -> !each.since().isAfter(oldest)).filter(this::deleteArchived).toList();
    }

    private boolean deleteArchived(WalStatus.Archived each) {
        try {
            files.delete(each.file());
        } catch (IOException | RuntimeException stays) {
            LOG.log(Level.WARNING, "the recovered segment " + each.file() + " cannot be deleted: " + stays);
            return false;
        }
        lock.lock();
        try {
            return archived.remove(each);
        } finally {
            lock.unlock();
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
            Path aside = segment.file().resolveSibling(segment.file().getFileName() + ARCHIVED);
            boolean archive = isToArchive(segment.file());
            try {
                if (archive) {
                    files.rename(segment.file(), aside);
                } else {
                    files.delete(segment.file());
                }
                files.syncDirectory(directory);
            } catch (IOException | RuntimeException stays) {
                // Replaying it would be passed over; the next release tries again.
                LOG.log(Level.WARNING, "the log segment " + segment.file() + " is not needed and cannot be deleted: " + stays);
                return;
            }
            lock.lock();
            try {
                closed.get(segment.writer()).remove(segment);
                recovered.remove(segment.file());
                if (archive) {
                    archived.add(new WalStatus.Archived(aside, segment.bytes(), clock.instant()));
                }
            } finally {
                lock.unlock();
            }
            if (archive) {
                LOG.log(Level.INFO, "WAL archived: {0}", aside.getFileName());
                listener.segmentArchived(segment.writer(), aside);
            } else {
                listener.segmentDeleted(segment.writer(), segment.file());
            }
        }
    }

    private boolean isToArchive(Path segment) {
        lock.lock();
        try {
            return keep.filter(limits -> limits.age().isPositive()).isPresent() && recovered.contains(segment);
        } finally {
            lock.unlock();
        }
    }
}
