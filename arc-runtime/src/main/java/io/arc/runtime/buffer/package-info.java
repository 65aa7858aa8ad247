/// Rows between their acknowledgement and their file, in memory, by table. A leaf: knows neither log nor catalog nor files.
///
/// Appended to by the journal's threads in the order of their sequences, sealed and released by flush workers, read by
/// queries. Nobody waits here for I/O: a table's lock is held for list operations, and now and then for merging a few
/// thousand rows of tiny batches.
package io.arc.runtime.buffer;
