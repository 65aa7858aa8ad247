package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

class StatusRoutesTest {
    @TempDir
    private static Path folder;
    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start(folder, false);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static RawClient.Answer get(String path, String... headers) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            return client.get(path, headers).answer();
        }
    }

    private static JsonObject json(String text) {
        return Json.createReader(new StringReader(text)).readObject();
    }

    @Test
    void healthIsAlwaysOkAndNamesWhatIsNot() throws IOException {
        server.storage.set(new Health(Health.Status.DOWN, "the bucket is away"));
        try {
            RawClient.Answer answer = get("/health");
            assertThat(answer.status()).isEqualTo(200);
            JsonObject health = json(answer.text());
            assertThat(health.getString("status")).isEqualTo("ok");
            assertThat(health.getString("name")).isEqualTo("arc");
            assertThat(health.getString("version")).isEqualTo("9.8.7");
            assertThat(health.getString("uptime")).matches("([0-9]+h)?([0-9]+m)?[0-9]+s");
            assertThat(health.getString("time")).endsWith("Z");
            assertThat(health.getJsonNumber("uptime_sec").doubleValue()).isNotNegative();
            assertThat(health.getString("message")).isEqualTo("storage is down: the bucket is away");
            assertThat(health.getJsonObject("components").getJsonObject("storage").getString("status")).isEqualTo("down");
        } finally {
            server.storage.set(Health.UP);
        }
        assertThat(json(get("/health").text()).getString("message")).isEqualTo("ready for queries and writes");
    }

    @Test
    void readinessFollowsTheServer() throws IOException {
        assertThat(get("/ready").status()).isEqualTo(200);
        assertThat(get("/health/ready").status()).isEqualTo(200);
        server.notReady.set("replaying the log");
        try {
            RawClient.Answer answer = get("/ready");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(json(answer.text()).getString("status")).isEqualTo("not_ready");
            assertThat(json(answer.text()).getString("reason")).isEqualTo("replaying the log");
            assertThat(answer.headers()).containsKey("retry-after");
            assertThat(get("/health/ready").status()).isEqualTo(503);
            assertThat(get("/health").status()).isEqualTo(200);
            assertThat(get("/health/live").status()).isEqualTo(200);
            assertThat(get("/metrics").status()).isEqualTo(200);
            assertThat(get("/openapi").status()).isEqualTo(200);
            for (String path : List.of("/write", "/api/v1/query", "/api/v1/databases", "/nowhere")) {
                try (RawClient client = new RawClient(server.port())) {
                    RawClient.Answer refused = client.post(path, "{}").answer();
                    assertThat(refused.status()).as(path).isEqualTo(503);
                    assertThat(refused.headers()).as(path).containsKey("retry-after");
                    assertThat(refused.text()).as(path).contains("replaying the log");
                }
            }
        } finally {
            server.notReady.set(null);
        }
    }

    /// A client that is told that there is no such route throws its rows away.
    @Test
    void aServerThatBeginsToStopAmidARequestSaysSo() throws IOException {
        boolean wasStopped = false;
        for (int asks = 0; asks < 10; asks++) {
            server.asksUntilStop.set(asks);
            try (RawClient client = new RawClient(server.port())) {
                RawClient.Answer answer = client.post("/write", "").answer();
                assertThat(answer.status()).as("stopped when asked %d times: %s", asks, answer.text()).isIn(400, 503);
                wasStopped |= answer.status() == 503;
            } finally {
                server.asksUntilStop.set(Integer.MAX_VALUE);
                server.notReady.set(null);
            }
        }
        assertThat(wasStopped).isTrue();
    }

    @Test
    void metricsAreOnePrometheusDocument() throws IOException {
        server.metrics.counter("arc_test_things_total", "things", "Things\nof a test.").add(42);
        server.metrics.gauge("arc_test_level", "", "A level.", () -> 1.5);
        server.metrics.histogram("arc_test_seconds", "Durations.").record(2_000_000);
        server.metrics.histogram("arc_test_seconds", "Durations.").record(2_000_000_000);
        RawClient.Answer answer = get("/metrics");
        assertThat(answer.headers().get("content-type")).startsWith("text/plain");
        List<String> lines = answer.text().lines().toList();
        assertThat(lines).contains("# HELP arc_test_things_total Things\\nof a test.", "# TYPE arc_test_things_total counter",
                "arc_test_things_total 42", "# TYPE arc_test_level gauge", "arc_test_level 1.5",
                "# TYPE arc_test_seconds histogram", "arc_test_seconds_bucket{le=\"0.001\"} 0",
                "arc_test_seconds_bucket{le=\"0.005\"} 1", "arc_test_seconds_bucket{le=\"1.0\"} 1",
                "arc_test_seconds_bucket{le=\"+Inf\"} 2", "arc_test_seconds_sum 2.002", "arc_test_seconds_count 2");
        assertThat(lines).anyMatch(line -> line.startsWith("memory_usedHeap_bytes"))
                .anyMatch(line -> line.startsWith("arc_http_requests_total "))
                .anyMatch(line -> line.startsWith("arc_ingest_records_total "));
        for (String line : lines) {
            assertThat(line).matches("# (HELP|TYPE) .*|[a-zA-Z_:][a-zA-Z0-9_:]*(\\{.*})? [-+0-9.eEINFaf]+");
        }
        assertThat(lines.stream().filter(line -> line.startsWith("# TYPE")).map(line -> line.split(" ")[2]))
                .doesNotHaveDuplicates();
    }

    @Test
    void aMetricMadeLaterShowsAndOthersCanBeLeftOut() throws IOException {
        assertThat(get("/metrics").text()).doesNotContain("arc_test_later_total");
        server.metrics.counter("arc_test_later_total", "", "Later.").increment();
        assertThat(get("/metrics").text()).contains("arc_test_later_total 1\n");
        assertThat(get("/metrics?name=arc_test_later_total").text()).contains("arc_test_later_total 1\n")
                .doesNotContain("arc_http_requests_total");
        assertThat(get("/metrics?scope=base").text()).contains("memory_").doesNotContain("arc_");
    }

    @Test
    void openMetricsNameFamiliesWithoutTotal() throws IOException {
        server.metrics.counter("arc_test_open_total", "", "Open.").add(3);
        RawClient.Answer answer = get("/metrics", "Accept: application/openmetrics-text");
        assertThat(answer.headers().get("content-type")).startsWith("application/openmetrics-text");
        assertThat(answer.text()).contains("# TYPE arc_test_open counter\narc_test_open_total 3\n").endsWith("\n# EOF\n");
        assertThat(answer.text().split("# EOF", -1)).hasSize(2);
    }

    @Test
    void metricsComeFlatForThoseWhoTakeJsonAlone() throws IOException {
        for (RawClient.Answer answer : List.of(get("/metrics", "Accept: application/json"), get("/api/v1/metrics"))) {
            assertThat(answer.headers()).containsEntry("content-type", "application/json");
            assertThat(json(answer.text())).containsKeys("timestamp", "http_requests_total", "ingest_records_total");
        }
    }

    @Test
    void requestsAreCounted() throws IOException {
        long good = server.metrics.counter("arc_http_requests_success_total", "requests", "").value();
        long bad = server.metrics.counter("arc_http_requests_error_total", "requests", "").value();
        try (RawClient client = new RawClient(server.port())) {
            client.get("/ping").answer();
            client.get("/nowhere").answer();
            client.get("/api/v1/databases/nowhere").answer();
            client.get("/ping").answer();
            // The figures of a request are complete when the next one on its connection is answered.
            client.get("/ping").answer();
        }
        assertThat(server.metrics.counter("arc_http_requests_success_total", "requests", "").value())
                .isGreaterThanOrEqualTo(good + 2);
        assertThat(server.metrics.counter("arc_http_requests_error_total", "requests", "").value()).isEqualTo(bad + 2);
    }

    @Test
    void openApiListsEveryKindOfRoute() throws IOException {
        RawClient.Answer yaml = get("/openapi");
        RawClient.Answer json = get("/openapi?format=JSON");
        assertThat(get("/openapi", "Accept: application/json").text()).isEqualTo(json.text());
        JsonObject document = json(json.text());
        assertThat(document.getJsonObject("info").getString("title")).isEqualTo("Arc");
        assertThat(document.getJsonObject("info").getString("version")).isEqualTo("9.8.7");
        assertThat(document.getString("openapi")).startsWith("3.");
        JsonObject paths = document.getJsonObject("paths");
        assertThat(paths).containsKeys("/write", "/api/v2/write", "/api/v1/write/lines", "/api/v1/query", "/api/v1/query/arrow",
                "/health", "/api/v1/databases", "/api/v1/databases/{database}", "/api/monitoring/buffer",
                        "/api/v1/queries/{id}");
        assertThat(paths).doesNotContainKey("/write/flush");
        assertThat(document.getJsonObject("components").getJsonObject("securitySchemes").getJsonObject("token")
                .getString("scheme"))
                .isEqualTo("bearer");
        assertThat(paths.getJsonObject("/health").getJsonObject("get").getJsonArray("security")).isEmpty();
        assertThat(paths.getJsonObject("/write").getJsonObject("post").getString("x-arc-permission")).isEqualTo("write");
        assertThat(paths.getJsonObject("/api/v1/databases").getJsonObject("post").getString("x-arc-permission"))
                .isEqualTo("admin");
        for (String path : paths.keySet()) {
            for (String method : paths.getJsonObject(path).keySet()) {
                if (Set.of("get", "post", "delete").contains(method)) {
                    assertThat(paths.getJsonObject(path).getJsonObject(method)).as(method + " " + path)
                            .containsKeys("summary", "responses");
                }
            }
        }
        Map<String, Object> read = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml.text());
        assertThat(((Map<?, ?>) read.get("paths")).keySet().stream().map(Object::toString).toList())
                .containsExactlyInAnyOrderElementsOf(paths.keySet());
        assertThat(yaml.text()).doesNotContain("&id");
    }

    @ParameterizedTest
    @CsvSource({"GET, /nowhere, 404", "GET, /api/v1/nowhere, 404", "GET, /health/nowhere, 404", "GET, /metrics/nowhere, 404",
        "DELETE, /api/v1/databases, 405", "POST, /api/monitoring/pool, 405", "PUT, /api/v1/query, 405",
        "GET, /api/v1/databases/nowhere, 404", "DELETE, /api/v1/queries/none, 404", "PATCH, /nowhere, 404"})
    void errorsAreJsonEverywhere(String method, String path, int status) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            RawClient.Answer answer = client.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.headers()).containsEntry("content-type", "application/json").doesNotContainKey("server");
            JsonObject body = json(answer.text());
            assertThat(body.getBoolean("success")).isFalse();
            assertThat(body.getString("error")).isEqualTo(body.getString("message")).isNotEmpty();
            if (path.endsWith("nowhere") && !path.contains("databases")) {
                assertThat(body.getString("error")).isEqualTo("Cannot " + method + " " + path);
            }
            if (status == 405) {
                assertThat(answer.headers()).containsKey("allow");
            }
            assertThat(client.get("/ping").answer().status()).isEqualTo(204);
        }
    }

    @Test
    void databasesAreMadeAndListed() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            assertThat(client.post("/api/v1/databases", "{\"name\":\"sensors\"}").answer().status()).isEqualTo(201);
            assertThat(client.post("/api/v1/databases", "{\"name\":\"sensors\"}").answer().status()).isEqualTo(409);
            for (String body : List.of("", "{", "[]", "{\"name\":7}", "{\"name\":\"a b\"}", "{\"name\":\"..\"}", "{}")) {
                RawClient.Answer bad = client.post("/api/v1/databases", body, "Content-Type: application/json").answer();
                assertThat(bad.status()).as(body).isEqualTo(400);
                assertThat(json(bad.text()).getBoolean("success")).isFalse();
            }
            assertThat(client.get("/api/v1/databases/").answer().text()).contains("\"name\":\"sensors\"");
            assertThat(client.get("/api/v1/databases/sensors/measurements").answer().text()).contains("\"count\":0");
            assertThat(client.post("/api/v1/databases", new byte[(1 << 20) + 1]).answer().status()).isEqualTo(413);
        }
    }

    @Test
    void aFlushThatFailsSaysSo() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            assertThat(client.post("/api/v1/write/line-protocol/flush", "").answer().status()).isEqualTo(200);
            server.flushFailure.set(new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "default.cpu is not stored"));
            RawClient.Answer failed = client.post("/api/v1/write/line-protocol/flush", "").answer();
            assertThat(failed.status()).isEqualTo(503);
            assertThat(failed.text()).contains("default.cpu is not stored");
            assertThat(failed.headers()).containsKey("retry-after");
        } finally {
            server.flushFailure.set(null);
        }
    }

    @Test
    void figuresHaveTheShapeOfTheContract() throws IOException {
        JsonObject buffer = json(get("/api/monitoring/buffer").text());
        assertThat(buffer.getInt("total_records_buffered")).isEqualTo(7);
        assertThat(buffer.getInt("total_records_written")).isEqualTo(11);
        assertThat(buffer.getInt("total_flushes")).isEqualTo(3);
        assertThat(buffer.getJsonObject("current_buffer_sizes").values()).hasSize(1);
        assertThat(buffer.getJsonNumber("oldest_buffer_age_seconds").doubleValue()).isEqualTo(1.5);
        assertThat(json(get("/write/stats").text()).getJsonObject("buffer_stats")).isEqualTo(buffer);
        assertThat(json(get("/api/v1/write/msgpack/stats").text()).getJsonObject("buffer")).isEqualTo(buffer);
        assertThat(json(get("/api/monitoring/pool").text())).containsKeys("pool_size", "active_connections", "idle_connections",
                "queue_depth", "connections");
        assertThat(json(get("/api/v1/metrics/query-pool").text()).getJsonObject("pool")).containsKey("connections_open");
        assertThat(json(get("/api/v1/write/line-protocol/health").text()).getString("status")).isEqualTo("healthy");
    }

    @Test
    void everyAnswerHasTheCommonHeaders() throws IOException {
        for (String path : List.of("/health", "/nowhere", "/api/v1/databases", "/metrics", "/health/live", "/ping")) {
            assertThat(get(path).headers()).as(path).containsEntry("access-control-allow-origin", "*")
                    .containsEntry("x-frame-options", "DENY").containsEntry("x-content-type-options", "nosniff")
                    .containsEntry("content-security-policy", "default-src 'none'").containsKeys("referrer-policy", "date")
                    .doesNotContainKey("server");
        }
        try (RawClient client = new RawClient(server.port())) {
            RawClient.Answer preflight = client.send("OPTIONS /api/v1/query HTTP/1.1\r\nHost: x\r\nOrigin: http://a\r\n"
                    + "Access-Control-Request-Method: POST\r\n\r\n").answer();
            assertThat(preflight.status()).isEqualTo(204);
            assertThat(preflight.headers().get("access-control-allow-methods")).contains("PATCH", "DELETE");
            assertThat(preflight.headers().get("access-control-allow-headers")).contains("Authorization", "x-arc-database");
        }
    }

    @Test
    void verifyingIsAbsentWithoutAuthentication() throws IOException {
        RawClient.Answer answer = get("/api/v1/auth/verify", "Authorization: Bearer anything");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text()).contains("Cannot GET /api/v1/auth/verify");
        assertThat(get("/api/v1/databases", "Authorization: Bearer anything").status()).isEqualTo(200);
    }

    @Test
    void hugeHeadersAndOtherProtocolsAreRefused() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            assertThat(client.get("/ping", "X-Large: " + "x".repeat(15_000)).answer().status()).isEqualTo(204);
            assertThat(client.get("/ping", "X-Large: " + "x".repeat(20_000)).answer().status()).isBetween(400, 431);
            assertThat(client.isEnded()).isTrue();
        }
        try (RawClient client = new RawClient(server.port())) {
            client.send("GET /ping HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                    + "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(204);
        }
        for (String request : List.of("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "nonsense\r\n\r\n", "GET /ping HTTP/1.1\r\n\r\n")) {
            try (RawClient client = new RawClient(server.port())) {
                client.send(request);
                try {
                    assertThat(client.answer().status()).as(request).isIn(400, 505);
                } catch (IOException ended) {
                    assertThat(ended).as(request).isInstanceOfAny(java.io.EOFException.class, java.net.SocketException.class);
                }
            }
        }
    }
}
