package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.api.spi.StorageBackend.ScanTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every store does. An author opens one; claimed capabilities turn their tests on, and a denied one is shown to be
/// denied. No test makes a key that is a directory of another one (`a` and `a/b`): file systems cannot hold both, and Arc never
/// asks for it.
///
/// Stores behind a network pass [ObjectStoreFaultContract] as well. The optional `open...` methods are for stores that have
/// what they name; a store that overrides none of them shows the reader that it has no prefix, no credentials and no place
/// that could be missing.
public abstract class ObjectStoreContract {
    private static final byte CANARY = 0x5C;
    private static final int THREADS = 8;
    private static final int CREATE_RACES = 50;
    private static final int ATTEMPTS = 5;
    private static final int LEAK_ROUNDS = 20;
    private static final int ABANDONED_READS = 300;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /// Names that stores and their protocols like to get wrong, sorted by UTF-8 bytes: `-` and `.` come before `/`, digits
    /// after it, a character beyond the basic plane after one that UTF-16 sorts behind it.
    private static final List<String> AWKWARD_ASCII = List.of("d/a b", "d/a!b", "d/a%20b", "d/a%b", "d/a&b", "d/a'b", "d/a(b)",
            "d/a+b", "d/a,b", "d/a-b/x", "d/a.b/x", "d/a/b/x", "d/a0b/x", "d/a;b", "d/a=b", "d/a@b", "d/aB", "d/a_b", "d/ab",
            "d/a~b", "d/b.parquet", "d/b.parquet.crc", "d0", "d~");
    private static final List<String> AWKWARD_UNICODE = List.of("u/e\u0301", "u/\u00e9", "u/\u65e5\u672c", "u/\uff5e");
    private static final String BEYOND_THE_BASIC_PLANE = "u/\ud83d\ude00";

    @TempDir
    Path directory;

    private ObjectStore store;

    /// A new store that holds nothing.
    protected abstract ObjectStore openEmptyStore();

