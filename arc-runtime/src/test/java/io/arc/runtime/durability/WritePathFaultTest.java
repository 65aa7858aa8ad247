package io.arc.runtime.durability;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.flush.MemoryStore;
import io.arc.runtime.fs.FaultyFileSystem;
import io.arc.runtime.fs.FaultyFileSystem.Call;
import io.arc.runtime.fs.SimulatedFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The whole way of a row, from request to query and over a restart, while the k-th call of the log's file system or of the
/// store fails, once or from then on, in every way it can: nothing acknowledged is lost or doubled, nothing that was surely
/// refused appears, and within seconds after the fault ends everything is as if it had never been.
class WritePathFaultTest {
    private static final int REQUESTS = 10;
    private static final int ROWS = 24;
    private static final long NORMAL_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final String ORPHAN = "prod/cpu/orphan-";
    private static final Set<Call> FILE_CALLS = EnumSet.complementOf(EnumSet.of(Call.EXISTS, Call.FILE_SIZE, Call.USABLE,
            Call.HANDLE_SIZE));
    // Kept, as loggers are forgotten when nobody holds them.
    private final Logger loud = Logger.getLogger("io.arc.runtime");

    @TempDir
    private Path folder;
    private int scenarios;

    @BeforeEach
    void hush() {
        loud.setLevel(Level.OFF);
    }

    @AfterEach
    void speak() {
        loud.setLevel(null);
    }

    /// One fault of one scenario.
    private record Fault(boolean inStore, int k, boolean forEver, String effect) {
        void arm(FaultyFileSystem files, FaultyStore store) {
            if (inStore) {
                store.fail(k, forEver, FaultyStore.Effect.valueOf(effect));
            } else {
                files.fail(FILE_CALLS, k, forEver, FaultyFileSystem.Effect.valueOf(effect), "EIO");
            }
        }
    }

    private static final Fault NONE = new Fault(true, Integer.MAX_VALUE, false, "BEFORE");

    /// Three lives over one disk and one store: the second has the fault.
    private final class Scenario {
        final Path directory = folder.resolve("world-" + scenarios++);
        final MemoryStore objects = new MemoryStore();
        final FaultyStore store = new FaultyStore(objects, 3 * WritePath.STORE_DEADLINE_MILLIS, () -> {});
        final SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(7));
        final FaultyFileSystem files = new FaultyFileSystem(disk);
        final Set<Long> acknowledged = new HashSet<>();
        final Set<Long> unknown = new HashSet<>();
        private long nextId = 1;

        WritePath open() {
            return new WritePath(directory, WritePath.LOG, files, store);
        }

        boolean write(WritePath path) {
            long first = nextId;
            nextId += ROWS;
            Set<Long> into;
            boolean done = false;
            try {
                path.write(first, ROWS);
                into = acknowledged;
                done = true;
            } catch (ArcException refused) {
                into = refused.code() == ErrorCode.STORAGE_OUTCOME_UNKNOWN ? unknown : new HashSet<>();
            }
            for (long id = first; id < nextId; id++) {
                into.add(id);
            }
            return done;
        }

        void firstLife() throws IOException {
            Files.createDirectories(directory);
            try (WritePath path = open()) {
                for (int i = 0; i < 3; i++) {
                    write(path);
                }
                awaitNormal(path, "the first life");
                store.fail(1, true, FaultyStore.Effect.BEFORE);
                write(path);
                write(path);
            }
            store.heal();
            try (Catalog catalog = Catalog.open(directory.resolve("arc.db"), InstantSource.system())) {
                List<String> orphans = List.of(ORPHAN + 1, ORPHAN + 2, ORPHAN + 3);
                catalog.announce(orphans);
                orphans.forEach(key -> objects.objects.put(key, new byte[1]));
            }
        }

