package io.arc.runtime.wal;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.fs.FileSystem;
import java.io.Closeable;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;

/// Keeps a second server out of a log's folder: both would bring the same rows back, and delete each other's segments.
final class DirectoryLock implements AutoCloseable {
    private static final Logger LOG = System.getLogger(DirectoryLock.class.getName());

    private final Path directory;
    private final Closeable held;

    private DirectoryLock(Path directory, Closeable held) {
        this.directory = directory;
        this.held = held;
    }

    /// @param directory exists
    /// @throws ArcException CONFIGURATION when another server holds it or it cannot be written
    static DirectoryLock take(FileSystem files, Path directory) {
        try {
            return new DirectoryLock(directory, files.tryLock(directory.resolve("wal.lock")).orElseThrow(
                    () -> new ArcException(ErrorCode.CONFIGURATION, "another Arc server is using the log's folder " + directory
                            + ": stop it, or give this one a folder of its own by wal.directory (ARC_WAL_DIRECTORY)")));
        } catch (IOException refused) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the log's folder " + directory + " cannot be locked (" + refused
                    + "): make it writable for this user, or set wal.directory (ARC_WAL_DIRECTORY)", refused);
        }
    }

    @Override
    public void close() {
        try {
            held.close();
        } catch (IOException kept) {
            LOG.log(Level.WARNING, "the lock of the log's folder " + directory + " could not be given back: " + kept);
        }
    }
}
