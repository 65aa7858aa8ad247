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
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.security.SecureRandom;
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
import java.util.zip.CRC32C;

/// One line of segments and the thread that writes it. Requests queue frames; the thread takes all that wait, writes them,
/// syncs once, and tells each. All file operations of the open segment are this thread's.
final class WalWriter {
    private static final Logger LOG = System.getLogger(WalWriter.class.getName());
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd_HHmmss").withZone(ZoneOffset.UTC);
    private static final int STAGING_BYTES = 4 << 20;
    /// Beyond it frames wait for the next sync, so that the first of a long queue are not told as late as the last.
    private static final long GROUP_BYTES = 8 << 20;
    private static final long BACKGROUND_SYNC_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LONGEST_NAP_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int NAMES_TRIED = 100_000;

    private record Queued(byte[] payload, int crc, Journal.Commit commit) {}

    /// A segment that failed, with the bytes of it that count.
    ///
    /// @param owesSync it holds frames acknowledged as written, and no sync of it has failed
    private record GivenUp(FileHandle handle, Path file, long keptBytes, boolean owesSync) {}

    /// Where an earlier run has stopped.
    ///
    /// @param lastSequence the highest that was ever given
    /// @param keptThrough what earlier segments hold above it is void
    record Resume(long lastSequence, long keptThrough, long lastOrdinal) {}

    private final int number;
    private final String id;
    private final WalOptions options;
    private final FileSystem files;
    private final InstantSource clock;
    private final Segments segments;
    private final AtomicLong backlog;
    private final WalListener listener;
    private final Thread thread;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    // Guarded by `lock`.
    private List<Queued> queue = new ArrayList<>();
    private boolean stopping;

