package io.arc.runtime;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;

/// The root of all state, held by this process alone until it is closed.
final class DataDirectory implements AutoCloseable {
    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;

    private DataDirectory(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /// @throws ArcException CONFIGURATION when it cannot be written or another server holds it
    static DataDirectory open(Path path) {
        try {
            make(path);
        } catch (IOException refused) {
            throw unusable(path, "cannot be made", refused);
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(path.resolve("arc.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException refused) {
            throw unusable(path, Files.exists(path) && !Files.isDirectory(path) ? "is no folder" : "cannot be written", refused);
        }
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return new DataDirectory(path, channel, lock);
            }
        } catch (OverlappingFileLockException ownProcess) {
            // The same answer as for another process.
        } catch (IOException refused) {
            close(channel);
            throw unusable(path, "cannot be locked", refused);
        }
        close(channel);
        throw new ArcException(ErrorCode.CONFIGURATION, "another Arc server is using the data folder " + path
                + ": stop it, or give this one a folder of its own by data.dir (ARC_DATA_DIR)");
    }

    /// Makes the folder, for its owner only, if it is not there.
    static void make(Path path) throws IOException {
        if (Files.notExists(path)) {
            Files.createDirectories(path.toAbsolutePath().getParent());
            if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            } else {
                Files.createDirectory(path);
            }
        }
    }

    private static ArcException unusable(Path path, String what, IOException reason) {
        return new ArcException(ErrorCode.CONFIGURATION, "the data folder " + path + " " + what + " ("
                + reason.getClass().getSimpleName().replace("Exception", "") + ": " + reason.getMessage()
                + "): make it writable for this user, or set data.dir (ARC_DATA_DIR)", reason);
    }

    private static void close(FileChannel channel) {
        try {
            channel.close();
        } catch (IOException ignored) {
            // Nothing was written; the process ends with the sentence that follows.
        }
    }

    Path path() {
        return path;
    }

    @Override
    public void close() {
        try {
            lock.release();
            channel.close();
        } catch (IOException ignored) {
            // The end of the process releases it all the same.
        }
    }
}
