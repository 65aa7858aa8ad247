package io.arc.runtime.catalog;

import java.time.Instant;

/// Instants as microseconds since 1970 UTC, the unit of every time in the catalog.
final class Micros {
    private Micros() {}

    static long of(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }
}
