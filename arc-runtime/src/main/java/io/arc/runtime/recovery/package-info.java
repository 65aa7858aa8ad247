/// From what a stopped or killed server left behind to a state like any other, before the server is ready: objects that no
/// commit made part of a table are deleted, and logged rows that no file holds come back into the buffers. Knows wal, buffer,
/// catalog and flush, and the store by its interface. Runs on the starting thread and the log reader's threads.
package io.arc.runtime.recovery;
