package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdInputStream;
import io.arc.runtime.http.AnswerStream.Coding;
import io.arc.runtime.metrics.Metrics.Counter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QueryRoutesTest {
    private static final String ENDLESS = "SELECT count(*) FROM range(1000000000000) a(i) WHERE i % 7 = 3";

    @TempDir
    private static Path folder;
    private static TestServer server;

    @BeforeAll
    static void start() throws IOException {
        server = TestServer.start(folder, false);
        try (RawClient client = new RawClient(server.port())) {
            assertThat(client.post("/write", "cpu 1\ncpu 2\ncpu 3").answer().status()).isEqualTo(204);
        }
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    private static String sql(String sql) {
        return "{\"sql\":\"" + sql + "\"}";
    }

    private static RawClient.Answer query(String path, String sql, String... headers) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            return client.post(path, sql(sql), headers).answer();
        }
    }

    private static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what + " within 20 s").isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
    }

    @Test
    void aSmallAnswerHasALengthAndAnId() throws IOException {
        RawClient.Answer answer = query("/api/v1/query", "SELECT 1 AS a, 'x' AS b", "Accept-Encoding: gzip");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers()).containsKeys("content-length", "x-arc-query-id").containsEntry("vary", "Accept-Encoding")
                .containsEntry("content-type", "application/json").doesNotContainKeys("transfer-encoding", "content-encoding");
        assertThat(answer.text())
                .startsWith("{\"success\":true,\"columns\":[\"a\",\"b\"],\"data\":[[1,\"x\"]],\"row_count\":1,");
    }

    @Test
    void rowsJustWrittenAreThere() throws IOException {
        assertThat(query("/api/v1/query", "SELECT value FROM cpu ORDER BY value").text()).contains("[[1],[2],[3]]");
        try (RawClient client = new RawClient(server.port())) {
            assertThat(client.get("/api/v1/query/cpu?order_by=value&limit=2").answer().text()).contains("\"row_count\":2");
            assertThat(client.get("/api/v1/query/cpu?where=value%3E2").answer().text()).contains("\"row_count\":1");
            assertThat(client.get("/api/v1/query/cpu?limit=-1").answer().status()).isEqualTo(400);
            assertThat(client.get("/api/v1/query/cpu/more").answer().status()).isEqualTo(404);
            assertThat(client.get("/api/v1/measurements").answer().text()).contains("\"measurement\":\"cpu\"");
        }
    }

    @Test
    void aQueryWaitsForTheWritesThatItNames() throws Exception {
        try (RawClient client = new RawClient(server.port())) {
            RawClient.Answer written = client.post("/write", "waited 1").answer();
            String position = written.headers().get("x-arc-position");
            assertThat(position).matches("w0:[0-9]+");
            assertThat(query("/api/v1/query", "SELECT count(*) FROM waited", "x-arc-after: " + position).text())
                    .contains("[[1]]");
            long next = Long.parseLong(position.substring(3)) + 1;
            CompletableFuture<String> waiting = CompletableFuture.supplyAsync(() -> {
                try {
                    return query("/api/v1/query", "SELECT count(*) FROM waited", "x-arc-after: " + position + ", w0:" + next)
                            .text();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThatThrownBy(() -> waiting.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
            client.post("/write", "waited 2").answer();
            assertThat(waiting.get(20, TimeUnit.SECONDS)).contains("[[2]]");
            try (RawClient other = new RawClient(server.port())) {
                assertThat(other.send("GET /api/v1/query/waited HTTP/1.1\r\nHost: x\r\nx-arc-after: w0:" + next + "\r\n\r\n")
                        .answer().text()).contains("\"row_count\":2");
            }
        }
        for (String wrong : List.of("w0", "w0:", ":5", "w0:-1", "w0:x", "w0:9999999999999999999", "other-1:5")) {
            RawClient.Answer refused = query("/api/v1/query", "SELECT 1", "x-arc-after: " + wrong);
            assertThat(refused.status()).as(wrong).isEqualTo(400);
            assertThat(refused.text()).contains(wrong);
        }
    }

    @ParameterizedTest
    @CsvSource({"zstd, zstd", "gzip, gzip", "'gzip, zstd', zstd", "x-gzip, gzip", "'zstd;q=0, gzip', gzip",
        "'gzip;q=0.0', none", "br, none", "'GZIP;q=0.5', gzip", "'gzip ; q=0', none"})
    void answersAreCompressedAsTheClientLikes(String accepted, String expected) throws IOException {
        for (String path : new String[] {"/api/v1/query", "/api/v1/query/msgpack", "/api/v1/query/stream"}) {
            for (int rows : new int[] {2_000, 200_000}) {
                String sql = "SELECT i FROM range(" + rows + ") t(i)";
                RawClient.Answer plain = query(path, sql);
                RawClient.Answer packed = query(path, sql, "Accept-Encoding: " + accepted);
                assertThat(plain.headers()).doesNotContainKey("content-encoding").containsEntry("vary", "Accept-Encoding");
                if (expected.equals("none")) {
                    assertThat(packed.headers()).doesNotContainKey("content-encoding");
                } else {
                    assertThat(packed.headers()).containsEntry("content-encoding", expected);
                    assertThat(packed.body().length).isLessThan(plain.body().length / 2);
                }
                byte[] unpacked = unpack(packed.body(), expected);
                if (path.equals("/api/v1/query/stream")) {
                    assertThat(unpacked).isEqualTo(plain.body());
                } else {
                    assertThat(unpacked.length).isBetween(plain.body().length - 10, plain.body().length + 10);
                }
            }
        }
    }

    private static byte[] unpack(byte[] body, String coding) throws IOException {
        InputStream source = new ByteArrayInputStream(body);
        try (InputStream plain = coding.equals("zstd") ? new ZstdInputStream(source)
                : coding.equals("gzip") ? new GZIPInputStream(source) : source) {
            return plain.readAllBytes();
        }
    }

    @Test
    void codingsAreReadAsWritten() {
        assertThat(Coding.accepted("")).isEqualTo(Coding.NONE);
        assertThat(Coding.accepted("*")).isEqualTo(Coding.NONE);
        assertThat(Coding.accepted("deflate, ZSTD ;q=0.1")).isEqualTo(Coding.ZSTD);
        assertThat(Coding.accepted("zstd;q=0.000,gzip;q=0")).isEqualTo(Coding.NONE);
    }

    @Test
    void arrowIsNeverCompressed() throws IOException {
        RawClient.Answer answer = query("/api/v1/query/arrow", "SELECT i FROM range(100000) t(i)",
                "Accept-Encoding: zstd, gzip");
        assertThat(answer.headers()).doesNotContainKey("content-encoding")
                .containsEntry("content-type", "application/vnd.apache.arrow.stream");
        assertThat(answer.body().length).isGreaterThan(800_000);
    }

    @Test
    void csvComesByFormatAndByRoute() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            RawClient.Answer byFormat = client.post("/api/v1/query", "{\"sql\":\"SELECT 1 AS a\",\"format\":\"csv\"}").answer();
            assertThat(byFormat.headers()).containsEntry("content-type", "text/csv");
            assertThat(byFormat.text().strip().lines()).containsExactly("a", "1");
        }
        assertThat(query("/query/stream", "SELECT 1 AS a").headers().get("content-disposition")).contains("query_result.csv");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"nonsense|400", "{}|400", "[]|400", "{\"sql\":7}|400", "{\"sql\":\"SELEC 1\"}|400",
        "{\"sql\":\"DROP TABLE cpu\"}|400", "{\"sql\":\"SELECT * FROM nowhere\"}|404",
                "{\"sql\":\"SELECT 1\",\"priority\":\"x\"}|400"})
    void errorsHaveTheEnvelopeOfQueries(String body, int status) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            RawClient.Answer answer = client.post("/api/v1/query", body, "Accept-Encoding: gzip").answer();
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.text()).startsWith("{\"success\":false,\"columns\":null,\"data\":null,\"row_count\":0,")
                    .contains("\"error\":\"", "\"message\":\"");
            assertThat(answer.headers()).doesNotContainKey("content-encoding");
            assertThat(client.post("/api/v1/query", sql("SELECT 1")).answer().status()).isEqualTo(200);
        }
    }

    @Test
    void anyContentTypeIsJson() throws IOException {
        for (String type : new String[] {"text/plain", "application/x-www-form-urlencoded", "nonsense", "application/xml"}) {
            assertThat(query("/api/v1/query", "SELECT 1", "Content-Type: " + type).status()).isEqualTo(200);
        }
    }

    @Test
    void estimatesTellOfFailuresInside() throws IOException {
        assertThat(query("/api/v1/query/estimate", "SELECT * FROM cpu").text()).contains("\"estimated_rows\":3");
        RawClient.Answer failed = query("/api/v1/query/estimate", "SELECT nothing FROM cpu");
        assertThat(failed.status()).isEqualTo(200);
        assertThat(failed.text()).contains("\"success\":false", "\"estimated_rows\":null", "\"warning_level\":\"error\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/query", "/api/v1/query/arrow", "/api/v1/query/stream"})
    void aFailureAfterTheFirstBytesBreaksTheConnection(String path) throws IOException {
        String sql = "SELECT i, CAST(CASE WHEN i = 3000000 THEN 'x' ELSE '1' END AS INTEGER) AS n FROM range(4000000) t(i)";
        for (String header : new String[] {"X-None: 1", "Accept-Encoding: gzip", "Accept-Encoding: zstd"}) {
            try (RawClient client = new RawClient(server.port())) {
                client.post(path, sql(sql), header);
                assertThatThrownBy(() -> {
                    RawClient.Answer answer = client.answer();
                    // A failure known in time is told by the status instead.
                    assertThat(answer.status()).as("an answer that ends well is no success").isGreaterThanOrEqualTo(400);
                    throw new java.io.EOFException("told by the status");
                }).isInstanceOfAny(java.io.EOFException.class, java.net.SocketException.class);
            }
        }
    }

    @Test
    void aFailureBeforeTheFirstBytesIsAStatus() throws IOException {
        RawClient.Answer answer = query("/api/v1/query",
                "SELECT CAST(CASE WHEN i = 5 THEN 'x' ELSE '1' END AS INTEGER) FROM range(10) t(i)");
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("\"success\":false");
    }

    @Test
    void aLargeAnswerIsByteExactForASlowReader() throws IOException {
        String sql = "SELECT i, repeat('abcdefghij', 100) AS text FROM range(65536) t(i)";
        try (RawClient client = new RawClient(server.port(), 4096)) {
            client.post("/api/v1/query/stream", sql(sql));
            RawClient.Answer head = client.head();
            assertThat(head.headers()).containsEntry("transfer-encoding", "chunked");
            CRC32 expected = new CRC32();
            long expectedBytes = 0;
            String text = "abcdefghij".repeat(100);
            RawClient.Answer first = query("/api/v1/query/stream",
                    "SELECT i, repeat('abcdefghij', 100) AS text FROM range(1) t(i)");
            String eol = first.text().contains("\r\n") ? "\r\n" : "\n";
            for (int i = -1; i < 65536; i++) {
                byte[] line = ((i < 0 ? "i,text" : i + "," + text) + eol).getBytes(StandardCharsets.UTF_8);
                expected.update(line);
                expectedBytes += line.length;
            }
            assertThat(expectedBytes).isGreaterThan(64_000_000);
            CRC32 actual = new CRC32();
            long bytes = 0;
            byte[] piece = new byte[1000];
            int pieces = 0;
            for (int size = chunk(client.stream()); size > 0; size = chunk(client.stream())) {
                int left = size;
                while (left > 0) {
                    int read = client.stream().read(piece, 0, Math.min(left, piece.length));
                    assertThat(read).as("bytes at " + bytes).isPositive();
                    actual.update(piece, 0, read);
                    left -= read;
                    bytes += read;
                    if (++pieces % 4096 == 0) {
                        // Slow enough that the server's socket fills up again and again.
                        LockSupport.parkNanos(2_000_000);
                    }
                }
                assertThat(client.stream().read()).isEqualTo('\r');
                assertThat(client.stream().read()).isEqualTo('\n');
            }
            assertThat(bytes).isEqualTo(expectedBytes);
            assertThat(actual.getValue()).isEqualTo(expected.getValue());
        }
    }

    private static int chunk(InputStream in) throws IOException {
        StringBuilder size = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            assertThat(b).as("a chunk's size, so far " + size).isNotNegative();
            if (b != '\r') {
                size.append((char) b);
            }
        }
        return Integer.parseInt(size.toString(), 16);
    }

    @Test
    void aClientThatLeavesWhileItsQueryComputesEndsIt() throws IOException {
        for (String path : List.of("/api/v1/query", "/api/v1/query/arrow", "/api/v1/query/estimate")) {
            leave(path, false);
            leave(path, true);
        }
    }

    private static void leave(String path, boolean abruptly) throws IOException {
        RawClient client = new RawClient(server.port());
        client.post(path, sql(ENDLESS));
        await("the query runs", () -> server.queries.running().size() == 1);
        if (abruptly) {
            client.reset();
        } else {
            client.close();
        }
        await("the query ends", () -> server.queries.running().isEmpty());
    }

    @Test
    void aClientThatLeavesWhileItReadsEndsTheQuery() throws IOException {
        Counter disconnects = server.metrics.counter("arc_query_client_disconnects_total", "queries", "");
        long before = disconnects.value();
        RawClient client = new RawClient(server.port(), 4096);
        client.post("/api/v1/query/stream", sql("SELECT i, repeat('x', 1000) FROM range(100000000) t(i)"));
        assertThat(client.head().status()).isEqualTo(200);
        client.reset();
        await("the query ends", () -> server.queries.running().isEmpty());
        await("it is counted", () -> disconnects.value() == before + 1);
    }

    @Test
    void aLongQueryThatIsWaitedForIsAnsweredInFull() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.post("/api/v1/query", sql(ENDLESS));
            await("the query runs", () -> server.queries.running().size() == 1);
            String id = server.queries.running().getFirst().id();
            // Past the moment from which the connection is watched.
            long until = System.nanoTime() + Duration.ofMillis(1500).toNanos();
            while (System.nanoTime() < until) {
                LockSupport.parkNanos(10_000_000);
                assertThat(server.queries.running()).hasSize(1);
            }
            try (RawClient admin = new RawClient(server.port())) {
                assertThat(admin.get("/api/v1/queries").answer().text()).contains(id, "\"count\":1");
                assertThat(admin.send("DELETE /api/v1/queries/" + id + " HTTP/1.1\r\nHost: x\r\n\r\n").answer().status())
                        .isEqualTo(200);
                assertThat(admin.send("DELETE /api/v1/queries/none HTTP/1.1\r\nHost: x\r\n\r\n").answer().status())
                        .isEqualTo(404);
            }
            RawClient.Answer answer = client.answer();
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.text()).contains("\"success\":false");
            assertThat(answer.headers()).containsEntry("connection", "close");
            assertThat(client.isEnded()).as("a watched connection serves nothing more").isTrue();
        }
    }

    @Test
    void headAnswersWithoutABody() throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            for (String path : new String[] {"/health", "/ready", "/", "/api/v1/measurements", "/api/v1/query/cpu", "/metrics",
                "/openapi", "/api/v1/databases", "/api/monitoring/pool"}) {
                assertThat(client.send("HEAD " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").head().status()).as(path)
                        .isEqualTo(200);
            }
            assertThat(client.get("/ping").answer().status()).as("nothing was left on the connection").isEqualTo(204);
        }
    }
}
