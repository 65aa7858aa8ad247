package io.arc.runtime.compaction;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.ScanTarget;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.catalog.TestClock;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.flush.FileEncoders;
import io.arc.runtime.flush.FlushOptions;
import io.arc.runtime.flush.FlushService;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.fs.FileSystem;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.partition.UniqueSuffixes;
import io.arc.runtime.recovery.OrphanSweep;
import io.arc.runtime.schedule.Schedule;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// A server from the buffers to merged files, without a log: the real catalog in a folder, a store in another, a clock that
/// stands still at 03:04. Opened again on the same folders it is the server after a restart.
final class CompactionWorld implements AutoCloseable {
    static final TableId CPU = new TableId("prod", "cpu");
    static final long ONE = Instant.parse("2026-01-02T01:00:00Z").getEpochSecond() * 1_000_000;
    static final Map<Tier, TierOptions> TIERS = Map.of(
            Tier.HOURLY, new TierOptions(true, Schedule.parse("5 * * * *"), Duration.ZERO, 4, Duration.ofDays(7)),
            Tier.DAILY, new TierOptions(true, Schedule.parse("0 3 * * *"), Duration.ofHours(24), 12, Duration.ofDays(7)));

    final TestClock clock = new TestClock();
    final ObjectStore store;
    final Catalog catalog;
    final SchemaRegistry schemas;
    final Buffers buffers;
    final FlushService flushes;
    final CompactionService compaction;
    final Metrics metrics = new Metrics();
    private final MemoryBudget memory = new MemoryBudget(1L << 40);
    private long sequence;

    static CompactionOptions options(Path directory) {
        return new CompactionOptions(TIERS, new Planner.Limits(64 << 20, 1_000, 512 << 20), 2, Duration.ofHours(2),
                directory.resolve("spill"), 256 << 20, 2, false, List.of(), Map.of(), Duration.ZERO);
    }

    CompactionWorld(Path directory, ObjectStore store) {
        this(directory, store, options(directory), new DiskFileSystem(), _ -> {});
    }

    CompactionWorld(Path directory, ObjectStore store, CompactionOptions options, FileSystem fileSystem, Consumer<Step> reached) {
        this.store = store;
        catalog = Catalog.open(directory.resolve("arc.db"), clock);
        schemas = new SchemaRegistry(catalog.snapshot(), 1000, name -> Optional.empty());
        buffers = new Buffers(memory, clock);
        UniqueSuffixes suffixes = new UniqueSuffixes(new SecureRandom());
        flushes = new FlushService(new FlushOptions(1 << 20, 1 << 28, Duration.ofHours(1), Duration.ZERO, 2, Duration.ofSeconds(4),
                options.defaultSortKeys(), Map.of()), buffers, memory, schemas, catalog, store,
                new FileEncoders(ParquetOptions.DEFAULT, Optional.empty()), (writer, through) -> {}, clock, suffixes, metrics);
        new OrphanSweep(catalog, store).sweep();
        compaction = new CompactionService(options, catalog, store, new FileCache(store, directory.resolve("cache"), 1L << 30),
                fileSystem, TestCodecs.ZSTD, clock, suffixes, metrics, reached);
        compaction.recover();
        long covered = 0;
        for (String database : catalog.snapshot().databases()) {
            for (TableEntry table : catalog.snapshot().tables(database)) {
                covered = Math.max(covered, table.walCoverage().getOrDefault("w", 0L));
            }
        }
        sequence = covered;
    }

    /// Makes one file of each hour that the batches have.
    void flush(ColumnBatch... batches) {
        if (batches.length > 0) {
            append(batches);
        }
        flushes.flushAll(Duration.ofSeconds(60));
    }

    /// One frame, acknowledged.
    synchronized void append(ColumnBatch... batches) {
        schemas.admitAll(List.of(batches));
        memory.take(TestBatches.bytes(List.of(batches)));
        buffers.append("w", ++sequence, List.of(batches));
    }

    /// `count` files of ten rows with the numbers from 0 on, overlapping in time.
    void flushIds(int count) {
        for (int i = 0; i < count; i++) {
            flush(TestBatches.ids(CPU, ONE + i * 5, i * 10L, 10));
        }
    }

    List<JobReport> compact() {
        return compaction.runCycle(EnumSet.allOf(Tier.class), Scope.EVERYTHING);
    }

    List<DataFile> files(TableId table) {
        return catalog.snapshot().find(table).map(TableEntry::files).orElse(List.of());
    }

    /// Every row of the table as text, sorted, read by DuckDB file by file with the catalog's types.
    static List<String> rows(FolderStore store, Catalog catalog, TableId table) {
        List<String> rows = new ArrayList<>();
        TableEntry entry = catalog.snapshot().find(table).orElseThrow();
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckdb.createStatement()) {
            for (DataFile file : entry.files()) {
                String sql = EngineSql.merge(List.of(file), entry.schema(), entry.schema().columns(),
                        each -> ((ScanTarget.LocalFile) store.scanTarget(each.key())).path().toString(),
                        List.of(), false);
                try (ResultSet row = statement.executeQuery(sql)) {
                    while (row.next()) {
                        StringBuilder text = new StringBuilder();
                        for (int i = 1; i <= entry.schema().columns().size() + 1; i++) {
                            text.append(row.getObject(i)).append('|');
                        }
                        rows.add(text.toString());
                    }
                }
            }
        } catch (SQLException failed) {
            throw new AssertionError(failed);
        }
        rows.sort(null);
        return rows;
    }

    @Override
    public void close() {
        compaction.close();
        flushes.close();
        catalog.close();
    }
}
