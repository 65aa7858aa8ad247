package io.arc.runtime.query;

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
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A store that shows the files of a folder as objects to be fetched, counts what is read, and fails as told. Thread-safe.
final class FolderStore implements ObjectStore {
    final AtomicLong bytesRead = new AtomicLong();
    final AtomicInteger reads = new AtomicInteger();
    /// So many of the next reads fail.
    final AtomicInteger failures = new AtomicInteger();
    /// Every read of the next ones ends so many bytes early.
    volatile int shorter;
    private final Path root;
    private final Map<String, byte[]> objects = new ConcurrentHashMap<>();

    FolderStore(Path root) {
        this.root = root;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of();
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        throw new UnsupportedOperationException("this store is read");
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        if (failures.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "the store is down");
        }
        byte[] bytes = objects.computeIfAbsent(key, absent -> {
            try {
                return Files.readAllBytes(root.resolve(absent));
            } catch (NoSuchFileException e) {
                throw new ArcException(ErrorCode.OBJECT_MISSING, absent + " is not there", e);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        long count = Math.max(0, Math.min(target.byteSize(), bytes.length - position) - shorter);
        MemorySegment.copy(MemorySegment.ofArray(bytes), position, target, 0, count);
        bytesRead.addAndGet(count);
        reads.incrementAndGet();
        return count;
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        throw new UnsupportedOperationException("this store is read");
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        throw new UnsupportedOperationException("this store is read");
    }

    @Override
    public void delete(Collection<String> keys) {
        throw new UnsupportedOperationException("this store is read");
    }
}
