package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/// What every store behind a network does while that network breaks: it never lies. Every operation runs through a
/// [FaultProxy] under every fault. It may succeed, and is right then; or it fails with `STORAGE_UNAVAILABLE`, and nothing has
/// happened, or with `STORAGE_OUTCOME_UNKNOWN`; it ends within its time limit; and repeated over a sound network it works.
///
/// The backend has to speak plain HTTP. Backends that answer errors in their own format say how in [#unavailableReply].
public abstract class ObjectStoreFaultContract {
    private static final Duration SLACK = Duration.ofSeconds(20);
    private static final int SOUND_ATTEMPTS = 5;
    private static final int LANES = 6;

    private InetSocketAddress backend;
    private FaultProxy proxy;
    private ObjectStore direct;
    private ObjectStore broken;
    private byte[] large;

    /// Where the backend listens. Called once a test, before the stores are opened; makes sure that it holds nothing.
    protected abstract InetSocketAddress emptyBackend();

    /// A store on the backend by way of a port of the loopback address.
    ///
    /// @param timeout what one request may take at most
    protected abstract ObjectStore openThrough(int port, Duration timeout);

    /// What the backend answers when it is overloaded.
    protected byte[] unavailableReply() {
        return Fault.reply(503, "Service Unavailable", "text/plain", "try again");
    }

    /// What the backend answers when credentials have expired; empty when it has none.
    protected Optional<byte[]> expiredReply() {
        return Optional.empty();
    }

    /// Size of the large object; above the size at which the store changes to uploads in parts.
    protected int largeObjectBytes() {
        return 11 << 20;
    }

    /// Short, because several faults take as long; long enough for the large object on a busy machine.
    protected Duration requestTimeout() {
        return Duration.ofSeconds(2);
    }

    @BeforeEach
    final void openStores() {
        backend = emptyBackend();
        proxy = FaultProxy.before(backend);
        direct = openThrough(backend.getPort(), SLACK);
        broken = openThrough(proxy.port(), requestTimeout());
        large = new byte[largeObjectBytes()];
        new Random(TestSeed.value()).nextBytes(large);
    }

    @AfterEach
    final void closeStores() {
        proxy.close();
        broken.close();
        direct.close();
    }

    /// One of the ways to use a store, and what must be true around it.
    private interface Operation {
        /// Makes what the operation needs, over the sound network.
        void prepare(String folder);

        /// @throws AssertionError when it returns what is not true
        void run(ObjectStore store, String folder);

        /// @return whether the operation has had no effect at all
        boolean hasNoEffect(String folder);

        /// What holds once it has been repeated successfully.
        void check(String folder);
    }

    /// One that changes nothing.
    private abstract class Reading implements Operation {
        @Override
        public void prepare(String folder) {
            put(direct, folder + "/a", "aaaa", PutMode.REPLACE);
            put(direct, folder + "/b", "bbbbbb", PutMode.REPLACE);
        }

        @Override
        public boolean hasNoEffect(String folder) {
            return true;
        }

        @Override
        public void check(String folder) {
            assertThat(keys(direct, folder + "/")).containsExactly(folder + "/a", folder + "/b");
        }
    }

    private abstract class Putting implements Operation {
        private final byte[] bytes;

        Putting(byte[] bytes) {
            this.bytes = bytes;
        }

        abstract PutMode mode();

        @Override
        public void prepare(String folder) {}

        @Override
        public void run(ObjectStore store, String folder) {
            boolean stored = store.put(folder + "/a", new Body.InMemory(MemorySegment.ofArray(bytes)), mode());
            // A repeated CREATE may meet what the first one made.
            assertThat(stored || holds(folder)).as("stored, or the very bytes are there").isTrue();
        }

        @Override
        public boolean hasNoEffect(String folder) {
            return direct.find(folder + "/a").isEmpty();
        }

        @Override
        public void check(String folder) {
            assertThat(holds(folder)).as("the object is whole").isTrue();
            assertThat(keys(direct, folder + "/")).containsExactly(folder + "/a");
        }

        private boolean holds(String folder) {
            return Arrays.equals(read(direct, folder + "/a", bytes.length), bytes);
        }
    }

