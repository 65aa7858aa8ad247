package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.api.spi.StorageBackend.ScanTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// A store in a folder that several processes may share: a create is a hard link, which only one can make. Every call can be
/// made to fail, by a hook before and after it. Thread-safe.
final class FolderStore implements ObjectStore {
    private final Path folder;
    /// Told `put KEY` and so on; may throw or end the process.
    volatile Consumer<String> before = _ -> {};
    volatile Consumer<String> after = _ -> {};

    FolderStore(Path folder) {
        this.folder = folder;
        try {
            Files.createDirectories(folder);
            Files.createDirectories(folder.resolveSibling("incoming"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private interface Call<T> {
        T run() throws IOException;
    }

    private <T> T call(String what, Call<T> call) {
        before.accept(what);
        T result;
        try {
            result = call.run();
        } catch (NoSuchFileException missing) {
            throw new ArcException(ErrorCode.OBJECT_MISSING, what, missing);
        } catch (IOException failed) {
            throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, what, failed);
        }
        after.accept(what);
        return result;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ENFORCED_CREATE, Capability.LOCAL_FILES);
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        return call("put " + key, () -> {
            Path incoming = Files.createTempFile(folder.resolveSibling("incoming"), "put", ".tmp");
            Path target = folder.resolve(key);
            Files.createDirectories(target.getParent());
            switch (body) {
                case Body.InMemory memory -> Files.write(incoming, memory.bytes().toArray(ValueLayout.JAVA_BYTE));
                case Body.OnDisk file -> Files.copy(file.path(), incoming, StandardCopyOption.REPLACE_EXISTING);
            }
            if (mode == PutMode.REPLACE) {
                Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                return true;
            }
            try {
                Files.createLink(target, incoming);
                return true;
            } catch (FileAlreadyExistsException taken) {
                return false;
            } finally {
                Files.delete(incoming);
            }
        });
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        return call("read " + key, () -> {
            try (FileChannel channel = FileChannel.open(folder.resolve(key))) {
                ByteBuffer buffer = target.asByteBuffer();
                int count;
                do {
                    count = channel.read(buffer, position + buffer.position());
                } while (count > 0 && buffer.hasRemaining());
                return (long) buffer.position();
            }
        });
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return call("find " + key, () -> Files.exists(folder.resolve(key))
                ? Optional.of(new ObjectInfo(key, Files.size(folder.resolve(key)), 0)) : Optional.empty());
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        List<ObjectInfo> found = call("list " + prefix, () -> {
            List<ObjectInfo> objects = new ArrayList<>();
            Path start = folder.resolve(prefix.substring(0, prefix.lastIndexOf('/') + 1));
            if (Files.exists(start)) {
                try (Stream<Path> files = Files.walk(start)) {
                    files.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString())
                            .filter(key -> key.startsWith(prefix) && key.compareTo(startAfter) > 0).sorted()
                            .forEach(key -> objects.add(new ObjectInfo(key, folder.resolve(key).toFile().length(), 0)));
                } catch (UncheckedIOException vanished) {
                    throw vanished.getCause();
                }
            }
            return objects;
        });
        found.forEach(each);
    }

    @Override
    public void delete(Collection<String> keys) {
        call("delete " + keys.size(), () -> {
            for (String key : keys) {
                Files.deleteIfExists(folder.resolve(key));
            }
            return true;
        });
    }

    @Override
    public ScanTarget scanTarget(String key) {
        return new ScanTarget.LocalFile(folder.resolve(key));
    }

    /// The keys of all data files.
    List<String> dataKeys() {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).map(file -> folder.relativize(file).toString())
                    .filter(key -> key.endsWith(".parquet")).sorted().toList();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
