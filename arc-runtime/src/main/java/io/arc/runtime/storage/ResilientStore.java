package io.arc.runtime.storage;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.api.spi.StorageBackend.ScanTarget;
import io.arc.runtime.metrics.Metrics;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// A store that tries again. Thread-safe; closes what it wraps.
///
/// A try that fails with `STORAGE_UNAVAILABLE` or `STORAGE_OUTCOME_UNKNOWN`, or outlasts the deadline, is repeated. That is right
/// for every operation: reads and deletes can be repeated, a REPLACE puts the same bytes again, and a CREATE that finds its
/// key taken after a try of unknown outcome looks whether the object there is its own. Any other failure is final.
///
/// After several failures in a row the circuit opens: calls fail at once with `STORAGE_UNAVAILABLE` instead of queueing up
/// behind a dead store, until a single call is let through to see whether it is back.
public final class ResilientStore implements ObjectStore {
    private static final Logger LOG = System.getLogger(ResilientStore.class.getName());

    private static final String ERRORS = "arc_storage_errors_total";

    private final String name;
    private final ObjectStore store;
    private final StoreOptions options;
    private final CircuitBreaker breaker;
    private final Metrics metrics;
    private final ExecutorService threads;

    /// @param name the plugin's name, for messages and metrics
    public ResilientStore(String name, ObjectStore store, StoreOptions options, Metrics metrics) {
        this.name = Objects.requireNonNull(name, "name");
        this.store = Objects.requireNonNull(store, "store");
        this.options = Objects.requireNonNull(options, "options");
        this.metrics = Objects.requireNonNull(metrics, "metrics");
        this.breaker = new CircuitBreaker(options, System::nanoTime);
        this.threads = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("arc-store-", 0).factory());
        for (Operation operation : Operation.values()) {
            operation.calls(metrics);
            operation.errors(metrics);
            operation.duration(metrics);
        }
    }

    public String name() {
        return name;
    }

    @Override
    public Set<Capability> capabilities() {
        return store.capabilities();
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        boolean[] unknown = new boolean[1];
        boolean stored = call(Operation.PUT, key, unknown, () -> {
            boolean created = store.put(key, body, mode);
            if (!created && unknown[0]) {
                // An earlier try of ours may have created it; keys are unique, so equal size means that it did.
                return store.find(key).filter(found -> found.size() == body.size()).isPresent();
            }
            return created;
        });
        metrics.counter("arc_storage_write_bytes_total", "bytes", "Bytes of objects put into the store.").add(body.size());
        return stored;
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        long read = call(Operation.READ, key, new boolean[1], () -> store.read(key, position, target));
        metrics.counter("arc_storage_read_bytes_total", "bytes", "Bytes of objects read from the store.").add(read);
        return read;
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return call(Operation.FIND, key, new boolean[1], () -> store.find(key));
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        // A listing that breaks off goes on behind the last object that was delivered.
        String[] after = {startAfter};
        call(Operation.LIST, prefix, new boolean[1], () -> {
            List<ObjectInfo> page = new ArrayList<>();
            store.list(prefix, after[0], page::add);
            for (ObjectInfo object : page) {
                each.accept(object);
                after[0] = object.key();
            }
            return null;
        });
    }

    @Override
    public void delete(Collection<String> keys) {
        if (!keys.isEmpty()) {
            call(Operation.DELETE, keys.size() + " keys from " + keys.iterator().next(), new boolean[1], () -> {
                store.delete(keys);
                return null;
            });
        }
    }

    @Override
    public ScanTarget scanTarget(String key) {
        return store.scanTarget(key);
    }

    @Override
    public List<Path> localDirectories() {
        return store.localDirectories();
    }

    /// The plugin's own health, or DOWN while the circuit is open.
    @Override
    public Health health() {
        return breaker.lastFailure().map(failure -> new Health(breaker.isOpen() ? Health.Status.DOWN : Health.Status.DEGRADED,
                "storage " + name + ": " + failure)).orElseGet(store::health);
    }

    @Override
    public void close() {
        threads.shutdown();
        try {
            if (!threads.awaitTermination(options.deadline().toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.log(Level.WARNING, "storage {0} is closed while calls are still under way", name);
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        store.close();
    }

    private enum Operation {
        PUT("writes"), READ("reads"), FIND("finds"), LIST("lists"), DELETE("deletes");

        private final String plural;

        Operation(String plural) {
            this.plural = plural;
        }

        private String metric(String rest) {
            return "arc_storage_" + name().toLowerCase(Locale.ROOT) + rest;
        }

        Metrics.Counter calls(Metrics metrics) {
            return metrics.counter("arc_storage_" + plural + "_total", "operations",
                    "Calls of the storage backend, tries not counted.");
        }

        Metrics.Counter errors(Metrics metrics) {
            return metrics.counter(metric("_errors_total"), "errors", "Tries of these storage calls that failed.");
        }

        Metrics.Histogram duration(Metrics metrics) {
            return metrics.histogram(metric("_seconds"), "How long calls of the storage backend took, retries included.");
        }
    }

    private interface Try<T> {
        T run();
    }

    /// @param unknown element 0 becomes true once a try has ended without saying whether it took effect
    private <T> T call(Operation operation, String subject, boolean[] unknown, Try<T> attempt) {
        operation.calls(metrics).increment();
        long started = System.nanoTime();
        for (int number = 1;; number++) {
            if (!breaker.tryPass()) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "storage " + name + " failed repeatedly and is not asked for "
                        + "the moment (last: " + breaker.lastFailure().orElse("unknown") + ")");
            }
            try {
                T result = withDeadline(operation, subject, attempt);
                breaker.succeeded();
                operation.duration(metrics).record(System.nanoTime() - started);
                return result;
            } catch (ArcException failure) {
                boolean again = switch (failure.code()) {
                    case STORAGE_OUTCOME_UNKNOWN -> {
                        unknown[0] = true;
                        yield true;
                    }
                    case STORAGE_UNAVAILABLE -> true;
                    default -> false;
                };
                if (!again) {
                    breaker.succeeded();
                    throw failure;
                }
                operation.errors(metrics).increment();
                metrics.counter(ERRORS, "errors", "Tries of storage calls that failed.").increment();
                breaker.failed(failure.getMessage());
                if (number >= options.attempts()) {
                    throw unknown[0] && failure.code() != ErrorCode.STORAGE_OUTCOME_UNKNOWN
                            ? new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, failure.getMessage(), failure)
                            : failure;
                }
                LOG.log(Level.DEBUG, () -> "storage " + name + ": " + operation + " " + subject + " is tried again", failure);
                pause(number);
            }
        }
    }

    private <T> T withDeadline(Operation operation, String subject, Try<T> attempt) {
        Future<T> running = threads.submit(attempt::run);
        try {
            return running.get(options.deadline().toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof ArcException known) {
                throw known;
            }
            throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "storage " + name + " failed unexpectedly in " + operation
                    + " " + subject + ": " + failed.getCause(), failed.getCause());
        } catch (TimeoutException late) {
            // Not cancelled: an interrupt could close channels under the plugin's feet.
            throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "storage " + name + " did not answer " + operation + " "
                    + subject + " within " + options.deadline().toMillis() + " ms", late);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN,
                    "interrupted while waiting for storage " + name + " in " + operation + " " + subject, interrupted);
        }
    }

    private void pause(int failures) {
        Duration mean = options.firstBackoff().multipliedBy(1L << Math.min(failures - 1, 20));
        long capped = Math.min(mean.toNanos(), options.maxBackoff().toNanos());
        // Full jitter around the mean, so that callers that failed together do not come back together.
        LockSupport.parkNanos(capped / 2 + ThreadLocalRandom.current().nextLong(capped + 1));
    }
}
