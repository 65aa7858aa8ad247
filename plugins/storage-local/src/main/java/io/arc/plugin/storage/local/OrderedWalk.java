package io.arc.plugin.storage.local;

import io.arc.api.spi.StorageBackend.ObjectInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Walks a directory tree in the order that its keys have as UTF-8 bytes. Looks only into directories that can hold a key
/// that is asked for; holds the names of one directory a level. One use, one thread.
final class OrderedWalk {
    private final Path root;
    private final String prefix;
    private final byte[] startAfter;
    private final Consumer<ObjectInfo> each;
    /// Identities of the directories that we are in, because a symbolic link may lead back to one of them.
    private final Deque<Object> inside = new ArrayDeque<>();

    OrderedWalk(Path root, String prefix, String startAfter, Consumer<ObjectInfo> each) {
        this.root = root;
        this.prefix = prefix;
        this.startAfter = startAfter.getBytes(StandardCharsets.UTF_8);
        this.each = each;
    }

    void run() throws IOException {
        // The deepest directory that holds all keys with the prefix.
        String base = prefix.substring(0, prefix.lastIndexOf('/') + 1);
        for (String segment : base.split("/")) {
            if (segment.equals(".") || segment.equals("..")) {
                return;
            }
        }
        if (base.startsWith("/") || base.contains("//") || base.indexOf('\0') >= 0) {
            return;
        }
        Path directory;
        try {
            directory = root.resolve(base);
        } catch (InvalidPathException unencodable) {
            // No file can have such a name.
            return;
        }
        walk(directory, base);
    }

    /// @param sortKey the file's key; of a directory, what all its keys start with
    private record Entry(Path path, BasicFileAttributes attributes, String key, byte[] sortKey) {}

    private void walk(Path directory, String base) throws IOException {
        for (Entry entry : entries(directory, base)) {
            if (entry.attributes.isDirectory()) {
                Object identity = entry.attributes.fileKey();
                if (!inside.contains(identity)) {
                    inside.push(identity);
                    walk(entry.path, entry.key);
                    inside.pop();
                }
            } else {
                each.accept(new ObjectInfo(entry.key, entry.attributes.size(),
                        entry.attributes.lastModifiedTime().to(TimeUnit.MICROSECONDS)));
            }
        }
    }

    private List<Entry> entries(Path directory, String base) throws IOException {
        List<Entry> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path path : stream) {
                String name = path.getFileName().toString();
                String key = base + name;
                boolean mayHold = key.startsWith(prefix) || prefix.startsWith(key + "/");
                if (mayHold && !KeyPaths.isTemporary(name)) {
                    add(entries, path, key);
                }
            }
        } catch (NoSuchFileException | NotDirectoryException gone) {
            return List.of();
        } catch (DirectoryIteratorException failed) {
            throw failed.getCause();
        }
        entries.sort((a, b) -> Arrays.compareUnsigned(a.sortKey, b.sortKey));
        return entries;
    }

    private void add(List<Entry> entries, Path path, String name) throws IOException {
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path, BasicFileAttributes.class);
        } catch (NoSuchFileException gone) {
            return;
        }
        String key = attributes.isDirectory() ? name + "/" : name;
        byte[] sortKey = key.getBytes(StandardCharsets.UTF_8);
        boolean isAfter = Arrays.compareUnsigned(sortKey, startAfter) > 0;
        boolean holdsStart = attributes.isDirectory() && startAfter.length >= sortKey.length
                && Arrays.equals(sortKey, 0, sortKey.length, startAfter, 0, sortKey.length);
        if (attributes.isRegularFile() && isAfter || attributes.isDirectory() && (isAfter || holdsStart)) {
            entries.add(new Entry(path, attributes, key, sortKey));
        }
    }
}
