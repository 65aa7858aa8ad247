package io.arc.runtime.query;

import java.time.Duration;
import java.util.List;
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
/// @param after positions of writes that the answer has to include; the query waits for them
public record QueryRequest(String sql, String defaultDatabase, Priority priority, Duration timeout, boolean profile,
        BooleanSupplier abandoned, boolean pruning, List<String> after) {
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
        after = List.copyOf(after);
    }

    public QueryRequest(String sql, String defaultDatabase, Priority priority, Duration timeout, boolean profile) {
        this(sql, defaultDatabase, priority, timeout, profile, () -> false, true, List.of());
    }

    /// With normal priority and the engine's limit.
    public static QueryRequest of(String sql, String defaultDatabase) {
        return new QueryRequest(sql, defaultDatabase, Priority.NORMAL, Duration.ZERO, false);
    }

    QueryRequest withSql(String newSql) {
        return new QueryRequest(newSql, defaultDatabase, priority, timeout, profile, abandoned, pruning, after);
    }

    public QueryRequest withAbandoned(BooleanSupplier newAbandoned) {
        return new QueryRequest(sql, defaultDatabase, priority, timeout, profile, newAbandoned, pruning, after);
    }

    public QueryRequest withPruning(boolean newPruning) {
        return new QueryRequest(sql, defaultDatabase, priority, timeout, profile, abandoned, newPruning, after);
    }

    public QueryRequest withTimeout(Duration newTimeout) {
        return new QueryRequest(sql, defaultDatabase, priority, newTimeout, profile, abandoned, pruning, after);
    }

    public QueryRequest withAfter(List<String> newAfter) {
        return new QueryRequest(sql, defaultDatabase, priority, timeout, profile, abandoned, pruning, newAfter);
    }
}