    private Map<String, Operation> operations() {
        Map<String, Operation> all = new LinkedHashMap<>();
        all.put("create", new Putting(bytes("created")) {
            @Override
            PutMode mode() {
                return PutMode.CREATE;
            }
        });
        all.put("replace", new Putting(bytes("replaced")) {
            @Override
            PutMode mode() {
                return PutMode.REPLACE;
            }
        });
        all.put("create large", new Putting(large) {
            @Override
            PutMode mode() {
                return PutMode.CREATE;
            }
        });
        all.put("create taken", new Operation() {
            @Override
            public void prepare(String folder) {
                put(direct, folder + "/a", "taken", PutMode.REPLACE);
            }

            @Override
            public void run(ObjectStore store, String folder) {
                assertThat(put(store, folder + "/a", "another's", PutMode.CREATE)).as("created over another's").isFalse();
            }

            @Override
            public boolean hasNoEffect(String folder) {
                return Arrays.equals(read(direct, folder + "/a", 5), bytes("taken"));
            }

            @Override
            public void check(String folder) {
                assertThat(hasNoEffect(folder)).isTrue();
            }
        });
        all.put("read", new Reading() {
            @Override
            public void run(ObjectStore store, String folder) {
                assertThat(read(store, folder + "/b", 6)).isEqualTo(bytes("bbbbbb"));
            }
        });
        all.put("read large", new Reading() {
            @Override
            public void prepare(String folder) {
                direct.put(folder + "/a", new Body.InMemory(MemorySegment.ofArray(large)), PutMode.REPLACE);
            }

            @Override
            public void run(ObjectStore store, String folder) {
                assertThat(Arrays.equals(read(store, folder + "/a", large.length), large)).as("the bytes are right").isTrue();
            }

            @Override
            public void check(String folder) {
                assertThat(keys(direct, folder + "/")).containsExactly(folder + "/a");
            }
        });
        all.put("find", new Reading() {
            @Override
            public void run(ObjectStore store, String folder) {
                assertThat(store.find(folder + "/a").map(ObjectInfo::size)).contains(4L);
            }
        });
        all.put("find missing", new Reading() {
            @Override
            public void run(ObjectStore store, String folder) {
                assertThat(store.find(folder + "/c")).isEmpty();
            }
        });
        all.put("list", new Reading() {
            @Override
            public void run(ObjectStore store, String folder) {
                assertThat(keys(store, folder + "/")).containsExactly(folder + "/a", folder + "/b");
            }
        });
        all.put("delete", new Deleting(List.of("/a")));
        all.put("delete many", new Deleting(List.of("/a", "/b", "/c")));
        return all;
    }

    private final class Deleting implements Operation {
        private final List<String> names;

        Deleting(List<String> names) {
            this.names = names;
        }

        @Override
        public void prepare(String folder) {
            names.forEach(name -> put(direct, folder + name, "value", PutMode.REPLACE));
            put(direct, folder + "/stays", "value", PutMode.REPLACE);
        }

        @Override
        public void run(ObjectStore store, String folder) {
            store.delete(names.stream().map(name -> folder + name).toList());
            check(folder);
        }

        @Override
        public boolean hasNoEffect(String folder) {
            return keys(direct, folder + "/").size() == names.size() + 1;
        }

        @Override
        public void check(String folder) {
            assertThat(keys(direct, folder + "/")).containsExactly(folder + "/stays");
        }
    }

