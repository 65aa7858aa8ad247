package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.CatalogSnapshot;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableEntry;
import io.arc.runtime.compaction.CompactionStatus.Quarantined;
import io.arc.runtime.compaction.CompactionStatus.Running;
import io.arc.runtime.compaction.CompactionStatus.TierFigures;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.fs.FileSystem;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.partition.UniqueSuffixes;
import io.arc.runtime.schedule.Schedule;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// Compaction of a server: runs the tiers by their schedules and on request, and deletes the objects that left their tables
/// once no reader can see them. Owns the thread `arc-compact-cycle` and one `arc-compact-N` for each job at a time.
///
/// One cycle runs at a time: round by round each tier is planned and carried out until nothing is worth it any more. What
/// fails because a store is down is tried in the next cycle, what fails because of its files when they have changed.
public final class CompactionService implements AutoCloseable {
    private static final Logger LOG = System.getLogger(CompactionService.class.getName());
    private static final int MAX_ROUNDS = 16;
    private static final int MAX_HALVINGS = 4;
    private static final int KEPT_REPORTS = 100;
    private static final int DELETED_AT_ONCE = 1_000;
    private static final Duration CLEAN_INTERVAL = Duration.ofSeconds(30);
    private static final long LONGEST_NAP_MILLIS = 1_000;
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(10);

    private final CompactionOptions options;
    private final Planner planner;
    private final Catalog catalog;
    private final ObjectStore store;
    private final InstantSource clock;
    private final CompactionJob jobs;
    private final Quarantine quarantine;
    private final String owner;
    private final ExecutorService workers;
    private final Thread cycleThread;
    private final Map<Tier, Schedule> schedules = new EnumMap<>(Tier.class);
    private final AtomicBoolean cycleRunning = new AtomicBoolean();
    private final AtomicLong cycles = new AtomicLong();
    private final Map<Candidate, Progress> running = new ConcurrentHashMap<>();
    private final Object lock = new Object();
    /// All guarded by `lock`.
    private final Map<Tier, Instant> nextRuns = new EnumMap<>(Tier.class);
    private final Deque<JobReport> reports = new ArrayDeque<>();
    private final Map<Tier, long[]> tierTotals = new EnumMap<>(Tier.class);
    private Request requested;
    private Instant nextClean;
    private volatile boolean closed;

    private final Metrics.Counter completed;
    private final Metrics.Counter failed;
    private final Metrics.Counter filesCompacted;
    private final Metrics.Counter rowsWritten;
    private final Metrics.Counter bytesRead;
    private final Metrics.Counter bytesWritten;
    private final Metrics.Counter byEngine;
    private final Metrics.Counter objectsDeleted;
    private final Metrics.Counter swept;
    private final Metrics.Histogram seconds;

    private record Request(Set<Tier> tiers, Scope scope) {}

    private record Progress(Instant started, AtomicLong rows) {}

    /// @param files gives inputs as local files, where the engine is needed
    /// @param codecs which to write with and all to read with
    /// @throws IllegalArgumentException for a schedule that cannot be read
    public CompactionService(CompactionOptions options, Catalog catalog, ObjectStore store, FileAccess files,
            FileSystem fileSystem, Codecs codecs, InstantSource clock, UniqueSuffixes suffixes, Metrics metrics) {
        this(options, catalog, store, files, fileSystem, codecs, clock, suffixes, metrics, _ -> {});
    }

