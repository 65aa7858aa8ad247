package io.arc.runtime;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.http.LogFigures;
import io.arc.runtime.http.Services;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.wal.Journal;
import io.arc.runtime.wal.Wal;
import io.arc.runtime.wal.WalListener;
import io.arc.runtime.wal.WalReader;
import io.arc.runtime.wal.WalStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/// Counts what the log does, and tells metrics and routes. Thread-safe. The log and what its recovery found are told once,
/// before anybody asks.
final class LogWatch implements WalListener, Services.Log {
    private final InstantSource clock;
    private final Metrics metrics;
    private final Path directory;
    private final Metrics.Counter frames;
    private final Metrics.Counter bytes;
    private final Metrics.Counter syncs;
    private final Metrics.Histogram syncTime;
    private final Metrics.Counter failedWrites;
    private final Metrics.Counter failedSegments;
    private final Metrics.Counter closed;
    private final Metrics.Counter deleted;
    private final Metrics.Counter archived;
    private volatile Optional<Wal> wal = Optional.empty();
    private volatile Optional<LogFigures.Recovery> recovery = Optional.empty();
    private volatile List<String> quarantined = List.of();

    LogWatch(Metrics metrics, InstantSource clock, Path directory) {
        this.metrics = Objects.requireNonNull(metrics, "metrics");
        this.clock = Objects.requireNonNull(clock, "clock");
        this.directory = directory;
        frames = metrics.counter("arc_wal_frames_total", "requests", "Requests that the log has kept.");
        bytes = metrics.counter("arc_wal_bytes_total", "bytes", "What they take in the log.");
        syncs = metrics.counter("arc_wal_syncs_total", "syncs", "Syncs of the log; all that wait share one.");
        syncTime = metrics.histogram("arc_wal_sync_seconds", "How long the log's syncs took.");
        failedWrites = metrics.counter("arc_wal_failed_writes_total", "requests",
                "Requests that were answered with an error because the log could not keep them.");
        failedSegments = metrics.counter("arc_wal_failed_segments_total", "segments",
                "Segment files that were given up because a write or a sync failed.");
        closed = metrics.counter("arc_wal_segments_closed_total", "segments", "Segment files that were full or old enough.");
        deleted = metrics.counter("arc_wal_segments_deleted_total", "segments",
                "Segment files that were deleted because all their rows are in data files.");
        archived = metrics.counter("arc_wal_segments_archived_total", "segments",
                "Segment files of earlier runs that were put aside as *.wal.recovered.");
    }

    /// What the start has found in the log.
    ///
    /// @param replayed rows that came back
    void recovered(WalReader.Report report, long replayed) {
        metrics.counter("arc_wal_torn_tails_total", "segments",
                "Segment files that ended in frames which were never acknowledged as synced.").add(report.tornTails());
        metrics.counter("arc_wal_quarantined_total", "segments", "Damaged segment files of which a copy is in quarantine.")
                .add(report.quarantined().size());
        metrics.counter("arc_wal_recovery_frames_total", "requests", "Requests that starts have found in the log.")
                .add(report.frames());
        quarantined = report.quarantined().stream().map(file -> file.getFileName().toString()).toList();
        if (!report.segments().isEmpty()) {
            recovery = Optional.of(new LogFigures.Recovery(clock.instant(), report.segments().size(), report.frames(),
                    report.rows(), replayed, report.bytes(), report.damaged(), report.tornTails()));
        }
    }

