package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.luben.zstd.Zstd;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WriteRouteTest {
    @TempDir
    private static Path folder;
    private static TestServer server;

    @BeforeAll
    static void start() {
        HttpOptions usual = TestServer.options();
        server = TestServer.start(folder, false, new HttpOptions(usual.host(), 0, usual.maxPayloadBytes(),
                usual.maxBodyBytesInFlight(), usual.maxConnections(), usual.maxConcurrentRequests(), usual.idleTimeout(),
                Duration.ofMillis(1500), usual.shutdownGrace()));
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static RawClient.Answer post(String path, byte[] body, String... headers) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            return client.post(path, body, headers).answer();
        }
    }

    private static RawClient.Answer post(String path, String body, String... headers) throws IOException {
        return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    private static long count(String database, String table) throws IOException {
        String body = post("/api/v1/query", "{\"sql\":\"SELECT count(*) FROM " + database + "." + table + "\"}").text();
        String row = body.substring(body.indexOf("[[") + 2, body.indexOf("]]"));
        return Long.parseLong(row);
    }

    private static byte[] gzip(byte[] plain) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(plain);
        }
        return packed.toByteArray();
    }

    @Test
    void successIsExactly204() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            for (int i = 0; i < 3; i++) {
                RawClient.Answer answer = client.post("/api/v1/write/lines", "exact 1\nexact 2").answer();
                assertThat(answer.head()).startsWith("HTTP/1.1 204 ");
                assertThat(answer.headers()).containsEntry("x-arc-ack", "written").containsKey("x-arc-position")
                        .doesNotContainKeys("server", "content-type", "transfer-encoding");
                assertThat(answer.headers().getOrDefault("content-length", "0")).isEqualTo("0");
            }
        }
        assertThat(count("default", "exact")).isEqualTo(6);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/write", "/WRITE", "/write/", "/write?precision=ns", "//write"})
    void spellingsAreTolerated(String path) throws IOException {
        assertThat(post(path, "spelled 1").status()).isEqualTo(204);
    }

    @Test
    void theDatabaseComesFromHeaderThenParameterThenDefault() throws IOException {
        assertThat(post("/write?db=byparam", "t 1").status()).isEqualTo(204);
        assertThat(post("/write?db=byparam/autogen", "t 1").status()).isEqualTo(204);
        assertThat(post("/write?db=byparam", "t 1", "x-arc-database: byheader").status()).isEqualTo(204);
        assertThat(post("/api/v2/write?bucket=bucket%2Fweek", "t 1").status()).isEqualTo(204);
        assertThat(post("/write?db=", "bydefault 1", "x-arc-database: ").status()).isEqualTo(204);
        assertThat(count("byparam", "t")).isEqualTo(2);
        assertThat(count("byheader", "t")).isEqualTo(1);
        assertThat(count("bucket", "t")).isEqualTo(1);
        assertThat(count("default", "bydefault")).isEqualTo(1);
        assertThat(post("/write?db=..", "t 1").status()).isEqualTo(400);
    }

    @Test
    void errorsHaveTheShapeOfTheirRoute() throws IOException {
        assertThat(post("/write", "nonsense").text()).isEqualTo("{\"error\":\"unable to parse: line 1 has no space\"}");
        assertThat(post("/api/v2/write", "nonsense").text())
                .isEqualTo("{\"code\":\"invalid\",\"message\":\"unable to parse: line 1 has no space\","
                        + "\"error\":\"unable to parse: line 1 has no space\"}");
        assertThat(post("/api/v1/write/lines", "nonsense").text())
                .isEqualTo("{\"success\":false,\"error\":\"line 1 has no space\",\"message\":\"line 1 has no space\"}");
        assertThat(post("/api/v1/write/lines", "").status()).isEqualTo(400);
    }

    @Test
    void aPartialWriteKeepsTheGoodRecordsAndNamesTheBad() throws IOException {
        RawClient.Answer answer = post("/write", "partial 1\n-\npartial 2\n-");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("partial write", "line 2 (byte 10): is a dash", "dropped=2", "2 rows stored",
                "\"dropped\":2}");
        assertThat(answer.headers()).containsEntry("x-arc-ack", "written");
        assertThat(count("default", "partial")).isEqualTo(2);
    }

    @Test
    void aDefectShowsAnIncidentAndNothingElse() throws IOException {
        RawClient.Answer answer = post("/api/v1/write/lines", "crash");
        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.text()).matches(".*internal error, incident [0-9a-f]{8}; .*").doesNotContain("secret");
    }

    @Test
    void anUnreachableLogIs503WithRetryAfter() throws IOException {
        server.journalFailure.set(new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "the log's disk is full"));
        try {
            RawClient.Answer answer = post("/write", "t 1");
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.headers().get("retry-after")).matches("[0-9]+");
        } finally {
            server.journalFailure.set(null);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-None: 1", "Content-Encoding: gzip", "Content-Encoding: zstd", "Content-Encoding: snappy",
        "Content-Encoding: identity", "Content-Type: application/json", "Content-Type: nonsense/;;"})
    void bodiesAreRecognisedWhateverTheHeadersSay(String header) throws IOException {
        byte[] plain = "packed 1\npacked 2".getBytes(StandardCharsets.UTF_8);
        for (byte[] body : List.of(plain, gzip(plain), Zstd.compress(plain))) {
            assertThat(post("/write", body, header).status()).as(header).isEqualTo(204);
        }
    }

    @Test
    void bombsAndDamageAreRefused() throws IOException {
        byte[] bomb = gzip(new byte[8 << 20]);
        assertThat(post("/write", bomb).status()).isEqualTo(413);
        byte[] damaged = gzip("t 1".getBytes(StandardCharsets.UTF_8));
        damaged[damaged.length - 6] ^= 1;
        RawClient.Answer answer = post("/write", damaged);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("gzip");
    }

    @Test
    void anAnnouncedBodyThatIsTooLargeIsRefusedUnread() throws IOException {
        int before = server.decodes.get();
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: " + (TestServer.MAX_PAYLOAD + 1) + "\r\n\r\n");
            RawClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(413);
            assertThat(answer.text()).startsWith("{\"error\":").contains("server.max_payload_size");
            assertThat(answer.headers()).containsEntry("connection", "close");
        }
        assertThat(server.decodes.get()).isEqualTo(before);
    }

    @Test
    void theAnswerToATooLargeBodyReachesAClientThatSendsItAll() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.post("/write", new byte[(int) TestServer.MAX_PAYLOAD + 1]);
            assertThat(client.answer().status()).isEqualTo(413);
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void chunkedBodiesAreTakenAndLimited() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "8\r\nchunky 1\r\n1\r\n\n\r\n8\r\nchunky 2\r\n0\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(204);
            assertThat(client.post("/write", "chunky 3").answer().status()).isEqualTo(204);
        }
        assertThat(count("default", "chunky")).isEqualTo(3);
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
            byte[] chunk = new byte[1 << 16];
            for (long sent = 0; sent <= TestServer.MAX_PAYLOAD; sent += chunk.length) {
                client.send("10000\r\n").send(chunk).send("\r\n");
            }
            assertThat(client.answer().status()).isEqualTo(413);
        }
    }

    @Test
    void expectContinueIsAnsweredBeforeTheBody() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n");
            assertThat(client.head().status()).isEqualTo(100);
            client.send("expects 1");
            assertThat(client.answer().status()).isEqualTo(204);
            assertThat(client.get("/ping").answer().status()).isEqualTo(204);
        }
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
            assertThat(client.answer().status()).isEqualTo(413);
        }
    }

    @Test
    void otherMethodsAreRefusedInJson() throws IOException {
        for (String method : List.of("GET", "DELETE", "PUT")) {
            try (RawClient client = new RawClient(server.port())) {
                RawClient.Answer answer = client.send(method + " /write HTTP/1.1\r\nHost: x\r\n\r\n").answer();
                assertThat(answer.status()).isEqualTo(405);
                assertThat(answer.headers()).containsEntry("allow", "POST").containsEntry("content-type", "application/json");
                assertThat(answer.text()).contains("\"success\":false", "use POST");
            }
        }
    }

    @Test
    void aConnectionGoesOnAfterErrors() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            for (int i = 0; i < 5; i++) {
                assertThat(client.post("/write", "nonsense").answer().status()).isEqualTo(400);
                assertThat(client.post("/nowhere", "a body that nobody reads").answer().status()).isEqualTo(404);
                assertThat(client.post("/write", "alive 1").answer().status()).isEqualTo(204);
            }
        }
    }

    @Test
    void aConnectionGoesOnAfterLargeBodies() throws IOException {
        String large = "large 1\n".repeat(100_000);
        try (RawClient client = new RawClient(server.port())) {
            for (int i = 0; i < 3; i++) {
                assertThat(client.post("/write", large).answer().status()).isEqualTo(204);
                client.send("POST /write HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(large.length()) + "\r\n" + large + "\r\n0\r\n\r\n");
                assertThat(client.answer().status()).isEqualTo(204);
            }
        }
    }

    @Test
    void aBodyThatStopsArrivingEndsTheConnection() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nstalled 1\n");
            assertThat(client.isEnded()).isTrue();
        }
        try (RawClient client = new RawClient(server.port())) {
            client.send("POST /api/v1/databases HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"nam\r\n");
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void manyClientsLoseNothing() throws Exception {
        int clients = 64;
        int requests = 25;
        try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
            List<Future<Void>> running = new ArrayList<>();
            for (int c = 0; c < clients; c++) {
                running.add(threads.submit(() -> {
                    try (RawClient client = new RawClient(server.port())) {
                        for (int i = 0; i < requests; i++) {
                            assertThat(client.post("/write", "many " + i + "\nmany " + i).answer().status()).isEqualTo(204);
                        }
                    }
                    return null;
                }));
            }
            for (Future<Void> each : running) {
                each.get();
            }
        }
        assertThat(count("default", "many")).isEqualTo(2L * clients * requests);
    }

    @Test
    void influxWordsAreAnswered() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            RawClient.Answer ping = client.get("/ping").answer();
            assertThat(ping.status()).isEqualTo(204);
            assertThat(ping.headers()).containsKeys("x-influxdb-version", "x-influxdb-build");
            assertThat(client.send("HEAD /ping HTTP/1.1\r\nHost: x\r\n\r\n").head().status()).isEqualTo(204);
            assertThat(client.post("/query", "q=CREATE+DATABASE+%22made%22", "Content-Type: application/x-www-form-urlencoded")
                    .answer().text()).isEqualTo("{\"results\":[{\"statement_id\":0}]}");
            assertThat(client.post("/query?q=CREATE%20DATABASE%20made", "").answer().status()).isEqualTo(200);
            assertThat(client.get("/query?q=SHOW%20DATABASES").answer().text()).contains("[\"made\"]");
            RawClient.Answer refused = client.get("/query?q=SELECT%201").answer();
            assertThat(refused.status()).isEqualTo(400);
            assertThat(refused.text()).startsWith("{\"error\":");
            assertThat(client.get("/query").answer().status()).isEqualTo(400);
        }
    }
}
