/// From memory to files: decides when a table is flushed, sorts its rows, splits them by hour, has them encoded and stored,
/// commits all files of a flush at once and gives memory and log back.
///
/// Knows buffer, partition, parquet, storage, catalog and wal. Runs on its own scheduler thread and flush workers; a table is in
/// at most one flush at a time, so a busy table gathers rows meanwhile and a slow one holds up no other.
package io.arc.runtime.flush;
