package io.arc.runtime.flush;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.catalog.TestClock;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.partition.UniqueSuffixes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/// A server from the buffers to the store, without a log: the real catalog in a folder, a store in memory that outlives it,
/// and a clock that stands still. Opened again on the same folder and store it is the server after a restart.
public final class FlushWorld implements AutoCloseable {
    public static final FlushOptions OPTIONS = new FlushOptions(100, 1 << 20, Duration.ofSeconds(5), Duration.ofSeconds(1), 2,
            Duration.ofSeconds(4), List.of(), Map.of());

    public final TestClock clock;
    public final MemoryStore store;
    public final Catalog catalog;
    public final SchemaRegistry schemas;
    public final MemoryBudget memory;
    public final Buffers buffers;
    public final FlushService flushes;
    public final Metrics metrics = new Metrics();
    public final Map<String, Long> released = new ConcurrentSkipListMap<>();
    private final Path directory;
    private long sequence;

    public FlushWorld(Path directory, MemoryStore store, FlushOptions options, long memoryBytes) {
        this(directory, store, options, memoryBytes, 1000, name -> Optional.empty());
    }

    public FlushWorld(Path directory, MemoryStore store, FlushOptions options, long memoryBytes, int maxColumns,
            Function<String, Optional<String>> nameProblem) {
        this.directory = directory;
        this.clock = new TestClock();
        this.store = store;
        this.catalog = Catalog.open(directory.resolve("arc.db"), clock);
        this.schemas = new SchemaRegistry(catalog.snapshot(), maxColumns, nameProblem);
        this.memory = new MemoryBudget(memoryBytes);
        this.buffers = new Buffers(memory, clock);
        this.flushes = new FlushService(options, buffers, memory, schemas, catalog, store,
                new FileEncoders(ParquetOptions.DEFAULT, Optional.empty()),
                (writer, through) -> released.merge(writer, through, Math::max), clock,
                new UniqueSuffixes(new Random()), metrics);
    }

    public FlushWorld(Path directory, FlushOptions options) {
        this(directory, new MemoryStore(), options, 1L << 40);
    }

    /// A frame of writer `w`, acknowledged.
    public void append(ColumnBatch... batches) {
        append("w", ++sequence, List.of(batches));
    }

    public void append(String writer, long frame, List<ColumnBatch> batches) {
        schemas.admitAll(batches);
        memory.take(TestBatches.bytes(batches));
        buffers.append(writer, frame, batches);
    }

    public List<DataFile> files(TableId table) {
        return catalog.snapshot().find(table).map(TableEntry::files).orElse(List.of());
    }

    public long storedRows(TableId table) {
        return files(table).stream().mapToLong(DataFile::rowCount).sum();
    }

    /// Starts what is due and waits until nothing runs.
    public void runDue() {
        flushes.runDue();
        await(() -> flushes.runningCount() == 0);
    }

    /// Waits for something that other threads are about to do.
    public static void await(BooleanSupplier condition) {
        long until = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("it did not come true within 30 s");
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    /// The `id`s in the table's files in the order of files and rows, read by another implementation of Parquet.
    public List<Long> storedIds(TableId table) {
        return column(table, "id").stream().map(Long.class::cast).toList();
    }

    /// One column in the order of files and rows.
    public List<Object> column(TableId table, String name) {
        List<Object> values = new ArrayList<>();
        try (Connection duckdb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckdb.createStatement()) {
            for (DataFile file : files(table)) {
                Path copy = Files.write(Files.createTempFile(directory, "read", ".parquet"), store.objects.get(file.key()));
                String sql = "SELECT \"" + name + "\" FROM read_parquet('" + copy + "', file_row_number = true)"
                        + " ORDER BY file_row_number";
                try (ResultSet rows = statement.executeQuery(sql)) {
                    while (rows.next()) {
                        values.add(rows.getObject(1));
                    }
                }
            }
        } catch (SQLException | IOException failed) {
            throw new AssertionError(failed);
        }
        return values;
    }

    @Override
    public void close() {
        flushes.close();
        catalog.close();
    }
}