    /// Another live instance on the same place as the store opened last, as a second server would have it; empty when that
    /// cannot be made.
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.empty();
    }

    /// A live store on the same place as the store opened last that keeps its objects under `prefix`, which is a valid key: its
    /// object `k` is the other one's `prefix/k`. Empty when the store has no such setting.
    protected Optional<ObjectStore> openUnderPrefix(String prefix) {
        return Optional.empty();
    }

    /// A store whose place does not exist, as with a misspelt bucket; empty when opening it fails already or makes the place.
    protected Optional<ObjectStore> openAtMissingPlace() {
        return Optional.empty();
    }

    /// A store on the same place as the store opened last with credentials that are refused there; empty when it has none.
    protected Optional<ObjectStore> openWithRefusedCredentials() {
        return Optional.empty();
    }

    /// Size of the large object; above the size at which the store changes to uploads in parts.
    protected int largeObjectBytes() {
        return 20 << 20;
    }

    /// How many objects the test of listing makes; above what one page of the store holds.
    protected int manyObjects() {
        return 1_101;
    }

    /// Whether keys may hold any Unicode character.
    protected boolean takesUnicodeKeys() {
        return true;
    }

    /// Whether keys come in the order of their UTF-8 bytes also beyond Unicode's basic plane. To be denied for an emulator only
    /// that sorts by UTF-16 there: Arc itself makes no such keys.
    protected boolean ordersByUtf8() {
        return true;
    }

    @BeforeEach
    final void openStore() {
        store = openEmptyStore();
    }

    @AfterEach
    final void closeStore() {
        store.close();
    }

    @Test
    final void put_1_storesExactlyTheBytes() throws IOException {
        Random random = TestSeed.random();
        for (int size : new int[] {0, 1, 7, 4_095, 4_096, 4_097, 100_000, 1 << 20}) {
            byte[] bytes = randomBytes(random, size);
            Path file = Files.write(directory.resolve("body-" + size), bytes);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment offHeap = arena.allocate(Math.max(1, size)).asSlice(0, size);
                MemorySegment.copy(bytes, 0, offHeap, ValueLayout.JAVA_BYTE, 0, size);
                Map<String, Body> bodies = new TreeMap<>(Map.of("heap", new Body.InMemory(MemorySegment.ofArray(bytes)),
                        "native", new Body.InMemory(offHeap), "disk", new Body.OnDisk(file, size)));
                for (Map.Entry<String, Body> body : bodies.entrySet()) {
                    String key = "put1/" + body.getKey() + "/" + size;
                    assertThat(store.put(key, body.getValue(), PutMode.CREATE)).as("creating %s", key).isTrue();
                    assertThat(readAll(store, key)).as("%s, %s", key, TestSeed.text()).isEqualTo(bytes);
                }
            }
        }
    }

    @Test
    final void put_2_createLeavesATakenKeyUnchanged() {
        assertThat(put("put2/a", "first", PutMode.CREATE)).isTrue();
        assertThat(put("put2/a", "second, longer", PutMode.CREATE)).isFalse();
        assertThat(readText("put2/a")).isEqualTo("first");
        put("put2/a", "replaced", PutMode.REPLACE);
        assertThat(put("put2/a", "third", PutMode.CREATE)).isFalse();
        assertThat(readText("put2/a")).isEqualTo("replaced");
    }

    @Test
    final void put_3_replaceTakesThePlaceOfAll() {
        assertThat(put("put3/a", "a long first value", PutMode.REPLACE)).isTrue();
        assertThat(put("put3/a", "short", PutMode.REPLACE)).isTrue();
        assertThat(readText("put3/a")).isEqualTo("short");
        assertThat(put("put3/a", "and a longer one again", PutMode.REPLACE)).isTrue();
        assertThat(readText("put3/a")).isEqualTo("and a longer one again");
        assertThat(keys("put3/", "")).containsExactly("put3/a");
    }

    @Test
    final void put_4_concurrentCreatesHaveOneWinner() throws Exception {
        assumeTrue(store.capabilities().contains(Capability.ENFORCED_CREATE), "the store does not claim ENFORCED_CREATE");
        Optional<ObjectStore> second = openSecondInstance();
        try {
            for (int race = 0; race < CREATE_RACES; race++) {
                String key = "put4/race-" + race;
                List<Boolean> won = together(thread -> (thread % 2 == 0 ? store : second.orElse(store)).put(key,
                        text("writer " + thread), PutMode.CREATE));
                assertThat(won.stream().filter(each -> each).count()).as("winners of race %d", race).isEqualTo(1);
                assertThat(readText(key)).as("race %d", race).isEqualTo("writer " + won.indexOf(true));
            }
        } finally {
            second.ifPresent(ObjectStore::close);
        }
    }

    @Test
    final void put_5_aReplacedObjectIsOldOrNewNeverBoth() throws Exception {
        int size = 200_000;
        byte[] first = new byte[size];
        put("put5/a", first);
        List<Boolean> whole = together(thread -> {
            for (int round = 1; round <= 20; round++) {
                byte[] bytes = new byte[size];
                if (thread < 2) {
                    Arrays.fill(bytes, (byte) (thread * 50 + round));
                    put("put5/a", bytes);
                } else {
                    byte[] seen = readAll(store, "put5/a");
                    for (byte each : seen) {
                        if (seen.length != size || each != seen[0]) {
                            return false;
                        }
                    }
                }
            }
            return true;
        });
        assertThat(whole).as("every read saw one whole object").doesNotContain(false);
    }

    @Test
    final void put_6_theBodyStaysAsItIs() throws IOException {
        byte[] bytes = randomBytes(TestSeed.random(), 10_000);
        Path file = Files.write(directory.resolve("body"), bytes);
        store.put("put6/a", new Body.OnDisk(file, bytes.length), PutMode.CREATE);
        store.put("put6/b", new Body.OnDisk(file, bytes.length), PutMode.REPLACE);
        store.put("put6/a", text("something else"), PutMode.REPLACE);
        store.delete(List.of("put6/b"));
        assertThat(Files.readAllBytes(file)).as("the body's file").isEqualTo(bytes);
        byte[] inMemory = bytes.clone();
        put("put6/c", inMemory);
        assertThat(inMemory).as("the body's array").isEqualTo(bytes);
    }

    @Test
    final void put_7_isThereAtOnce() {
        for (int i = 0; i < 20; i++) {
            String key = "put7/" + i;
            put(key, "value", PutMode.CREATE);
            assertThat(store.find(key)).as(key).isPresent();
            assertThat(keys("put7/", "")).as("listed after %s", key).contains(key).hasSize(i + 1);
        }
    }

    @Test
    final void put_8_aLargeObjectIsStoredWhole() throws IOException {
        byte[] bytes = randomBytes(TestSeed.random(), largeObjectBytes());
        Path file = Files.write(directory.resolve("large"), bytes);
        assertThat(store.put("put8/disk", new Body.OnDisk(file, bytes.length), PutMode.CREATE)).isTrue();
        assertThat(store.put("put8/memory", new Body.InMemory(MemorySegment.ofArray(bytes)), PutMode.CREATE)).isTrue();
        assertThat(store.put("put8/disk", text("small"), PutMode.CREATE)).as("creating a large object's key").isFalse();
        for (String key : List.of("put8/disk", "put8/memory")) {
            assertThat(store.find(key).orElseThrow().size()).isEqualTo(bytes.length);
            assertThat(Arrays.equals(readAll(store, key), bytes)).as("%s, %s", key, TestSeed.text()).isTrue();
        }
    }

    @Test
    final void put_9_oneInstanceAloneHasOneWinner() throws Exception {
        for (int race = 0; race < CREATE_RACES; race++) {
            String key = "put9/race-" + race;
            List<Boolean> won = together(thread -> store.put(key, text("writer " + thread), PutMode.CREATE));
            assertThat(won.stream().filter(each -> each).count()).as("winners of race %d", race).isEqualTo(1);
            assertThat(readText(key)).as("race %d", race).isEqualTo("writer " + won.indexOf(true));
        }
    }

    @Test
    final void put_10_aBodyThatCannotBeReadStoresNothing() throws IOException {
        Path shorter = Files.write(directory.resolve("shorter"), new byte[1_000]);
        Map<String, Body> bodies = new TreeMap<>(Map.of("missing", new Body.OnDisk(directory.resolve("missing"), 1_000),
                "shorter", new Body.OnDisk(shorter, 5_000), "shorter-large", new Body.OnDisk(shorter, largeObjectBytes())));
        bodies.forEach((name, body) -> {
            for (PutMode mode : PutMode.values()) {
                assertThatThrownBy(() -> store.put("put10/" + name, body, mode)).as("%s, %s", name, mode)
                        .isInstanceOf(ArcException.class);
                assertThat(store.find("put10/" + name)).as("%s, %s", name, mode).isEmpty();
            }
        });
        put("put10/taken", "before", PutMode.CREATE);
        assertThatThrownBy(() -> store.put("put10/taken", bodies.get("shorter"), PutMode.REPLACE))
                .isInstanceOf(ArcException.class);
        assertThat(readText("put10/taken")).isEqualTo("before");
    }

    @Test
    final void put_11_anUnenforcedCreateIsConfessed() {
        assumeTrue(!store.capabilities().contains(Capability.ENFORCED_CREATE), "the store claims ENFORCED_CREATE");
        put("put11/a", "value", PutMode.CREATE);
        assertThat(store.health().detail()).as("the operator has to learn that a second server must not write there")
                .containsIgnoringCase("no second server");
    }

    @Test
    final void read_1_givesTheBytesOfTheRange() {
        Random random = TestSeed.random();
        byte[] bytes = randomBytes(random, 70_001);
        put("read1/a", bytes);
        for (int i = 0; i < 200; i++) {
            int from = random.nextInt(bytes.length);
            int length = random.nextInt(bytes.length - from + 1);
            MemorySegment target = MemorySegment.ofArray(new byte[length]);
            assertThat(store.read("read1/a", from, target)).as("bytes %d+%d", from, length).isEqualTo(length);
            assertThat(target.toArray(ValueLayout.JAVA_BYTE)).as("bytes %d+%d, %s", from, length, TestSeed.text())
                    .isEqualTo(Arrays.copyOfRange(bytes, from, from + length));
        }
    }

    @Test
    final void read_2_atTheEndIsShortNotWrong() {
        byte[] bytes = randomBytes(TestSeed.random(), 1_000);
        put("read2/a", bytes);
        put("read2/empty", new byte[0]);
        byte[] target = new byte[300];
        Arrays.fill(target, CANARY);
        assertThat(store.read("read2/a", 900, MemorySegment.ofArray(target))).isEqualTo(100);
        assertThat(Arrays.copyOf(target, 100)).isEqualTo(Arrays.copyOfRange(bytes, 900, 1_000));
        assertThat(Arrays.copyOfRange(target, 100, 300)).as("bytes behind those read").containsOnly(CANARY);
        for (long position : new long[] {1_000, 1_001, 1_000_000, Integer.MAX_VALUE, 1L << 40}) {
            assertThat(store.read("read2/a", position, MemorySegment.ofArray(target))).as("at %d", position).isZero();
        }
        assertThat(store.read("read2/empty", 0, MemorySegment.ofArray(target))).isZero();
        assertThat(store.read("read2/a", 5, MemorySegment.ofArray(new byte[0]))).as("nothing asked for").isZero();
    }

    @Test
    final void read_3_ofAMissingKeySaysSo() {
        put("read3/a/b", "value", PutMode.CREATE);
        for (String key : List.of("read3/missing", "read3/a/b2", "read3/a", "other/deep/missing")) {
            assertThatThrownBy(() -> store.read(key, 0, MemorySegment.ofArray(new byte[10]))).as(key)
                    .isInstanceOfSatisfying(ArcException.class,
                            missing -> assertThat(missing.code()).as(key).isEqualTo(ErrorCode.OBJECT_MISSING))
                    .hasMessageContaining(key);
        }
    }

    @Test
    final void read_4_intoMemoryOfEveryKind() {
        byte[] bytes = randomBytes(TestSeed.random(), 10_000);
        put("read4/a", bytes);
        byte[] heap = new byte[10_200];
        Arrays.fill(heap, CANARY);
        assertThat(store.read("read4/a", 0, MemorySegment.ofArray(heap).asSlice(100, 10_000))).isEqualTo(10_000);
        assertThat(Arrays.copyOfRange(heap, 100, 10_100)).isEqualTo(bytes);
        assertThat(Arrays.copyOf(heap, 100)).containsOnly(CANARY);
        assertThat(Arrays.copyOfRange(heap, 10_100, 10_200)).containsOnly(CANARY);
        try (Arena arena = Arena.ofShared()) {
            MemorySegment offHeap = arena.allocate(10_000);
            assertThat(store.read("read4/a", 0, offHeap)).isEqualTo(10_000);
            assertThat(offHeap.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
        }
    }

    @Test
    final void read_5_rangesOfALargeObject() throws IOException {
        Random random = TestSeed.random();
        byte[] bytes = randomBytes(random, largeObjectBytes());
        Path file = Files.write(directory.resolve("ranges"), bytes);
        store.put("read5/a", new Body.OnDisk(file, bytes.length), PutMode.REPLACE);
        for (int i = 0; i < 20; i++) {
            int from = random.nextInt(bytes.length);
            int length = Math.min(bytes.length - from, 1 + random.nextInt(100_000));
            byte[] target = new byte[length];
            assertThat(store.read("read5/a", from, MemorySegment.ofArray(target))).isEqualTo(length);
            assertThat(Arrays.equals(target, Arrays.copyOfRange(bytes, from, from + length)))
                    .as("bytes %d+%d, %s", from, length, TestSeed.text()).isTrue();
        }
    }

    @Test
    final void find_1_tellsSizeAndTimeOrNothing() {
        put("find1/a/b", "12345", PutMode.CREATE);
        ObjectInfo info = store.find("find1/a/b").orElseThrow();
        assertThat(info.key()).isEqualTo("find1/a/b");
        assertThat(info.size()).isEqualTo(5);
        assertThat(info.modifiedMicros()).isPositive();
        for (String key : List.of("find1/a", "find1", "find1/a/b/c", "find1/a/bc", "find1/A/B", "missing")) {
            assertThat(store.find(key)).as(key).isEmpty();
        }
    }

    @Test
    final void list_1_ofNothingIsEmpty() {
        assertThat(keys("", "")).isEmpty();
        assertThat(keys("list1/", "")).isEmpty();
        put("list1", "value", PutMode.CREATE);
        assertThat(keys("list1/", "")).isEmpty();
    }

    @Test
    final void list_2_isInUtf8OrderAcrossPages() {
        List<String> expected = new ArrayList<>(AWKWARD_ASCII);
        if (takesUnicodeKeys()) {
            expected.addAll(AWKWARD_UNICODE);
            if (ordersByUtf8()) {
                expected.add(BEYOND_THE_BASIC_PLANE);
            }
        }
        for (int i = 0; expected.size() < manyObjects(); i++) {
            expected.add("m/%02d/%s%d".formatted(i % 37, i % 3 == 0 ? "x-" : "x/", i));
        }
        List<String> shuffled = new ArrayList<>(expected);
        Collections.shuffle(shuffled, TestSeed.random());
        shuffled.parallelStream().forEach(key -> put(key, key, PutMode.CREATE));
        expected.sort(UTF8);
        assertThat(keys("", "")).as(TestSeed.text()).isEqualTo(expected);
        store.list("", "", info -> assertThat(info.size()).as(info.key())
                .isEqualTo(info.key().getBytes(StandardCharsets.UTF_8).length));
        expected.forEach(key -> assertThat(readText(key)).isEqualTo(key));
        store.delete(expected);
        assertThat(keys("", "")).as("after deleting all of %d", expected.size()).isEmpty();
    }

    @Test
    final void list_3_aPrefixIsAnyText() {
        List<String> all = new ArrayList<>(List.of("p/a-b/c", "p/a/b", "p/a/c/d", "p/ab", "p/b/a", "pa/b", "q/a"));
        all.forEach(key -> put(key, "value", PutMode.CREATE));
        for (String prefix : List.of("", "p", "p/", "p/a", "p/a/", "p/a-", "p/a/c", "p/a/c/d", "p/a/c/d/", "p/ab", "p/x", "q",
                "r")) {
            assertThat(keys(prefix, "")).as("prefix '%s'", prefix)
                    .isEqualTo(all.stream().filter(key -> key.startsWith(prefix)).sorted(UTF8).toList());
        }
    }

    @Test
    final void list_4_startsAfterAnyText() {
        List<String> all = new ArrayList<>(List.of("s/a-b/c", "s/a/b", "s/a/c", "s/a/c2/d", "s/ab", "s/b", "s/c/d"));
        all.forEach(key -> put(key, "value", PutMode.CREATE));
        List<String> starts = new ArrayList<>(all);
        starts.addAll(List.of("", "r", "s", "s/", "s/a-", "s/a/", "s/a/bb", "s/a/c0", "s/a/c2", "s/aa", "s/zz", "t"));
        for (String start : starts) {
            assertThat(keys("s/", start)).as("after '%s'", start)
                    .isEqualTo(all.stream().filter(key -> UTF8.compare(key, start) > 0).sorted(UTF8).toList());
            assertThat(keys("s/a", start)).as("prefix s/a after '%s'", start).isEqualTo(all.stream()
                    .filter(key -> key.startsWith("s/a") && UTF8.compare(key, start) > 0).sorted(UTF8).toList());
        }
    }

    @Test
    final void list_5_theConsumersFailureComesThrough() {
        put("list5/a", "value", PutMode.CREATE);
        IllegalStateException thrown = new IllegalStateException("enough");
        assertThatThrownBy(() -> store.list("list5/", "", info -> {
            throw thrown;
        })).isSameAs(thrown);
        assertThat(keys("list5/", "")).containsExactly("list5/a");
    }

    @Test
    final void list_6_theConsumerMayUseTheStore() {
        for (int i = 0; i < 30; i++) {
            put("list6/" + i, "value " + i, PutMode.CREATE);
        }
        List<String> seen = new ArrayList<>();
        store.list("list6/", "", info -> {
            seen.add(readText(info.key()));
            store.list("list6/" + seen.size(), "", inner -> assertThat(inner.key()).startsWith("list6/" + seen.size()));
        });
        assertThat(seen).hasSize(30).contains("value 0", "value 29");
    }

    @Test
    final void delete_1_removesAndToleratesMissing() {
        put("delete1/a", "value", PutMode.CREATE);
        put("delete1/b/c", "value", PutMode.CREATE);
        store.delete(List.of("delete1/a", "delete1/missing", "delete1/b", "never/was"));
        assertThat(keys("delete1/", "")).containsExactly("delete1/b/c");
        assertThat(store.find("delete1/a")).isEmpty();
        store.delete(List.of("delete1/a"));
        store.delete(List.of());
        assertThat(put("delete1/a", "again", PutMode.CREATE)).as("creating a deleted key").isTrue();
        assertThat(readText("delete1/a")).isEqualTo("again");
    }

    @Test
    final void delete_2_takesManyKeysAtOnce() {
        List<String> keys = new ArrayList<>();
        for (int i = 0; i < manyObjects(); i++) {
            keys.add("delete2/" + i % 11 + "/" + i);
        }
        keys.parallelStream().forEach(key -> put(key, "value", PutMode.CREATE));
        put("delete2-stays", "value", PutMode.CREATE);
        store.delete(keys);
        assertThat(keys("delete2", "")).containsExactly("delete2-stays");
    }

    @Test
    final void threads_1_manyWorkAtOnce() throws Exception {
        List<Boolean> right = together(thread -> {
            Random random = new Random(TestSeed.value() + thread);
            for (int round = 0; round < 30; round++) {
                String key = "threads1/shared/" + thread + "/" + round;
                byte[] bytes = randomBytes(random, random.nextInt(20_000));
                patiently(() -> store.put(key, new Body.InMemory(MemorySegment.ofArray(bytes)), PutMode.REPLACE));
                boolean isRight = Arrays.equals(patiently(() -> readAll(store, key)), bytes)
                        && patiently(() -> keys("threads1/shared/" + thread + "/", "")).contains(key);
                if (round % 2 == 0) {
                    patiently(() -> {
                        store.delete(List.of(key));
                        return true;
                    });
                    isRight &= patiently(() -> store.find(key)).isEmpty();
                }
                if (!isRight) {
                    return false;
                }
            }
            return true;
        });
        assertThat(right).as("threads that saw what they wrote, %s", TestSeed.text()).doesNotContain(false);
        assertThat(keys("threads1/", "")).hasSize(THREADS * 15);
    }

    @Test
    final void scan_1_localFilesAreFilesAndOthersAreNot() throws IOException {
        byte[] bytes = randomBytes(TestSeed.random(), 5_000);
        put("scan1/a.parquet", bytes);
        switch (store.scanTarget("scan1/a.parquet")) {
            case ScanTarget.LocalFile file -> {
                assertThat(store.capabilities()).contains(Capability.LOCAL_FILES);
                assertThat(file.path()).isAbsolute();
                assertThat(Files.readAllBytes(file.path())).isEqualTo(bytes);
            }
            case ScanTarget.Fetch fetch -> assertThat(store.capabilities()).doesNotContain(Capability.LOCAL_FILES);
        }
    }

    @Test
    final void prefix_1_keepsStoresApart() {
        ObjectStore inner = openUnderPrefix("pre/fix").orElse(null);
        assumeTrue(inner != null, "the store has no prefix");
        try (inner; ObjectStore sibling = openUnderPrefix("pre/fixed").orElseThrow()) {
            put("outer", "outer", PutMode.CREATE);
            put("pre/outer", "outer", PutMode.CREATE);
            inner.put("a/b", text("inner"), PutMode.CREATE);
            sibling.put("a/b", text("sibling"), PutMode.CREATE);
            assertThat(keys(inner, "", "")).containsExactly("a/b");
            assertThat(keys(inner, "a", "a/a")).containsExactly("a/b");
            assertThat(keys(inner, "", "a/b")).isEmpty();
            assertThat(keys(sibling, "", "")).containsExactly("a/b");
            assertThat(new String(readAll(inner, "a/b"), StandardCharsets.UTF_8)).isEqualTo("inner");
            assertThat(inner.find("a/b").orElseThrow().key()).isEqualTo("a/b");
            assertThat(inner.find("outer")).isEmpty();
            assertThat(keys("", "")).containsExactly("outer", "pre/fix/a/b", "pre/fixed/a/b", "pre/outer");
            assertThat(readText("pre/fix/a/b")).isEqualTo("inner");
            inner.delete(List.of("a/b", "outer", "pre/outer"));
            assertThat(keys("", "")).containsExactly("outer", "pre/fixed/a/b", "pre/outer");
        }
    }

    @Test
    final void refused_1_aMissingPlaceIsNotAnEmptyOne() {
        ObjectStore lost = openAtMissingPlace().orElse(null);
        assumeTrue(lost != null, "the store's place cannot be missing");
        try (lost) {
            // Deleting there may succeed: nothing is there to delete.
            everythingFails(lost, Set.of("delete"));
        }
    }

    @Test
    final void refused_2_refusedCredentialsAreNotAnEmptyPlace() {
        put("refused2/a", "value", PutMode.CREATE);
        ObjectStore refused = openWithRefusedCredentials().orElse(null);
        assumeTrue(refused != null, "the store has no credentials");
        try (refused) {
            everythingFails(refused, Set.of());
        }
        assertThat(readText("refused2/a")).isEqualTo("value");
    }

    /// Whoever took such a store for an empty one would forget every file, or believe one stored.
    private static void everythingFails(ObjectStore broken, Set<String> exceptions) {
        Map<String, ThrowingCallable> calls = new TreeMap<>(Map.of(
                "create", () -> broken.put("refused2/a", text("other"), PutMode.CREATE),
                "replace", () -> broken.put("refused2/a", text("other"), PutMode.REPLACE),
                "read", () -> broken.read("refused2/a", 0, MemorySegment.ofArray(new byte[10])),
                "find", () -> broken.find("refused2/a"),
                "find missing", () -> broken.find("refused2/missing"),
                "list", () -> broken.list("", "", info -> { }),
                "delete", () -> broken.delete(List.of("refused2/a"))));
        calls.keySet().removeAll(exceptions);
        calls.forEach((name, call) -> {
            assertThat(catchThrowable(call)).as(name).isInstanceOfSatisfying(ArcException.class, failure ->
                    assertThat(failure.code()).as(name).isIn(ErrorCode.STORAGE_UNAVAILABLE, ErrorCode.STORAGE_OUTCOME_UNKNOWN));
            assertThat(broken.health().status()).as("health after %s", name).isNotEqualTo(Health.Status.UP);
            assertThat(broken.health().detail()).as("health after %s", name).isNotEmpty();
        });
    }

    @Test
    final void leak_1_abandonedAndFailedReadsCostNothing() {
        put("leak1/a", randomBytes(TestSeed.random(), 2 << 20));
        MemorySegment target = MemorySegment.ofArray(new byte[10]);
        for (int i = 0; i < ABANDONED_READS; i++) {
            assertThat(store.read("leak1/a", i, target)).isEqualTo(10);
            assertThatThrownBy(() -> store.read("leak1/missing", 0, target)).isInstanceOf(ArcException.class);
            assertThat(store.find("leak1/missing")).isEmpty();
        }
        IllegalStateException enough = new IllegalStateException("enough");
        for (int i = 0; i < ABANDONED_READS; i++) {
            assertThatThrownBy(() -> store.list("leak1/", "", info -> {
                throw enough;
            })).isSameAs(enough);
        }
    }

    @Test
    final void leak_2_closingReleasesThreadsAndFiles() throws IOException {
        Optional<ObjectStore> first = openSecondInstance();
        assumeTrue(first.isPresent(), "no second instance can be opened");
        use(first.get());
        long threads = liveThreads();
        long files = openFiles();
        for (int round = 0; round < LEAK_ROUNDS; round++) {
            use(openSecondInstance().orElseThrow());
        }
        // Less than one a round: what grows with the rounds leaks; a pool shared by all may have grown a little.
        eventually("threads, " + threads + " before", () -> liveThreads() < threads + LEAK_ROUNDS / 2);
        eventually("open files, " + files + " before", () -> openFiles() < files + LEAK_ROUNDS / 2);
    }

    private static void use(ObjectStore other) {
        try (other) {
            other.put("leak2/a", text("value"), PutMode.REPLACE);
            assertThat(keys(other, "leak2/", "")).containsExactly("leak2/a");
            assertThat(readAll(other, "leak2/a")).hasSize(5);
        }
    }

    private static long liveThreads() {
        return ManagementFactory.getThreadMXBean().getThreadCount();
    }

    /// Zero where the operating system does not tell.
    private static long openFiles() {
        Path descriptors = Path.of("/proc/self/fd");
        if (!Files.isDirectory(descriptors)) {
            return 0;
        }
        try (Stream<Path> open = Files.list(descriptors)) {
            return open.count();
        } catch (IOException changing) {
            throw new UncheckedIOException(changing);
        }
    }

    private static void eventually(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("%s: still not as they should be after %s", what, PATIENCE).isLessThan(deadline);
            LockSupport.parkNanos(1_000_000);
        }
    }

    @Test
    final void health_1_answersWithoutThrowing() {
        assertThatCode(() -> assertThat(store.health()).isNotNull()).doesNotThrowAnyException();
    }

    private static final Comparator<String> UTF8 = (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8),
            b.getBytes(StandardCharsets.UTF_8));

    private interface Work<T> {
        T run(int thread) throws Exception;
    }

    /// Runs the work on as many threads, all starting at the same moment.
    private static <T> List<T> together(Work<T> work) throws Exception {
        CyclicBarrier start = new CyclicBarrier(THREADS);
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            List<Callable<T>> jobs = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int thread = i;
                jobs.add(() -> {
                    start.await();
                    return work.run(thread);
                });
            }
            List<T> results = new ArrayList<>();
            for (Future<T> job : threads.invokeAll(jobs)) {
                results.add(job.get());
            }
            return results;
        }
    }

    /// Repeats what a store under load refuses or does not answer, as the runtime does.
    private static <T> T patiently(Supplier<T> call) {
        for (int attempt = 1;; attempt++) {
            try {
                return call.get();
            } catch (ArcException failure) {
                boolean isWorthIt = failure.code() == ErrorCode.STORAGE_UNAVAILABLE
                        || failure.code() == ErrorCode.STORAGE_OUTCOME_UNKNOWN;
                if (!isWorthIt || attempt == ATTEMPTS) {
                    throw failure;
                }
            }
        }
    }

    private static Body text(String text) {
        return new Body.InMemory(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    private boolean put(String key, String text, PutMode mode) {
        return store.put(key, text(text), mode);
    }

    private void put(String key, byte[] bytes) {
        store.put(key, new Body.InMemory(MemorySegment.ofArray(bytes)), PutMode.REPLACE);
    }

    private String readText(String key) {
        return new String(readAll(store, key), StandardCharsets.UTF_8);
    }

    private static byte[] readAll(ObjectStore store, String key) {
        long size = store.find(key).orElseThrow(() -> new AssertionError(key + " is missing")).size();
        // One byte more shows an object that is longer than it says.
        byte[] bytes = new byte[Math.toIntExact(size) + 1];
        long read = store.read(key, 0, MemorySegment.ofArray(bytes));
        return Arrays.copyOf(bytes, Math.toIntExact(read));
    }

    private List<String> keys(String prefix, String startAfter) {
        return keys(store, prefix, startAfter);
    }

    private static List<String> keys(ObjectStore store, String prefix, String startAfter) {
        List<String> keys = new ArrayList<>();
        store.list(prefix, startAfter, info -> keys.add(info.key()));
        return keys;
    }

    private static byte[] randomBytes(Random random, int size) {
        byte[] bytes = new byte[size];
        random.nextBytes(bytes);
        return bytes;
    }
}
