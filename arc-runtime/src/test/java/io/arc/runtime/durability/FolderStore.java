package io.arc.runtime.durability;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// A store that outlives its process: flat files in one folder, `~` for `/`. Put is all or nothing.
record FolderStore(Path folder, Path temporary) implements ObjectStore {
    static FolderStore in(Path directory) throws IOException {
        return new FolderStore(Files.createDirectories(directory.resolve("objects")),
                Files.createDirectories(directory.resolve("temporary")));
    }

    private Path file(String key) {
        return folder.resolve(key.replace('/', '~'));
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ENFORCED_CREATE);
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        byte[] bytes = switch (body) {
            case Body.InMemory memory -> memory.bytes().toArray(ValueLayout.JAVA_BYTE);
            case Body.OnDisk disk -> bytes(disk.path());
        };
        try {
            Path whole = Files.write(Files.createTempFile(temporary, "put", ""), bytes);
            try {
                Files.createLink(file(key), whole);
                return true;
            } catch (FileAlreadyExistsException taken) {
                return false;
            } finally {
                Files.delete(whole);
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        if (!Files.exists(file(key))) {
            throw new ArcException(ErrorCode.OBJECT_MISSING, key);
        }
        byte[] bytes = bytes(file(key));
        long count = Math.max(0, Math.min(target.byteSize(), bytes.length - position));
        MemorySegment.copy(MemorySegment.ofArray(bytes), Math.min(position, bytes.length), target, 0, count);
        return count;
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return Files.exists(file(key)) ? Optional.of(new ObjectInfo(key, bytes(file(key)).length, 0)) : Optional.empty();
    }

    TreeSet<String> keys() {
        try (Stream<Path> files = Files.list(folder)) {
            TreeSet<String> keys = new TreeSet<>();
            files.forEach(file -> keys.add(file.getFileName().toString().replace('~', '/')));
            return keys;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        keys().stream().filter(key -> key.startsWith(prefix) && key.compareTo(startAfter) > 0)
                .forEach(key -> each.accept(find(key).orElseThrow()));
    }

    @Override
    public void delete(Collection<String> keys) {
        for (String key : keys) {
            try {
                Files.deleteIfExists(file(key));
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }
}
