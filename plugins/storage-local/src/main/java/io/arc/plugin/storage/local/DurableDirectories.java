package io.arc.plugin.storage.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Makes directories so that they survive a power failure, and removes empty ones. Thread-safe.
final class DurableDirectories {
    static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /// Beyond so many, all are forgotten, which costs a sync each when they are used again.
    private static final int MAX_REMEMBERED = 20_000;

    private final Path root;
    /// Directories whose entry in their parent is on the disk. A directory that another thread has made and not yet synced is
    /// not among them, so whoever needs it syncs it too.
    private final Set<Path> durable = ConcurrentHashMap.newKeySet();

    DurableDirectories(Path root) {
        this.root = root;
    }

    /// Makes `directory`, below the root, and its parents.
    ///
    /// @throws NoSuchFileException when one was removed meanwhile; [#forget] and try again
    void make(Path directory) throws IOException {
        if (directory.equals(root) || durable.contains(directory)) {
            return;
        }
        Path parent = directory.getParent();
        make(parent);
        try {
            Files.createDirectory(directory, OWNER_ONLY);
        } catch (FileAlreadyExistsException there) {
            // One look decides, because it may have been removed since, which is no reason to fail but to begin again.
            if (!Files.readAttributes(directory, BasicFileAttributes.class).isDirectory()) {
                throw there;
            }
        }
        sync(parent);
        if (durable.size() >= MAX_REMEMBERED) {
            durable.clear();
        }
        durable.add(directory);
    }

    /// After `directory` turned out to be gone: it and its parents are looked at again.
    void forget(Path directory) {
        for (Path each = directory; each != null && each.startsWith(root); each = each.getParent()) {
            durable.remove(each);
        }
    }

    /// Removes `directory` and its parents below the root as far as they are empty.
    void removeEmpty(Path directory) {
        for (Path each = directory; !each.equals(root) && each.startsWith(root); each = each.getParent()) {
            try {
                Files.delete(each);
            } catch (NoSuchFileException gone) {
                // Another thread was faster; its parent may still be empty.
            } catch (DirectoryNotEmptyException inUse) {
                return;
            } catch (IOException failed) {
                // An empty directory does no harm.
                return;
            }
            durable.remove(each);
        }
    }

    /// Makes the entries of a directory durable.
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
