package io.arc.runtime.flush;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.runtime.buffer.BufferStatus;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.buffer.SealedRows;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FlushCommit;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.flush.FlushPlan.PlannedFile;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.partition.UniqueSuffixes;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Writes buffered rows out. Thread-safe.
///
/// A table is in at most one flush at a time. A flush that fails keeps its rows in memory and in the log, and is tried again
/// with growing pauses until it succeeds; meanwhile the table gathers further rows. Nothing is ever dropped.
public final class FlushService implements AutoCloseable {
    private static final Logger LOG = System.getLogger(FlushService.class.getName());
    private static final long LONGEST_NAP_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long FIRST_BACKOFF_MILLIS = 200;

    /// Told when rows are in files, so that the log need not keep them.
    @FunctionalInterface
    public interface LogRelease {
        void release(String writer, long throughSequence);
    }

    private final FlushOptions options;
    private final Buffers buffers;
    private final MemoryBudget memory;
    private final SchemaRegistry schemas;
    private final Catalog catalog;
    private final ObjectStore store;
    private final FileEncoders encoders;
    private final LogRelease log;
    private final InstantSource clock;
    private final UniqueSuffixes suffixes;
    private final Metrics.Counter flushes;
    private final Metrics.Counter failures;
    private final Metrics.Counter rowsWritten;
    private final Metrics.Histogram duration;

    private final ExecutorService workers;
    private final Thread scheduler;
    private final Map<TableId, TableFlush> tables = new ConcurrentHashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition progress = lock.newCondition();
    private volatile boolean wanted;
    private volatile boolean stopping;
    /// Guarded by the lock: nothing is given to the workers any more.
    private boolean closed;

    /// Where a table's flushing stands. Guarded by the service's lock, but for rows and plan, which belong to the running flush.
    private static final class TableFlush {
        private boolean running;
        private boolean requested;
        /// What the flush under way has taken out of the buffer; set before anything can fail, so that no rows are forgotten.
        private SealedRows sealed;
        private FlushPlan plan;
        private int failedTries;
        private Instant notBefore = Instant.MIN;
        private Instant lastStart = Instant.MIN;
        private String lastFailure = "";
    }

    public FlushService(FlushOptions options, Buffers buffers, MemoryBudget memory, SchemaRegistry schemas, Catalog catalog,
            ObjectStore store, FileEncoders encoders, LogRelease log, InstantSource clock, UniqueSuffixes suffixes,
            Metrics metrics) {
        this.options = Objects.requireNonNull(options, "options");
        this.buffers = Objects.requireNonNull(buffers, "buffers");
        this.memory = Objects.requireNonNull(memory, "memory");
        this.schemas = Objects.requireNonNull(schemas, "schemas");
        this.catalog = Objects.requireNonNull(catalog, "catalog");
        this.store = Objects.requireNonNull(store, "store");
        this.encoders = Objects.requireNonNull(encoders, "encoders");
        this.log = Objects.requireNonNull(log, "log");
        this.clock = Objects.requireNonNull(clock, "clock");
        this.suffixes = Objects.requireNonNull(suffixes, "suffixes");
        this.flushes = metrics.counter("arc_buffer_flushes_total", "flushes", "Flushes that were committed.");
        this.failures = metrics.counter("arc_buffer_flush_failures_total", "tries", "Tries of flushes that failed.");
        this.rowsWritten = metrics.counter("arc_buffer_records_written_total", "rows", "Rows that flushes put into files.");
        this.duration = metrics.histogram("arc_buffer_flush_seconds", "How long committed flushes took.");
        this.workers = Executors.newFixedThreadPool(options.workers(), Thread.ofPlatform().name("arc-flush-", 0).factory());
        this.scheduler = Thread.ofPlatform().name("arc-flush-scheduler").unstarted(this::schedule);
    }

    public void start() {
        buffers.onAppend((table, rows) -> {
            if (rows >= options.maxRows()) {
                wake();
            }
        });
        scheduler.start();
    }

