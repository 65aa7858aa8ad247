package io.arc.runtime.durability;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.Health;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Ingest;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.buffer.TestBatches;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.flush.FileEncoders;
import io.arc.runtime.flush.FlushOptions;
import io.arc.runtime.flush.FlushService;
import io.arc.runtime.fs.FileSystem;
import io.arc.runtime.ingest.IngestOptions;
import io.arc.runtime.ingest.IngestService;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.partition.Names;
import io.arc.runtime.partition.UniqueSuffixes;
import io.arc.runtime.query.LiveTables;
import io.arc.runtime.recovery.OrphanSweep;
import io.arc.runtime.recovery.WalReplay;
import io.arc.runtime.storage.ResilientStore;
import io.arc.runtime.storage.StoreOptions;
import io.arc.runtime.wal.Journal;
import io.arc.runtime.wal.Wal;
import io.arc.runtime.wal.WalOptions;
import io.arc.runtime.wal.WalReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicReference;

/// All of a server between the decoded request and the store, put together as the server does it, over a file system and a
/// store that a test gives. Opened again over the same three it is the server after a restart.
final class WritePath implements AutoCloseable {
    static final TableId CPU = new TableId("prod", "cpu");
    static final TableId MEM = new TableId("prod", "mem");
    static final Path LOG = Path.of("/data/wal");
    static final long STORE_DEADLINE_MILLIS = 40;
    private static final long BASE_MICROS = HourPartition.MICROS * 480_000;
    private static final StoreOptions STORE = new StoreOptions(3, Duration.ofMillis(1), Duration.ofMillis(20),
            Duration.ofMillis(STORE_DEADLINE_MILLIS), 8);
    private static final FlushOptions FLUSH = new FlushOptions(40, 1 << 20, Duration.ofMillis(20), Duration.ofMillis(1), 2,
            Duration.ofMillis(100), List.of(), Map.of());

    final Catalog catalog;
    final Buffers buffers;
    final FlushService flushes;
    final LiveTables tables;
    final ResilientStore store;
    final WalReader.Report report;
    private final Wal log;
    private final IngestService ingest;
    private final IngestService.Decoders decoders = new IngestService.Decoders(new Numbers());
    private final Deque<Runnable> opened = new ArrayDeque<>();

    /// Recovers what was left behind.
    ///
    /// @throws RuntimeException when the server would not start; everything is closed again then
    WritePath(Path directory, Path logDirectory, FileSystem files, ObjectStore objects) {
        InstantSource clock = InstantSource.system();
        Metrics metrics = new Metrics();
        boolean complete = false;
        try {
            catalog = Catalog.open(directory.resolve("arc.db"), clock);
            opened.push(catalog::close);
            SchemaRegistry schemas = new SchemaRegistry(catalog.snapshot(), 100, Names::column);
            MemoryBudget memory = new MemoryBudget(1 << 24);
            buffers = new Buffers(memory, clock);
            store = new ResilientStore("test", objects, STORE, metrics);
            AtomicReference<Journal> journal = new AtomicReference<>();
            flushes = new FlushService(FLUSH, buffers, memory, schemas, catalog, store,
                    new FileEncoders(ParquetOptions.DEFAULT, Optional.empty()),
                    (writer, through) -> Optional.ofNullable(journal.get()).ifPresent(open -> open.release(writer, through)), clock,
                    new UniqueSuffixes(new Random()), metrics);
            opened.push(flushes::close);
            tables = new LiveTables(catalog, schemas, buffers);
            new OrphanSweep(catalog, store).sweep();
            flushes.start();
            report = new WalReplay(buffers, schemas, catalog, memory, flushes, metrics)
                    .replay(new WalReader(files, logDirectory, "test"));
            log = Wal.open(new WalOptions(logDirectory, "test", 1, WalOptions.SyncMode.FDATASYNC, 900, Duration.ofHours(1), 1 << 26,
                    writer -> WalReplay.highestCovered(catalog.snapshot(), writer)), files, clock, report);
            journal.set(log);
            flushes.releaseLog(log::release);
            opened.push(log::close);
            ingest = new IngestService(schemas, log, buffers, memory, new IngestOptions(false, false), metrics);
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /// Writes one request with rows of these ids: half of them into each table, spread over two hours.
    ///
    /// @throws io.arc.api.ArcException when it is not acknowledged
    void write(long firstId, int rows) {
        ingest.write(decoders, ByteSlice.of((firstId + " " + rows).getBytes(StandardCharsets.UTF_8)), NONE);
    }

    /// No row waits in memory, nothing has failed lately.
    boolean isNormal() {
        return buffers.status().stream().allMatch(status -> status.activeRows() + status.sealedRows() == 0)
                && flushes.health().equals(Health.UP) && log.health().equals(Health.UP) && store.health().equals(Health.UP);
    }

    String state() {
        return buffers.status() + " " + flushes.health() + " " + log.health() + " " + store.health();
    }

    TreeSet<String> fileKeys() {
        TreeSet<String> keys = new TreeSet<>();
        for (TableEntry table : catalog.snapshot().tables("prod")) {
            for (DataFile file : table.files()) {
                keys.add(file.key());
            }
        }
        return keys;
    }

    /// Stops without flushing: what is in memory only has to come from the log.
    @Override
    public void close() {
        while (!opened.isEmpty()) {
            opened.pop().run();
        }
    }

    private static final class Numbers implements Ingest {
        @Override
        public Decoder newDecoder() {
            return (body, parameters, sink) -> {
                String[] words = new String(body.array(), body.offset(), body.length(), StandardCharsets.UTF_8).split(" ");
                long first = Long.parseLong(words[0]);
                int rows = Integer.parseInt(words[1]);
                int quarter = rows / 4;
                sink.accept(rows(CPU, 0, first, quarter));
                sink.accept(rows(MEM, 0, first + quarter, quarter));
                sink.accept(rows(CPU, 1, first + 2L * quarter, quarter));
                sink.accept(rows(MEM, 1, first + 3L * quarter, rows - 3 * quarter));
            };
        }

        private static ColumnBatch rows(TableId table, int hour, long first, int count) {
            return TestBatches.ids(table, BASE_MICROS + hour * HourPartition.MICROS + first, first, count);
        }
    }

    private static final Parameters NONE = new Parameters() {
        @Override
        public Optional<String> find(String name) {
            return Optional.empty();
        }

        @Override
        public String database() {
            return "prod";
        }

        @Override
        public long receivedMicros() {
            return 0;
        }
    };
}
