package io.arc.runtime.storage;

import java.util.Optional;
import java.util.function.LongSupplier;

/// Counts failures in a row. Closed: everything passes. Open: nothing passes until a pause is over, then one call does, whose
/// end closes the circuit or doubles the pause. Thread-safe.
final class CircuitBreaker {
    private final StoreOptions options;
    private final LongSupplier nanoClock;
    private int failures;
    private boolean probing;
    private long openUntilNanos;
    private long pauseNanos;
    private String lastFailure;

    CircuitBreaker(StoreOptions options, LongSupplier nanoClock) {
        this.options = options;
        this.nanoClock = nanoClock;
    }

    synchronized boolean tryPass() {
        if (failures < options.failuresToOpen()) {
            return true;
        }
        if (probing || nanoClock.getAsLong() - openUntilNanos < 0) {
            return false;
        }
        probing = true;
        return true;
    }

    synchronized void succeeded() {
        failures = 0;
        probing = false;
        pauseNanos = 0;
        lastFailure = null;
    }

    synchronized void failed(String reason) {
        failures++;
        probing = false;
        lastFailure = reason;
        if (failures >= options.failuresToOpen()) {
            long doubled = pauseNanos == 0 ? options.firstBackoff().toNanos() : 2 * pauseNanos;
            pauseNanos = Math.min(doubled, options.maxBackoff().toNanos());
            openUntilNanos = nanoClock.getAsLong() + pauseNanos;
        }
    }

    synchronized boolean isOpen() {
        return failures >= options.failuresToOpen();
    }

    synchronized Optional<String> lastFailure() {
        return Optional.ofNullable(lastFailure);
    }
}
