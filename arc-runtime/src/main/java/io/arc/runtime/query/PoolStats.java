package io.arc.runtime.query;

import java.util.List;

/// The pool's figures at one moment, counted since the start.
///
/// @param averageWaitMillis time between a query's arrival and its start
/// @param averageExecutionMillis time between a query's start and its end
public record PoolStats(int poolSize, int active, int idle, int queueDepth, int queueSize, long executed, long queued,
        long failed,
        long timedOut, long cancelled, long refused, double averageWaitMillis, double averageExecutionMillis,
        List<Slot> slots) {
    public PoolStats {
        slots = List.copyOf(slots);
    }

    /// One place in the pool.
    ///
    /// @param lastUsedMicros when it last ended a query, in microseconds since 1970 UTC; 0 for never
    /// @param currentQuery the statement that it runs, or empty
    public record Slot(int id, long executed, long failed, double averageExecutionMillis, long lastUsedMicros,
            String currentQuery) {}
}