    private void wake() {
        // Appends of a full table come by the thousand; the flag is read without the lock first.
        if (!wanted) {
            lock.lock();
            try {
                wanted = true;
                work.signal();
            } finally {
                lock.unlock();
            }
        }
    }

    private void schedule() {
        while (!stopping) {
            try {
                runDue();
            } catch (RuntimeException defect) {
                LOG.log(Level.ERROR, "the flush scheduler failed and goes on", defect);
            }
            lock.lock();
            try {
                if (!wanted && !stopping) {
                    work.awaitNanos(Math.min(LONGEST_NAP_NANOS, Math.max(1_000_000, options.maxAge().toNanos() / 10)));
                }
                wanted = false;
            } catch (InterruptedException stop) {
                return;
            } finally {
                lock.unlock();
            }
        }
    }

    /// Starts every flush that is due. The scheduler calls this; tests with a clock of their own do, too.
    public void runDue() {
        Instant now = clock.instant();
        boolean pressed = memory.usedBytes() > memory.limitBytes() / 2;
        List<BufferStatus> full = buffers.status().stream().filter(status -> isDue(status, now, pressed))
                .sorted(Comparator.comparingLong(BufferStatus::activeBytes).reversed()).toList();
        full.forEach(status -> submit(status.table(), now));
        lock.lock();
        try {
            tables.forEach((table, flush) -> {
                if (!flush.running && flush.sealed != null && mayTry(flush, now)) {
                    launch(table, flush, now);
                }
            });
        } finally {
            lock.unlock();
        }
    }

    private boolean isDue(BufferStatus status, Instant now, boolean pressed) {
        if (status.activeRows() == 0) {
            return false;
        }
        if (status.activeBytes() >= options.maxBytes() || pressed) {
            return true;
        }
        Instant oldest = Instant.EPOCH.plus(status.oldestMicros(), ChronoUnit.MICROS);
        // A clock that was set back must not make rows wait for it to catch up.
        if (oldest.isAfter(now) || Duration.between(oldest, now).compareTo(options.maxAge()) >= 0) {
            return true;
        }
        if (status.activeRows() < options.maxRows()) {
            return false;
        }
        TableFlush flush = tables.get(status.table());
        return flush == null || flush.lastStart.isAfter(now) || flush.lastStart.equals(Instant.MIN)
                || Duration.between(flush.lastStart, now).compareTo(options.minInterval()) >= 0;
    }

