package io.arc.runtime.catalog;

import static io.arc.runtime.catalog.Samples.CPU;
import static io.arc.runtime.catalog.Samples.SCHEMA;
import static io.arc.runtime.catalog.Samples.file;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.TableId;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.JDBC;

/// A child JVM commits and says so after each commit; it is killed after a random number of these words. Every commit it
/// spoke of must be there whole, and what else is there must be whole as well.
class CatalogCrashTest {
    @TempDir
    private Path folder;

    @Test
    void survivesKills() throws Exception {
        killAndCompare(3, 1);
    }

    @Test
    @Tag("slow")
    void survivesManyKills() throws Exception {
        killAndCompare(20 * Integer.getInteger("arc.test.slow", 1), System.nanoTime());
    }

    private void killAndCompare(int kills, long seed) throws Exception {
        Random random = new Random(seed);
        int next = 0;
        for (int round = 0; round < kills; round++) {
            int said = runAndKill(next, next + random.nextInt(120), seed);
            try (Catalog catalog = Catalog.open(folder.resolve("arc.db"), InstantSource.system())) {
                next = check(catalog, said, seed);
            }
        }
    }

    /// @return the last commit the child spoke of
    private int runAndKill(int first, int killAfter, long seed) throws IOException, InterruptedException {
        Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp", classPath(),
                Child.class.getName(), folder.resolve("arc.db").toString(), Integer.toString(first))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        int last = first - 1;
        try (BufferedReader words = child.inputReader(StandardCharsets.UTF_8)) {
            String word = words.readLine();
            while (word != null) {
                last = Integer.parseInt(word);
                if (last >= killAfter) {
                    child.destroyForcibly();
                }
                word = words.readLine();
            }
        } catch (IOException streamOfADeadChild) {
            assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(last).as("seed %d: the child was to reach %d", seed, killAfter).isGreaterThanOrEqualTo(killAfter);
        return last;
    }

    /// Where these classes came from, whatever launched this JVM.
    private static String classPath() {
        StringJoiner path = new StringJoiner(File.pathSeparator);
        for (Class<?> each : List.of(Child.class, Catalog.class, TableId.class, JDBC.class)) {
            path.add(Path.of(URI.create(each.getProtectionDomain().getCodeSource().getLocation().toString())).toString());
        }
        return path.toString();
    }

    private static int check(Catalog catalog, int said, long seed) {
        TableEntry entry = catalog.snapshot().find(CPU).orElseThrow();
        int committed = Math.toIntExact(entry.walCoverage().get("w"));
        assertThat(committed).as("seed %d", seed).isGreaterThanOrEqualTo(said);
        Set<String> expected = new HashSet<>();
        int garbage = 0;
        for (int i = 0; i <= committed; i++) {
            if (i % 10 == 9) {
                // A swap follows this flush and may be the very thing that the kill prevented.
                boolean swapped = entry.files().contains(file(CPU, "s" + i));
                assertThat(swapped || i == committed).as("seed %d, commit %d of %d", seed, i, committed).isTrue();
                expected.add(file(CPU, (swapped ? "s" : "a") + i).key());
                garbage += swapped ? 1 : 0;
            } else {
                expected.add(file(CPU, "a" + i).key());
            }
            expected.add(file(CPU, "b" + i).key());
        }
        assertThat(entry.files()).as("seed %d", seed).extracting(DataFile::key).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(catalog.garbageCount()).as("seed %d", seed).isEqualTo(garbage);
        if (committed % 10 == 9 && !entry.files().contains(file(CPU, "s" + committed))) {
            Child.swap(catalog, committed);
        }
        return committed + 1;
    }

    /// Commits until it is killed.
    static final class Child {
        private Child() {}

        public static void main(String[] arguments) {
            try (Catalog catalog = Catalog.open(Path.of(arguments[0]), InstantSource.system())) {
                for (int i = Integer.parseInt(arguments[1]); i < 100_000; i++) {
                    catalog.commitFlush(new FlushCommit(CPU, SCHEMA, List.of(file(CPU, "a" + i), file(CPU, "b" + i)),
                            List.of(new WalRange("w", 0, i))));
                    if (i % 10 == 9) {
                        swap(catalog, i);
                    }
                    System.out.println(i);
                    System.out.flush();
                }
            }
        }

        static void swap(Catalog catalog, int i) {
            catalog.replaceFiles(new FileSwap(CPU, List.of(file(CPU, "a" + i).key()), List.of(file(CPU, "s" + i)),
                    Optional.empty()));
        }
    }
}
