package io.arc.runtime.query;

import java.time.Instant;

/// A query that waits or runs.
///
/// @param sql its text, shortened
/// @param running false while it waits
public record QueryInfo(String id, String sql, String database, QueryRequest.Priority priority, Instant since, boolean running,
        long rowCount) {}
