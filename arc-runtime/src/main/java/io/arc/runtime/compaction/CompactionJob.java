package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.FileSwap;
import io.arc.runtime.catalog.PartitionLock;
import io.arc.runtime.catalog.Pin;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.catalog.WalRange;
import io.arc.runtime.compaction.FileMerger.Merged;
import io.arc.runtime.fs.FileSystem;
import io.arc.runtime.parquet.ColumnSummary;
import io.arc.runtime.parquet.FileSummary;
import io.arc.runtime.partition.HourPartition;
import io.arc.runtime.partition.UniqueSuffixes;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Carries out candidates: lock, merge to the local disk, announce the new key, put it, swap files in one commit of the
/// catalog, unlock. The inputs' objects go later, when no reader can see them any more.
///
/// Whatever fails, and wherever the process ends, the table has either the inputs or the output. What may be left in the store
/// is announced in the catalog, and deleted by [#sweep] or at the next start. Thread-safe; a partition is one thread's at a
/// time by its lock.
final class CompactionJob {
    private static final Logger LOG = System.getLogger(CompactionJob.class.getName());
    private static final int COMMIT_TRIES = 3;
    /// What has to be left of a lock when its fruit is committed.
    private static final Duration LOCK_MARGIN = Duration.ofMinutes(1);
    private static final String FENCE = "compaction/fence";

    private final Catalog catalog;
    private final ObjectStore store;
    private final Optional<StoreLocks> storeLocks;
    private final FileSystem fileSystem;
    private final FileMerger merger;
    private final CompactionOptions options;
    private final UniqueSuffixes suffixes;
    private final String owner;
    private final Consumer<Step> reached;
    /// Keys of objects that may be in the store and are surely, or probably, of no table.
    private final Set<String> leftOvers = ConcurrentHashMap.newKeySet();

    /// @param storeLocks empty for a store that cannot have them; it must be this server's alone then
    /// @param reached told each step, for tests
    CompactionJob(Catalog catalog, ObjectStore store, Optional<StoreLocks> storeLocks, FileSystem fileSystem, FileMerger merger,
            CompactionOptions options, UniqueSuffixes suffixes, String owner, Consumer<Step> reached) {
        this.catalog = catalog;
        this.store = store;
        this.storeLocks = storeLocks;
        this.fileSystem = fileSystem;
        this.merger = merger;
        this.options = options;
        this.suffixes = suffixes;
        this.owner = owner;
        this.reached = reached;
    }

    /// What a job has made.
    record Done(DataFile output, boolean byEngine) {}

    /// @param progress told how many rows were written since it was told last; may throw to give up
    /// @return empty when the partition is locked or its files have changed: plan again
    /// @throws UnreadableInput for a damaged input
    /// @throws ArcException for everything else; nothing has changed then
    Optional<Done> run(Candidate candidate, LongConsumer progress) {
        Optional<PartitionLock> lock = catalog.tryLock(candidate.lockKey(), owner, options.lockLife());
        if (lock.isEmpty()) {
            return Optional.empty();
        }
        try {
            if (storeLocks.isEmpty()) {
                return locked(candidate, lock.get(), Optional.empty(), progress);
            }
            Optional<StoreLocks.Held> held =
                    storeLocks.get().tryLock(StoreLocks.stripe(candidate.lockKey()), options.lockLife());
            if (held.isEmpty()) {
                return Optional.empty();
            }
            try {
                return locked(candidate, lock.get(), held, progress);
            } finally {
                quietly("giving back the lock of " + candidate.lockKey(), () -> storeLocks.get().release(held.get()));
            }
        } finally {
            quietly("giving back the lock of " + candidate.lockKey(), () -> catalog.release(lock.get()));
            reached.accept(Step.RELEASED);
        }
    }

    /// A lock that is not given back expires by itself.
    private static void quietly(String what, Runnable action) {
        try {
            action.run();
        } catch (ArcException failed) {
            LOG.log(Level.WARNING, what + " failed: " + failed.getMessage());
        }
    }

    private Optional<Done> locked(Candidate candidate, PartitionLock lock, Optional<StoreLocks.Held> held,
            LongConsumer progress) {
        reached.accept(Step.LOCKED);
        Path directory = options.spillDirectory().resolve("job-" + suffixes.next());
        try (Pin pin = catalog.pin()) {
            Optional<TableEntry> table = pin.snapshot().find(candidate.table());
            if (table.isEmpty() || !new HashSet<>(table.get().files()).containsAll(candidate.inputs())) {
                return Optional.empty();
            }
            requireRoom(candidate, directory);
            List<FileOrigin> origins = new ArrayList<>();
            String id = suffixes.next();
            Merged merged = merger.merge(new FileMerger.Order(candidate, table.get().schema(), directory,
                    footer -> FileOrigin.parse(footer).ifPresent(origins::add),
                    () -> origin(candidate, table.get().schema(), id, origins), progress));
            requireAllRows(candidate, merged.summary());
            reached.accept(Step.MERGED);
            DataFile output = describe(candidate, merged.summary(), id);
            store(candidate, lock, held, merged.file(), output);
            return Optional.of(new Done(output, merged.byEngine()));
        } finally {
            deleteAll(directory);
        }
    }

