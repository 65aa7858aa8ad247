package io.arc.runtime;

import io.arc.runtime.config.ConfigurationInputs;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// Makes later starts fast: the JVM can keep loaded and linked classes in a file (JEP 483, 514), for which it has to watch one
/// run. Some time after a first start this runs a second server of the same installation, at the lowest priority, on an empty
/// folder and a free port, lets it answer a few requests and stop, and keeps what the JVM has learnt.
///
/// Nothing depends on it: without the file a start takes longer, and that is all.
final class StartCache {
    /// Where `bin/arc` looks for the file and found none. Unset when there is one, or when it is not wanted.
    static final String VARIABLE = "ARC_JAVA_AOT_CACHE";
    /// The command that the second server runs.
    static final String TRAIN = "train-start-cache";
    private static final Logger LOG = System.getLogger(StartCache.class.getName());
    private static final Duration DELAY = Duration.ofSeconds(20);
    private static final long PATIENCE_SECONDS = 120;
    private static final String TOKEN = "only-for-the-moments-of-this-training-run";

    private StartCache() {}

    /// Begins in the background, when the file is wanted.
    static void makeLater() {
        Optional.ofNullable(System.getenv(VARIABLE)).filter(name -> !name.isBlank() && !name.equals("off")).map(Path::of)
                .ifPresent(cache -> Thread.ofVirtual().name("arc-start-cache").start(() -> {
                    try {
                        Thread.sleep(DELAY);
                        make(cache);
                    } catch (InterruptedException stop) {
                        Thread.currentThread().interrupt();
                    } catch (IOException failed) {
                        LOG.log(Level.INFO, "{0} could not be made, so that starts stay slower ({1}); make its folder writable, or set "
                                + VARIABLE + "=off", cache, failed);
                    }
                }));
    }

    private static void make(Path cache) throws IOException, InterruptedException {
        Path parent = Files.createDirectories(cache.toAbsolutePath().getParent());
        removeUnfinished(parent, cache.getFileName() + ".");
        Path folder = Files.createTempDirectory("arc-start-cache");
        try {
            Path unfinished = cache.resolveSibling(cache.getFileName() + "." + ProcessHandle.current().pid());
            ProcessBuilder builder = new ProcessBuilder(command(unfinished, folder)).redirectErrorStream(true)
                    .redirectOutput(folder.resolve("log").toFile());
            builder.environment().put(VARIABLE, "off");
            Process process = builder.start();
            Thread end = Thread.ofPlatform().unstarted(process::destroyForcibly);
            Runtime.getRuntime().addShutdownHook(end);
            boolean done = process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0
                    && Files.exists(unfinished);
            process.destroyForcibly();
            Runtime.getRuntime().removeShutdownHook(end);
            if (done) {
                Files.move(unfinished, cache, StandardCopyOption.ATOMIC_MOVE);
                LOG.log(Level.INFO, "made {0}, which makes the next start faster", cache);
            } else {
                Files.deleteIfExists(unfinished);
                LOG.log(Level.INFO, () -> cache + " could not be made, so that starts stay slower; set " + VARIABLE + "=off to not try "
                        + "again. The training run says: " + read(folder.resolve("log")));
            }
        } finally {
            deleteTree(folder);
        }
    }

    /// What training runs that were killed have left: files named like the cache with a process number behind, and more.
    private static void removeUnfinished(Path folder, String beginning) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder,
                file -> file.getFileName().toString().startsWith(beginning))) {
            for (Path file : files) {
                String process = file.getFileName().toString().substring(beginning.length()).replaceFirst("\\..*", "");
                if (process.matches("[0-9]{1,18}") && ProcessHandle.of(Long.parseLong(process)).isEmpty()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException unreadable) {
            return unreadable.toString();
        }
    }

    /// This JVM's own command, so that the file fits the next start.
    private static List<String> command(Path output, Path folder) {
        List<String> command = new ArrayList<>();
        if (Files.isExecutable(Path.of("/usr/bin/nice"))) {
            command.addAll(List.of("/usr/bin/nice", "-n", "19"));
        }
        command.add(ProcessHandle.current().info().command().orElse("java"));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> !argument.startsWith("-XX:AOT") && !argument.startsWith("-agentlib")).forEach(command::add);
        command.addAll(List.of("-XX:AOTCacheOutput=" + output, "-cp", System.getProperty("java.class.path"), Main.class.getName(),
                TRAIN, folder.resolve("data").toString()));
        return command;
    }

    /// The second server's settings: the defaults, on a folder of its own. Of this server's settings none, wherever they come from,
    /// so that nothing is written to this server's log, store or caches.
    static ConfigurationInputs inputs(Path data) {
        ConfigurationInputs process = ConfigurationInputs.ofProcess();
        return new ConfigurationInputs(Map.of("ARC_DATA_DIR", data.toString(), "ARC_SERVER_HOST", "127.0.0.1", "ARC_SERVER_PORT", "0",
                "ARC_AUTH_BOOTSTRAP_TOKEN", TOKEN), Map.of(), process.home(), process.workingDirectory(), Optional.empty());
    }

    private static void deleteTree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }

    /// What the second server does between its start and its end: a write and a query, as clients do.
    static void exercise(int port) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            for (String[] request : new String[][] {{"/write", "train,host=a value=1.5,count=2i,ok=t,text=\"x\""},
                {"/api/v1/query", "{\"sql\":\"SELECT host, count(*), avg(value) FROM train GROUP BY host ORDER BY host\"}"},
                {"/api/v1/write/line-protocol/flush", ""},
                {"/api/v1/query", "{\"sql\":\"SELECT * FROM train WHERE time > now() - INTERVAL '1 hour'\"}"}}) {
                client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + request[0]))
                        .header("Authorization", "Bearer " + TOKEN).POST(BodyPublishers.ofString(request[1])).build(),
                        BodyHandlers.discarding());
            }
            for (String path : List.of("/health", "/ready", "/metrics", "/api/monitoring/buffer")) {
                client.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                        .header("Authorization", "Bearer " + TOKEN).build(), BodyHandlers.discarding());
            }
        }
    }
}
