package io.arc.runtime.flush;

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
import java.nio.file.Files;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/// A store in memory that fails as told. Thread-safe.
public final class MemoryStore implements ObjectStore {
    public final ConcurrentSkipListMap<String, byte[]> objects = new ConcurrentSkipListMap<>();

    /// Called with a put's key before it takes effect; may throw.
    public volatile Consumer<String> beforePut = key -> {};
    /// Called after it took effect; may throw.
    public volatile Consumer<String> afterPut = key -> {};
    public volatile boolean down;
    /// Called before each read and listing; may throw.
    public volatile Consumer<String> beforeRead = key -> {};
    private final Map<String, Long> modified = new ConcurrentHashMap<>();
    private final AtomicLong puts = new AtomicLong();

    public static ArcException unavailable() {
        return new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "the store is down");
    }

    private void requireUp() {
        if (down) {
            throw unavailable();
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ENFORCED_CREATE);
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        requireUp();
        beforePut.accept(key);
        byte[] bytes = switch (body) {
            case Body.InMemory memory -> memory.bytes().toArray(ValueLayout.JAVA_BYTE);
            case Body.OnDisk file -> read(file);
        };
        boolean stored = switch (mode) {
            case CREATE -> objects.putIfAbsent(key, bytes) == null;
            case REPLACE -> {
                objects.put(key, bytes);
                yield true;
            }
        };
        if (stored) {
            modified.put(key, puts.incrementAndGet());
        }
        afterPut.accept(key);
        return stored;
    }

    private static byte[] read(Body.OnDisk file) {
        try {
            return Files.readAllBytes(file.path());
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        requireUp();
        beforeRead.accept(key);
        byte[] bytes = objects.get(key);
        if (bytes == null) {
            throw new ArcException(ErrorCode.OBJECT_MISSING, key);
        }
        long count = Math.max(0, Math.min(target.byteSize(), bytes.length - position));
        MemorySegment.copy(MemorySegment.ofArray(bytes), Math.min(position, bytes.length), target, 0, count);
        return count;
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        requireUp();
        return Optional.ofNullable(objects.get(key)).map(bytes -> new ObjectInfo(key, bytes.length, modified.getOrDefault(key, 0L)));
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        requireUp();
        beforeRead.accept(prefix);
        objects.tailMap(prefix).forEach((key, bytes) -> {
            if (key.startsWith(prefix) && key.compareTo(startAfter) > 0) {
                each.accept(new ObjectInfo(key, bytes.length, modified.getOrDefault(key, 0L)));
            }
        });
    }

    /// Another store with the same objects.
    public MemoryStore copy() {
        MemoryStore copy = new MemoryStore();
        copy.objects.putAll(objects);
        copy.modified.putAll(modified);
        copy.puts.set(puts.get());
        return copy;
    }

    @Override
    public void delete(Collection<String> keys) {
        requireUp();
        keys.forEach(objects::remove);
    }
}
