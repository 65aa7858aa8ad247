package io.arc.runtime.storage;

import java.time.Duration;

/// How patient the runtime is with a store.
///
/// @param attempts tries of one call, the first included
/// @param firstBackoff the mean wait after the first failure; each further one doubles it
/// @param maxBackoff the most that a wait, or an open circuit, lasts
/// @param deadline what one try may take before its outcome counts as unknown
/// @param failuresToOpen failed tries in a row after which calls fail at once until the circuit is tried again
public record StoreOptions(int attempts, Duration firstBackoff, Duration maxBackoff, Duration deadline, int failuresToOpen) {
    public static final StoreOptions DEFAULT =
            new StoreOptions(3, Duration.ofMillis(100), Duration.ofSeconds(2), Duration.ofSeconds(60), 8);
}
