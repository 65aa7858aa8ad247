package io.arc.runtime.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The process ends at every step of a job and before and after every call of the store. After a restart all rows are there
/// once, and a cycle later there is one file and nothing else.
class CompactionKillTest {
    private static final int FILES = 5;

    @TempDir
    private Path directory;

    @Test
    void endsAtSomeSteps() throws Exception {
        Path template = template();
        int events = run(copy(template, "dry"), 0);
        TreeSet<Integer> chosen = new TreeSet<>(Set.of(1, events));
        for (int i = 1; i < 8; i++) {
            chosen.add(events * i / 8);
        }
        for (int event : chosen) {
            endAt(template, event);
        }
    }

    @Test
    @Tag("slow")
    void endsAtEveryStep() throws Exception {
        Path template = template();
        int events = run(copy(template, "dry"), 0);
        for (int event = 1; event <= events; event++) {
            endAt(template, event);
        }
    }

    private Path template() throws IOException {
        Path template = Files.createDirectory(directory.resolve("template"));
        try (CompactionWorld world = new CompactionWorld(template, new FolderStore(template.resolve("store")))) {
            world.flushIds(FILES);
        }
        return template;
    }

    private void endAt(Path template, int event) throws Exception {
        Path here = copy(template, "event" + event);
        run(here, event);
        FolderStore store = new FolderStore(here.resolve("store"));
        try (CompactionWorld world = new CompactionWorld(here, store)) {
            List<String> rows = CompactionWorld.rows(store, world.catalog, CompactionWorld.CPU);
            assertThat(rows).as("event %d", event).hasSize(FILES * 10).doesNotHaveDuplicates();
            world.compact();
            world.compaction.clean();
            assertThat(CompactionWorld.rows(store, world.catalog, CompactionWorld.CPU)).as("event %d", event).isEqualTo(rows);
            assertThat(world.files(CompactionWorld.CPU)).as("event %d", event).hasSize(1);
            assertThat(store.dataKeys()).as("event %d", event).containsExactly(world.files(CompactionWorld.CPU).getFirst().key());
            assertThat(world.catalog.announced()).as("event %d", event).isEmpty();
            try (Stream<Path> spilled = Files.list(here.resolve("spill"))) {
                assertThat(spilled).as("event %d", event).isEmpty();
            }
        }
    }

    /// @return the number of events when it was not killed
    private int run(Path here, int event) throws IOException, InterruptedException {
        Path out = here.resolve("out.txt");
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", "-Xmx256m", "--enable-native-access=ALL-UNNAMED",
                "--add-opens=java.base/java.nio=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                CompactionVictim.class.getName(), here.toString(), Integer.toString(event))
                .redirectErrorStream(true).redirectOutput(out.toFile()).start();
        int code = process.waitFor();
        String text = Files.readString(out, StandardCharsets.UTF_8);
        assertThat(code).as(text).isEqualTo(event == 0 ? 0 : CompactionVictim.KILLED);
        return event > 0 ? 0 : Integer.parseInt(text.substring(text.lastIndexOf("events ") + 7).strip());
    }

    private Path copy(Path from, String name) throws IOException {
        Path to = directory.resolve(name);
        try (Stream<Path> files = Files.walk(from)) {
            files.forEach(file -> {
                try {
                    Files.copy(file, to.resolve(from.relativize(file).toString()));
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
            });
        }
        return to;
    }
}
