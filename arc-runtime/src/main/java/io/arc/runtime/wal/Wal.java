package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/// The log of a server that keeps what it acknowledges. Thread-safe. Owns its folder, its open segments and its threads until
/// [#close].
///
/// All requests that wait while the disk syncs share the next sync. A failed write or sync is never repeated on the same
/// segment, whose pages the kernel may have dropped: the frames are written again, under their sequences, to a new one.
///
/// Calling threads do no I/O and may be interrupted at any time.
public final class Wal implements Journal {
    private final WalOptions options;
    private final DirectoryLock directoryLock;
    private final Segments segments;
    private final AtomicLong backlog = new AtomicLong();
    private final LongAdder refused = new LongAdder();
    private final AtomicInteger turn = new AtomicInteger();
    private final List<WalWriter> writers = new ArrayList<>();

    private Wal(WalOptions options, DirectoryLock directoryLock, Segments segments) {
        this.options = options;
        this.directoryLock = directoryLock;
        this.segments = segments;
    }

    /// Like the other `open`, with nobody listening.
    public static Wal open(WalOptions options, FileSystem files, InstantSource clock, WalReader.Report leftBehind) {
        return open(options, files, clock, leftBehind, WalListener.NONE);
    }

    /// Takes the folder and starts the writers. Segments that are there already are kept until [#release] covers them.
    ///
    /// @param leftBehind what a reader has found in the directory
    /// @throws ArcException CONFIGURATION when the directory cannot be written, or another server holds it
    /// @throws IllegalArgumentException when there is a segment that the reader has not seen: its sequences would be given
    ///     twice
    public static Wal open(WalOptions options, FileSystem files, InstantSource clock, WalReader.Report leftBehind,
            WalListener listener) {
        Objects.requireNonNull(clock, "clock");
        try {
            files.createDirectories(options.directory());
        } catch (IOException denied) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the log's folder " + options.directory() + " cannot be made ("
                    + denied + "): make its parent writable, or set wal.directory (ARC_WAL_DIRECTORY)", denied);
        }
        DirectoryLock directoryLock = DirectoryLock.take(files, options.directory());
        try {
            requireRead(files, options.directory(), leftBehind);
        } catch (RuntimeException unusable) {
            directoryLock.close();
            throw unusable;
        }
        WalListener guarded = new GuardedListener(listener);
        Segments segments = new Segments(files, options.directory(), clock, options.recovered(), guarded);
        leftBehind.segments().forEach(segment ->
                segments.addRecovered(segment.writer(), segment.lastSequence(), segment.file(), segment.bytes()));
        Wal wal = new Wal(options, directoryLock, segments);
        for (int number = 1; number <= options.writers(); number++) {
            String id = WalOptions.writerId(options.instanceId(), number);
            long floor = options.lastSequence().applyAsLong(id);
            WalWriter.Resume resume = new WalWriter.Resume(Math.max(leftBehind.lastSequence(id), floor),
                    Math.max(leftBehind.keptThrough(id), floor), leftBehind.lastOrdinal(id));
            wal.writers.add(new WalWriter(number, id, resume, options, files, clock, segments, wal.backlog, guarded));
        }
        segments.start();
        wal.writers.forEach(WalWriter::start);
        return wal;
    }

    private static void requireRead(FileSystem files, Path directory, WalReader.Report leftBehind) {
        Set<Path> read = new HashSet<>();
        leftBehind.segments().forEach(segment -> read.add(segment.file()));
        try {
            for (Path file : files.list(directory)) {
                if (WalReader.isSegment(file) && !read.contains(file)) {
                    throw new IllegalArgumentException("the log segment " + file
                            + " has not been read before the log is opened");
                }
            }
        } catch (IOException unreadable) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the log's folder " + directory + " cannot be listed (" + unreadable
                    + "): make it readable for this user, or set wal.directory (ARC_WAL_DIRECTORY)", unreadable);
        }
    }

    @Override
    public AckLevel ackLevel() {
        return options.syncMode() == WalOptions.SyncMode.ASYNC ? AckLevel.WRITTEN : AckLevel.SYNCED;
    }

    @Override
    public void append(byte[] payload, Commit commit) {
        Objects.requireNonNull(commit, "commit");
        if (payload.length > options.maxFrameBytes()) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the request's rows take " + payload.length
                    + " bytes in the log, and one request may take " + options.maxFrameBytes() + "; send smaller requests");
        }
        int crc = SegmentFormat.crc(payload, 0, payload.length);
        long waiting = backlog.addAndGet(payload.length);
        if (waiting > options.maxBacklogBytes() && waiting > payload.length) {
            backlog.addAndGet(-payload.length);
            refused.increment();
            throw new ArcException(ErrorCode.OVERLOADED, "more than " + options.maxBacklogBytes()
                    + " bytes wait for the log's disk (wal.max_backlog); send this again later");
        }
        try {
            writers.get(Math.floorMod(turn.getAndIncrement(), writers.size())).append(payload, crc, commit);
        } catch (ArcException closed) {
            backlog.addAndGet(-payload.length);
            throw closed;
        }
    }

    @Override
    public void release(String writer, long throughSequence) {
        segments.release(writer, throughSequence);
    }

    public WalStatus status() {
        return new WalStatus(options.directory(), options.syncMode(), backlog.get(), options.maxBacklogBytes(), refused.sum(),
                writers.stream().map(WalWriter::status).toList(), segments.list(), segments.archived());
    }

    /// Deletes recovered segments that were put aside longer ago than the age. On the calling thread.
    ///
    /// @return what was deleted
    public List<WalStatus.Archived> cleanUp(Duration age) {
        return segments.deleteArchived(age);
    }

    /// DEGRADED from a failed write or sync until the next that works.
    @Override
    public Health health() {
        return writers.stream().map(WalWriter::health).filter(health -> health.status() != Health.Status.UP).findFirst()
                .orElse(Health.UP);
    }

    /// Writes and syncs what is queued, tells its requests, ends the threads and gives the folder back. Not to be called by a
    /// [Journal.Commit].
    @Override
    public void close() {
        writers.forEach(WalWriter::stop);
        writers.forEach(WalWriter::join);
        segments.close();
        directoryLock.close();
    }
}
