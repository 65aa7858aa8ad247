package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.fs.FileHandle;
import io.arc.runtime.fs.FileSystem;
import io.arc.runtime.wal.WalOptions.SyncMode;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// One line of segments and the thread that writes it. Requests queue frames; the thread takes all that wait, writes them, syncs
/// once, and tells each. All file operations of the open segment are this thread's.
final class WalWriter {
    private static final Logger LOG = System.getLogger(WalWriter.class.getName());
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss").withZone(ZoneOffset.UTC);
    private static final int STAGING_BYTES = 4 << 20;
    private static final long BACKGROUND_SYNC_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_NAP_NANOS = TimeUnit.SECONDS.toNanos(1);

    private record Queued(byte[] payload, int crc, Journal.Commit commit) {}

    private final int number;
    private final String id;
    private final WalOptions options;
    private final FileSystem files;
    private final InstantSource clock;
    private final Segments segments;
    private final AtomicLong backlog;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    /// Guarded by `lock`, as is `stopping`.
    private List<Queued> queue = new ArrayList<>();
    private boolean stopping;

    // The thread's own.
    private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private List<Queued> group = new ArrayList<>();
    private FileHandle segment;
    private Path segmentFile;
    private long segmentBytes;
    /// Where the group that is being written begins in the segment.
    private long groupStart;
    private Instant segmentSince = Instant.MIN;
    private boolean unsynced;
    private long lastSyncStarted;

    // Written by the thread, read by anybody.
    private volatile long lastSequence;
    private volatile long frames;
    private volatile long frameBytes;
    private volatile long syncs;
    private volatile long rotations;
    private volatile long failures;
    private volatile long lastSyncNanos;
    private volatile String lastFailure = "";
    private volatile String openName = "";
    private volatile long openBytes;