    CompactionService(CompactionOptions options, Catalog catalog, ObjectStore store, FileAccess files, FileSystem fileSystem,
            Codecs codecs, InstantSource clock, UniqueSuffixes suffixes, Metrics metrics, Consumer<Step> reached) {
        this.options = Objects.requireNonNull(options, "options");
        this.catalog = Objects.requireNonNull(catalog, "catalog");
        this.store = Objects.requireNonNull(store, "store");
        this.clock = Objects.requireNonNull(clock, "clock");
        planner = new Planner(options.limits(), options.deduplicate());
        owner = "compaction-" + catalog.instanceId();
        Optional<StoreLocks> storeLocks = store.capabilities().contains(Capability.ENFORCED_CREATE)
                ? Optional.of(new StoreLocks(store, owner, clock)) : Optional.empty();
        jobs = new CompactionJob(catalog, store, storeLocks, fileSystem,
                new FileMerger(store, files, fileSystem, codecs, options), options, suffixes, owner, reached);
        quarantine = new Quarantine(catalog.database(), clock);
        workers = Executors.newFixedThreadPool(options.maxConcurrentJobs(),
                Thread.ofPlatform().name("arc-compact-", 1).daemon().factory());
        cycleThread = Thread.ofPlatform().name("arc-compact-cycle").daemon().unstarted(this::work);
        options.tiers().forEach((tier, tierOptions) -> {
            tierTotals.put(tier, new long[3]);
            schedules.put(tier, tierOptions.schedule());
        });
        nextClean = clock.instant();
        completed = metrics.counter("arc_compaction_jobs_total", "jobs", "Merges that were committed.");
        failed = metrics.counter("arc_compaction_jobs_failed_total", "jobs",
                "Merges that failed; their inputs stay as they are.");
        filesCompacted = metrics.counter("arc_compaction_files_total", "files", "Files that were merged into others.");
        rowsWritten = metrics.counter("arc_compaction_rows_total", "rows", "Rows in the results of merges.");
        bytesRead = metrics.counter("arc_compaction_read_bytes_total", "bytes", "Sizes of the files that were merged.");
        bytesWritten = metrics.counter("arc_compaction_write_bytes_total", "bytes", "Sizes of the results.");
        byEngine = metrics.counter("arc_compaction_engine_jobs_total", "jobs", "Merges that the SQL engine had to do.");
        objectsDeleted = metrics.counter("arc_compaction_objects_deleted_total", "objects",
                "Objects deleted from the store after they left their tables.");
        swept = metrics.counter("arc_compaction_left_overs_total", "objects", "Objects of failed jobs that were deleted.");
        seconds = metrics.histogram("arc_compaction_duration_seconds", "How long a committed merge took.");
        metrics.gauge("arc_compaction_active_jobs", "jobs", "Merges under way.", running::size);
        metrics.gauge("arc_compaction_quarantined", "entries", "Files and sets of files that could not be merged.",
                () -> quarantine.entries().size());
        metrics.gauge("arc_compaction_garbage_objects", "objects", "Objects that wait for their deletion from the store.",
                catalog::garbageCount);
    }

    /// Cleans up after an earlier run and starts the schedules. Called once.
    public void start() {
        recover();
        cycleThread.start();
    }

    /// What [#start] does before the schedules.
    void recover() {
        jobs.cleanSpillDirectory();
        catalog.releaseAll(owner);
        Instant now = clock.instant();
        synchronized (lock) {
            schedules.forEach((tier, schedule) -> plan(tier, now));
        }
    }

    /// The caller has `lock`.
    private void plan(Tier tier, Instant now) {
        nextRuns.remove(tier);
        if (options.tiers().get(tier).enabled()) {
            schedules.get(tier).next(now).ifPresent(next -> nextRuns.put(tier, next));
        }
    }

    private void work() {
        while (!closed) {
            try {
                runDue();
                synchronized (lock) {
                    if (requested == null && !closed) {
                        lock.wait(LONGEST_NAP_MILLIS);
                    }
                }
            } catch (InterruptedException nobodyInterruptsThisThread) {
                LOG.log(Level.DEBUG, "interrupted", nobodyInterruptsThisThread);
            } catch (RuntimeException unexpected) {
                LOG.log(Level.ERROR, "a compaction cycle broke off; the next one comes by schedule", unexpected);
            }
        }
    }

