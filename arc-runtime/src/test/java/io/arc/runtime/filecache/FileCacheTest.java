package io.arc.runtime.filecache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.flush.MemoryStore;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileCacheTest {
    @TempDir
    Path directory;
    private final Memory store = new Memory();

    /// A store that has to be fetched from.
    private static final class Memory implements ObjectStore {
        private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
        private final AtomicInteger opened = new AtomicInteger();
        private volatile boolean down;

        @Override
        public Set<Capability> capabilities() {
            return Set.of();
        }

        @Override
        public boolean put(String key, Body body, PutMode mode) {
            throw new UnsupportedOperationException();
        }

        @Override
        public long read(String key, long position, MemorySegment target) {
            if (down) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "down");
            }
            if (position == 0) {
                opened.incrementAndGet();
            }
            byte[] bytes = objects.get(key);
            if (bytes == null) {
                throw new ArcException(ErrorCode.OBJECT_MISSING, key);
            }
            long count = Math.max(0, Math.min(target.byteSize(), bytes.length - position));
            MemorySegment.copy(MemorySegment.ofArray(bytes), position, target, 0, count);
            return count;
        }

        @Override
        public Optional<ObjectInfo> find(String key) {
            return Optional.empty();
        }

        @Override
        public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {}

        @Override
        public void delete(Collection<String> keys) {}
    }

    private DataFile file(String key, int size) {
        byte[] bytes = new byte[size];
        new Random(key.hashCode()).nextBytes(bytes);
        store.objects.put(key, bytes);
        return new DataFile(new TableId("d", "t"), key, size, 1, 0, 0, 0, List.of(), List.of(), 0);
    }

    @Test
    void wholeObjectsArriveUnchanged() throws Exception {
        FileCache cache = new FileCache(store, directory, 100 << 20);
        try (FileAccess.Reading reading = cache.begin()) {
            for (int size : new int[] {0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_000}) {
                DataFile file = file("f" + size, size);
                assertThat(Files.readAllBytes(reading.local(file))).isEqualTo(store.objects.get(file.key()));
            }
        }
    }

    @Test
    void anObjectIsFetchedOnceForAllWhoAsk() throws Exception {
        FileCache cache = new FileCache(store, directory, 100 << 20);
        DataFile file = file("one", 2_000_000);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<Path>> all = new ArrayList<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 16; i++) {
                all.add(threads.submit(() -> {
                    go.await();
                    try (FileAccess.Reading reading = cache.begin()) {
                        return reading.local(file);
                    }
                }));
            }
            go.countDown();
            for (Future<Path> each : all) {
                assertThat(each.get()).isEqualTo(all.getFirst().get());
            }
        }
        assertThat(store.opened).hasValue(1);
        assertThat(cache.fetchedBytes()).isEqualTo(2_000_000);
    }

    @Test
    void pinnedCopiesStayAndOthersMakeRoom() {
        FileCache cache = new FileCache(store, directory, 1000);
        DataFile a = file("a", 400);
        DataFile b = file("b", 400);
        DataFile c = file("c", 400);
        try (FileAccess.Reading pinned = cache.begin()) {
            Path pathOfA = pinned.local(a);
            Path pathOfB;
            try (FileAccess.Reading other = cache.begin()) {
                pathOfB = other.local(b);
                assertThatThrownBy(() -> other.local(c)).isInstanceOfSatisfying(ArcException.class,
                        e -> assertThat(e.code()).isEqualTo(ErrorCode.OVERLOADED));
            }
            assertThat(pathOfB).exists();
            pinned.local(c);
            assertThat(pathOfB).doesNotExist();
            assertThat(pathOfA).exists();
            assertThat(cache.usedBytes()).isEqualTo(800);
        }
    }

    @Test
    void failuresLeaveNothingBehindAndCanBeTriedAgain() {
        FileCache cache = new FileCache(store, directory, 1000);
        DataFile a = file("a", 400);
        store.down = true;
        try (FileAccess.Reading reading = cache.begin()) {
            assertThatThrownBy(() -> reading.local(a)).isInstanceOfSatisfying(ArcException.class,
                    e -> assertThat(e.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE));
            assertThat(cache.usedBytes()).isZero();
            store.down = false;
            assertThat(reading.local(a)).exists();
        }
        DataFile missing = new DataFile(new TableId("d", "t"), "missing", 5, 1, 0, 0, 0, List.of(), List.of(), 0);
        store.objects.put("short", new byte[3]);
        DataFile cut = new DataFile(new TableId("d", "t"), "short", 5, 1, 0, 0, 0, List.of(), List.of(), 0);
        try (FileAccess.Reading reading = cache.begin()) {
            assertThatThrownBy(() -> reading.local(missing)).isInstanceOf(ArcException.class);
            assertThatThrownBy(() -> reading.local(cut)).hasMessageContaining("3 bytes in the store and 5 in the catalog");
        }
        assertThat(cache.usedBytes()).isEqualTo(400);
    }

    @Test
    void whatIsStoredIsHeldAtOnce() throws Exception {
        MemoryStore target = new MemoryStore();
        FileCache cache = new FileCache(target, directory, 4_000_000);
        WriteThrough writes = new WriteThrough(target, cache);
        Path source = Files.write(Files.createTempFile("body", ".bin"), new byte[] {1, 2, 3});
        byte[] large = new byte[3_000_000];
        new Random(5).nextBytes(large);
        assertThat(writes.put("a", new Body.OnDisk(source, 3), PutMode.CREATE)).isTrue();
        assertThat(writes.put("b", new Body.InMemory(MemorySegment.ofArray(large)), PutMode.CREATE)).isTrue();
        assertThat(writes.put("b", new Body.InMemory(MemorySegment.ofArray(new byte[9])), PutMode.CREATE)).isFalse();
        assertThat(target.objects.keySet()).containsExactly("a", "b");
        assertThat(cache.usedBytes()).isEqualTo(3_000_003);
        target.down = true;
        try (FileAccess.Reading reading = cache.begin()) {
            assertThat(Files.readAllBytes(reading.local(known("a", 3)))).containsExactly(1, 2, 3);
            assertThat(Files.readAllBytes(reading.local(known("b", large.length)))).isEqualTo(large);
            assertThat(reading.isPartial()).isFalse();
            cache.forget(List.of("a", "b"));
            assertThat(cache.usedBytes()).as("files that are read stay").isEqualTo(3_000_003);
        }
        target.down = false;
        assertThat(writes.put("c", new Body.InMemory(MemorySegment.ofArray(new byte[3_500_000])), PutMode.CREATE)).isTrue();
        assertThat(cache.usedBytes()).as("the oldest have made room").isEqualTo(3_500_000);
        writes.delete(List.of("c", "unknown"));
        assertThat(cache.usedBytes()).isZero();
        try (var left = Files.list(directory)) {
            assertThat(left).isEmpty();
        }
        assertThat(cache.fetchedBytes()).isZero();
    }

    private static DataFile known(String key, int size) {
        return new DataFile(new TableId("d", "t"), key, size, 1, 0, 0, 0, List.of(), List.of(), 0);
    }

    @Test
    void leftOversAreRemovedAtTheStart() throws Exception {
        Path leftOver = Files.writeString(directory.resolve("7.parquet"), "half");
        FileCache cache = new FileCache(store, directory, 1000);
        assertThat(leftOver).doesNotExist();
        assertThat(cache.usedBytes()).isZero();
    }
}
