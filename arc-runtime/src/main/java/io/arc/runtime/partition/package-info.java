/// Names and places: which hour a row belongs to, what its file is called, and which names databases, tables and columns may
/// have. Everything is computed from its arguments, in UTC.
///
/// A leaf: imports `io.arc.api` only; any room may enter. No I/O, no threads, no state but a counter in
/// [io.arc.runtime.partition.UniqueSuffixes].
package io.arc.runtime.partition;
