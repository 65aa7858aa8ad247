/// SQL in, rows out: admission, parsing by DuckDB's own parser, the allow-list, rewriters, table resolution, pruning,
/// execution,
/// result formats. Entered by `http` and by background jobs through [io.arc.runtime.query.QueryEngine].
///
/// The caller's thread (usually virtual) only waits and copies finished bytes. All native work and all encoding runs on the
/// engine's own platform threads, one query each at a time; a ticker thread watches deadlines and cancellations.
package io.arc.runtime.query;