    /// Does what the schedules and requests ask for by now. A tier that was due several times meanwhile runs once.
    void runDue() {
        Instant now = clock.instant();
        Request request;
        boolean clean;
        synchronized (lock) {
            request = requested;
            requested = null;
            if (request == null) {
                Set<Tier> due = new HashSet<>();
                nextRuns.forEach((tier, next) -> {
                    if (!next.isAfter(now)) {
                        due.add(tier);
                    }
                });
                due.forEach(tier -> plan(tier, now));
                request = due.isEmpty() ? null : new Request(due, Scope.EVERYTHING);
                if (request != null && cycleRunning.compareAndSet(false, true)) {
                    cycles.incrementAndGet();
                }
            }
            clean = !nextClean.isAfter(now);
            if (clean) {
                nextClean = now.plus(CLEAN_INTERVAL);
            }
        }
        if (request != null) {
            try {
                runCycle(request.tiers(), request.scope());
            } finally {
                cycleRunning.set(false);
            }
        }
        if (clean || request != null) {
            clean();
        }
    }

    /// Asks for a cycle, which begins at once.
    ///
    /// @return its number
    /// @throws ArcException CONFLICT when one is running
    public long trigger(Set<Tier> tiers, Scope scope) {
        synchronized (lock) {
            if (closed) {
                throw new ArcException(ErrorCode.NOT_READY, "the server is stopping");
            }
            if (!cycleRunning.compareAndSet(false, true)) {
                throw new ArcException(ErrorCode.CONFLICT, "Compaction cycle " + cycles.get() + " is already running."
                        + " Wait until it has ended and ask again.");
            }
            requested = new Request(Set.copyOf(tiers), scope);
            lock.notifyAll();
            return cycles.incrementAndGet();
        }
    }

    /// Plans and merges until nothing is worth it any more; on the calling thread and the workers.
    ///
    /// @return what became of the jobs
    List<JobReport> runCycle(Set<Tier> tiers, Scope scope) {
        List<JobReport> all = new ArrayList<>();
        forgetQuarantined();
        swept();
        for (Tier tier : Tier.values()) {
            if (!tiers.contains(tier) || !options.tiers().containsKey(tier)) {
                continue;
            }
            boolean progress = true;
            for (int round = 0; progress && round < MAX_ROUNDS && !closed; round++) {
                List<JobReport> made = carryOut(plan(catalog.snapshot(), tier, scope));
                all.addAll(made);
                progress = made.stream().anyMatch(JobReport::success);
            }
        }
        swept();
        return all;
    }

    private void swept() {
        int before = jobs.leftOverCount();
        int after = jobs.sweep();
        swept.add(Math.max(0, before - after));
    }

    private List<Candidate> plan(CatalogSnapshot snapshot, Tier tier, Scope scope) {
        return planner.plan(snapshot, tier, options.tiers().get(tier), scope, clock.instant(), quarantine);
    }

    /// What a cycle would begin with now.
    public List<Candidate> candidates() {
        List<Candidate> all = new ArrayList<>();
        CatalogSnapshot snapshot = catalog.snapshot();
        for (Tier tier : Tier.values()) {
            if (options.tiers().containsKey(tier)) {
                all.addAll(plan(snapshot, tier, Scope.EVERYTHING));
            }
        }
        return all;
    }

