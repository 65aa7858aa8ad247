package io.arc.runtime.durability;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.fs.FaultyFileSystem;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A process with the whole write path dies at its k-th call of the log's file system or of the store: before the call took
/// effect, after it, or amid it. It appends, rotates, flushes, commits and, as every life begins with what the last one left,
/// recovers and sweeps. What it said to have acknowledged is there, once.
class DeathAtAnyCallTest {
    private static final int ROWS = 24;
    private static final int REQUESTS = 12;
    private static final int DEAD = 137;
    // Kept, as loggers are forgotten when nobody holds them.
    private final Logger loud = Logger.getLogger("io.arc.runtime");

    @TempDir
    private Path folder;

    @BeforeEach
    void hush() {
        loud.setLevel(Level.OFF);
    }

    @AfterEach
    void speak() {
        loud.setLevel(null);
    }

    /// @param where `file` or `store`
    private record Death(String where, int k, String effect) {}

    /// One data folder and the processes that die on it, one after another.
    private final class World {
        final Path directory;
        final Set<Long> attempted = new HashSet<>();
        final Set<Long> acknowledged = new HashSet<>();
        private long nextId = 1;

        World(String name) throws IOException {
            directory = Files.createDirectories(folder.resolve(name));
        }

        /// @return the calls of each sort that the process made, when it came to its end
        int[] live(Death death) throws IOException, InterruptedException {
            Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", "-Xmx256m",
                    "-cp", System.getProperty("java.class.path"), Child.class.getName(), directory.toString(),
                    Long.toString(nextId), death.where(), Integer.toString(death.k()), death.effect()).redirectErrorStream(true)
                    .start();
            List<String> said = new ArrayList<>();
            int[] calls = {};
            try (BufferedReader words = child.inputReader(StandardCharsets.UTF_8)) {
                for (String line = words.readLine(); line != null; line = words.readLine()) {
                    said.add(line);
                    String[] parts = line.split(" ");
                    switch (parts[0]) {
                        case "try" -> attempted.add(Long.parseLong(parts[1]));
                        case "ack" -> acknowledged.add(Long.parseLong(parts[1]));
                        case "end" -> calls = new int[] {Integer.parseInt(parts[1]), Integer.parseInt(parts[2])};
                        default -> { }
                    }
                }
            }
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(child.exitValue()).as("%s: %s", death, said).isEqualTo(calls.length == 0 ? DEAD : 0);
            nextId += (long) ROWS * REQUESTS;
            return calls;
        }

        void check(SqlView sql, String when) throws IOException {
            FolderStore store = FolderStore.in(directory);
            try (WritePath path = new WritePath(directory, directory.resolve("wal"), new DiskFileSystem(), store)) {
                assertThat(path.report.damaged()).as("%s: damage", when).isZero();
                check(sql.ids(path, store), when);
                long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
                while (!path.isNormal()) {
                    assertThat(System.nanoTime()).as("%s: %s", when, path.state()).isLessThan(until);
                    Thread.yield();
                }
                check(sql.ids(path, store), when + ", stored");
                assertThat(store.keys()).as("%s: objects", when).isEqualTo(path.fileKeys());
            }
        }

        private void check(Map<Long, Integer> found, String when) {
            for (long request : attempted) {
                long present = found.keySet().stream().filter(id -> id >= request && id < request + ROWS).count();
                if (acknowledged.contains(request)) {
                    assertThat(present).as("%s: rows of the acknowledged request %s", when, request).isEqualTo(ROWS);
                } else {
                    assertThat(present).as("%s: rows of request %s", when, request).isIn(0L, (long) ROWS);
                }
            }
            assertThat(found).as("%s: doubled", when).allSatisfy((id, count) -> assertThat(count).as("id " + id).isOne());
            assertThat(found.keySet()).as("%s: never sent", when).allMatch(id -> attempted.contains((id - 1) / ROWS * ROWS + 1));
        }
    }

    private int run(int atMost, long seed) throws Exception {
        int died = 0;
        try (SqlView sql = new SqlView(folder.resolve("sql"))) {
            World reference = new World("reference");
            reference.live(new Death("file", Integer.MAX_VALUE, "BEFORE"));
            int[] calls = reference.live(new Death("file", Integer.MAX_VALUE, "BEFORE"));
            reference.check(sql, "the reference run");
            assertThat(reference.acknowledged).hasSize(2 * REQUESTS);
            assertThat(calls[0]).isGreaterThan(40);
            assertThat(calls[1]).isGreaterThan(4);
            List<Death> deaths = new ArrayList<>();
            for (String effect : List.of("BEFORE", "AFTER", "PARTIAL")) {
                for (int k = 1; k <= calls[0]; k++) {
                    deaths.add(new Death("file", k, effect));
                }
                for (int k = 1; k <= calls[1] && !effect.equals("PARTIAL"); k++) {
                    deaths.add(new Death("store", k, effect));
                }
            }
            Collections.shuffle(deaths, new Random(seed));
            World world = new World("world-0");
            for (int i = 0; i < Math.min(atMost, deaths.size()); i++) {
                if (i % 10 == 9) {
                    world = new World("world-" + i);
                }
                Death death = deaths.get(i);
                died += world.live(death).length == 0 ? 1 : 0;
                world.check(sql, death + " (seed " + seed + ")");
            }
            System.out.println(died + " deaths at " + Math.min(atMost, deaths.size()) + " of " + deaths.size()
                    + " calls: nothing lost, doubled or torn");
        }
        return died;
    }

    @Test
    void atSomeCalls() throws Exception {
        assertThat(run(8, Long.getLong("arc.test.seed", System.nanoTime()))).isPositive();
    }

    @Test
    @Tag("slow")
    void atEveryCall() throws Exception {
        assertThat(run(Integer.MAX_VALUE, 1)).isGreaterThan(100);
    }

    /// Arguments: folder, first id, where, k, effect.
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) throws IOException {
            Logger quiet = Logger.getLogger("");
            quiet.setLevel(Level.OFF);
            Path directory = Path.of(arguments[0]);
            Runnable die = () -> Runtime.getRuntime().halt(DEAD);
            FaultyFileSystem files = new FaultyFileSystem(new DiskFileSystem(), die);
            FaultyStore store = new FaultyStore(FolderStore.in(directory), 0, die);
            int k = Integer.parseInt(arguments[3]);
            boolean inStore = arguments[2].equals("store");
            files.fail(FaultyFileSystem.CHANGES, inStore ? Integer.MAX_VALUE : k, false,
                    FaultyFileSystem.Effect.valueOf(arguments[4]), "");
            store.fail(inStore ? k : Integer.MAX_VALUE, false, FaultyStore.Effect.valueOf(arguments[4]));
            try (WritePath path = new WritePath(directory, directory.resolve("wal"), files, store)) {
                long first = Long.parseLong(arguments[1]);
                for (int i = 0; i < REQUESTS; i++, first += ROWS) {
                    say("try " + first);
                    path.write(first, ROWS);
                    say("ack " + first);
                    if (i % 3 == 2) {
                        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
                        while (!path.isNormal() && System.nanoTime() < until) {
                            Thread.yield();
                        }
                    }
                }
            } catch (ArcException failed) {
                say("failed " + failed);
                throw failed;
            }
            say("end " + files.calls() + " " + store.calls());
        }

        private static void say(String line) {
            System.out.println(line);
            System.out.flush();
        }
    }
}