    private void submit(TableId table, Instant now) {
        lock.lock();
        try {
            TableFlush flush = tables.computeIfAbsent(table, absent -> new TableFlush());
            if (!flush.running && mayTry(flush, now)) {
                launch(table, flush, now);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean mayTry(TableFlush flush, Instant now) {
        // A pause longer than any that is ever made means that the clock was set back.
        return !now.isBefore(flush.notBefore) || flush.notBefore.isAfter(now.plus(options.maxBackoff()));
    }

    /// With the lock held.
    private void launch(TableId table, TableFlush flush, Instant now) {
        if (closed) {
            return;
        }
        flush.running = true;
        flush.lastStart = now;
        workers.execute(() -> run(table, flush));
    }

    private void run(TableId table, TableFlush flush) {
        Optional<Throwable> failure = Optional.empty();
        try {
            flushOnce(table, flush);
        } catch (RuntimeException | Error failed) {
            failure = Optional.of(failed);
        }
        lock.lock();
        try {
            flush.running = false;
            if (failure.isPresent()) {
                failed(table, flush, failure.get());
            } else {
                if (flush.failedTries > 0) {
                    LOG.log(Level.INFO, "flushing {0} works again after {1} failed tries", table, flush.failedTries);
                    // What has failed this one has most likely failed the others, too.
                    tables.values().forEach(other -> other.notBefore = Instant.MIN);
                }
                flush.failedTries = 0;
                flush.notBefore = Instant.MIN;
                flush.lastFailure = "";
                if (flush.requested) {
                    flush.requested = false;
                    launch(table, flush, clock.instant());
                }
            }
            progress.signalAll();
            wanted = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    private void failed(TableId table, TableFlush flush, Throwable failure) {
        failures.increment();
        flush.failedTries++;
        flush.lastFailure = String.valueOf(failure.getMessage());
        long pause = Math.min(options.maxBackoff().toMillis(), FIRST_BACKOFF_MILLIS << Math.min(flush.failedTries - 1, 20));
        flush.notBefore = clock.instant().plusMillis(pause);
        // The first failure and then ever rarer ones; an outage of hours must not fill the log.
        if (Integer.bitCount(flush.failedTries) == 1) {
            Level level = failure instanceof ArcException ? Level.WARNING : Level.ERROR;
            LOG.log(level, "flushing " + table + " failed (try " + flush.failedTries
                    + "); its rows stay in memory and in the log, and it is tried again: " + failure.getMessage(),
                    failure instanceof ArcException ? null : failure);
        }
    }

    /// Carries an unfinished flush on, or does the next one.
    private void flushOnce(TableId table, TableFlush flush) {
        long started = System.nanoTime();
        if (flush.sealed == null) {
            flush.sealed = buffers.seal(table).orElse(null);
            if (flush.sealed == null) {
                return;
            }
        }
        if (flush.plan == null) {
            TableSchema schema = schemas.find(table)
                    .orElseThrow(() -> new IllegalStateException("rows of " + table + ", which has no schema"));
            TableSchema committed = catalog.snapshot().find(table).map(TableEntry::schema).orElse(TableSchema.EMPTY);
            flush.plan = FlushPlan.of(flush.sealed, schema, committed, options.keysOf(table.table()), suffixes);
        }
        FlushPlan plan = flush.plan;
        if (!plan.isAnnounced()) {
            catalog.announce(plan.files().stream().map(PlannedFile::key).toList());
            plan.announced();
        }
        for (int number = 0; number < plan.files().size(); number++) {
            PlannedFile file = plan.files().get(number);
            if (file.stored().isEmpty()) {
                file.stored(store(plan, number));
            }
        }
        List<DataFile> files = plan.files().stream().map(file -> file.stored().orElseThrow()).toList();
        catalog.commitFlush(new FlushCommit(table, plan.schema(), files, plan.coverage()));
        buffers.release(plan.rows());
        flush.sealed = null;
        flush.plan = null;
        releaseLog(log);
        flushes.increment();
        rowsWritten.add(plan.rows().rowCount());
        duration.record(System.nanoTime() - started);
    }

    /// Tells what of the log is not needed any more. After every flush; once more when a log was replayed and opened, because
    /// all of it may have been in files already.
    public void releaseLog(LogRelease told) {
        buffers.releasable().forEach(told::release);
    }

    private DataFile store(FlushPlan plan, int number) {
        PlannedFile planned = plan.files().get(number);
        FileEncoders.Encoded encoded = encoders.encode(plan, number);
        if (!store.put(planned.key(), encoded.body(), PutMode.CREATE)) {
            // Keys are random enough that only an earlier try of this very plan can have taken it.
            boolean own = store.find(planned.key()).filter(found -> found.size() == encoded.body().size()).isPresent();
            if (!own) {
                throw new ArcException(ErrorCode.CONFLICT, "storage holds another object under the new key " + planned.key());
            }
        }
        return encoded.describe(planned.key(), plan.coverage(), micros(clock.instant()));
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }

    /// Flushes everything that was acknowledged before the call and waits for it.
    ///
    /// @throws ArcException STORAGE_UNAVAILABLE naming the tables that are not stored when the deadline has passed
    public void flushAll(Duration deadline) {
        long until = System.nanoTime() + deadline.toNanos();
        Map<TableId, Integer> pending = new HashMap<>();
        lock.lock();
        try {
            for (BufferStatus status : buffers.status()) {
                if (status.activeRows() + status.sealedRows() > 0) {
                    TableFlush flush = tables.computeIfAbsent(status.table(), absent -> new TableFlush());
                    pending.put(status.table(), 0);
                    flush.notBefore = Instant.MIN;
                    if (flush.running || flush.sealed != null) {
                        // The flush under way may have sealed its rows before the last of ours came.
                        flush.requested = true;
                    }
                    if (!flush.running) {
                        launch(status.table(), flush, clock.instant());
                    }
                }
            }
            while (true) {
                pending.keySet().removeIf(table -> {
                    TableFlush flush = tables.get(table);
                    return !flush.running && !flush.requested && flush.sealed == null;
                });
                if (pending.isEmpty()) {
                    return;
                }
                if (closed) {
                    throw new ArcException(ErrorCode.NOT_READY, "the server is stopping; what is not stored yet is in the log");
                }
                relaunch(pending.keySet());
                long left = until - System.nanoTime();
                if (left <= 0) {
                    throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "not everything is stored yet: " + failing()
                            + "; the rows are safe in memory and log, and are tried again");
                }
                progress.awaitNanos(Math.min(left, LONGEST_NAP_NANOS));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ArcException(ErrorCode.NOT_READY, "interrupted while flushing", interrupted);
        } finally {
            lock.unlock();
        }
    }

    /// Tries again what has failed and may be tried; the scheduler would, too, but not while the server stops.
    private void relaunch(Iterable<TableId> pending) {
        Instant now = clock.instant();
        for (TableId table : pending) {
            TableFlush flush = tables.get(table);
            if (!flush.running && mayTry(flush, now)) {
                launch(table, flush, now);
            }
        }
    }

    /// Stops the scheduler and flushes what is left, within the deadline. What cannot be stored stays in the log.
    ///
    /// @return the rows that are in memory only
    public long stop(Duration deadline) {
        stopping = true;
        lock.lock();
        try {
            work.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            flushAll(deadline);
        } catch (ArcException notAll) {
            LOG.log(Level.WARNING, "stopping: " + notAll.getMessage());
        }
        close();
        return buffers.status().stream().mapToLong(status -> status.activeRows() + status.sealedRows()).sum();
    }

    @Override
    public void close() {
        stopping = true;
        lock.lock();
        try {
            closed = true;
            workers.shutdown();
            work.signalAll();
            progress.signalAll();
        } finally {
            lock.unlock();
        }
        try {
            workers.awaitTermination(10, TimeUnit.SECONDS);
            if (scheduler.getState() != Thread.State.NEW) {
                scheduler.join(Duration.ofSeconds(2));
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// The tables whose last try failed, with reasons.
    public Map<TableId, String> failing() {
        lock.lock();
        try {
            Map<TableId, String> failing = new TreeMap<>();
            tables.forEach((table, flush) -> {
                if (flush.failedTries > 0) {
                    failing.put(table, flush.lastFailure);
                }
            });
            return failing;
        } finally {
            lock.unlock();
        }
    }

    /// Flushes that run or wait to be tried again.
    public int pendingCount() {
        lock.lock();
        try {
            return (int) tables.values().stream().filter(flush -> flush.running || flush.sealed != null).count();
        } finally {
            lock.unlock();
        }
    }

    /// Flushes that run or wait for a worker.
    int runningCount() {
        lock.lock();
        try {
            return (int) tables.values().stream().filter(flush -> flush.running).count();
        } finally {
            lock.unlock();
        }
    }

    public int workerCount() {
        return options.workers();
    }

    public Health health() {
        Map<TableId, String> failing = failing();
        return failing.isEmpty() ? Health.UP : new Health(Health.Status.DEGRADED, "rows of " + failing.keySet()
                + " cannot be stored at the moment and wait in memory and log: " + failing.values().iterator().next());
    }
}
