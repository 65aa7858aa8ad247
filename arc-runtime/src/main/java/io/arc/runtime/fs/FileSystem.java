package io.arc.runtime.fs;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Files by absolute path. Thread-safe.
public interface FileSystem {
    /// Makes and opens a file for appending, with mode 0600.
    ///
    /// @throws java.nio.file.FileAlreadyExistsException when there is one
    FileHandle create(Path file) throws IOException;

    FileHandle openForReading(Path file) throws IOException;

    /// The entries of a folder, by name; empty when there is no such folder.
    List<Path> list(Path folder) throws IOException;

    /// Atomic; replaces what is there.
    void rename(Path from, Path to) throws IOException;

    /// A missing file is no error.
    void delete(Path file) throws IOException;

    /// With those above it, mode 0700, each synced into its parent.
    void createDirectories(Path folder) throws IOException;

    /// Makes the names in a folder survive a power cut: creations, renames and deletions.
    void syncDirectory(Path folder) throws IOException;

    long size(Path file) throws IOException;
}
