package io.arc.runtime.fs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Files by absolute path. Thread-safe. Every failure is an [IOException].
///
/// A call that throws may have taken effect, in full or in part; callers that must know look.
public interface FileSystem {
    /// Makes and opens a file for appending, with mode 0600. Its name survives a power cut after [#syncDirectory] only.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException when there is one
    FileHandle create(Path file) throws IOException;

    /// @throws java.nio.file.NoSuchFileException when there is none
    FileHandle openForReading(Path file) throws IOException;

    /// The entries of a folder, by name; empty when there is no such folder.
    List<Path> list(Path folder) throws IOException;

    /// Whether there is a file or folder of that name.
    boolean exists(Path file) throws IOException;

    /// Atomic; replaces what is there.
    void rename(Path from, Path to) throws IOException;

    /// A missing file is no error.
    void delete(Path file) throws IOException;

    /// With those above it, mode 0700, each synced into its parent.
    void createDirectories(Path folder) throws IOException;

    /// Makes the names in a folder survive a power cut: creations, renames and deletions.
    void syncDirectory(Path folder) throws IOException;

    long size(Path file) throws IOException;

    /// How many bytes can still be written to the disk that the folder is on.
    long usableBytes(Path folder) throws IOException;

    /// Takes a file for this process alone, and makes it if there is none. The end of the process gives it back too.
    ///
    /// @return what gives it back; empty when somebody holds it, this process included
    Optional<Closeable> tryLock(Path file) throws IOException;
}
