/// The write-ahead log: acknowledged requests, as column frames, in segment files that survive a crash. The format, and what
/// happens after damage and when the disk fails, is in `docs/wal-format.md`.
///
/// A leaf above `fs`. Frames are encoded and checksummed on the threads that bring them, which do no I/O here. Each writer has
/// one platform thread, `arc-wal-n`, that alone touches its open segment, and that calls back in the order of the sequences it
/// has given; `arc-wal-sweep` deletes segments; `arc-wal-read-n` read them at a start. Nobody interrupts these threads.
package io.arc.runtime.wal;