    // The thread's own.
    private final ByteBuffer staging = ByteBuffer.allocateDirect(STAGING_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    private final CRC32C headerCrc = new CRC32C();
    private final SecureRandom random = new SecureRandom();
    private List<Queued> taken = new ArrayList<>();
    /// How many of the taken frames have been told.
    private int told;
    private long ordinal;
    private String lastStamp = "";
    private int lastSuffix;
    private FileHandle segment;
    private Path segmentFile;
    private int segmentSalt;
    private long segmentBytes;
    /// Where the group that is being written begins in the segment.
    private long groupStart;
    private boolean unsynced;
    /// Stays set when a sync throws.
    private boolean syncing;
    private long lastSyncStarted = System.nanoTime();
    /// Everything of this run up to here is surely on the disk.
    private long durableThrough;
    /// Everything up to here was told its commit, or is of an earlier run.
    private long keptThrough;

    // Written by the thread, read by anybody.
    private volatile long lastSequence;
    private volatile long frames;
    private volatile long payloadBytes;
    private volatile long syncs;
    private volatile long rotations;
    private volatile long failures;
    private volatile long failedFrames;
    private volatile long lastSyncNanos;
    private volatile String lastFailure = "";
    private volatile String openName = "";
    private volatile long openBytes;
    private volatile Instant segmentSince = Instant.MIN;

    WalWriter(int number, String id, Resume resume, WalOptions options, FileSystem files, InstantSource clock,
            Segments segments, AtomicLong backlog, WalListener listener) {
        this.number = number;
        this.id = id;
        this.lastSequence = resume.lastSequence();
        this.keptThrough = resume.keptThrough();
        this.ordinal = resume.lastOrdinal();
        this.options = options;
        this.files = files;
        this.clock = clock;
        this.segments = segments;
        this.backlog = backlog;
        this.listener = listener;
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
        Threads.join(thread);
    }

    private void run() {
        boolean ended = false;
        try {
            while (take()) {
                int from = 0;
                while (from < taken.size()) {
                    int to = groupEnd(from);
                    writeGroup(taken.subList(from, to));
                    from = to;
                    rotateIfDue();
                }
                taken.clear();
                told = 0;
                if (unsynced && System.nanoTime() - lastSyncStarted >= BACKGROUND_SYNC_NANOS) {
                    syncInBackground();
                }
                rotateIfDue();
            }
            closeSegment();
            ended = true;
        } finally {
            if (!ended) {
                failEverything();
            }
        }
    }

    /// Waits for frames, for the next background sync, or for the segment's age.
    ///
    /// @return false when there is nothing left to do for ever
    private boolean take() {
        lock.lock();
        try {
            if (queue.isEmpty() && !stopping) {
                work.awaitNanos(unsynced ? BACKGROUND_SYNC_NANOS : LONGEST_NAP_NANOS);
            }
            if (queue.isEmpty() && stopping) {
                return false;
            }
            List<Queued> empty = taken;
            taken = queue;
            queue = empty;
            told = 0;
            return true;
        } catch (InterruptedException ignored) {
            // Nobody has a reason to interrupt this thread, and obeying would lose the log.
            return true;
        } finally {
            lock.unlock();
        }
    }

    private int groupEnd(int from) {
        int to = from;
        long bytes = 0;
        while (to < taken.size() && (to == from || bytes + taken.get(to).payload().length <= GROUP_BYTES)) {
            bytes += taken.get(to).payload().length;
            to++;
        }
        return to;
    }

    private void writeGroup(List<Queued> group) {
        long first = lastSequence + 1;
        long last = lastSequence + group.size();
        long bytes = 0;
        for (Queued frame : group) {
            bytes += frame.payload().length;
        }
        ArcException failure = keep(group, first);
        // Also where they failed: spent sequences never stand for other rows.
        lastSequence = last;
        if (failure == null) {
            keptThrough = last;
            frames += group.size();
            payloadBytes += bytes;
            lastFailure = "";
            groupStart = segmentBytes;
            openBytes = segmentBytes;
            listener.committed(id, group.size(), bytes, options.syncMode() == SyncMode.ASYNC ? 0 : lastSyncNanos);
        } else {
            failedFrames += group.size();
            listener.failed(id, group.size());
        }
        long sequence = first;
        for (Queued frame : group) {
            backlog.addAndGet(-frame.payload().length);
            tell(frame, sequence++, failure);
        }
    }

    private void tell(Queued frame, long sequence, ArcException failure) {
        told++;
        try {
            if (failure == null) {
                frame.commit().committed(id, sequence);
            } else {
                frame.commit().failed(failure);
            }
        } catch (RuntimeException defect) {
            LOG.log(Level.ERROR, "the answer to frame " + sequence + " of " + id + " failed", defect);
        }
    }

    /// Makes the group as durable as the mode asks for, in the open segment or, when that fails, in a new one.
    ///
    /// @return null when that worked, else what to tell the frames
    private ArcException keep(List<Queued> group, long first) {
        GivenUp failed;
        try {
            if (segment == null) {
                openSegment(first);
            }
            write(group, first);
            return null;
        } catch (IOException | RuntimeException failure) {
            failed = giveUp(failure);
        }
        try {
            openSegment(first);
            write(group, first);
            retire(failed);
            return null;
        } catch (IOException | RuntimeException again) {
            GivenUp second = giveUp(again);
            boolean gone = cutBack(failed);
            gone &= cutBack(second);
            LOG.log(Level.ERROR, "the log cannot be written (" + again + "); " + group.size() + " requests are answered 503");
            return new ArcException(gone ? ErrorCode.STORAGE_UNAVAILABLE : ErrorCode.STORAGE_OUTCOME_UNKNOWN,
                    "the log's disk cannot be written (" + reason(again) + "); "
                            + (gone ? "nothing was stored" : "the rows may be there after a restart")
                            + "; send this again later", again);
        }
    }

    private static String reason(Exception failure) {
        // The file's name, which such an exception has in its message, is not for clients.
        String text = failure instanceof FileSystemException named ? named.getReason() : failure.getMessage();
        return text == null ? failure.getClass().getSimpleName() : text;
    }

    private void write(List<Queued> group, long first) throws IOException {
        long sequence = first;
        staging.clear();
        for (Queued frame : group) {
            byte[] payload = frame.payload();
            if (staging.remaining() < SegmentFormat.FRAME_HEADER_BYTES) {
                drain();
            }
            int unsyncedBefore = Math.toIntExact(Math.min(Integer.MAX_VALUE, sequence - 1 - durableThrough));
            SegmentFormat.putFrame(staging, new SegmentFormat.Frame(payload.length, sequence++, segmentSalt, unsyncedBefore,
                    frame.crc()), headerCrc);
            int written = 0;
            while (written < payload.length) {
                if (!staging.hasRemaining()) {
                    drain();
                }
                int part = Math.min(staging.remaining(), payload.length - written);
                staging.put(payload, written, part);
                written += part;
            }
        }
        drain();
        if (options.syncMode() == SyncMode.ASYNC) {
            unsynced = true;
        } else {
            sync(sequence - 1);
        }
    }

    private void drain() throws IOException {
        staging.flip();
        int length = staging.remaining();
        segment.append(staging);
        segmentBytes += length;
        staging.clear();
    }

    private void sync(long through) throws IOException {
        lastSyncStarted = System.nanoTime();
        syncing = true;
        segment.sync(options.syncMode() == SyncMode.FSYNC);
        syncing = false;
        lastSyncNanos = System.nanoTime() - lastSyncStarted;
        durableThrough = through;
        unsynced = false;
        syncs++;
    }

    private void syncInBackground() {
        try {
            sync(lastSequence);
        } catch (IOException | RuntimeException failure) {
            // What is acknowledged as written has no copy in memory any more; it is readable as long as the kernel keeps it.
            retire(giveUp(failure));
        }
    }

    /// Takes the open segment, or none, out of use after a failure. What to do with its last group is the caller's choice.
    private GivenUp giveUp(Exception failure) {
        failures++;
        lastFailure = reason(failure);
        LOG.log(Level.WARNING, "the log segment " + (openName.isEmpty() ? "that is to come" : openName)
                + " could not be written or synced and is not used again: " + failure);
        listener.segmentFailed(id, failure);
        GivenUp failed = segment == null ? null : new GivenUp(segment, segmentFile, groupStart, unsynced && !syncing);
        forgetSegment();
        return failed;
    }

    /// Closes a failed segment and leaves its last group in it, which the next segment's header makes void.
    private void retire(GivenUp failed) {
        if (failed != null) {
            if (failed.owesSync()) {
                try {
                    failed.handle().sync(false);
                } catch (IOException | RuntimeException lost) {
                    LOG.log(Level.WARNING, "the log segment " + failed.file() + " could not be synced: " + lost);
                }
            }
            close(failed.handle(), failed.file());
            segments.add(id, keptThrough, failed.file(), failed.keptBytes());
        }
    }

    /// Removes the last group from a failed segment.
    ///
    /// @return whether surely none of it can come back
    private boolean cutBack(GivenUp failed) {
        if (failed == null) {
            return true;
        }
        boolean gone = false;
        try {
            if (failed.keptBytes() <= SegmentFormat.HEADER_BYTES) {
                close(failed.handle(), failed.file());
                files.delete(failed.file());
                files.syncDirectory(options.directory());
                return true;
            }
            failed.handle().truncate(failed.keptBytes());
            failed.handle().sync(true);
            gone = true;
        } catch (IOException | RuntimeException stays) {
            LOG.log(Level.WARNING, "the failed frames could not be cut from " + failed.file() + ": " + stays);
        }
        retire(failed);
        return gone;
    }

    private static void close(FileHandle handle, Path file) {
        try {
            handle.close();
        } catch (IOException | RuntimeException ignored) {
            LOG.log(Level.WARNING, "the log segment " + file + " could not be closed: " + ignored);
        }
    }

    private void forgetSegment() {
        segment = null;
        segmentFile = null;
        segmentBytes = 0;
        unsynced = false;
        syncing = false;
        openName = "";
        openBytes = 0;
    }

    /// Makes a segment whose header and name are on the disk before any frame is.
    private void openSegment(long first) throws IOException {
        Instant now = clock.instant();
        String stamp = STAMP.format(now);
        FileHandle opened = null;
        Path file = null;
        int suffix = stamp.equals(lastStamp) ? lastSuffix + 1 : 0;
        for (int tried = 0; opened == null; suffix++, tried++) {
            String name = "worker-" + number + "-" + stamp + (suffix == 0 ? "" : "-" + suffix) + WalReader.SUFFIX;
            file = options.directory().resolve(name);
            try {
                opened = files.create(file);
                lastStamp = stamp;
                lastSuffix = suffix;
            } catch (FileAlreadyExistsException taken) {
                // Another segment of the same second, from before a restart.
                if (tried == NAMES_TRIED) {
                    throw taken;
                }
            }
        }
        ordinal++;
        int salt = random.nextInt();
        try {
            opened.append(SegmentFormat.header(new SegmentFormat.Header(id, ordinal, first, keptThrough, durableThrough,
                    micros(now), salt)));
            opened.sync(true);
            files.syncDirectory(options.directory());
        } catch (IOException | RuntimeException failed) {
            close(opened, file);
            discard(file);
            throw failed;
        }
        segment = opened;
        segmentFile = file;
        segmentSalt = salt;
        segmentBytes = SegmentFormat.HEADER_BYTES;
        groupStart = segmentBytes;
        segmentSince = now;
        openName = file.getFileName().toString();
        openBytes = segmentBytes;
    }

    private void discard(Path file) {
        try {
            files.delete(file);
        } catch (IOException | RuntimeException stays) {
            // It holds nothing; it goes with the segments before it.
            segments.add(id, keptThrough, file, SegmentFormat.HEADER_BYTES);
        }
    }

    private void rotateIfDue() {
        if (segment == null || segmentBytes <= SegmentFormat.HEADER_BYTES) {
            return;
        }
        Instant now = clock.instant();
        if (now.isBefore(segmentSince)) {
            // The clock was set back; the age starts again, else the segment could stay open for years.
            segmentSince = now;
        }
        if (segmentBytes < options.maxSegmentBytes()
                && Duration.between(segmentSince, now).compareTo(options.maxSegmentAge()) < 0) {
            return;
        }
        if (unsynced) {
            syncInBackground();
        }
        if (segment != null) {
            rotations++;
            closeSegment();
        }
    }

    private void closeSegment() {
        if (unsynced) {
            syncInBackground();
        }
        if (segment == null) {
            return;
        }
        Path file = segmentFile;
        long bytes = segmentBytes;
        close(segment, file);
        segments.add(id, lastSequence, file, bytes);
        forgetSegment();
        listener.segmentClosed(id, file, bytes);
    }

    /// After an error that no code here knows. Nobody may wait for ever for an answer, nor for a thread that is gone.
    private void failEverything() {
        List<Queued> left = new ArrayList<>(taken.subList(told, taken.size()));
        lock.lock();
        try {
            stopping = true;
            left.addAll(queue);
            queue.clear();
        } finally {
            lock.unlock();
        }
        lastFailure = "its thread has ended by a defect; restart the server";
        ArcException answer = new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN,
                "the log has stopped by a defect of the server; the rows may be there after a restart");
        left.forEach(frame -> tell(frame, lastSequence, answer));
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }

    WalStatus.Writer status() {
        String file = openName;
        Instant since = segmentSince;
        Duration age = file.isEmpty() || since == Instant.MIN ? Duration.ZERO : Duration.between(since, clock.instant());
        return new WalStatus.Writer(id, file, openBytes, age.isNegative() ? Duration.ZERO : age, lastSequence, frames,
                payloadBytes, syncs, rotations, failures, failedFrames, lastSyncNanos);
    }

    Health health() {
        String failure = lastFailure;
        return failure.isEmpty() ? Health.UP
                : new Health(Health.Status.DEGRADED, "the log's disk failed lately: " + failure);
    }
}
