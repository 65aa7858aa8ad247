package io.arc.runtime.query;

import java.time.Duration;

/// A query that took long.
///
/// @param maskedSql the statement, its literals replaced by `?`
public record SlowQuery(String id, String maskedSql, String database, Duration waited, Duration ran, long rowCount) {}
