package io.arc.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NativeLibrariesTest {
    @TempDir
    private Path natives;

    @Test
    void onlyFoldersOfProcessesThatAreGoneAreRemoved() throws Exception {
        Process ended = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-version")
                .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        ended.waitFor();
        Path gone = Files.createDirectories(natives.resolve("process-" + ended.pid()).resolve("deeper"));
        Files.writeString(gone.resolve("libfirst.so"), "x");
        Files.writeString(gone.resolveSibling("libsecond.so"), "x");
        long parent = ProcessHandle.current().parent().orElseThrow().pid();
        Path alive = Files.createDirectories(natives.resolve("process-" + parent));
        Files.writeString(alive.resolve("libthird.so"), "x");
        Path own = Files.createDirectories(natives.resolve("process-" + ProcessHandle.current().pid()));
        Path other = Files.createDirectories(natives.resolve("sqlite-1.2.3"));

        NativeLibraries.removeLeftovers(natives);

        try (Stream<Path> left = Files.list(natives)) {
            assertThat(left).as("an own folder is from an earlier process of the same number").doesNotContain(own)
                    .containsExactlyInAnyOrder(alive, other);
        }
        assertThat(alive.resolve("libthird.so")).exists();
    }
}
