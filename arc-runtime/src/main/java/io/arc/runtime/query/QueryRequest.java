package io.arc.runtime.query;

import java.time.Duration;
import java.util.Objects;
import java.util.function.BooleanSupplier;

/// One query as it is asked.
///
/// @param defaultDatabase of tables that are written without one
/// @param timeout the limit, waiting included; zero takes the engine's
/// @param profile whether the JSON answer tells where the time went
/// @param abandoned asked a few times a second while the query waits or runs; true when its client is gone. Quick, from
///     another thread.
/// @param pruning whether files may be skipped that the catalog shows to hold no row of the answer; off only for tests and
///     diagnosis
public record QueryRequest(String sql, String defaultDatabase, Priority priority, Duration timeout, boolean profile,
        BooleanSupplier abandoned, boolean pruning) {
    /// Who runs first when queries wait.
    public enum Priority {
        LOW, NORMAL, HIGH, CRITICAL
    }

    public QueryRequest {
        Objects.requireNonNull(sql, "sql");
        Objects.requireNonNull(defaultDatabase, "defaultDatabase");
        Objects.requireNonNull(priority, "priority");
        Objects.requireNonNull(timeout, "timeout");
        Objects.requireNonNull(abandoned, "abandoned");
    }

    public QueryRequest(String sql, String defaultDatabase, Priority priority, Duration timeout, boolean profile) {
        this(sql, defaultDatabase, priority, timeout, profile, () -> false, true);
    }

    /// With normal priority and the engine's limit.
    public static QueryRequest of(String sql, String defaultDatabase) {
        return new QueryRequest(sql, defaultDatabase, Priority.NORMAL, Duration.ZERO, false);
    }

    QueryRequest withSql(String newSql) {
        return new QueryRequest(newSql, defaultDatabase, priority, timeout, profile, abandoned, pruning);
    }
}