    private Map<String, Fault> faults() {
        Map<String, Fault> all = new LinkedHashMap<>();
        all.put("refused", new Fault.Refuse());
        all.put("closed before", new Fault.CloseBefore());
        all.put("request cut at its body", new Fault.ResetRequest(0));
        all.put("request cut in its body", new Fault.ResetRequest(3));
        all.put("request stalls", new Fault.StallRequest());
        all.put("request at 1 B/s", new Fault.SlowRequest(1));
        all.put("reply lost", new Fault.LoseReply());
        all.put("reply cut in its head", new Fault.ResetReply(20));
        all.put("reply cut in its body", new Fault.ResetReply(600));
        all.put("reply truncated", new Fault.TruncateReply());
        all.put("reply stalls", new Fault.StallReply(0));
        all.put("reply stalls midway", new Fault.StallReply(100));
        all.put("reply at 1 B/s", new Fault.SlowReply(1));
        all.put("503", new Fault.Answer(unavailableReply()));
        all.put("503 after the effect", new Fault.AnswerAfter(unavailableReply()));
        all.put("gateway's 502", new Fault.Answer(Fault.reply(502, "Bad Gateway", "text/html", "<html>no</html>")));
        all.put("not HTTP", new Fault.AnswerAfter("SSH-2.0-nonsense\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
        expiredReply().ifPresent(reply -> all.put("credentials expired", new Fault.Answer(reply)));
        return all;
    }

    /// The last request of an operation is where its effect is.
    @TestFactory
    final Stream<DynamicTest> fault_1_everyOperationUnderEveryFault() {
        return table(false);
    }

    /// Each of the requests of which an operation consists.
    @TestFactory
    @Tag("slow")
    final Stream<DynamicTest> fault_2_everyRequestOfEveryOperationUnderEveryFault() {
        return table(true);
    }

    /// Faults are lived through side by side, because most of that time is waiting.
    private Stream<DynamicTest> table(boolean allRequests) {
        ExecutorService threads = Executors.newFixedThreadPool(LANES, Thread.ofPlatform().daemon().name("fault-", 0).factory());
        AtomicInteger rounds = new AtomicInteger();
        List<DynamicTest> tests = new ArrayList<>();
        faults().forEach((faultName, fault) -> {
            Map<String, CompletableFuture<Void>> cells = new LinkedHashMap<>();
            operations().keySet().forEach(operation -> cells.put(operation, new CompletableFuture<>()));
            threads.submit(() -> {
                try (Lane lane = new Lane()) {
                    cells.forEach((operation, cell) -> lane.run(operations().get(operation), fault, allRequests, rounds, cell));
                } catch (RuntimeException | Error failed) {
                    cells.values().forEach(cell -> cell.completeExceptionally(failed));
                }
            });
            cells.forEach((operation, cell) -> tests.add(DynamicTest.dynamicTest(operation + ", " + faultName, () -> {
                try {
                    cell.get();
                } catch (ExecutionException failed) {
                    throw failed.getCause();
                }
            })));
        });
        threads.shutdown();
        return tests.stream();
    }

    /// A store and its own way to the backend.
    private final class Lane implements AutoCloseable {
        private final FaultProxy way = FaultProxy.before(backend);
        private final ObjectStore store = openThrough(way.port(), requestTimeout());

        void run(Operation operation, Fault fault, boolean allRequests, AtomicInteger rounds, CompletableFuture<Void> cell) {
            try {
                int requests = countRequests(operation, "count" + rounds.incrementAndGet());
                for (int number = allRequests ? 1 : requests; number <= requests; number++) {
                    survive(operation, fault, number, "round" + rounds.incrementAndGet());
                }
                cell.complete(null);
            } catch (RuntimeException | Error failed) {
                cell.completeExceptionally(failed);
            }
        }

        private int countRequests(Operation operation, String folder) {
            operation.prepare(folder);
            way.pass();
            for (int attempt = 1;; attempt++) {
                way.forgetRequests();
                try {
                    operation.run(store, folder);
                    return way.requests().size();
                } catch (ArcException failure) {
                    // Connections that the last fault has spoilt.
                    if (attempt == SOUND_ATTEMPTS) {
                        throw failure;
                    }
                }
            }
        }

        private void survive(Operation operation, Fault fault, int number, String folder) {
            operation.prepare(folder);
            AtomicInteger seen = new AtomicInteger();
            int before = way.injected();
            way.script(request -> seen.incrementAndGet() == number ? fault : new Fault.Pass());
            long started = System.nanoTime();
            String as = fault + " at request " + number;
            try {
                operation.run(store, folder);
            } catch (ArcException failure) {
                assertThat(failure.code()).as("%s: %s", as, failure.getMessage())
                        .isIn(ErrorCode.STORAGE_UNAVAILABLE, ErrorCode.STORAGE_OUTCOME_UNKNOWN);
                assertThat(failure.getMessage()).as(as).isNotBlank();
                if (failure.code() == ErrorCode.STORAGE_UNAVAILABLE) {
                    assertThat(operation.hasNoEffect(folder)).as("%s said that nothing happened: %s", as, failure).isTrue();
                }
            }
            assertThat(Duration.ofNanos(System.nanoTime() - started)).as(as)
                    .isLessThan(requestTimeout().multipliedBy(3).plus(SLACK));
            assertThat(way.injected()).as("%s has been met", as).isGreaterThan(before);
            way.pass();
            repeat(operation, store, folder);
            operation.check(folder);
        }

        @Override
        public void close() {
            way.close();
            store.close();
        }
    }

    private static void repeat(Operation operation, ObjectStore store, String folder) {
        for (int attempt = 1;; attempt++) {
            try {
                operation.run(store, folder);
                return;
            } catch (ArcException failure) {
                if (attempt == SOUND_ATTEMPTS) {
                    throw failure;
                }
            }
        }
    }

    /// A backend that refuses connections and comes back is used again without a new store.
    @Test
    final void outage_1_ends() {
        operations().get("create").prepare("outage1");
        proxy.goDown();
        for (Operation operation : operations().values()) {
            try {
                operation.run(broken, "outage1");
                throw new AssertionError("an operation worked while nobody listened");
            } catch (ArcException failure) {
                assertThat(failure.code()).as(failure.getMessage()).isIn(ErrorCode.STORAGE_UNAVAILABLE,
                        ErrorCode.STORAGE_OUTCOME_UNKNOWN);
            }
        }
        assertThat(broken.health().detail()).as("health during the outage").isNotEmpty();
        assertThat(broken.health().status()).isNotEqualTo(Health.Status.UP);
        proxy.comeBack();
        operations().forEach((name, operation) -> {
            String folder = "outage1-" + name.replace(' ', '-');
            operation.prepare(folder);
            repeat(operation, broken, folder);
            operation.check(folder);
        });
        assertThat(broken.health().status()).as(broken.health().detail()).isEqualTo(Health.Status.UP);
    }

    /// A store that is opened while the backend is away works once it is there.
    @Test
    final void outage_2_mayBeThereFirst() {
        proxy.goDown();
        try (ObjectStore early = openThrough(proxy.port(), requestTimeout())) {
            assertThat(early.health().detail()).isNotEmpty();
            proxy.comeBack();
            operations().forEach((name, operation) -> {
                String folder = "outage2-" + name.replace(' ', '-');
                operation.prepare(folder);
                operation.run(early, folder);
                operation.check(folder);
            });
        }
    }

    /// Connections that broke are not held for ever.
    @Test
    final void leak_1_brokenConnectionsAreGivenBack() {
        put(direct, "leak1/a", "value", PutMode.REPLACE);
        for (Fault fault : List.of(new Fault.Refuse(), new Fault.TruncateReply(), new Fault.ResetReply(100),
                new Fault.Answer(unavailableReply()), new Fault.LoseReply())) {
            proxy.failAll(request -> true, fault);
            for (int i = 0; i < 150; i++) {
                try {
                    read(broken, "leak1/a", 5);
                } catch (ArcException expected) {
                    assertThat(expected.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
                }
            }
            proxy.pass();
            repeat(new Reading() {
                @Override
                public void run(ObjectStore store, String folder) {
                    assertThat(read(store, "leak1/a", 5)).isEqualTo(bytes("value"));
                }
            }, broken, "leak1");
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static boolean put(ObjectStore store, String key, String text, PutMode mode) {
        return store.put(key, new Body.InMemory(MemorySegment.ofArray(bytes(text))), mode);
    }

    /// Into one byte more than there should be, to see an object that is too long.
    private static byte[] read(ObjectStore store, String key, int size) {
        byte[] target = new byte[size + 1];
        long count = store.read(key, 0, MemorySegment.ofArray(target));
        return Arrays.copyOf(target, Math.toIntExact(count));
    }

    private static List<String> keys(ObjectStore store, String prefix) {
        List<String> keys = new ArrayList<>();
        store.list(prefix, "", object -> keys.add(object.key()));
        return keys;
    }
}
