package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The contract passes a sound store in memory and fails the same store with each of its rules broken.
final class ObjectStoreContractTest {
    private enum Defect {
        NONE, CREATE_REPLACES, CREATE_ALWAYS_WINS, REPLACE_KEEPS_TAIL, MOVES_FILES, READ_IGNORES_POSITION, READ_FILLS_TARGET,
        MISSING_READS_EMPTY, FIND_KNOWS_FOLDERS, UTF16_ORDER, PREFIX_IS_A_SEGMENT, START_IS_INCLUSIVE, SWALLOWS_CONSUMER,
        DELETE_WANTS_ALL, DELETES_1000, FALSE_LOCAL_FILES, LISTS_ONE_PAGE, HEALTH_THROWS, LOSES_LARGE,
        HIDES_UNENFORCED_CREATE, STORES_SHORT_BODIES, SHIFTS_LATE_RANGES, LOCKS_WHILE_LISTING, SHARES_PREFIXES, MISSING_IS_EMPTY,
        REFUSED_IS_EMPTY, READS_RUN_OUT, LEAVES_THREADS
    }

    private static final Comparator<String> UTF8 = (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8),
            b.getBytes(StandardCharsets.UTF_8));

    @TempDir
    private Path directory;

    @Test
    void passesASoundStore() {
        assertThat(failures(Defect.NONE, "")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"CREATE_REPLACES,put_2", "CREATE_ALWAYS_WINS,put_4", "REPLACE_KEEPS_TAIL,put_3", "MOVES_FILES,put_6",
        "READ_IGNORES_POSITION,read_1", "READ_FILLS_TARGET,read_2", "MISSING_READS_EMPTY,read_3", "FIND_KNOWS_FOLDERS,find_1",
        "UTF16_ORDER,list_2", "PREFIX_IS_A_SEGMENT,list_3", "START_IS_INCLUSIVE,list_4", "SWALLOWS_CONSUMER,list_5",
        "DELETE_WANTS_ALL,delete_1", "DELETES_1000,delete_2", "FALSE_LOCAL_FILES,scan_1", "LISTS_ONE_PAGE,list_2",
        "HEALTH_THROWS,health_1", "LOSES_LARGE,put_8", "CREATE_ALWAYS_WINS,put_9", "HIDES_UNENFORCED_CREATE,put_11",
        "STORES_SHORT_BODIES,put_10", "SHIFTS_LATE_RANGES,read_5", "LOCKS_WHILE_LISTING,list_6", "SHARES_PREFIXES,prefix_1",
        "MISSING_IS_EMPTY,refused_1", "REFUSED_IS_EMPTY,refused_2", "READS_RUN_OUT,leak_1", "LEAVES_THREADS,leak_2"})
    void findsEveryBrokenRule(Defect defect, String rule) {
        assertThat(failures(defect, rule + "_").keySet()).as("tests that fail").hasSize(1);
    }

    private Map<String, Throwable> failures(Defect defect, String rule) {
        return ContractRun.failures(ObjectStoreContract.class, rule, () -> new ObjectStoreContract() {
            private MemoryStore last;

            @Override
            protected ObjectStore openEmptyStore() {
                last = new MemoryStore(defect);
                return last;
            }

            @Override
            protected Optional<ObjectStore> openSecondInstance() {
                return Optional.of(new MemoryStore(defect, last.objects(), "", false));
            }

            @Override
            protected Optional<ObjectStore> openUnderPrefix(String prefix) {
                return Optional.of(new MemoryStore(defect, last.objects(),
                        prefix + (defect == Defect.SHARES_PREFIXES ? "" : "/"), false));
            }

            @Override
            protected Optional<ObjectStore> openAtMissingPlace() {
                return Optional.of(new MemoryStore(defect, new ConcurrentSkipListMap<>(UTF8), "",
                        defect != Defect.MISSING_IS_EMPTY));
            }

            @Override
            protected Optional<ObjectStore> openWithRefusedCredentials() {
                return Optional.of(new MemoryStore(defect, last.objects(), "", defect != Defect.REFUSED_IS_EMPTY));
            }

            @Override
            protected int largeObjectBytes() {
                return 300_000;
            }
        }, test -> {
            test.directory = newFolder();
            test.openStore();
        }, ObjectStoreContract::closeStore);
    }

    private Path newFolder() {
        try {
            return Files.createTempDirectory(directory, "test");
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static final class MemoryStore implements ObjectStore {
        private final Defect defect;
        private final NavigableMap<String, byte[]> objects;
        private final String under;
        private final boolean isBroken;
        private final Semaphore reads = new Semaphore(200);
        private final ReentrantLock listing = new ReentrantLock();
        private final Thread left = new Thread(LockSupport::park);

        MemoryStore(Defect defect) {
            this(defect, new ConcurrentSkipListMap<>(defect == Defect.UTF16_ORDER ? Comparator.naturalOrder() : UTF8), "", false);
        }

        /// @param isBroken whether every call fails
        MemoryStore(Defect defect, NavigableMap<String, byte[]> objects, String under, boolean isBroken) {
            this.defect = defect;
            this.objects = objects;
            this.under = under;
            this.isBroken = isBroken;
            if (defect == Defect.LEAVES_THREADS) {
                left.setDaemon(true);
                left.start();
            }
        }

        NavigableMap<String, byte[]> objects() {
            return objects;
        }

        private void requireSound() {
            if (isBroken) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "refused");
            }
        }

        @Override
        public Set<Capability> capabilities() {
            return switch (defect) {
                case FALSE_LOCAL_FILES -> Set.of(Capability.ENFORCED_CREATE, Capability.LOCAL_FILES);
                case HIDES_UNENFORCED_CREATE -> Set.of();
                default -> Set.of(Capability.ENFORCED_CREATE);
            };
        }

        @Override
        public boolean put(String name, Body body, PutMode mode) {
            requireSound();
            String key = under + name;
            byte[] bytes = bytes(body);
            if (defect == Defect.LOSES_LARGE && bytes.length > 250_000) {
                bytes = Arrays.copyOf(bytes, 250_000);
            }
            if (mode == PutMode.CREATE && defect == Defect.CREATE_ALWAYS_WINS) {
                objects.putIfAbsent(key, bytes);
                return true;
            }
            if (mode == PutMode.CREATE && defect != Defect.CREATE_REPLACES) {
                return objects.putIfAbsent(key, bytes) == null;
            }
            byte[] before = objects.get(key);
            if (defect == Defect.REPLACE_KEEPS_TAIL && before != null && before.length > bytes.length) {
                byte[] mixed = before.clone();
                System.arraycopy(bytes, 0, mixed, 0, bytes.length);
                bytes = mixed;
            }
            objects.put(key, bytes);
            return true;
        }

        private byte[] bytes(Body body) {
            return switch (body) {
                case Body.InMemory memory -> memory.bytes().toArray(ValueLayout.JAVA_BYTE);
                case Body.OnDisk disk -> {
                    try {
                        byte[] bytes = Files.readAllBytes(disk.path());
                        if (defect == Defect.MOVES_FILES) {
                            Files.delete(disk.path());
                        }
                        if (bytes.length != disk.size() && defect != Defect.STORES_SHORT_BODIES) {
                            throw new IOException(disk.path() + " is too short");
                        }
                        yield bytes;
                    } catch (IOException failed) {
                        throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "cannot be read", failed);
                    }
                }
            };
        }

        @Override
        public long read(String name, long position, MemorySegment target) {
            requireSound();
            if (defect == Defect.READS_RUN_OUT && !reads.tryAcquire()) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "no connection is free");
            }
            String key = under + name;
            byte[] bytes = objects.get(key);
            if (bytes == null) {
                if (defect == Defect.MISSING_READS_EMPTY) {
                    return 0;
                }
                throw new ArcException(ErrorCode.OBJECT_MISSING, key + " is missing");
            }
            long from = defect == Defect.READ_IGNORES_POSITION ? 0 : Math.min(position, bytes.length);
            from = defect == Defect.SHIFTS_LATE_RANGES && from > 100_000 && from > 0 ? from - 1 : from;
            long length = Math.min(target.byteSize(), bytes.length - from);
            if (defect == Defect.READ_FILLS_TARGET) {
                target.fill((byte) 0);
            }
            MemorySegment.copy(MemorySegment.ofArray(bytes), from, target, 0, length);
            return length;
        }

        @Override
        public Optional<ObjectInfo> find(String name) {
            requireSound();
            String key = under + name;
            if (defect == Defect.FIND_KNOWS_FOLDERS
                    && objects.keySet().stream().anyMatch(each -> each.startsWith(key + "/"))) {
                return Optional.of(new ObjectInfo(name, 0, 1));
            }
            return Optional.ofNullable(objects.get(key)).map(bytes -> new ObjectInfo(name, bytes.length, 1));
        }

        @Override
        public void list(String givenPrefix, String givenStart, Consumer<ObjectInfo> each) {
            requireSound();
            String prefix = under + givenPrefix;
            String startAfter = under + givenStart;
            if (defect == Defect.LOCKS_WHILE_LISTING) {
                if (listing.isHeldByCurrentThread()) {
                    throw new IllegalStateException("listing already");
                }
                listing.lock();
            }
            try {
                list(prefix, startAfter, each, defect == Defect.START_IS_INCLUSIVE);
            } finally {
                if (defect == Defect.LOCKS_WHILE_LISTING) {
                    listing.unlock();
                }
            }
        }

        private void list(String prefix, String startAfter, Consumer<ObjectInfo> each, boolean isInclusive) {
            int count = 0;
            for (Map.Entry<String, byte[]> entry : objects.tailMap(startAfter, isInclusive).entrySet()) {
                String key = entry.getKey();
                boolean matches = key.startsWith(prefix) && (defect != Defect.PREFIX_IS_A_SEGMENT || prefix.isEmpty()
                        || prefix.endsWith("/") || key.startsWith(prefix + "/"));
                if (matches && (defect != Defect.LISTS_ONE_PAGE || count++ < 1_000)) {
                    try {
                        each.accept(new ObjectInfo(key.substring(under.length()), entry.getValue().length, 1));
                    } catch (RuntimeException thrown) {
                        if (defect != Defect.SWALLOWS_CONSUMER) {
                            throw thrown;
                        }
                    }
                }
            }
        }

        @Override
        public void delete(Collection<String> keys) {
            requireSound();
            int count = 0;
            for (String name : keys) {
                String key = under + name;
                if (defect == Defect.DELETE_WANTS_ALL && !objects.containsKey(key)) {
                    throw new ArcException(ErrorCode.OBJECT_MISSING, key);
                }
                if (defect != Defect.DELETES_1000 || count++ < 1_000) {
                    objects.remove(key);
                }
            }
        }

        @Override
        public Health health() {
            if (defect == Defect.HEALTH_THROWS) {
                throw new IllegalStateException("ill");
            }
            return isBroken ? new Health(Health.Status.DOWN, "refused") : Health.UP;
        }
    }
}
