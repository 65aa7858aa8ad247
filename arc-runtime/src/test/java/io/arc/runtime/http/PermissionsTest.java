package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PermissionsTest {
    private static final List<Class<?>> RESOURCES = List.of(MonitoringResource.class, QueryResource.class,
            DatabaseResource.class, LogResource.class, VersionedLogResource.class, CompactionResource.class,
            ShortCompactionResource.class);

    @TempDir
    private static java.nio.file.Path folder;
    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start(folder, true);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static int status(String method, String path, String token) throws IOException {
        return answer(method, path, token.isEmpty() ? "X-None: 1" : "Authorization: Bearer " + token).status();
    }

    private static RawClient.Answer answer(String method, String path, String header) throws IOException {
        String body = path.contains("databases") ? "{\"name\":\"bad.name\"}" : path.contains("write") ? ""
                : "{\"sql\":\"SELECT 1\"}";
        try (RawClient client = new RawClient(server.port())) {
            String length = method.equals("POST") ? "Content-Length: " + body.length() + "\r\n" : "";
            client.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n" + header + "\r\n" + length + "\r\n"
                    + (method.equals("POST") ? body : ""));
            return client.answer();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POST, /api/v1/query, read", "POST, /api/v1/query/arrow, read", "POST, /api/v1/query/msgpack, read",
        "POST, /api/v1/query/estimate, read", "POST, /api/v1/query/stream, read", "POST, /query/arrow, read",
        "POST, /query/stream, read", "POST, /query/estimate, read", "GET, /api/v1/query/cpu, read",
        "GET, /query/cpu, read", "GET, /api/v1/measurements, read", "GET, /measurements, read",
        "GET, /api/v1/databases, read", "GET, /api/v1/databases/default, read",
        "GET, /api/v1/databases/default/measurements, read",
        "POST, /write, write", "POST, /api/v2/write, write", "POST, /api/v1/write/lines, write",
        "POST, /api/v1/write/msgpack, write",
        "POST, /api/v1/databases, admin", "POST, /api/v1/write/line-protocol/flush, admin", "POST, /api/v1/write/flush, admin",
        "POST, /write/flush, admin", "GET, /api/v1/queries, admin", "DELETE, /api/v1/queries/q1, admin",
        "GET, /nowhere, admin", "GET, /api/wal/status, admin", "GET, /api/v1/wal/files, admin",
        "GET, /api/wal/recovery/history, admin", "POST, /api/wal/cleanup, admin", "POST, /nowhere, admin", "GET, /api/v1/nowhere, admin",
        "GET, /query, any", "POST, /query, any", "GET, /api/monitoring/buffer, any", "GET, /api/monitoring/pool, any",
        "GET, /write/stats, any", "GET, /api/v1/write/msgpack/stats, any", "GET, /api/v1/write/line-protocol/health, any",
        "GET, /health, public", "GET, /ready, public", "GET, /, public", "GET, /ping, public", "GET, /metrics, public",
        "GET, /openapi, public", "GET, /api/v1/metrics, public", "GET, /api/v1/metrics/query-pool, public",
        "GET, /health/live, public", "GET, /health/ready, public", "GET, /health/started, public"})
    void eachRouteNeedsWhatTheContractSays(String method, String path, String need) throws IOException {
        for (String token : List.of("", "wrong", "nothing", "read", "write", "delete", "admin")) {
            int status = status(method, path, token.equals("wrong") ? "no-such-token" : server.tokens.getOrDefault(token, ""));
            boolean known = !token.isEmpty() && !token.equals("wrong");
            boolean may = need.equals("public") || known && (need.equals("any") || token.equals("admin") || token.equals(need));
            String what = method + " " + path + " with token '" + token + "'";
            if (may) {
                assertThat(status).as(what).isNotIn(401, 403, 500);
            } else {
                assertThat(status).as(what).isEqualTo(known ? 403 : 401);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"//api/v1/queries", "/api//v1/queries", "/api/./v1/queries", "/API/V1/QUERIES", "/api/v1/queries/",
        "/api/v1/%71ueries", "/health/../api/v1/queries", "/health/%2e%2e/api/v1/queries", "/api/v1/queries;x=1",
        "/health;/../api/v1/queries", "/api;a=b/v1/queries", "/api/v1/queries/..%2f..%2f..%2fhealth",
                "/metrics/..;/api/v1/queries",
        "/api/v1/queries/%2e%2e%2f%2e%2e%2f%2e%2e%2fmetrics%2fx", "/api/v1/queries%2f", "/api/v1/queries%00",
        "/api/v1/databases/..%2f..%2f..%2fhealth/measurements"})
    void noSpellingOpensARoute(String path) throws IOException {
        for (String token : List.of("", server.tokens.get("write"), server.tokens.get("nothing"))) {
            for (String method : List.of("GET", "DELETE", "HEAD")) {
                RawClient.Answer answer = answerOfAny(method, path, token);
                String what = method + " " + path + ": " + answer.text();
                // A spelling of a public route is that route, for everybody.
                if (answer.status() == 200) {
                    assertThat(RequestPath.normalise(java.net.URLDecoder.decode(path, java.nio.charset.StandardCharsets.UTF_8)))
                            .as(what).isEqualTo("/health");
                    assertThat(answer.text()).as(what).doesNotContain("queries\":[", "measurements");
                } else {
                    assertThat(answer.status()).as(what).isIn(400, 401, 403, 404, 405);
                }
            }
        }
    }

    private static RawClient.Answer answerOfAny(String method, String path, String token) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n"
                    + (token.isEmpty() ? "" : "Authorization: Bearer " + token + "\r\n") + "\r\n");
            return method.equals("HEAD") ? client.head() : client.answer();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/API/V1/Query", "/api/v1/query/", "//api/v1/query", "/api/v1/./query"})
    void hotRoutesAreFoundUnderAnySpelling(String path) throws IOException {
        assertThat(status("POST", path, server.tokens.get("read"))).isEqualTo(200);
        assertThat(status("POST", path, server.tokens.get("write"))).isEqualTo(403);
        assertThat(status("POST", path, "")).isEqualTo(401);
    }

    @Test
    void everyRouteHasALine() {
        List<String> missing = new ArrayList<>();
        Dispatcher dispatcher = new Dispatcher(server, TestServer.options(), new Bodies(TestServer.options()));
        assertThat(dispatcher.routes()).hasSizeGreaterThan(15);
        for (String route : dispatcher.routes()) {
            String[] parts = route.split(" ");
            if (!AccessRules.isListed(parts[0], parts[1])) {
                missing.add(route);
            }
        }
        int resources = 0;
        for (Class<?> resource : RESOURCES) {
            for (Method method : resource.getMethods()) {
                for (Class<? extends Annotation> verb : Set.of(GET.class, POST.class, PUT.class, DELETE.class, PATCH.class)) {
                    if (method.isAnnotationPresent(verb)) {
                        resources++;
                        Path below = method.getAnnotation(Path.class);
                        String path = RequestPath.normalise((resource.getAnnotation(Path.class).value() + "/"
                                + (below == null ? "" : below.value())).replaceAll("\\{version[^}]*}", "").replaceAll("\\{[^}]*}", "name"));
                        if (!AccessRules.isListed(verb.getSimpleName(), path)) {
                            missing.add(verb.getSimpleName() + " " + path);
                        }
                    }
                }
            }
        }
        assertThat(resources).isGreaterThan(12);
        assertThat(missing).isEmpty();
    }

    @Test
    void theWalkKnowsEveryResource() throws IOException {
        try (var files = java.nio.file.Files.list(java.nio.file.Path.of(MonitoringResource.class.getProtectionDomain()
                .getCodeSource().getLocation().getPath(), "io/arc/runtime/http"))) {
            List<String> resources = files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith("Resource.class"))
                    .sorted().toList();
            assertThat(resources).isEqualTo(RESOURCES.stream().map(type -> type.getSimpleName() + ".class").sorted().toList());
        }
    }

    @Test
    void everyWayToSendATokenWorks() throws IOException {
        String token = server.tokens.get("read");
        String basic = Base64.getEncoder().encodeToString(("user:" + token).getBytes(java.nio.charset.StandardCharsets.UTF_8));
        for (String header : List.of("Authorization: Bearer " + token, "Authorization: Token " + token, "Authorization: "
                + token,
                "Authorization: Basic " + basic, "x-api-key: " + token)) {
            assertThat(answer("GET", "/api/v1/databases", header).status()).as(header).isEqualTo(200);
        }
        assertThat(status("GET", "/api/v1/databases?p=" + token.replace("=", "%3D"), "")).isEqualTo(200);
        assertThat(status("GET", "/api/v1/databases?p=wrong", "")).isEqualTo(401);
    }

    @Test
    void refusalsSayWhatIsMissing() throws IOException {
        assertThat(answer("GET", "/api/v1/databases", "X-None: 1").text()).isEqualTo(
                "{\"success\":false,\"error\":\"Authentication required\",\"message\":\"Authentication required\"}");
        assertThat(answer("GET", "/api/v1/databases", "x-api-key: wrong").text()).contains("\"Invalid or expired token\"");
        assertThat(answer("POST", "/api/v1/databases", "x-api-key: " + server.tokens.get("read")).text())
                .contains("\"Permission denied: admin required\"");
    }

    @Test
    void aWriterLearnsThatAWireFormatIsMissing() throws IOException {
        RawClient.Answer answer = answer("POST", "/api/v1/write/msgpack", "x-api-key: " + server.tokens.get("write"));
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.text()).contains("no enabled plugin serves");
    }

    @Test
    void verifyTellsWhatATokenMayDo() throws IOException {
        RawClient.Answer good = answer("GET", "/api/v1/auth/verify", "x-api-key: " + server.tokens.get("read"));
        assertThat(good.status()).isEqualTo(200);
        assertThat(good.text()).contains("\"valid\":true", "\"name\":\"read\"", "\"permissions\":[\"read\"]");
        assertThat(answer("GET", "/api/v1/auth/verify", "x-api-key: " + server.tokens.get("admin")).text())
                .contains("\"permissions\":[\"read\",\"write\",\"delete\",\"admin\"]");
        for (String header : List.of("X-None: 1", "x-api-key: wrong")) {
            RawClient.Answer bad = answer("GET", "/api/v1/auth/verify", header);
            assertThat(bad.status()).isEqualTo(401);
            assertThat(bad.text()).contains("\"valid\":false");
        }
    }

    @Test
    void aLargeBodyWithoutATokenIsNotRead() throws IOException {
        int before = server.decodes.get();
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n");
            RawClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.headers()).containsEntry("connection", "close");
        }
        assertThat(server.decodes.get()).isEqualTo(before);
    }
}
