package io.arc.plugin.storage.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.testkit.TestPluginContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What only the store of local files promises: names, rights, left-overs, folders.
final class LocalObjectStoreTest {
    private static final Instant NOW = Instant.parse("2025-10-08T14:30:00Z");

    @TempDir
    private Path directory;

    private Path root;
    private LocalObjectStore store;

    @BeforeEach
    void open() {
        root = directory.resolve("a/b/storage");
        store = LocalObjectStore.open(root, InstantSource.fixed(NOW));
    }

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void theFolderIsStorageUnderTheDataDirectoryUnlessThePathIsSet() {
        LocalStorage storage = new LocalStorage();
        storage.open(new TestPluginContext(storage, directory.resolve("data"), Map.of())).close();
        assertThat(directory.resolve("data/storage")).isDirectory();
        storage.open(new TestPluginContext(storage, directory, Map.of("path", directory.resolve("elsewhere").toString())))
                .close();
        assertThat(directory.resolve("elsewhere")).isDirectory();
    }

    @Test
    void aKeyIsAPathAndFilesBelongToTheirOwnerOnly() throws IOException {
        put("db/cpu/2025/10/08/14/cpu_1.parquet");
        Path file = root.resolve("db/cpu/2025/10/08/14/cpu_1.parquet");
        assertThat(file).hasContent("value");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("rw-------");
        for (Path each = file.getParent(); !each.equals(root.getParent()); each = each.getParent()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each))).as("%s", each)
                    .isEqualTo("rwx------");
        }
        assertThat(Files.getAttribute(file, "unix:nlink")).as("links of a finished file").isEqualTo(1);
    }

    @Test
    void noTemporaryFileStaysAfterAPut() throws IOException {
        put("a/x");
        store.put("a/x", body("other"), PutMode.CREATE);
        store.put("a/x", body("third"), PutMode.REPLACE);
        try (Stream<Path> files = Files.walk(root)) {
            assertThat(files.filter(Files::isRegularFile)).containsExactly(root.resolve("a/x"));
        }
    }

    @Test
    void claimsThatCreatesAreEnforcedWhereThereAreLinks() {
        assertThat(store.capabilities()).containsExactlyInAnyOrder(Capability.ENFORCED_CREATE, Capability.LOCAL_FILES);
    }

    @Test
    void keysThatCouldLeaveTheFolderAreRefusedByEveryMethod() throws IOException {
        Files.writeString(root.getParent().resolve("secret"), "secret");
        for (String key : List.of("../secret", "a/../../secret", "/etc/passwd", "", "a//b", "a/", "/", ".", "a/.", "a/..", "..",
                "a\0b", "./a")) {
            assertThatThrownBy(() -> store.put(key, body("x"), PutMode.REPLACE)).as("put '%s'", key)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.read(key, 0, MemorySegment.ofArray(new byte[10]))).as("read '%s'", key)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.find(key)).as("find '%s'", key).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.delete(List.of(key))).as("delete '%s'", key)
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> store.scanTarget(key)).as("scanTarget '%s'", key)
                    .isInstanceOf(IllegalArgumentException.class);
        }
        for (String prefix : List.of("../", "..", "a/../../", "/", "//", "./", "a\0/")) {
            assertThat(list(prefix)).as("list '%s'", prefix).isEmpty();
        }
        assertThat(root.getParent().resolve("secret")).hasContent("secret");
    }

    @Test
    void aTemporaryNameIsNoKey() {
        assertThatThrownBy(() -> put("a/.arc-1.tmp")).isInstanceOf(IllegalArgumentException.class);
        put("a/.arc-database");
        assertThat(list("")).containsExactly("a/.arc-database");
    }

    @Test
    void filesPutThereByHandAreListedAndTemporaryOnesAreNot() throws IOException {
        Files.createDirectories(root.resolve("db/cpu"));
        Files.writeString(root.resolve("db/cpu/mine.parquet"), "mine");
        Files.writeString(root.resolve("db/cpu/.arc-123.tmp"), "half");
        assertThat(list("")).containsExactly("db/cpu/mine.parquet");
    }

    @Test
    void aSymbolicLinkIsFollowedOnceAndACircleEnds() throws IOException {
        Path elsewhere = Files.createDirectories(directory.resolve("elsewhere/cpu"));
        Files.writeString(elsewhere.resolve("x.parquet"), "x");
        Files.createSymbolicLink(root.resolve("db"), directory.resolve("elsewhere"));
        Files.createSymbolicLink(elsewhere.resolve("loop"), directory.resolve("elsewhere"));
        Files.createSymbolicLink(root.resolve("dangling"), directory.resolve("nowhere"));
        assertThat(list("")).containsExactly("db/cpu/x.parquet");
    }

    @Test
    void oldTemporaryFilesAreSweptAndYoungOnesStay() throws Exception {
        Files.createDirectories(root.resolve("db/cpu"));
        Path old = Files.writeString(root.resolve("db/cpu/.arc-old.tmp"), "half");
        Path young = Files.writeString(root.resolve("db/cpu/.arc-young.tmp"), "half");
        Path foreign = Files.writeString(root.resolve("db/cpu/arc-old.tmp"), "not ours");
        Files.setLastModifiedTime(old, FileTime.from(NOW.minus(StaleFiles.AGE).minus(Duration.ofSeconds(1))));
        Files.setLastModifiedTime(young, FileTime.from(NOW.minus(StaleFiles.AGE).plus(Duration.ofSeconds(1))));
        Files.setLastModifiedTime(foreign, FileTime.from(Instant.EPOCH));
        try (LocalObjectStore second = LocalObjectStore.open(root, InstantSource.fixed(NOW))) {
            second.stale().await();
        }
        assertThat(old).doesNotExist();
        assertThat(young).exists();
        assertThat(foreign).exists();
    }

    @Test
    void emptyFoldersGoWithTheirLastFile() {
        put("db/cpu/2025/10/08/14/a");
        put("db/cpu/2025/10/08/15/b");
        store.delete(List.of("db/cpu/2025/10/08/14/a"));
        assertThat(root.resolve("db/cpu/2025/10/08/14")).doesNotExist();
        assertThat(root.resolve("db/cpu/2025/10/08/15")).isDirectory();
        store.delete(List.of("db/cpu/2025/10/08/15/b"));
        assertThat(root.resolve("db")).doesNotExist();
        assertThat(root).isDirectory();
        put("db/cpu/2025/10/08/14/a");
        assertThat(list("")).containsExactly("db/cpu/2025/10/08/14/a");
    }

    @Test
    void puttingAndDeletingInOneFolderNeverLoseEachOther() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Void>> jobs = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                String key = "race/deep/er/" + thread;
                jobs.add(() -> {
                    for (int round = 0; round < 100; round++) {
                        assertThat(store.put(key, body("value"), PutMode.CREATE)).isTrue();
                        assertThat(store.find(key)).as("round %d", round).isPresent();
                        store.delete(List.of(key));
                    }
                    return null;
                });
            }
            for (Future<Void> job : threads.invokeAll(jobs)) {
                job.get();
            }
        }
        assertThat(root.resolve("race")).doesNotExist();
    }

    @Test
    void listingsOfARandomTreeAreSortedAndPagesJoinSeamlessly() {
        long seed = 7;
        Random random = new Random(seed);
        String alphabet = "ab-./0_ ~A";
        TreeSet<String> keys = new TreeSet<>();
        while (keys.size() < 300) {
            StringBuilder key = new StringBuilder();
            for (int segments = 1 + random.nextInt(3); segments > 0; segments--) {
                key.append(key.isEmpty() ? "" : "/").append('k');
                for (int length = random.nextInt(4); length > 0; length--) {
                    char c = alphabet.charAt(random.nextInt(alphabet.length()));
                    key.append(c == '/' ? 'z' : c);
                }
                // A name of a file differs from those of all folders.
                key.append(segments == 1 ? "f" : "d");
            }
            keys.add(key.toString());
        }
        List<String> shuffled = new ArrayList<>(keys);
        Collections.shuffle(shuffled, random);
        shuffled.forEach(this::put);
        List<String> sorted = new ArrayList<>(keys);
        assertThat(list("")).as("seed %d", seed).isEqualTo(sorted);
        for (int i = 0; i < 300; i += 7) {
            List<String> rest = new ArrayList<>();
            store.list("", sorted.get(i), info -> rest.add(info.key()));
            assertThat(rest).as("after '%s', seed %d", sorted.get(i), seed).isEqualTo(sorted.subList(i + 1, sorted.size()));
            String prefix = sorted.get(i).substring(0, 1 + random.nextInt(sorted.get(i).length()));
            assertThat(list(prefix)).as("prefix '%s', seed %d", prefix, seed)
                    .isEqualTo(sorted.stream().filter(key -> key.startsWith(prefix)).toList());
        }
    }

    @Test
    void aBodyThatIsShorterThanItSaysIsNotStored() throws IOException {
        Path file = Files.writeString(directory.resolve("body"), "12345");
        assertThatThrownBy(() -> store.put("a/short", new Body.OnDisk(file, 6), PutMode.CREATE))
                .isInstanceOfSatisfying(ArcException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE))
                .hasMessageContaining("a/short").hasMessageContaining("5 bytes instead of 6");
        assertThat(list("")).isEmpty();
    }

    @Test
    void healthNamesTheLastFailureUntilAPutSucceeds() throws IOException {
        assertThat(store.health()).isEqualTo(new Health(Health.Status.UP, "files are in " + root));
        put("taken");
        assertThatThrownBy(() -> put("taken/below")).isInstanceOf(ArcException.class).hasMessageContaining("taken/below");
        assertThat(store.health().status()).isEqualTo(Health.Status.DOWN);
        assertThat(store.health().detail()).contains("taken/below");
        put("fine");
        assertThat(store.health().status()).isEqualTo(Health.Status.UP);
    }

    @Test
    void aFolderThatCannotBeUsedIsOneSentence() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "in the way");
        assertThatThrownBy(() -> LocalObjectStore.open(file.resolve("storage"), InstantSource.fixed(NOW)))
                .isInstanceOfSatisfying(ArcException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFIGURATION))
                .hasMessageContaining(file.toString()).hasMessageContaining("storage.local.path");
    }

    @Test
    void aReadOnlyFolderIsOneSentence() throws IOException {
        Path readOnly = Files.createDirectory(directory.resolve("read-only"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("r-xr-xr-x")));
        assumeFalse(Files.isWritable(readOnly), "this user may write everywhere");
        assertThatThrownBy(() -> LocalObjectStore.open(readOnly, InstantSource.fixed(NOW)))
                .isInstanceOfSatisfying(ArcException.class,
                        failure -> assertThat(failure.code()).isEqualTo(ErrorCode.CONFIGURATION))
                .hasMessageContaining(readOnly.toString());
    }

    private void put(String key) {
        assertThat(store.put(key, body("value"), PutMode.CREATE)).as("creating %s", key).isTrue();
    }

    private static Body body(String text) {
        return new Body.InMemory(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    private List<String> list(String prefix) {
        List<String> keys = new ArrayList<>();
        store.list(prefix, "", info -> keys.add(info.key()));
        return keys;
    }
}