    WalWriter(int number, String id, long lastSequence, WalOptions options, FileSystem files, InstantSource clock,
            Segments segments, AtomicLong backlog) {
        this.number = number;
        this.id = id;
        this.lastSequence = lastSequence;
        this.options = options;
        this.files = files;
        this.clock = clock;
        this.segments = segments;
        this.backlog = backlog;
        this.thread = Thread.ofPlatform().name("arc-wal-" + number).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    void append(byte[] payload, int crc, Journal.Commit commit) {
        lock.lock();
        try {
            if (stopping) {
                throw new ArcException(ErrorCode.NOT_READY, "the server is stopping; send this again later");
            }
            queue.add(new Queued(payload, crc, commit));
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    void stop() {
        lock.lock();
        try {
            stopping = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    void join() {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException wait) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (takeGroup()) {
            try {
                if (!group.isEmpty()) {
                    writeGroup();
                }
                if (unsynced && System.nanoTime() - lastSyncStarted >= BACKGROUND_SYNC_NANOS) {
                    sync();
                }
                rotateIfDue();
            } catch (IOException | RuntimeException broken) {
                // Frames have been told already; this is about the segment between groups.
                abandon(broken);
            }
        }
        closeSegment();
    }

    /// Waits for frames, for the next background sync, or for the segment's age.
    ///
    /// @return false when there is nothing left to do for ever
    private boolean takeGroup() {
        group.clear();
        lock.lock();
        try {
            if (queue.isEmpty() && !stopping) {
                work.awaitNanos(unsynced ? BACKGROUND_SYNC_NANOS : LONGEST_NAP_NANOS);
            }
            if (queue.isEmpty() && stopping) {
                return false;
            }
            List<Queued> taken = queue;
            queue = group;
            group = taken;
            return true;
        } catch (InterruptedException ignored) {
            // Nobody has a reason to interrupt this thread, and obeying would lose the log.
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void writeGroup() {
        long first = lastSequence + 1;
        long bytes = 0;
        for (Queued frame : group) {
            bytes += frame.payload().length;
        }
        try {
            if (segment == null) {
                openSegment(first);
            }
            write(first);
        } catch (IOException | RuntimeException failure) {
            ArcException given = tryAgain(first, failure);
            if (given != null) {
                // The sequences are spent, so that they never stand for other rows.
                lastSequence += group.size();
                backlog.addAndGet(-bytes);
                group.forEach(frame -> tell(frame, given));
                return;
            }
        }
        lastSequence += group.size();
        frames += group.size();
        frameBytes += bytes;
        lastFailure = "";
        openBytes = segmentBytes;
        backlog.addAndGet(-bytes);
        long sequence = first;
        for (Queued frame : group) {
            try {
                frame.commit().committed(id, sequence++);
            } catch (RuntimeException defect) {
                LOG.log(Level.ERROR, "a commit callback failed", defect);
            }
        }
    }

    private void tell(Queued frame, ArcException failure) {
        try {
            frame.commit().failed(failure);
        } catch (RuntimeException defect) {
            LOG.log(Level.ERROR, "a commit callback failed", defect);
        }
    }

    private void write(long first) throws IOException {
        long sequence = first;
        staging.clear();
        for (Queued frame : group) {
            if (staging.remaining() < SegmentFormat.FRAME_HEADER_BYTES) {
                drain();
            }
            SegmentFormat.putFrame(staging, new SegmentFormat.Frame(frame.payload().length, sequence++, frame.crc()));
            int written = 0;
            while (written < frame.payload().length) {
                if (!staging.hasRemaining()) {
                    drain();
                }
                int part = Math.min(staging.remaining(), frame.payload().length - written);
                staging.put(frame.payload(), written, part);
                written += part;
            }
        }
        drain();
        if (options.syncMode() == SyncMode.ASYNC) {
            unsynced = true;
        } else {
            sync();
        }
    }

    private void drain() throws IOException {
        staging.flip();
        int length = staging.remaining();
        segment.append(staging);
        segmentBytes += length;
        staging.clear();
    }

    private void sync() throws IOException {
        lastSyncStarted = System.nanoTime();
        segment.sync(options.syncMode() == SyncMode.FSYNC);
        lastSyncNanos = System.nanoTime() - lastSyncStarted;
        unsynced = false;
        syncs++;
    }

    /// Writes the group again, to a new segment.
    ///
    /// @return null when that worked, else what to tell the frames
    private ArcException tryAgain(long first, Exception failure) {
        failures++;
        lastFailure = String.valueOf(failure.getMessage());
        LOG.log(Level.WARNING, "the log segment " + openName + " could not be written or synced (" + failure
                + ") and is not used again; its last frames go to a new one");
        boolean gone = abandonGroup(first);
        try {
            openSegment(first);
            write(first);
            return null;
        } catch (IOException | RuntimeException again) {
            lastFailure = String.valueOf(again.getMessage());
            gone &= abandonGroup(first);
            LOG.log(Level.ERROR, "the log cannot be written (" + again + "); " + group.size() + " requests are answered 503");
            return new ArcException(gone ? ErrorCode.STORAGE_UNAVAILABLE : ErrorCode.STORAGE_OUTCOME_UNKNOWN,
                    "the log's disk cannot be written (" + again.getMessage() + "); send this again later", again);
        }
    }

    /// Gives the segment up and cuts what the group has left in it.
    ///
    /// @return whether surely none of the group can come back
    private boolean abandonGroup(long first) {
        if (segment == null) {
            return true;
        }
        boolean gone = false;
        try {
            segment.truncate(groupStart);
            segment.sync(true);
            gone = true;
        } catch (IOException | RuntimeException stays) {
            LOG.log(Level.WARNING, "the failed frames could not be cut from " + segmentFile + ": " + stays);
        }
        closeQuietly();
        segments.add(id, first - 1, segmentFile, segmentBytes);
        forgetSegment();
        return gone;
    }

    private void abandon(Exception failure) {
        failures++;
        lastFailure = String.valueOf(failure.getMessage());
        LOG.log(Level.WARNING, "the log segment " + openName + " is given up: " + failure);
        if (segment != null) {
            closeQuietly();
            segments.add(id, lastSequence, segmentFile, segmentBytes);
            forgetSegment();
        }
    }

    private void closeQuietly() {
        try {
            segment.close();
        } catch (IOException ignored) {
            // It is given up either way.
        }
    }

    private void forgetSegment() {
        segment = null;
        segmentFile = null;
        segmentBytes = 0;
        unsynced = false;
        openName = "";
        openBytes = 0;
    }

    private void openSegment(long first) throws IOException {
        Instant now = clock.instant();
        String name = "worker-" + number + "-" + STAMP.format(now);
        FileHandle opened = null;
        Path file = null;
        for (int attempt = 0; opened == null; attempt++) {
            file = options.directory().resolve(name + (attempt == 0 ? "" : "-" + attempt) + WalReader.SUFFIX);
            try {
                opened = files.create(file);
            } catch (FileAlreadyExistsException taken) {
                // Another segment of the same second; the next number is free at some time.
            }
        }
        try {
            opened.append(SegmentFormat.header(new SegmentFormat.Header(id, first, micros(now))));
            opened.sync(true);
            files.syncDirectory(options.directory());
        } catch (IOException | RuntimeException failed) {
            opened.close();
            files.delete(file);
            throw failed;
        }
        segment = opened;
        segmentFile = file;
        segmentBytes = SegmentFormat.HEADER_BYTES;
        groupStart = segmentBytes;
        segmentSince = now;
        openName = file.getFileName().toString();
        openBytes = segmentBytes;
    }

    private void rotateIfDue() throws IOException {
        groupStart = segmentBytes;
        if (segment == null) {
            return;
        }
        Duration age = Duration.between(segmentSince, clock.instant());
        boolean old = age.compareTo(options.maxSegmentAge()) >= 0 && segmentBytes > SegmentFormat.HEADER_BYTES;
        if (segmentBytes >= options.maxSegmentBytes() || old) {
            if (unsynced) {
                sync();
            }
            segment.close();
            segments.add(id, lastSequence, segmentFile, segmentBytes);
            rotations++;
            forgetSegment();
        }
    }

    private void closeSegment() {
        if (segment == null) {
            return;
        }
        try {
            if (unsynced) {
                sync();
            }
        } catch (IOException failed) {
            LOG.log(Level.WARNING, "the log segment " + segmentFile + " could not be synced at the end: " + failed);
        }
        closeQuietly();
        segments.add(id, lastSequence, segmentFile, segmentBytes);
        forgetSegment();
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }

    Wal.WriterStatus status() {
        return new Wal.WriterStatus(id, openName, openBytes, lastSequence, frames, frameBytes, syncs, rotations, failures,
                lastSyncNanos);
    }

    Health health() {
        String failure = lastFailure;
        return failure.isEmpty() ? Health.UP
                : new Health(Health.Status.DEGRADED, "the log's disk failed lately: " + failure);
    }
}
