package io.arc.runtime.durability;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/// Passes calls on to another store and fails the k-th of them, or the k-th and all after it. Thread-safe; calls of all threads
/// are counted together.
final class FaultyStore implements ObjectStore {
    /// What a failing call does. BEFORE: nothing, and says so. AFTER: all of it, and does not know. PARTIAL: half of a deletion;
    /// a put, which is all or nothing, nothing, without knowing. TIMEOUT: all of it, long after the caller has given up.
    enum Effect {
        BEFORE, AFTER, PARTIAL, TIMEOUT
    }

    private final ObjectStore inner;
    private final long timeoutNanos;
    private final Runnable onFault;
    // Guarded by `this`.
    private final List<String> trace = new ArrayList<>();
    private int calls;
    private int from = Integer.MAX_VALUE;
    private int to;
    private Effect effect = Effect.BEFORE;

    /// @param timeoutMillis longer than the caller's patience
    /// @param onFault run where a call is about to throw; a process that is to die at that call does it here
    FaultyStore(ObjectStore inner, long timeoutMillis, Runnable onFault) {
        this.inner = inner;
        this.onFault = onFault;
        this.timeoutNanos = TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    }

    synchronized void fail(int k, boolean forEver, Effect how) {
        calls = 0;
        trace.clear();
        from = k;
        to = forEver ? Integer.MAX_VALUE : k;
        effect = how;
    }

    synchronized void heal() {
        from = Integer.MAX_VALUE;
        to = 0;
    }

    synchronized int calls() {
        return calls;
    }

    synchronized List<String> trace() {
        return List.copyOf(trace);
    }

    private synchronized Optional<Effect> next(String call) {
        calls++;
        trace.add(calls + " " + call);
        return calls >= from && calls <= to ? Optional.of(effect) : Optional.empty();
    }

    private interface Operation<T> {
        T run();
    }

    private <T> T call(String what, Operation<T> whole, Runnable half) {
        Optional<Effect> fault = next(what);
        if (fault.isEmpty()) {
            return whole.run();
        }
        return switch (fault.get()) {
            case BEFORE -> {
                onFault.run();
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "the store is away (" + what + ")");
            }
            case AFTER -> {
                whole.run();
                throw unknown(what);
            }
            case PARTIAL -> {
                half.run();
                throw unknown(what);
            }
            case TIMEOUT -> {
                LockSupport.parkNanos(timeoutNanos);
                yield whole.run();
            }
        };
    }

    private ArcException unknown(String what) {
        onFault.run();
        return new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "the connection broke (" + what + ")");
    }

    @Override
    public Set<Capability> capabilities() {
        return inner.capabilities();
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        return call("PUT " + key, () -> inner.put(key, body, mode), () -> {});
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        return call("READ " + key, () -> inner.read(key, position, target), () -> {});
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return call("FIND " + key, () -> inner.find(key), () -> {});
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        call("LIST " + prefix, () -> {
            inner.list(prefix, startAfter, each);
            return null;
        }, () -> {});
    }

    @Override
    public void delete(Collection<String> keys) {
        List<String> all = List.copyOf(keys);
        call("DELETE " + keys, () -> {
            inner.delete(all);
            return null;
        }, () -> inner.delete(all.subList(0, all.size() / 2)));
    }
}
