package io.arc.runtime.filecache;

import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.api.spi.StorageBackend.ScanTarget;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A store whose new objects are in the file cache at once, because what was written last is read first. Thread-safe; closing
/// it is the store's owner's business.
public final class WriteThrough implements ObjectStore {
    private final ObjectStore store;
    private final FileCache cache;

    public WriteThrough(ObjectStore store, FileCache cache) {
        this.store = Objects.requireNonNull(store, "store");
        this.cache = Objects.requireNonNull(cache, "cache");
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        boolean stored = store.put(key, body, mode);
        if (stored && mode == PutMode.CREATE) {
            cache.admit(key, body);
        }
        return stored;
    }

    @Override
    public void delete(Collection<String> keys) {
        store.delete(keys);
        cache.forget(keys);
    }

    @Override
    public Set<Capability> capabilities() {
        return store.capabilities();
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        return store.read(key, position, target);
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return store.find(key);
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        store.list(prefix, startAfter, each);
    }

    @Override
    public ScanTarget scanTarget(String key) {
        return store.scanTarget(key);
    }

    @Override
    public List<Path> localDirectories() {
        return store.localDirectories();
    }

    @Override
    public Health health() {
        return store.health();
    }

    /// The store is closed by whoever opened it.
    @Override
    public void close() {}
}
