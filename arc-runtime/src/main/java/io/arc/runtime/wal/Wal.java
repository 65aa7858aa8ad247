package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.fs.FileSystem;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// The log of a server that keeps what it acknowledges. Thread-safe.
///
/// All requests that wait while the disk syncs share the next sync. A failed write or sync is never repeated on the same segment,
/// whose pages the kernel may have dropped: the frames are written again, under their sequences, to a new one.
public final class Wal implements Journal {
    private final WalOptions options;
    private final Segments segments;
    private final AtomicLong backlog = new AtomicLong();
    private final AtomicInteger turn = new AtomicInteger();
    private final List<WalWriter> writers = new ArrayList<>();

    private Wal(WalOptions options, Segments segments) {
        this.options = options;
        this.segments = segments;
    }

    /// Starts the writers. Segments that are there already are kept until [#release] covers them.
    ///
    /// @param leftBehind what a reader has found in the directory
    /// @throws ArcException CONFIGURATION when the directory cannot be written
    public static Wal open(WalOptions options, FileSystem files, InstantSource clock, WalReader.Report leftBehind) {
        try {
            files.createDirectories(options.directory());
        } catch (IOException refused) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the log's folder " + options.directory() + " cannot be made ("
                    + refused.getMessage() + "): make its parent writable, or set wal.directory", refused);
        }
        Segments segments = new Segments(files, options.directory());
        leftBehind.segments().forEach(segment ->
                segments.add(segment.writer(), segment.lastSequence(), segment.file(), segment.bytes()));
        Wal wal = new Wal(options, segments);
        for (int number = 1; number <= options.writers(); number++) {
            String id = WalOptions.writerId(options.instanceId(), number);
            long last = Math.max(leftBehind.lastSequence(id), options.lastSequence().applyAsLong(id));
            wal.writers.add(new WalWriter(number, id, last, options, files, clock, segments, wal.backlog));
        }
        wal.writers.forEach(WalWriter::start);
        return wal;
    }

    @Override
    public AckLevel ackLevel() {
        return options.syncMode() == WalOptions.SyncMode.ASYNC ? AckLevel.WRITTEN : AckLevel.SYNCED;
    }

    @Override
    public void append(byte[] payload, Commit commit) {
        if (backlog.addAndGet(payload.length) > options.maxBacklogBytes() && backlog.get() > payload.length) {
            backlog.addAndGet(-payload.length);
            throw new ArcException(ErrorCode.OVERLOADED, "more than " + options.maxBacklogBytes()
                    + " bytes wait for the log's disk (wal.max_backlog); send this again later");
        }
        WalWriter writer = writers.size() == 1 ? writers.getFirst()
                : writers.get(Math.floorMod(turn.getAndIncrement(), writers.size()));
        try {
            writer.append(payload, SegmentFormat.crc(payload, 0, payload.length), commit);
        } catch (ArcException refused) {
            backlog.addAndGet(-payload.length);
            throw refused;
        }
    }

    @Override
    public void release(String writer, long throughSequence) {
        segments.release(writer, throughSequence);
    }

    /// What the log is doing.
    ///
    /// @param backlogBytes frames in memory that wait for the disk
    /// @param closedSegments files that still hold rows which no flush has covered
    public record Status(List<WriterStatus> writers, long backlogBytes, int closedSegments, long closedBytes) {}

    /// @param file the open segment's name; empty when there is none
    /// @param failures groups of frames whose write or sync failed
    public record WriterStatus(String writer, String file, long bytes, long lastSequence, long frames, long frameBytes, long syncs,
            long rotations, long failures, long lastSyncNanos) {}

    public Status status() {
        return new Status(writers.stream().map(WalWriter::status).toList(), backlog.get(), segments.count(), segments.bytes());
    }

    @Override
    public Health health() {
        return writers.stream().map(WalWriter::health).filter(health -> health.status() != Health.Status.UP).findFirst()
                .orElse(Health.UP);
    }

    @Override
    public void close() {
        writers.forEach(WalWriter::stop);
        writers.forEach(WalWriter::join);
    }
}
