/// The one embedded DuckDB instance: its settings, its connections, and the door through which rows in memory become
/// readable by SQL. Only `query` and `compaction` enter; no other room sees a DuckDB type.
///
/// Calls into DuckDB block inside native code and would pin the carrier of a virtual thread, so the rooms above make them
/// on their own named platform threads. DuckDB's worker threads call back into [io.arc.runtime.duckdb.HotRows].
package io.arc.runtime.duckdb;
