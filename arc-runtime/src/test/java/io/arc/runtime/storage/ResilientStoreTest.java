package io.arc.runtime.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.runtime.metrics.Metrics;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ResilientStoreTest {
    private static final StoreOptions OPTIONS =
            new StoreOptions(3, Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofSeconds(10), 100);

    private final FakeStore fake = new FakeStore();
    private final Metrics metrics = new Metrics();
    private ResilientStore store = store(OPTIONS);

    private ResilientStore store(StoreOptions options) {
        return new ResilientStore("fake", fake, options, metrics);
    }

    @AfterEach
    void close() {
        fake.hang.countDown();
        store.close();
        assertThat(fake.closed).isTrue();
    }

    private static Body body(String text) {
        return new Body.InMemory(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static ArcException failure(ErrorCode code) {
        return new ArcException(code, "the bucket says " + code);
    }

    private long count(String name) {
        return metrics.counter(name, "", "").value();
    }

    @Test
    void passesWhatWorks() {
        assertThat(store.put("a", body("one"), PutMode.CREATE)).isTrue();
        assertThat(store.put("a", body("two"), PutMode.CREATE)).isFalse();
        assertThat(store.put("a", body("two"), PutMode.REPLACE)).isTrue();
        MemorySegment target = MemorySegment.ofArray(new byte[10]);
        assertThat(store.read("a", 1, target)).isEqualTo(2);
        assertThat(store.find("a")).map(ObjectInfo::size).contains(3L);
        store.delete(List.of("a"));
        store.delete(List.of());
        assertThat(store.find("a")).isEmpty();
        assertThat(store.capabilities()).isEqualTo(Set.of(Capability.ENFORCED_CREATE));
        assertThat(count("arc_storage_writes_total")).isEqualTo(3);
        assertThat(count("arc_storage_reads_total")).isEqualTo(1);
        assertThat(count("arc_storage_read_bytes_total")).isEqualTo(2);
        assertThat(count("arc_storage_deletes_total")).as("an empty delete asks nobody").isEqualTo(1);
        assertThat(count("arc_storage_errors_total")).isZero();
        assertThat(store.health()).isEqualTo(Health.UP);
    }

    @Test
    void triesPassingFailuresAgain() {
        fake.failures.addAll(List.of(failure(ErrorCode.STORAGE_UNAVAILABLE), failure(ErrorCode.STORAGE_OUTCOME_UNKNOWN)));
        assertThat(store.put("a", body("one"), PutMode.REPLACE)).isTrue();
        assertThat(fake.calls.get()).isEqualTo(3);
        assertThat(count("arc_storage_errors_total")).isEqualTo(2);
        assertThat(count("arc_storage_put_errors_total")).isEqualTo(2);
        assertThat(count("arc_storage_read_errors_total")).isZero();
        assertThat(count("arc_storage_writes_total")).isEqualTo(1);
    }

    @Test
    void doesNotTryOthersAgain() {
        for (ErrorCode code : List.of(ErrorCode.OBJECT_MISSING, ErrorCode.CORRUPT_DATA, ErrorCode.INVALID_PARAMETER)) {
            int before = fake.calls.get();
            fake.failures.add(failure(code));
            assertThatThrownBy(() -> store.find("a")).isInstanceOfSatisfying(ArcException.class,
                    known -> assertThat(known.code()).isEqualTo(code));
            assertThat(fake.calls.get()).isEqualTo(before + 1);
        }
        assertThat(store.health()).isEqualTo(Health.UP);
    }

    @Test
    void givesUpAfterTheLastTry() {
        fake.failures.addAll(List.of(failure(ErrorCode.STORAGE_UNAVAILABLE), failure(ErrorCode.STORAGE_UNAVAILABLE),
                failure(ErrorCode.STORAGE_UNAVAILABLE)));
        assertThatThrownBy(() -> store.find("a")).isInstanceOfSatisfying(ArcException.class,
                known -> assertThat(known.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE));
        assertThat(fake.calls.get()).isEqualTo(3);
        assertThat(store.health().status()).isEqualTo(Health.Status.DEGRADED);
        assertThat(store.health().detail()).contains("fake", "the bucket says");
    }

    @Test
    void anUnknownOutcomeOnTheWayStaysUnknown() {
        fake.failures.addAll(List.of(failure(ErrorCode.STORAGE_OUTCOME_UNKNOWN), failure(ErrorCode.STORAGE_UNAVAILABLE),
                failure(ErrorCode.STORAGE_UNAVAILABLE)));
        assertThatThrownBy(() -> store.put("a", body("one"), PutMode.CREATE)).isInstanceOfSatisfying(ArcException.class,
                known -> assertThat(known.code()).isEqualTo(ErrorCode.STORAGE_OUTCOME_UNKNOWN));
    }

    @Test
    void aCreateThatFindsItsOwnObjectHasCreatedIt() {
        fake.storesDespiteFailure = true;
        fake.failures.add(failure(ErrorCode.STORAGE_OUTCOME_UNKNOWN));
        assertThat(store.put("a", body("one"), PutMode.CREATE)).isTrue();
        assertThat(fake.objects.get("a")).isEqualTo("one".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aCreateThatFindsAnothersObjectHasNot() {
        fake.objects.put("a", "another".getBytes(StandardCharsets.UTF_8));
        fake.failures.add(failure(ErrorCode.STORAGE_OUTCOME_UNKNOWN));
        assertThat(store.put("a", body("one"), PutMode.CREATE)).isFalse();
        assertThat(fake.objects.get("a")).isEqualTo("another".getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aCreateThatSurelyFailedDoesNotTakeAnothersObjectForItsOwn() {
        fake.objects.put("a", "two".getBytes(StandardCharsets.UTF_8));
        fake.failures.add(failure(ErrorCode.STORAGE_UNAVAILABLE));
        assertThat(store.put("a", body("one"), PutMode.CREATE)).isFalse();
    }

    @Test
    void aDefectOfThePluginIsAnUnknownOutcome() {
        for (int i = 0; i < 3; i++) {
            fake.failures.add(new IllegalStateException("a defect"));
        }
        assertThatThrownBy(() -> store.find("a")).isInstanceOfSatisfying(ArcException.class, known -> {
            assertThat(known.code()).isEqualTo(ErrorCode.STORAGE_OUTCOME_UNKNOWN);
            assertThat(known).hasMessageContaining("fake").hasRootCauseInstanceOf(IllegalStateException.class);
        });
    }

    @Test
    void aCallThatHangsEndsAtTheDeadline() {
        store.close();
        fake.closed.set(false);
        store = store(new StoreOptions(2, Duration.ofMillis(1), Duration.ofMillis(2), Duration.ofMillis(50), 100));
        fake.hangs = true;
        assertThatThrownBy(() -> store.find("a")).isInstanceOfSatisfying(ArcException.class, known -> {
            assertThat(known.code()).isEqualTo(ErrorCode.STORAGE_OUTCOME_UNKNOWN);
            assertThat(known).hasMessageContaining("within 50 ms");
        });
        assertThat(fake.calls.get()).isEqualTo(2);
    }

    @Test
    void anOpenCircuitAsksNobody() {
        store.close();
        fake.closed.set(false);
        store = store(new StoreOptions(1, Duration.ofHours(1), Duration.ofHours(1), Duration.ofSeconds(10), 2));
        for (int i = 0; i < 2; i++) {
            fake.failures.add(failure(ErrorCode.STORAGE_UNAVAILABLE));
            assertThatThrownBy(() -> store.find("a")).hasMessage("the bucket says STORAGE_UNAVAILABLE");
        }
        assertThat(store.health().status()).isEqualTo(Health.Status.DOWN);
        int before = fake.calls.get();
        assertThatThrownBy(() -> store.put("a", body("one"), PutMode.CREATE))
                .isInstanceOfSatisfying(ArcException.class, known -> {
            assertThat(known.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
            assertThat(known).hasMessageContaining("not asked for the moment");
        });
        assertThat(fake.calls.get()).isEqualTo(before);
    }

    @Test
    void aListingThatBreaksOffDeliversEachObjectOnce() {
        for (String key : List.of("p/a", "p/b", "p/c", "q/a")) {
            fake.objects.put(key, new byte[3]);
        }
        fake.failsAfterListing = 2;
        List<String> keys = new ArrayList<>();
        store.list("p/", "", object -> keys.add(object.key()));
        assertThat(keys).containsExactly("p/a", "p/b", "p/c");
        keys.clear();
        store.list("p/", "p/a", object -> keys.add(object.key()));
        assertThat(keys).containsExactly("p/b", "p/c");
    }

    /// Objects in memory; throws what it is told to, one failure a call.
    private static final class FakeStore implements ObjectStore {
        private final Map<String, byte[]> objects = new ConcurrentSkipListMap<>();
        private final Deque<RuntimeException> failures = new ArrayDeque<>();
        private final AtomicInteger calls = new AtomicInteger();
        private final AtomicBoolean closed = new AtomicBoolean();
        private final CountDownLatch hang = new CountDownLatch(1);
        private volatile boolean storesDespiteFailure;
        private volatile boolean hangs;
        private volatile int failsAfterListing;

        private synchronized void call(Runnable despite) {
            calls.incrementAndGet();
            RuntimeException failure = failures.poll();
            if (failure != null) {
                if (storesDespiteFailure) {
                    despite.run();
                }
                throw failure;
            }
        }

        private void call() {
            call(() -> { });
        }

        private static byte[] bytes(Body body) {
            return switch (body) {
                case Body.InMemory memory -> memory.bytes().toArray(ValueLayout.JAVA_BYTE);
                case Body.OnDisk _ -> throw new IllegalArgumentException("no file in this test");
            };
        }

        @Override
        public Set<Capability> capabilities() {
            return Set.of(Capability.ENFORCED_CREATE);
        }

        @Override
        public boolean put(String key, Body body, PutMode mode) {
            call(() -> objects.put(key, bytes(body)));
            if (mode == PutMode.REPLACE) {
                objects.put(key, bytes(body));
                return true;
            }
            return objects.putIfAbsent(key, bytes(body)) == null;
        }

        @Override
        public long read(String key, long position, MemorySegment target) {
            call();
            byte[] object = objects.get(key);
            byte[] part = Arrays.copyOfRange(object, (int) position,
                    (int) Math.min(object.length, position + target.byteSize()));
            MemorySegment.copy(part, 0, target, ValueLayout.JAVA_BYTE, 0, part.length);
            return part.length;
        }

        @Override
        public Optional<ObjectInfo> find(String key) {
            if (hangs) {
                calls.incrementAndGet();
                try {
                    hang.await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            } else {
                call();
            }
            return Optional.ofNullable(objects.get(key)).map(bytes -> new ObjectInfo(key, bytes.length, 0));
        }

        @Override
        public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
            call();
            int delivered = 0;
            for (Map.Entry<String, byte[]> object : objects.entrySet()) {
                if (object.getKey().startsWith(prefix) && object.getKey().compareTo(startAfter) > 0) {
                    if (failsAfterListing > 0 && delivered++ == failsAfterListing) {
                        failsAfterListing = 0;
                        throw failure(ErrorCode.STORAGE_UNAVAILABLE);
                    }
                    each.accept(new ObjectInfo(object.getKey(), object.getValue().length, 0));
                }
            }
        }

        @Override
        public void delete(Collection<String> keys) {
            call();
            keys.forEach(objects::remove);
        }

        @Override
        public void close() {
            closed.set(true);
        }
    }
}
