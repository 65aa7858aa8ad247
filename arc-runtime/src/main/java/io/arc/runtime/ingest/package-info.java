/// From a request's bytes to acknowledged rows: decompresses, decodes by the protocol plugin, checks names and schema for the
/// whole request, takes memory, logs, and hands the rows to the buffers once they are durable.
///
/// Knows plugin, wal, buffer, catalog (schemas) and partition (names). Runs on request threads, which are virtual and only
/// wait; durable rows are handed over on the journal's threads.
package io.arc.runtime.ingest;