    private void requireRoom(Candidate candidate, Path directory) {
        try {
            fileSystem.createDirectories(directory);
            long room = fileSystem.usableBytes(directory);
            if (room < candidate.bytes() + candidate.bytes() / 4) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "compaction has " + room + " bytes left in "
                        + options.spillDirectory() + " and needs as much as its inputs have, " + candidate.bytes()
                        + ". Make room there, or set compaction.temp_directory");
            }
        } catch (IOException failed) {
            throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "compaction cannot use its directory " + directory + ": "
                    + failed.getMessage() + ". Make it writable, or set compaction.temp_directory", failed);
        }
    }

    private void requireAllRows(Candidate candidate, FileSummary summary) {
        boolean complete = options.deduplicate() ? summary.rowCount() <= candidate.rows()
                : summary.rowCount() == candidate.rows();
        if (!complete) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "merging " + candidate.inputs().size() + " files of "
                    + candidate.partition() + " gave " + summary.rowCount() + " rows of " + candidate.rows() + "; nothing has"
                    + " changed");
        }
        long minMicros = candidate.inputs().stream().mapToLong(DataFile::minMicros).min().orElseThrow();
        long maxMicros = candidate.inputs().stream().mapToLong(DataFile::maxMicros).max().orElseThrow();
        if (summary.minMicros() < minMicros || summary.maxMicros() > maxMicros) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "merging files of " + candidate.partition() + " gave times from "
                    + summary.minMicros() + " to " + summary.maxMicros() + ", and the catalog says " + minMicros + " to "
                    + maxMicros + "; nothing has changed");
        }
    }

    private Map<String, String> origin(Candidate candidate, TableSchema schema, String id, List<FileOrigin> origins) {
        Set<String> before = new HashSet<>();
        for (FileOrigin origin : origins) {
            before.addAll(origin.replaces());
            before.addAll(origin.replacedBefore());
        }
        if (!before.isEmpty()) {
            before.retainAll(catalog.notInTables());
        }
        List<ColumnSchema> columns = FileMerger.columns(candidate, schema);
        // What an input alone told about columns that it lacks has to be told again, so all is told.
        return FileOrigin.of(coverage(candidate), Optional.of(new FileOrigin.Part(id, 1, 1)), schema, columns,
                TableSchema.EMPTY, candidate.keys(), before.stream().sorted().toList(), candidate.tier().level()).properties();
    }

    /// One range for each writer: flushes of a table are committed in order, so what lies between two of them is stored too.
    private static List<WalRange> coverage(Candidate candidate) {
        Map<String, WalRange> byWriter = new HashMap<>();
        for (DataFile input : candidate.inputs()) {
            for (WalRange range : input.coverage()) {
                byWriter.merge(range.writer(), range, (one, other) -> new WalRange(one.writer(),
                        Math.min(one.first(), other.first()), Math.max(one.last(), other.last())));
            }
        }
        return List.copyOf(byWriter.values());
    }

    private static DataFile describe(Candidate candidate, FileSummary summary, String id) {
        String hourKey = HourPartition.of(summary.minMicros()).key(candidate.table(), summary.minMicros(), summary.rowCount(),
                id + "_" + candidate.tier().suffix());
        String key = candidate.partition() + hourKey.substring(hourKey.lastIndexOf('/'));
        // The newest input's: what was written later has come later, also after a merge.
        long addedMicros = candidate.inputs().stream().mapToLong(DataFile::addedMicros).max().orElseThrow();
        return new DataFile(candidate.table(), key, summary.sizeBytes(), summary.rowCount(), summary.minMicros(),
                summary.maxMicros(), candidate.tier().level(), coverage(candidate),
                summary.columns().stream().map(CompactionJob::stats).toList(), addedMicros);
    }

    private static ColumnStats stats(ColumnSummary column) {
        ColumnStats.Bounds bounds = switch (column.bounds()) {
            case ColumnSummary.Bounds.None _ -> ColumnStats.Bounds.NONE;
            case ColumnSummary.Bounds.Longs longs -> new ColumnStats.Bounds.Longs(longs.min(), longs.max());
            case ColumnSummary.Bounds.Doubles doubles ->
                    new ColumnStats.Bounds.Doubles(doubles.min(), doubles.max(), doubles.hasNan());
            case ColumnSummary.Bounds.Booleans booleans -> new ColumnStats.Bounds.Booleans(booleans.min(), booleans.max());
            case ColumnSummary.Bounds.Texts texts -> new ColumnStats.Bounds.Texts(texts.min(), texts.max());
        };
        return new ColumnStats(column.name(), column.type(), column.nullCount(), bounds);
    }

    private void store(Candidate candidate, PartitionLock lock, Optional<StoreLocks.Held> held, Path file, DataFile output) {
        catalog.announce(List.of(output.key()));
        // From here on the key is known to the catalog, and to the next cycle.
        leftOvers.add(output.key());
        reached.accept(Step.ANNOUNCED);
        try {
            Body body = new Body.OnDisk(file, output.sizeBytes());
            if (!store.put(output.key(), body, PutMode.CREATE)) {
                throw new ArcException(ErrorCode.CONFLICT, "storage holds another object under the new key " + output.key());
            }
            reached.accept(Step.STORED);
            if (catalog.renew(lock, options.lockLife()).isEmpty()
                    || held.isPresent() && !storeLocks.orElseThrow().isHeld(held.get(), LOCK_MARGIN)) {
                throw new ArcException(ErrorCode.CONFLICT, "merging " + candidate.partition() + " took longer than its lock"
                        + " lasts, so the result is not used. Set compaction.lock_ttl_hours higher");
            }
            commit(new FileSwap(candidate.table(), candidate.keys(), List.of(output), Optional.of(lock)));
            leftOvers.remove(output.key());
        } catch (ArcException failed) {
            if (failed.code() != ErrorCode.STORAGE_OUTCOME_UNKNOWN) {
                quietly("deleting what a failed job has stored", () -> sweep(List.of(output.key())));
            }
            throw failed;
        }
        reached.accept(Step.COMMITTED);
    }

    private void commit(FileSwap swap) {
        for (int attempt = 1;; attempt++) {
            try {
                catalog.replaceFiles(swap);
                return;
            } catch (ArcException failed) {
                if (isIn(swap.table(), swap.outputs().getFirst().key())) {
                    return;
                }
                boolean mayRepeat = failed.code() == ErrorCode.STORAGE_OUTCOME_UNKNOWN
                        || failed.code() == ErrorCode.STORAGE_UNAVAILABLE;
                if (!mayRepeat || attempt == COMMIT_TRIES) {
                    throw failed;
                }
            }
        }
    }

    private boolean isIn(TableId table, String key) {
        return catalog.snapshot().find(table).map(TableEntry::files).orElse(List.of()).stream()
                .anyMatch(file -> file.key().equals(key));
    }

    /// How many objects failed jobs may have left in the store.
    int leftOverCount() {
        return leftOvers.size();
    }

    /// Deletes what failed jobs have left in the store.
    ///
    /// @return how many objects may still be there
    int sweep() {
        if (!leftOvers.isEmpty()) {
            quietly("deleting what failed jobs have stored", () -> sweep(List.copyOf(leftOvers)));
        }
        return leftOvers.size();
    }

    private void sweep(Collection<String> keys) {
        // A commit whose outcome was unknown is surely undone once a later one has succeeded.
        catalog.tryLock(FENCE, owner, Duration.ofNanos(1));
        Set<String> orphans = new HashSet<>(keys);
        // A commit strikes its keys off.
        orphans.retainAll(catalog.announced());
        for (String database : catalog.snapshot().databases()) {
            for (TableEntry table : catalog.snapshot().tables(database)) {
                table.files().forEach(file -> orphans.remove(file.key()));
            }
        }
        store.delete(orphans);
        catalog.withdraw(orphans);
        leftOvers.removeAll(keys);
    }

    private void deleteAll(Path directory) {
        try {
            for (Path each : fileSystem.list(directory)) {
                if (!fileSystem.list(each).isEmpty()) {
                    deleteAll(each);
                } else {
                    fileSystem.delete(each);
                }
            }
            fileSystem.delete(directory);
        } catch (IOException failed) {
            LOG.log(Level.WARNING, "cannot delete " + directory + ", which a job has left: " + failed.getMessage());
        }
    }

    /// Deletes what jobs of an earlier run have left on the local disk.
    void cleanSpillDirectory() {
        try {
            fileSystem.createDirectories(options.spillDirectory());
            for (Path each : fileSystem.list(options.spillDirectory())) {
                if (each.getFileName().toString().startsWith("job-")) {
                    deleteAll(each);
                }
            }
        } catch (IOException failed) {
            throw new ArcException(ErrorCode.CONFIGURATION, "compaction cannot use its directory " + options.spillDirectory()
                    + ": " + failed.getMessage() + ". Make it writable, or set compaction.temp_directory", failed);
        }
    }
}
