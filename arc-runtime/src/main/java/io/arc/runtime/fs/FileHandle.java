package io.arc.runtime.fs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/// An open file. One thread at a time.
public interface FileHandle extends Closeable {
    /// Appends all of the buffer's remaining bytes, or throws with some of them written.
    void append(ByteBuffer bytes) throws IOException;

    /// Fills the buffer from `position`, less at the file's end.
    ///
    /// @return the bytes read; 0 at or past the end
    int read(ByteBuffer target, long position) throws IOException;

    /// Makes what was appended survive a power cut. After a failure the kernel may have dropped the bytes, and the next call
    /// may succeed without them: what was appended since the last success has to be written again elsewhere.
    ///
    /// @param metadata also times and mode (fsync), not only what reading the data needs (fdatasync)
    void sync(boolean metadata) throws IOException;

    long size() throws IOException;

    /// Cuts the file; the next append goes to the new end.
    void truncate(long size) throws IOException;
}
