package io.arc.testkit;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/// Fuzzing of a parser in three strengths: the inputs that an earlier search has found worth keeping, changes of them, and a new
/// search that follows the code's coverage (Jazzer, which then has to be on the class path).
///
/// @param target has the method `public static void fuzzerTestOneInput(byte[])`, which throws when something is wrong
/// @param input the same method
/// @param corpus the folder of inputs to begin with
public record Fuzzing(Class<?> target, Consumer<byte[]> input, Path corpus) {
    private static final String JAZZER = "com.code_intelligence.jazzer.Jazzer";
    private static final int MAX_BYTES = 4_096;
    private static final int SEED_BYTES_SHOWN = 2_000;

    /// @throws AssertionError naming the file whose input fails
    public void replay() throws IOException {
        for (Path file : files()) {
            byte[] bytes = Files.readAllBytes(file);
            run(bytes, file.toString());
        }
    }

    /// Changes bytes, cuts, doubles and joins the corpus's inputs at random.
    ///
    /// @throws AssertionError with the input that fails
    public void mutate(int inputs) throws IOException {
        List<byte[]> seeds = new ArrayList<>();
        for (Path file : files()) {
            seeds.add(Files.readAllBytes(file));
        }
        Random random = TestSeed.random();
        for (int i = 0; i < inputs; i++) {
            run(changed(seeds, random), "input " + i + ", " + TestSeed.text());
        }
    }

    private static byte[] changed(List<byte[]> seeds, Random random) {
        byte[] bytes = seeds.get(random.nextInt(seeds.size())).clone();
        for (int changes = random.nextInt(4); changes >= 0; changes--) {
            int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
            switch (random.nextInt(5)) {
                case 0 -> {
                    if (bytes.length > 0) {
                        bytes[at] ^= (byte) (1 << random.nextInt(8));
                    }
                }
                case 1 -> {
                    if (bytes.length > 0) {
                        bytes[at] = (byte) random.nextInt(256);
                    }
                }
                case 2 -> bytes = Arrays.copyOf(bytes, at);
                case 3 -> bytes = joined(bytes, at, bytes, random.nextInt(bytes.length + 1));
                default -> {
                    byte[] other = seeds.get(random.nextInt(seeds.size()));
                    bytes = joined(bytes, at, other, random.nextInt(other.length + 1));
                }
            }
        }
        return bytes.length > MAX_BYTES ? Arrays.copyOf(bytes, MAX_BYTES) : bytes;
    }

    /// The beginning of one and the end of the other.
    private static byte[] joined(byte[] head, int headLength, byte[] tail, int tailFrom) {
        byte[] joined = Arrays.copyOf(head, headLength + tail.length - tailFrom);
        System.arraycopy(tail, tailFrom, joined, headLength, tail.length - tailFrom);
        return joined;
    }

    private void run(byte[] bytes, String what) {
        try {
            input.accept(bytes);
        } catch (RuntimeException | StackOverflowError failed) {
            throw new AssertionError(what + " fails: " + HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SEED_BYTES_SHOWN)),
                    failed);
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(corpus)) {
            List<Path> found = files.filter(Files::isRegularFile).sorted().toList();
            if (found.isEmpty()) {
                throw new IOException(corpus + " holds no inputs");
            }
            return found;
        }
    }

    /// Searches for new inputs in a JVM of its own, whose output goes to this one's. What it finds lies in `target/fuzz/found` then;
    /// an input that fails, in `target/fuzz`.
    ///
    /// @throws AssertionError when an input fails
    public void explore(Duration time) throws IOException, InterruptedException {
        Path home = Files.createDirectories(Path.of("target", "fuzz").toAbsolutePath());
        Path found = Files.createDirectories(home.resolve("found"));
        String packages = target.getPackageName() + ".**";
        List<String> command = List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g", "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")), JAZZER,
                "--target_class=" + target.getName(), "--instrumentation_includes=" + packages,
                "--custom_hook_includes=" + packages, "--reproducer_path=" + home, found.toString(), corpus.toAbsolutePath().toString(),
                "-max_len=" + MAX_BYTES, "-max_total_time=" + time.toSeconds(), "-rss_limit_mb=0", "-timeout=5", "-print_final_stats=1",
                "-artifact_prefix=" + home + File.separator);
        int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
        if (exit != 0) {
            throw new AssertionError("the fuzzer ended with " + exit + "; the input is in " + home);
        }
    }
}
