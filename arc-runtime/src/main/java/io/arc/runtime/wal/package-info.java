/// The write-ahead log: acknowledged requests, as column frames, in segment files that survive a crash. The format is drawn in
/// `docs/wal-format.md`.
///
/// A leaf above `fs`. Frames are encoded on the threads that bring them; each writer has one platform thread, `arc-wal-n`, that
/// alone touches its open segment, and that calls back in the order of the sequences it has given.
package io.arc.runtime.wal;
