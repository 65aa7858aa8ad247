package io.arc.plugin.storage.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// A server that answers requests as a test says, and remembers them.
final class StubS3 implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<Seen> seen = new CopyOnWriteArrayList<>();
    private volatile Answering answering = request -> new Answer(200, Map.of(), "");

    /// @param fields by lower-case name, the first value each
    record Seen(String method, String target, Map<String, String> fields, String body) {
        boolean is(String what) {
            return (method + " " + target).startsWith(what);
        }

        Optional<String> field(String name) {
            return Optional.ofNullable(fields.get(name));
        }
    }

    record Answer(int status, Map<String, String> fields, String body) {
        static Answer ok() {
            return new Answer(200, Map.of("ETag", "\"1\""), "");
        }

        /// To HEAD.
        static Answer found() {
            return new Answer(200, Map.of("Last-Modified", "Wed, 08 Oct 2025 14:30:00 GMT", "Content-Length", "1"), "");
        }

        static Answer xml(String body) {
            return new Answer(200, Map.of("Content-Type", "application/xml"), body);
        }

        static Answer error(int status, String code) {
            return new Answer(status, Map.of("Content-Type", "application/xml"),
                    "<Error><Code>" + code + "</Code><Message>as the test wants it</Message></Error>");
        }
    }

    @FunctionalInterface
    interface Answering {
        Answer answer(Seen request);
    }

    StubS3() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    String endpoint() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    void answer(Answering next) {
        answering = next;
    }

    List<Seen> seen(String what) {
        return seen.stream().filter(each -> each.is(what)).toList();
    }

    void forget() {
        seen.clear();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            exchange.getRequestHeaders().forEach((name, values) -> fields.put(name, values.getFirst()));
            Seen request = new Seen(exchange.getRequestMethod(), exchange.getRequestURI().toString(), fields,
                    new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.ISO_8859_1));
            seen.add(request);
            Answer answer = answering.answer(request);
            answer.fields().forEach((name, value) -> exchange.getResponseHeaders().set(name, value));
            byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
            boolean hasBody = body.length > 0 && !request.method().equals("HEAD");
            exchange.sendResponseHeaders(answer.status(), hasBody ? body.length : -1);
            if (hasBody) {
                try (OutputStream out = exchange.getResponseBody()) {
                    out.write(body);
                }
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