    void opened(Wal log) {
        wal = Optional.of(log);
        gauge("arc_wal_segments", "segments", "Segment files with rows that are in no data file yet, the open ones included.",
                status -> status.closedSegments().size()
                        + status.writers().stream().filter(writer -> !writer.file().isEmpty()).count());
        gauge("arc_wal_segment_bytes", "bytes", "What those take.", status -> status.closedBytes()
                + status.writers().stream().mapToLong(WalStatus.Writer::fileBytes).sum());
        gauge("arc_wal_recovered_bytes", "bytes", "What the segment files that are kept as *.wal.recovered take.",
                status -> status.archived().stream().mapToLong(WalStatus.Archived::bytes).sum());
        gauge("arc_wal_backlog_bytes", "bytes", "What waits in memory for the log's disk.", WalStatus::backlogBytes);
        gauge("arc_wal_refused", "requests", "Requests that were answered 503 because too much waited, since the start.",
                WalStatus::refused);
    }

    private void gauge(String name, String unit, String doc, ToDoubleFunction<WalStatus> value) {
        metrics.gauge(name, unit, doc, () -> wal.map(log -> value.applyAsDouble(log.status())).orElse(0.0));
    }

    @Override
    public void committed(String writer, int count, long payloadBytes, long syncNanos) {
        frames.add(count);
        bytes.add(payloadBytes);
        if (syncNanos > 0) {
            syncs.increment();
            syncTime.record(syncNanos);
        }
    }

    @Override
    public void segmentFailed(String writer, Exception cause) {
        failedSegments.increment();
    }

    @Override
    public void failed(String writer, int count) {
        failedWrites.add(count);
    }

    @Override
    public void segmentClosed(String writer, Path file, long segmentBytes) {
        closed.increment();
    }

    @Override
    public void segmentArchived(String writer, Path file) {
        archived.increment();
    }

    @Override
    public void segmentDeleted(String writer, Path file) {
        deleted.increment();
    }

    @Override
    public LogFigures figures() {
        if (wal.isEmpty()) {
            return new LogFigures(false, directory.toString(), "", Optional.empty(), List.of(), 0, 0, 0, List.of(), List.of(),
                    quarantined, recovery);
        }
        WalStatus status = wal.get().status();
        Health health = wal.get().health();
        return new LogFigures(true, directory.toString(), status.syncMode().name().toLowerCase(Locale.ROOT),
                health.status() == Health.Status.UP ? Optional.empty() : Optional.of(health.detail()),
                status.writers().stream().map(LogWatch::writer).toList(), status.backlogBytes(), status.maxBacklogBytes(),
                status.refused(), status.closedSegments().stream().map(file -> new LogFigures.File(
                        file.file().getFileName().toString(), file.bytes(), Optional.empty())).toList(),
                status.archived().stream().map(file -> new LogFigures.File(file.file().getFileName().toString(), file.bytes(),
                        Optional.of(file.since()))).toList(), quarantined, recovery);
    }

    private static LogFigures.Writer writer(WalStatus.Writer writer) {
        return new LogFigures.Writer(writer.id(), writer.file(), writer.fileBytes(), writer.fileAge().toMillis() / 1000.0,
                writer.lastSequence(), writer.frames(), writer.payloadBytes(), writer.syncs(), writer.rotations(),
                writer.failures(), writer.failedFrames(), writer.lastSyncNanos() / 1e6);
    }

    @Override
    public CleanUp cleanUp(Duration maxAge) {
        List<WalStatus.Archived> gone = wal.orElseThrow(
                () -> new ArcException(ErrorCode.NOT_READY, "the log is not open")).cleanUp(maxAge);
        return new CleanUp(gone.size(), gone.stream().mapToLong(WalStatus.Archived::bytes).sum());
    }

    /// What the log adds to its own health: damage that this start has found.
    Health health(Optional<? extends Journal> journal) {
        Health own = journal.map(Journal::health).orElse(Health.UP);
        long damaged = recovery.map(LogFigures.Recovery::damaged).orElse(0L);
        if (own.status() != Health.Status.UP || damaged == 0) {
            return own;
        }
        return new Health(Health.Status.UP, damaged + " damaged frames were passed over at the start; copies of their segments are"
                + " in " + directory.resolve("quarantine") + ": " + String.join(", ", quarantined));
    }
}
