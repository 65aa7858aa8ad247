package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.metrics.Metrics;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;

/// What the http room may know of the server as a whole. Thread-safe; answers from memory.
public interface ServerState {
    String version();

    InstantSource clock();

    Instant startedAt();

    Metrics metrics();

    /// Why the server does not take requests yet, or no more; empty when it does.
    Optional<String> notReadyReason();

    /// What serves requests.
    ///
    /// @throws io.arc.api.ArcException NOT_READY while there is a [#notReadyReason]
    Services services();

    /// The same for those who go on without; asked once, because the server may begin to stop between two questions.
    default Optional<Services> servicesIfReady() {
        try {
            return Optional.of(services());
        } catch (ArcException notReady) {
            if (notReady.code() != ErrorCode.NOT_READY) {
                throw notReady;
            }
            return Optional.empty();
        }
    }

    /// Every part that has a health of its own, by name, such as `storage` or `wal`.
    Map<String, Health> components();
}