    /// The candidates of one lock one after the other, different locks at the same time.
    private List<JobReport> carryOut(List<Candidate> candidates) {
        Map<String, List<Candidate>> byLock = new LinkedHashMap<>();
        candidates.forEach(candidate -> byLock.computeIfAbsent(candidate.lockKey(), _ -> new ArrayList<>()).add(candidate));
        List<Future<List<JobReport>>> futures = new ArrayList<>();
        byLock.values().forEach(some -> futures.add(workers.submit(() -> {
            List<JobReport> reported = new ArrayList<>();
            some.forEach(candidate -> carryOut(candidate, 0, reported));
            return reported;
        })));
        List<JobReport> all = new ArrayList<>();
        boolean interrupted = false;
        for (Future<List<JobReport>> future : futures) {
            while (!future.isDone()) {
                try {
                    future.get();
                } catch (InterruptedException nobodyShould) {
                    interrupted = true;
                } catch (ExecutionException reportedBelow) {
                    break;
                }
            }
            switch (future.state()) {
                case SUCCESS -> all.addAll(future.resultNow());
                case FAILED -> LOG.log(Level.ERROR, "a compaction job broke off", future.exceptionNow());
                case CANCELLED, RUNNING -> LOG.log(Level.WARNING, "a compaction job was given up");
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return all;
    }

    private void carryOut(Candidate candidate, int halvings, List<JobReport> reported) {
        if (closed) {
            return;
        }
        Instant started = clock.instant();
        long startNanos = System.nanoTime();
        Progress progress = new Progress(started, new AtomicLong());
        running.put(candidate, progress);
        Optional<String> error = Optional.empty();
        Optional<CompactionJob.Done> done = Optional.empty();
        try {
            done = jobs.run(candidate, rows -> {
                progress.rows().addAndGet(rows);
                if (closed) {
                    throw new ArcException(ErrorCode.NOT_READY, "the server is stopping");
                }
            });
            if (done.isEmpty()) {
                return;
            }
        } catch (UnreadableInput input) {
            error = Optional.of(input.getMessage());
            hold(input.key(), true, candidate, input.getMessage());
        } catch (ArcException known) {
            error = Optional.of(known.getMessage());
            judge(candidate, known, halvings, reported);
        } catch (RuntimeException | OutOfMemoryError defect) {
            LOG.log(Level.ERROR, "merging " + candidate.partition() + " failed", defect);
            error = Optional.of(defect.toString());
            hold(candidate.fingerprint(), false, candidate, defect.toString());
        } finally {
            running.remove(candidate);
        }
        long nanos = System.nanoTime() - startNanos;
        JobReport report = new JobReport(candidate.table(), candidate.partition(), candidate.tier(), candidate.inputs().size(),
                candidate.rows(), done.map(each -> each.output().rowCount()).orElse(0L), candidate.bytes(),
                done.map(each -> each.output().sizeBytes()).orElse(0L), started, Duration.ofNanos(nanos), error);
        count(report, done.map(CompactionJob.Done::byEngine).orElse(false), nanos);
        reported.add(report);
    }

    /// What is to be done about a failure: the store's are tried again in the next cycle.
    private void judge(Candidate candidate, ArcException failure, int halvings, List<JobReport> reported) {
        switch (failure.code()) {
            case STORAGE_UNAVAILABLE, STORAGE_OUTCOME_UNKNOWN, NOT_READY, CONFLICT -> LOG.log(Level.WARNING, "merging "
                    + candidate.partition() + " is tried again in the next cycle: " + failure.getMessage());
            case OVERLOADED -> {
                if (halvings < MAX_HALVINGS && candidate.inputs().size() >= 4) {
                    for (List<DataFile> half : halves(candidate.inputs())) {
                        carryOut(new Candidate(candidate.table(), candidate.tier(), candidate.partition(), candidate.lockKey(),
                                half), halvings + 1, reported);
                    }
                } else {
                    hold(candidate.fingerprint(), false, candidate, failure.getMessage());
                }
            }
            case MALFORMED_PAYLOAD, INVALID_PARAMETER, INVALID_NAME, INVALID_TIMESTAMP, TYPE_CONFLICT, PARTIAL_WRITE,
                    QUERY_REJECTED, UNAUTHENTICATED, FORBIDDEN, UNKNOWN_TABLE, NOT_FOUND, PAYLOAD_TOO_LARGE, OBJECT_MISSING,
                    QUERY_TIMEOUT, QUERY_CANCELLED, CONFIGURATION, PLUGIN, CORRUPT_DATA, INTERNAL ->
                    hold(candidate.fingerprint(), false, candidate, failure.getMessage());
        }
    }

    private static List<List<DataFile>> halves(List<DataFile> inputs) {
        int middle = inputs.size() / 2;
        return List.of(inputs.subList(0, middle), inputs.subList(middle, inputs.size()));
    }

    private void hold(String name, boolean isFile, Candidate candidate, String reason) {
        LOG.log(Level.WARNING, (isFile ? "the file " + name : candidate.inputs().size() + " files of " + candidate.partition())
                + " cannot be merged and " + (isFile ? "is" : "are") + " left as " + (isFile ? "it is" : "they are")
                + " until something changes: " + reason);
        try {
            quarantine.add(name, isFile, candidate.partition(), reason);
        } catch (ArcException notNoted) {
            LOG.log(Level.WARNING, "the quarantine could not be noted: " + notNoted.getMessage());
        }
    }

    private void count(JobReport report, boolean engine, long nanos) {
        synchronized (lock) {
            reports.addFirst(report);
            if (reports.size() > KEPT_REPORTS) {
                reports.removeLast();
            }
            if (report.success()) {
                long[] totals = tierTotals.get(report.tier());
                totals[0]++;
                totals[1] += report.files();
                totals[2] += report.bytesBefore() - report.bytesAfter();
            }
        }
        if (!report.success()) {
            failed.increment();
            return;
        }
        completed.increment();
        filesCompacted.add(report.files());
        rowsWritten.add(report.rowsWritten());
        bytesRead.add(report.bytesBefore());
        bytesWritten.add(report.bytesAfter());
        seconds.record(nanos);
        if (engine) {
            byEngine.increment();
        }
        LOG.log(Level.INFO, "merged " + report.files() + " files of " + report.partition() + ", " + report.rowsWritten()
                + " rows, from " + report.bytesBefore() + " to " + report.bytesAfter() + " bytes in "
                + report.duration().toMillis() + " ms");
    }

    /// What was about files that have gone is forgotten.
    private void forgetQuarantined() {
        List<Quarantine.Entry> held = quarantine.entries();
        if (held.isEmpty()) {
            return;
        }
        Set<String> keys = new HashSet<>();
        CatalogSnapshot snapshot = catalog.snapshot();
        for (String database : snapshot.databases()) {
            for (TableEntry table : snapshot.tables(database)) {
                table.files().forEach(file -> keys.add(file.key()));
            }
        }
        quarantine.retain(entry -> !entry.isFile() && keys.stream().anyMatch(key -> key.startsWith(entry.partition() + "/"))
                || keys.contains(entry.name()));
    }

    /// Deletes objects that left their tables and that no reader can see any more.
    ///
    /// @return how many
    public int clean() {
        int deleted = 0;
        try {
            List<String> keys = catalog.collectGarbage(options.garbageAge(), DELETED_AT_ONCE);
            while (!keys.isEmpty()) {
                store.delete(keys);
                catalog.garbageDeleted(keys);
                deleted += keys.size();
                objectsDeleted.add(keys.size());
                keys = keys.size() < DELETED_AT_ONCE ? List.of()
                        : catalog.collectGarbage(options.garbageAge(), DELETED_AT_ONCE);
            }
        } catch (ArcException later) {
            LOG.log(Level.WARNING, catalog.garbageCount() + " objects that left their tables are deleted later: "
                    + later.getMessage());
        }
        return deleted;
    }

    public CompactionStatus status() {
        List<Running> now = running.entrySet().stream()
                .map(entry -> new Running(entry.getKey(), entry.getValue().started(), entry.getValue().rows().get())).toList();
        List<Quarantined> held = quarantine.entries().stream().map(entry -> new Quarantined(entry.name(), entry.isFile(),
                entry.partition(), entry.reason(), Instant.EPOCH.plus(entry.sinceMicros(), ChronoUnit.MICROS)))
                .toList();
        synchronized (lock) {
            Map<Tier, TierFigures> tiers = new EnumMap<>(Tier.class);
            long saved = 0;
            for (Map.Entry<Tier, long[]> entry : tierTotals.entrySet()) {
                long[] totals = entry.getValue();
                saved += totals[2];
                tiers.put(entry.getKey(), new TierFigures(options.tiers().get(entry.getKey()),
                        Optional.ofNullable(nextRuns.get(entry.getKey())), totals[0], totals[1], totals[2]));
            }
            return new CompactionStatus(cycleRunning.get(), cycles.get(), completed.value(), failed.value(),
                    filesCompacted.value(), saved, swept.value(), now, List.copyOf(reports), tiers, held);
        }
    }

    /// Stops the schedules and gives up the jobs under way, which leave everything as it was.
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        workers.shutdown();
        try {
            if (!workers.awaitTermination(CLOSE_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.log(Level.WARNING, "compaction is closed while a job is still under way; it changes nothing any more");
            }
            if (cycleThread.getState() != Thread.State.NEW) {
                cycleThread.join(CLOSE_DEADLINE);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
