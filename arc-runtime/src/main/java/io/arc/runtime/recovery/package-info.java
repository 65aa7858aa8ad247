/// From a log that a stopped or killed server left behind to rows in buffers, before the server is ready. Knows wal, buffer,
/// catalog and flush. Runs on the starting thread and the log reader's threads.
package io.arc.runtime.recovery;
