package io.arc.runtime.recovery;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.flush.FlushService;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.wal.WalReader;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// Brings the rows of a log back that no file holds. What the catalog's coverage includes is passed over, so that a row that was
/// flushed before the crash does not come twice. Positions decide, never times.
///
/// The rows take memory as live ones do; when half of it is used the reading waits for a flush. While the store does not take
/// anything, the other half is used, too, so that a server with a moderate log starts without its store; beyond that the
/// reading waits for it, however long, because there is nowhere else for acknowledged rows to go.
public final class WalReplay {
    private static final Logger LOG = System.getLogger(WalReplay.class.getName());
    private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(2);

    private final Buffers buffers;
    private final SchemaRegistry schemas;
    private final Catalog catalog;
    private final MemoryBudget memory;
    private final FlushService flushes;
    private final Metrics.Counter recoveries;
    private final Metrics.Counter recovered;
    private final Metrics.Counter damaged;
    private volatile boolean storeFails;
    private volatile String waiting = "";

    public WalReplay(Buffers buffers, SchemaRegistry schemas, Catalog catalog, MemoryBudget memory, FlushService flushes,
            Metrics metrics) {
        this.buffers = Objects.requireNonNull(buffers, "buffers");
        this.schemas = Objects.requireNonNull(schemas, "schemas");
        this.catalog = Objects.requireNonNull(catalog, "catalog");
        this.memory = Objects.requireNonNull(memory, "memory");
        this.flushes = Objects.requireNonNull(flushes, "flushes");
        this.recoveries = metrics.counter("arc_wal_recovery_total", "recoveries", "Starts that found rows in the log.");
        this.recovered = metrics.counter("arc_wal_recovery_records_total", "rows", "Rows that were brought back from the log.");
        this.damaged = metrics.counter("arc_wal_damaged_total", "places", "Damaged places in the log that were passed over.");
    }

    /// Replays all that the reader finds, before the first append of this run.
    ///
    /// @return what was found, for the log to go on from
    public WalReader.Report replay(WalReader reader) {
        CatalogSnapshot files = catalog.snapshot();
        AtomicLong rows = new AtomicLong();
        WalReader.Report report = reader.read((writer, sequence, batches) -> rows.addAndGet(
                accept(files, writer, sequence, batches)));
        // Clients may hold positions of the earlier run: what is in files or back in memory has been passed.
        report.segments().forEach(segment -> buffers.passed(segment.writer(), segment.lastSequence()));
        for (String database : files.databases()) {
            for (TableEntry table : files.tables(database)) {
                table.walCoverage().forEach(buffers::passed);
            }
        }
        recovered.add(rows.get());
        damaged.add(report.damaged());
        if (report.frames() > 0) {
            recoveries.increment();
            LOG.log(Level.INFO, "brought {0} of {1} logged rows back; the others were in files already", rows.get(), report.rows());
        }
        return report;
    }

    private long accept(CatalogSnapshot files, String writer, long sequence, List<ColumnBatch> batches) {
        List<ColumnBatch> missing = new ArrayList<>(batches.size());
        long bytes = 0;
        long rows = 0;
        for (ColumnBatch batch : batches) {
            if (!files.covers(batch.table(), writer, sequence)) {
                missing.add(batch);
                bytes += batch.retainedBytes();
                rows += batch.rowCount();
            }
        }
        if (missing.isEmpty()) {
            buffers.passed(writer, sequence);
            return 0;
        }
        makeRoom(bytes);
        schemas.admitLogged(missing);
        memory.take(bytes);
        buffers.append(writer, sequence, missing);
        return rows;
    }

    /// Why the replay does not go on at the moment; empty when it does, or has ended. Any thread.
    public Optional<String> waiting() {
        return Optional.of(waiting).filter(reason -> !reason.isEmpty());
    }

    private void makeRoom(long bytes) {
        if (fits(bytes, memory.limitBytes() / 2) || storeFails && fits(bytes, memory.limitBytes())) {
            return;
        }
        while (true) {
            try {
                flushes.flushAll(FLUSH_PATIENCE);
                storeFails = false;
                if (!waiting.isEmpty()) {
                    LOG.log(Level.INFO, "the rows in memory are stored; the log is read on");
                }
                waiting = "";
                return;
            } catch (ArcException notStored) {
                if (notStored.code() == ErrorCode.NOT_READY) {
                    throw notStored;
                }
                storeFails = true;
                if (fits(bytes, memory.limitBytes())) {
                    return;
                }
                String reason = "the log holds more rows than fit into memory (" + memory.limitBytes()
                        + " bytes, ingest.memory_limit), and they cannot be stored: " + notStored.getMessage();
                if (waiting.isEmpty()) {
                    LOG.log(Level.WARNING, reason + "; the start waits until they can");
                }
                waiting = reason;
            }
        }
    }

    private boolean fits(long bytes, long limit) {
        return memory.usedBytes() + bytes <= limit;
    }

    /// For a writer the highest sequence that any table's files cover.
    public static long highestCovered(CatalogSnapshot files, String writer) {
        long highest = 0;
        for (String database : files.databases()) {
            for (TableEntry table : files.tables(database)) {
                highest = Math.max(highest, table.walCoverage().getOrDefault(writer, 0L));
            }
        }
        return highest;
    }
}
