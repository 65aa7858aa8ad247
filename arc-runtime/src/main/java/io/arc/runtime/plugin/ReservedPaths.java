package io.arc.runtime.plugin;

import java.util.Optional;
import java.util.Set;

/// Paths that are the server's own, so that no plugin takes writes where nobody would expect them, least of all where anybody may go
/// without a token.
final class ReservedPaths {
    private static final Set<String> OWN = Set.of("/health", "/ready", "/ping", "/metrics", "/openapi", "/query", "/measurements",
            "/api/v1/query", "/api/v1/queries", "/api/v1/measurements", "/api/v1/databases", "/api/v1/metrics", "/api/v1/auth",
            "/api/v1/import", "/api/v1/wal", "/api/v1/compaction", "/api/v1/logs", "/api/v1/cache", "/api/v1/retention",
            "/api/monitoring", "/api/compaction", "/api/wal", "/api/auth", "/api/v3");

    private ReservedPaths() {}

    /// What is wrong with the path of a write endpoint; empty when a plugin may have it.
    static Optional<String> problem(String path) {
        if (path.equals("/")) {
            return Optional.of("/ is the server's own");
        }
        return OWN.stream().filter(own -> path.equals(own) || path.startsWith(own + "/")).findFirst()
                .map(own -> path + " lies at or below " + own + ", which is the server's own; choose a path such as /api/v1/write/<format>");
    }
}
