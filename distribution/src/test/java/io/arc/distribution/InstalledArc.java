package io.arc.distribution;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An unpacked tarball and the servers that a test starts from it, each a process of its own on a free port. Stops what is
/// still running when it is closed.
final class InstalledArc implements AutoCloseable {
    static final String TOKEN = "an-administrators-token-for-tests-only";
    private static final Duration PATIENCE = Duration.ofSeconds(180);

    private final Path home;
    private final List<Server> servers = new ArrayList<>();

    private InstalledArc(Path home) {
        this.home = home;
    }

    /// Unpacks the tarball that the build has just made.
    static InstalledArc unpackInto(Path folder) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        Process tar = new ProcessBuilder("tar", "-xzf", System.getProperty("arc.tarball"), "-C", folder.toString())
                .inheritIO().start();
        if (tar.waitFor() != 0) {
            throw new IOException("tar ended with " + tar.exitValue());
        }
        try (var tops = Files.list(folder)) {
            List<Path> found = tops.toList();
            if (found.size() != 1) {
                throw new IOException("the tarball has not one top folder but " + found);
            }
            return new InstalledArc(found.getFirst());
        }
    }

    Path home() {
        return home;
    }

    /// Starts a server and waits until it says that it is ready.
    Server start(Path data, Map<String, String> environment) throws IOException, InterruptedException {
        Server server = launch(data, environment);
        server.awaitReady();
        return server;
    }

    /// Keeps nothing of a server that has ended.
    void forget(Server server) {
        server.http.shutdownNow();
        servers.remove(server);
    }

    /// Starts a server that need not become ready.
    ///
    /// @param wrapper a command that runs the server as its own, if any
    Server launch(Path data, Map<String, String> environment, String... wrapper) throws IOException {
        List<String> command = new ArrayList<>(List.of(wrapper));
        command.addAll(List.of(home.resolve("bin/arc").toString(), "server"));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .directory(Path.of("/").toFile());
        builder.environment().put("ARC_DATA_DIR", data.toString());
        builder.environment().put("ARC_SERVER_HOST", "127.0.0.1");
        builder.environment().put("ARC_SERVER_PORT", "0");
        builder.environment().put("ARC_AUTH_BOOTSTRAP_TOKEN", TOKEN);
        builder.environment().put("ARC_JAVA_OPTS", "-Xmx512m -Duser.timezone=America/New_York");
        builder.environment().putAll(environment);
        builder.environment().values().removeIf(String::isEmpty);
        Server server = new Server(builder.start());
        servers.add(server);
        return server;
    }

    /// Runs a command of `bin/arc` to its end.
    Outcome run(Map<String, String> environment, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(home.resolve("bin/arc").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), output);
    }

    record Outcome(int status, String output) {}

    @Override
    public void close() {
        servers.forEach(Server::destroyAll);
    }

    /// A server process.
    static final class Server {
        private static final Pattern READY = Pattern.compile("ready at http://[^:]+:([0-9]+)");

        private final Process process;
        private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        private final CountDownLatch ready = new CountDownLatch(1);
        private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
        private volatile Optional<Integer> port = Optional.empty();
        private volatile boolean stopping;
        private final Thread reader;

        private Server(Process process) {
            this.process = process;
            reader = Thread.ofVirtual().start(() -> {
                try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
                    for (String line = output.readLine(); line != null; line = output.readLine()) {
                        synchronized (lines) {
                            lines.add(line);
                            lines.notifyAll();
                        }
                        Matcher matcher = READY.matcher(line);
                        if (matcher.find()) {
                            port = Optional.of(Integer.parseInt(matcher.group(1)));
                            ready.countDown();
                        }
                    }
                } catch (IOException end) {
                    lines.add("(output ended: " + end.getMessage() + ")");
                }
                ready.countDown();
            });
        }

        void awaitReady() throws IOException, InterruptedException {
            if (!ready.await(PATIENCE.toSeconds(), TimeUnit.SECONDS) || port.isEmpty()) {
                throw new IOException("the server did not become ready:\n" + log());
            }
        }

        /// False when the server ends before it is ready.
        boolean becomesReady() throws InterruptedException {
            return ready.await(PATIENCE.toSeconds(), TimeUnit.SECONDS) && port.isPresent();
        }

        String log() {
            return String.join("\n", lines);
        }

        /// The token that the first start printed; empty when none was.
        Optional<String> printedToken() {
            return List.copyOf(lines).stream().filter(line -> line.startsWith("Admin API token: "))
                    .map(line -> line.substring("Admin API token: ".length())).findFirst();
        }

        /// Waits for a line that holds the text, or for the end of the process.
        ///
        /// @return whether it came
        boolean awaitLog(String text) throws InterruptedException {
            synchronized (lines) {
                long end = System.nanoTime() + PATIENCE.toNanos();
                while (lines.stream().noneMatch(line -> line.contains(text)) && process.isAlive() && System.nanoTime() < end) {
                    lines.wait(100);
                }
                return lines.stream().anyMatch(line -> line.contains(text));
            }
        }

        HttpResponse<String> get(String path) throws IOException, InterruptedException {
            return http.send(request(path).GET().build(), BodyHandlers.ofString());
        }

        HttpResponse<String> post(String path, byte[] body, String... headers) throws IOException, InterruptedException {
            HttpRequest.Builder request = request(path).POST(BodyPublishers.ofByteArray(body));
            for (int i = 0; i < headers.length; i += 2) {
                request.setHeader(headers[i], headers[i + 1]);
            }
            return http.send(request.build(), BodyHandlers.ofString());
        }

        HttpResponse<String> post(String path, String body, String... headers) throws IOException, InterruptedException {
            return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
        }

        /// The `data` of a query's answer, as JSON text.
        String query(String database, String sql) throws IOException, InterruptedException {
            HttpResponse<String> answer = post("/api/v1/query", "{\"sql\":\"" + sql.replace("\"", "\\\"") + "\"}",
                    "x-arc-database", database);
            Matcher data = Pattern.compile("\"data\":(.*),\"row_count\"", Pattern.DOTALL).matcher(answer.body());
            if (answer.statusCode() != 200 || !data.find()) {
                throw new IOException(sql + " was answered " + answer.statusCode() + ": " + answer.body());
            }
            return data.group(1);
        }

        private HttpRequest.Builder request(String path) {
            return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port.orElseThrow() + path))
                    .timeout(Duration.ofSeconds(30)).header("Authorization", "Bearer " + TOKEN);
        }

        /// As an operator stops it. Returns the exit status.
        int terminate() throws InterruptedException {
            stopping = true;
            // Process.destroy would close its output as well, and with it what the server says while it stops.
            process.toHandle().destroy();
            return waitForEnd();
        }

        /// As a power cut stops it, but for the page cache.
        void kill() throws InterruptedException {
            destroyAll();
            waitForEnd();
        }

        /// The shell has replaced itself by Java, so the process is the server itself, or a wrapper with the server below.
        private void destroyAll() {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }

        /// Whether it has been asked to stop.
        boolean isStopping() {
            return stopping;
        }

        boolean isAlive() {
            return process.isAlive();
        }

        int waitForEnd() throws InterruptedException {
            if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("the server goes on:\n" + log());
            }
            // A process that the server has started may hold its output open.
            reader.join(Duration.ofSeconds(10));
            return process.exitValue();
        }

        int port() {
            return port.orElseThrow();
        }

        long pid() {
            return process.pid();
        }
    }
}