        void run(Fault fault, SqlView sql) throws IOException {
            firstLife();
            files.fail(FILE_CALLS, Integer.MAX_VALUE, false, FaultyFileSystem.Effect.BEFORE, "");
            store.fail(Integer.MAX_VALUE, false, FaultyStore.Effect.BEFORE);
            fault.arm(files, store);
            WritePath path;
            try {
                path = open();
            } catch (RuntimeException notStarted) {
                // An operator sees why, mends the disk, and starts again.
                assertThat(notStarted.getMessage()).contains("log");
                files.heal();
                path = open();
            }
            try (WritePath second = path) {
                for (int i = 0; i < REQUESTS; i++) {
                    write(second);
                    if (i % 4 == 1) {
                        pauseUntilFlushed(second);
                    }
                }
                check(sql.ids(second, objects), "while the fault lasts");
                files.heal();
                store.heal();
                long healed = System.nanoTime();
                while (!write(second)) {
                    assertThat(System.nanoTime() - healed).as("a write is accepted: %s", second.state()).isLessThan(NORMAL_AGAIN_NANOS);
                }
                awaitNormal(second, "after the fault");
                check(sql.ids(second, objects), "after the fault");
            }
            for (String life : List.of("third", "fourth")) {
                try (WritePath later = open()) {
                    assertThat(later.report.damaged()).as("damage seen by the %s life", life).isZero();
                    check(sql.ids(later, objects), "in the " + life + " life");
                    write(later);
                    awaitNormal(later, "the " + life + " life");
                    check(sql.ids(later, objects), "in the " + life + " life, stored");
                    assertThat(objects.objects.keySet()).as("objects of the %s life", life).isEqualTo(later.fileKeys());
                }
            }
        }

        /// Gives the flush a chance, so that calls of requests and flushes mix.
        private void pauseUntilFlushed(WritePath path) {
            long until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(60);
            while (!path.isNormal() && System.nanoTime() < until) {
                Thread.yield();
            }
        }

        private void awaitNormal(WritePath path, String when) {
            long until = System.nanoTime() + NORMAL_AGAIN_NANOS;
            while (!path.isNormal()) {
                assertThat(System.nanoTime()).as("%s: normal again: %s", when, path.state()).isLessThan(until);
                Thread.yield();
            }
        }

        private void check(Map<Long, Integer> found, String when) {
            List<Long> lost = acknowledged.stream().filter(id -> !found.containsKey(id)).sorted().toList();
            List<Long> doubled = found.entrySet().stream().filter(id -> id.getValue() > 1).map(Map.Entry::getKey).toList();
            List<Long> phantom = found.keySet().stream().filter(id -> !acknowledged.contains(id) && !unknown.contains(id)).toList();
            assertThat(lost).as("lost %s", when).isEmpty();
            assertThat(doubled).as("doubled %s", when).isEmpty();
            assertThat(phantom).as("there though refused, %s", when).isEmpty();
            for (long first = 1; first < nextId; first += ROWS) {
                long begin = first;
                long present = Stream.iterate(begin, id -> id + 1).limit(ROWS).filter(found::containsKey).count();
                assertThat(present).as("rows of the request that begins at %s, %s", first, when).isIn(0L, (long) ROWS);
            }
        }
    }

    private static List<Fault> faults(int fileCalls, int storeCalls) {
        List<Fault> all = new ArrayList<>();
        for (boolean forEver : new boolean[] {false, true}) {
            for (int k = 1; k <= fileCalls; k++) {
                for (FaultyFileSystem.Effect effect : FaultyFileSystem.Effect.values()) {
                    all.add(new Fault(false, k, forEver, effect.name()));
                }
            }
            for (int k = 1; k <= storeCalls; k++) {
                for (FaultyStore.Effect effect : FaultyStore.Effect.values()) {
                    all.add(new Fault(true, k, forEver, effect.name()));
                }
            }
        }
        return all;
    }

    private int run(int atMost, long seed) throws IOException {
        int done = 0;
        try (SqlView sql = new SqlView(folder.resolve("sql"))) {
            Scenario reference = new Scenario();
            reference.run(NONE, sql);
            assertThat(reference.unknown).isEmpty();
            assertThat(reference.files.calls()).isGreaterThan(60);
            assertThat(reference.store.calls()).isGreaterThan(8);
            List<Fault> faults = new ArrayList<>(faults(reference.files.calls(), reference.store.calls()));
            java.util.Collections.shuffle(faults, new java.util.Random(seed));
            for (Fault fault : faults.subList(0, Math.min(atMost, faults.size()))) {
                Scenario scenario = new Scenario();
                try {
                    scenario.run(fault, sql);
                } catch (AssertionError | RuntimeException wrong) {
                    throw new AssertionError(fault + " (seed " + seed + ", scenario " + done + " of " + faults.size() + "): "
                            + scenario.files.trace() + " " + scenario.store.trace(), wrong);
                }
                deleteTree(scenario.directory);
                done++;
            }
            System.out.println(done + " of " + faults.size() + " faults: nothing lost, doubled or torn, normal within 5 s");
        }
        return done;
    }

    @Test
    void anyCallMayFail() throws Exception {
        assertThat(run(40, Long.getLong("arc.test.seed", System.nanoTime()))).isEqualTo(40);
    }

    @Test
    @Tag("slow")
    void everyCallMayFail() throws Exception {
        assertThat(run(Integer.MAX_VALUE, 1)).isGreaterThan(500);
    }

    private static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
