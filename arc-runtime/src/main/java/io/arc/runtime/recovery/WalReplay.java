package io.arc.runtime.recovery;

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
import java.util.concurrent.atomic.AtomicLong;

/// Brings the rows of a log back that no file holds. What the catalog's coverage includes is passed over, so that a row that was
/// flushed before the crash does not come twice. Positions decide, never times.
///
/// The rows take memory as live ones do; when half of it is used the reading waits for a flush.
public final class WalReplay {
    private static final Logger LOG = System.getLogger(WalReplay.class.getName());
    private static final Duration FLUSH_DEADLINE = Duration.ofMinutes(10);

    private final Buffers buffers;
    private final SchemaRegistry schemas;
    private final Catalog catalog;
    private final MemoryBudget memory;
    private final FlushService flushes;
    private final Metrics.Counter recoveries;
    private final Metrics.Counter recovered;
    private final Metrics.Counter damaged;

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
        if (memory.usedBytes() + bytes > memory.limitBytes() / 2) {
            flushes.flushAll(FLUSH_DEADLINE);
        }
        schemas.admitAll(missing);
        memory.take(bytes);
        buffers.append(writer, sequence, missing);
        return rows;
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
