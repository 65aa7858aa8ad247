package io.arc.distribution;

import static io.arc.distribution.Answered.assertRefused;
import static io.arc.distribution.Answered.assertStored;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import io.arc.distribution.RawHttp.Answer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What the write side promises on HTTP, sentence by sentence: routes and their old names, methods, error shapes, limits and
/// names.
class WireContractIT {
    private static final List<String> INFLUX_1 = List.of("/write", "/api/v1/write");
    private static final List<String> INFLUX_2 = List.of("/api/v2/write", "/api/v1/write/influxdb");
    private static final List<String> LINES = List.of("/api/v1/write/line-protocol", "/write/v1/line-protocol",
            "/write/v2/line-protocol");
    private static final List<String> MESSAGE_PACK = List.of("/api/v1/write/msgpack", "/write/v1/msgpack", "/write/v2/msgpack",
            "/api/v1/msgpack", "/api/v2/msgpack");

    @TempDir
    private static Path folder;
    private static InstalledArc arc;
    private static Server server;
    private static Server narrow;

    @BeforeAll
    static void start() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("installation"));
        server = arc.start(folder.resolve("data"), Map.of());
        narrow = arc.start(folder.resolve("narrow"), Map.of("ARC_SERVER_MAX_PAYLOAD_SIZE", "1MB", "ARC_INGEST_MAX_COLUMNS",
                "50",
                "ARC_INGEST_LINE_ERRORS", "reject"));
    }

    @AfterAll
    static void stop() {
        if (arc != null) {
            arc.close();
        }
    }

    static Stream<String> writeRoutes() {
        return Stream.of(INFLUX_1, INFLUX_2, LINES, MESSAGE_PACK).flatMap(List::stream);
    }

    private static byte[] good(String route) {
        return MESSAGE_PACK.contains(route) ? Payloads.COLUMNS : Payloads.bytes("t1 v=1.5 1750000000000000000\n");
    }

    private static byte[] bad(String route) {
        return MESSAGE_PACK.contains(route) ? new byte[] {(byte) 0xc1} : Payloads.bytes("t1 v=\n");
    }

    private static Answer send(Server to, String head, byte[] body) throws IOException {
        return RawHttp.exchange(to.port(), head.replace("{A}", "Authorization: Bearer " + InstalledArc.TOKEN), body);
    }

    private static Answer post(String target, byte[] body, String... headers) throws IOException {
        return post(server, target, body, headers);
    }

    private static Answer post(Server to, String target, byte[] body, String... headers) throws IOException {
        return send(to, "POST " + target + " HTTP/1.1\nHost: x\n{A}\n" + String.join("\n", headers), body);
    }

    private static void assertShape(String route, Answer answer, int status) {
        assertRefused(answer, status);
        String word = switch (status) {
            case 413 -> "request too large";
            case 401 -> "unauthorized";
            default -> "invalid";
        };
        if (INFLUX_1.contains(route)) {
            assertThat(answer.body()).matches("\\{(\"success\":false,)?\"error\":\".+\"(,\"dropped\":\\d+)?}");
        } else if (INFLUX_2.contains(route)) {
            assertThat(answer.body()).matches("\\{(\"success\":false,)?\"code\":\"" + word
                    + "\",\"message\":\"(.+)\",\"error\":\"\\2\"(,\"dropped\":\\d+)?}");
        } else {
            assertThat(answer.body())
                    .matches("\\{\"success\":false,\"error\":\"(.+)\",\"message\":\"\\1\"(,\"dropped\":\\d+)?}");
        }
    }

    @ParameterizedTest
    @MethodSource("writeRoutes")
    void aWriteRouteAnswersEverythingInItsShape(String route) throws Exception {
        for (String spelling : List.of(route, route + "/", route.toUpperCase(Locale.ROOT), "/" + route)) {
            assertStored(post(spelling, good(route)));
        }
        assertStored(post(route, good(route), "Content-Type: application/x-nonsense; charset=\"", "Content-Encoding: br"));
        assertShape(route, post(route, bad(route)), 400);
        assertShape(route, post(route, new byte[0]), 400);
        assertShape(route, post(route, Payloads.gzip(new byte[0])), 400);
        assertShape(route, post(route, good(route), "x-arc-database: ../etc"), 400);
        for (byte[] packed : List.of(Payloads.gzip(good(route)), Payloads.zstd(good(route)))) {
            assertStored(post(route, packed));
            for (int cut : new int[] {4, packed.length / 2, packed.length - 1}) {
                Answer broken = post(route, Arrays.copyOf(packed, cut));
                assertShape(route, broken, 400);
                assertThat(broken.body()).contains(packed[0] == 0x1f ? "gzip" : "zstd");
            }
        }
        ByteArrayOutputStream members = new ByteArrayOutputStream();
        byte[] whole = good(route);
        members.writeBytes(Payloads.gzip(Arrays.copyOf(whole, 3)));
        members.writeBytes(Payloads.gzip(Arrays.copyOfRange(whole, 3, whole.length)));
        assertStored(post(route, members.toByteArray()));
        assertShape(route, send(server, "POST " + route + " HTTP/1.1\nHost: x", good(route)), 401);

        for (String method : List.of("GET", "HEAD", "PUT", "PATCH", "DELETE")) {
            Answer refused = send(server, method + " " + route + " HTTP/1.1\nHost: x\n{A}", new byte[0]);
            assertThat(refused.status()).as(method).isEqualTo(405);
            assertThat(refused.header("Allow")).isEqualTo("POST");
            assertThat(refused.header("Content-Type")).isEqualTo("application/json");
            assertThat(refused.body().isEmpty()).isEqualTo(method.equals("HEAD"));
        }
        Answer preflight = send(server, "OPTIONS " + route + " HTTP/1.1\nHost: x\nOrigin: http://a\n"
                + "Access-Control-Request-Method: POST", new byte[0]);
        assertThat(preflight.status()).isEqualTo(204);
        assertThat(preflight.header("Access-Control-Allow-Origin")).isEqualTo("*");
        assertThat(preflight.header("Access-Control-Allow-Methods")).contains("GET", "POST", "PUT", "DELETE", "OPTIONS");
        assertThat(preflight.header("Access-Control-Allow-Headers")).contains("Origin", "Content-Type", "Accept",
                "Authorization",
                "x-api-key", "x-arc-database", "Content-Encoding");
    }

    @ParameterizedTest
    @MethodSource("writeRoutes")
    void aBodyThatIsTooLargeIs413WhereverThatShows(String route) throws Exception {
        byte[] large = new byte[(1 << 20) + 1];
        Arrays.fill(large, (byte) '\n');
        assertShape(route, post(narrow, route, Payloads.gzip(large)), 413);
        assertShape(route, post(narrow, route, Payloads.zstd(large)), 413);
        assertShape(route, post(narrow, route, Payloads.gzip(new byte[64 << 20])), 413);
        Answer plain;
        try (RawHttp http = new RawHttp(narrow.port())) {
            plain = http.send("POST " + route + " HTTP/1.1\nHost: x\nAuthorization: Bearer " + InstalledArc.TOKEN, large)
                    .answer();
        }
        assertShape(route, plain, 413);
        try (RawHttp http = new RawHttp(narrow.port())) {
            plain = http.sendChunked("POST " + route + " HTTP/1.1\nHost: x\nAuthorization: Bearer " + InstalledArc.TOKEN, large)
                    .answer();
        }
        assertShape(route, plain, 413);
        assertStored(post(narrow, route, good(route)));
    }

    @Test
    void rejectMakesOneBadLineRefuseAll() throws Exception {
        for (String route : Stream.of(INFLUX_1, INFLUX_2, LINES).flatMap(List::stream).toList()) {
            Answer refused = post(narrow, route, Payloads.bytes("rejected v=1\nrejected v=\nrejected v=2\n"));
            assertShape(route, refused, 400);
            assertThat(refused.body()).contains("nothing was stored", "record 2").doesNotContain("partial write");
        }
        assertThat(narrow.post("/api/v1/query", "{\"sql\":\"FROM rejected\"}").statusCode()).isEqualTo(404);
    }

    @Test
    void columnsAreCountedAndTheirNamesChecked() throws Exception {
        StringBuilder line = new StringBuilder("wide ");
        for (int i = 0; i < 51; i++) {
            line.append(i == 0 ? "" : ",").append('c').append(i).append("=1");
        }
        assertRefused(post(narrow, "/write", Payloads.bytes(line.toString())), 400, "50", "wide");
        Map<String, Object> columns = new LinkedHashMap<>(Map.of("time", List.of(1)));
        for (int i = 0; i < 51; i++) {
            columns.put("c" + i, List.of(i));
        }
        assertRefused(post(narrow, "/api/v1/write/msgpack", Payloads.messagePack(Map.of("m", "wide", "columns", columns))),
                400, "50");
        assertThat(narrow.post("/api/v1/query", "{\"sql\":\"FROM wide\"}").statusCode()).isEqualTo(404);
        for (String name : List.of("", "n".repeat(256), "a\u0001b", "\u0000")) {
            for (Object item : List.of(Payloads.columns("named", "time", List.of(1), "good", List.of(1), name, List.of(1)),
                    Map.of("m", "named", "t", 1, "fields", Map.of("good", 1, name, 1)),
                    Map.of("m", "named", "t", 1, "fields", Map.of("good", 1), "tags", Map.of(name, "x")))) {
                assertRefused(post("/api/v1/write/msgpack", Payloads.messagePack(item)), 400);
            }
            if (!name.isEmpty()) {
                assertRefused(post("/write", Payloads.bytes("named good=1," + name + "=1 1\n")), 400);
                assertRefused(post("/write", Payloads.bytes("named," + name + "=x good=1 1\n")), 400);
            }
        }
        for (String name : List.of("../../etc/passwd", "a/b\\\\c", "a.b", "select", "\"; DROP TABLE t; --", "_x",
                "\u00e4\u20ac", "a b",
                "database", "measurement", "n".repeat(255))) {
            assertStored(post("/api/v1/write/msgpack", Payloads.messagePack(Payloads.columns("odd", "time", List.of(1), name,
                    List.of(7)))));
            assertThat(server.query("default", "SELECT sum(\"" + name.replace("\"", "\"\"").replace("\\", "\\\\")
                    + "\") FROM odd")).as(name)
                    .isEqualTo("[[7]]");
        }
        // SQL does not tell capitals from small letters; the later column has a number behind its name there.
        assertStored(post("/write", Payloads.bytes("odd TIME=7i,Select=8i 1750000000000000000\n")));
        assertThat(server.query("default", "SELECT time, TIME_1, Select_1 FROM odd WHERE TIME_1 = 7"))
                .isEqualTo("[[\"2025-06-15T15:06:40Z\",7,8]]");
    }

    @Test
    void timeAsTheNameOfAValueIsAnswered() throws Exception {
        assertStored(post("/write", Payloads.bytes("timed,time=noon time=5i,v=1i 1750000000000000000\n")));
        assertThat(server.query("default", "SELECT time, v FROM timed")).isEqualTo("[[\"2025-06-15T15:06:40Z\",1]]");
        assertStored(post("/write", Payloads.bytes("timed2 time=5i 1750000000000000000\n")));
        assertThat(server.query("default", "SELECT * FROM timed2")).isEqualTo("[[\"2025-06-15T15:06:40Z\",5]]");
        assertThat(server.query("default", "SELECT time_value FROM timed2")).isEqualTo("[[5]]");
        Answer row = post("/api/v1/write/msgpack", Payloads.messagePack(Map.of("m", "timed3", "t", 1_750_000_000, "fields",
                Map.of("time", 5, "v", 1))));
        assertThat(row.status()).as(row.body()).isIn(204, 400);
        if (row.status() == 204) {
            assertThat(server.query("default", "SELECT time, v, time_value FROM timed3"))
                    .isEqualTo("[[\"2025-06-15T15:06:40Z\",1,5]]");
        }
        assertThat(post("/api/v1/write/line-protocol/flush", new byte[0]).status()).isEqualTo(200);
        assertThat(server.query("default", "SELECT time, v FROM timed")).isEqualTo("[[\"2025-06-15T15:06:40Z\",1]]");
    }

    @Test
    void nothingThatIsNestedOrHugeHurts() throws Exception {
        for (int depth : new int[] {40, 5_000, 900_000}) {
            byte[] nested = new byte[depth + 1];
            Arrays.fill(nested, (byte) 0x91);
            nested[depth] = (byte) 0xc0;
            assertRefused(post("/api/v1/write/msgpack", nested), 400);
            assertRefused(post("/api/v1/write/msgpack", Payloads.gzip(nested)), 400);
        }
        for (String hex : List.of("dfffffffff", "ddffffffff", "dbffffffff", "81a16dc6ffffffff",
                "82a16da174a7636f6c756d6e7381a474696d65ddffffffff")) {
            assertRefused(post("/api/v1/write/msgpack", HexFormat.of().parseHex(hex)), 400);
        }
        ByteArrayOutputStream large = new ByteArrayOutputStream();
        large.writeBytes(Payloads.messagePack(Payloads.columns("big", "time", List.of(1), "v", List.of(1))));
        byte[] body = large.toByteArray();
        body[body.length - 1] = (byte) 0xcf;
        large.reset();
        large.writeBytes(body);
        large.writeBytes(Arrays.copyOfRange(BigInteger.ONE.shiftLeft(63).toByteArray(), 1, 9));
        assertRefused(post("/api/v1/write/msgpack", large.toByteArray()), 400, "9223372036854775808");
        assertRefused(post("/write", Payloads.bytes("big v=9223372036854775808u 1\n")), 400, "line 1", "dropped=1");
        assertRefused(post("/write", Payloads.bytes("big v=1 99999999999999999999\n")), 400, "line 1");
        assertRefused(post("/write?precision=h", Payloads.bytes("big v=1 9999999999999999\n")), 400, "line 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/write/msgpack/stats", "/write/v1/msgpack/stats", "/write/v2/msgpack/stats"})
    void figuresOfMessagePack(String path) throws Exception {
        assertStored(post("/api/v1/write/msgpack", Payloads.COLUMNS));
        Answer figures = send(server, "GET " + path + " HTTP/1.1\nHost: x\n{A}", new byte[0]);
        assertThat(figures.status()).isEqualTo(200);
        assertThat(figures.body())
                .matches("\\{\"decoder\":\\{\"total_decoded\":[1-9]\\d*,\"total_records\":[1-9]\\d*,\"total_errors\":\\d+,"
                + "\"error_rate\":[0-9.E-]+},\"buffer\":\\{.*\"total_records_buffered\":\\d+.*}}");
        assertThat(send(server, "GET " + path + " HTTP/1.1\nHost: x", new byte[0]).status()).isEqualTo(401);
    }

    @Test
    void figuresAndHealthOfLineProtocolAndTheOldRoutes() throws Exception {
        assertStored(post("/write", Payloads.gzip(Payloads.bytes("counted v=1\n"))));
        Map<String, String> bodies = new LinkedHashMap<>();
        bodies.put("/api/v1/write/line-protocol/stats", "\\{\"status\":\"success\",\"stats\":\\{\"total_requests\":[1-9]\\d*,"
                + "\"total_records\":[1-9]\\d*,\"total_bytes\":[1-9]\\d*,\"total_bytes_gzipped\":[1-9]\\d*,"
                + "\"total_errors\":\\d+}}");
        for (String path : List.of("/api/v1/write/line-protocol/health", "/api/v1/write/health", "/write/health")) {
            bodies.put(path, "\\{\"status\":\"healthy\",\"service\":\"line_protocol_writer\",\"stats\":\\{.*}}");
        }
        for (String path : List.of("/api/v1/write/stats", "/write/stats")) {
            bodies.put(path, "\\{\"status\":\"success\",\"buffer_stats\":\\{.*\"current_buffer_sizes\":\\{.*"
                    + "\"oldest_buffer_age_seconds\":.*},\"timestamp\":\"\\d{4}-.*Z\"}");
        }
        bodies.put("/api/monitoring/buffer", "\\{\"total_records_buffered\":.*}");
        for (String path : List.of("/api/v1/write/msgpack/spec", "/write/v1/msgpack/spec", "/write/v2/msgpack/spec")) {
            bodies.put(path, "\\{\"protocol\":\"MessagePack\",\"endpoint\":\"/api/v1/write/msgpack\".*}");
        }
        bodies.put("/api/v1/import/stats",
                "\\{\"status\":\"success\",\"stats\":\\{\"total_requests\":\\d+,\"total_records\":\\d+,"
                + "\"total_errors\":\\d+}}");
        for (Map.Entry<String, String> each : bodies.entrySet()) {
            for (String spelling : List.of(each.getKey(), each.getKey() + "/")) {
                Answer answer = send(server, "GET " + spelling + " HTTP/1.1\nHost: x\n{A}", new byte[0]);
                assertThat(answer.status()).as(spelling).isEqualTo(200);
                assertThat(answer.header("Content-Type")).isEqualTo("application/json");
                assertThat(answer.body()).matches(each.getValue());
            }
            Answer head = send(server, "HEAD " + each.getKey() + " HTTP/1.1\nHost: x\n{A}", new byte[0]);
            assertThat(head.status()).as("HEAD " + each.getKey()).isEqualTo(200);
            assertThat(send(server, "GET " + each.getKey() + " HTTP/1.1\nHost: x", new byte[0]).status()).isEqualTo(401);
        }
        for (String path : List.of("/api/v1/write/line-protocol/flush", "/api/v1/write/flush", "/write/flush",
                "/write/flush?measurement=x")) {
            Answer flushed = post(path, new byte[0]);
            assertThat(flushed.status()).as(path).isEqualTo(200);
            assertThat(flushed.body()).matches("\\{\"status\":\"success\",\"message\":\".+\"}");
        }
        String metrics = send(server, "GET /metrics HTTP/1.1\nHost: x", new byte[0]).body();
        assertThat(metrics).contains("arc_lineprotocol_requests_total", "arc_lineprotocol_records_total",
                "arc_ingest_records_total",
                "arc_ingest_bytes_total", "arc_ingest_batches_total", "arc_ingest_errors_total");
    }

    @Test
    void theFewWordsOfInfluxQl() throws Exception {
        String done = "{\"results\":[{\"statement_id\":0}]}";
        for (String statement : List.of("CREATE+DATABASE+one-1", "create%20database%20%22one-1%22%3B",
                "CREATE+DATABASE+%22one-1%22+WITH+"
                + "DURATION+7d+REPLICATION+1", "CREATE%20DATABASE%20one-1%20WITH%20REPLICATION%201",
                "DROP+DATABASE+nobody-has-this")) {
            for (String method : List.of("GET", "POST")) {
                Answer answer = send(server, method + " /query?q=" + statement + " HTTP/1.1\nHost: x\n{A}", new byte[0]);
                assertThat(answer.body()).as(statement).isEqualTo(done);
                assertThat(answer.status()).isEqualTo(200);
            }
            Answer form = post("/query", Payloads.bytes("db=&q=" + statement),
                    "Content-Type: application/x-www-form-urlencoded");
            assertThat(form.body()).isEqualTo(done);
        }
        assertThat(post("/query?q=show+databases", new byte[0]).body()).contains("\"values\":[[").contains("[\"one-1\"]");
        assertThat(post("/query?q=SHOW+MEASUREMENTS&db=one-1", new byte[0]).body()).contains("\"columns\":[\"name\"]",
                "\"values\":[]");
        assertStored(post("/write?db=one-1", Payloads.bytes("a v=1\nb v=1\n")));
        assertThat(post("/query?q=SHOW+MEASUREMENTS+LIMIT+1&db=one-1", new byte[0]).body()).contains("\"values\":[[\"a\"]]");
        assertRefused(post("/query?q=DROP+DATABASE+one-1", new byte[0]), 400, "one-1");
        assertThat(server.query("one-1", "SELECT count(*) FROM a")).isEqualTo("[[1]]");
        for (String query : List.of("?q=SELECT+1", "?q=", "", "?q=CREATE+DATABASE", "?q=CREATE+DATABASE+9bad", "?q=%22",
                "?q=DROP+DATABASE",
                "?q=CREATE+DATABASE+%22..%2F..%22")) {
            assertRefused(post("/query" + query, new byte[0]), 400);
        }
        assertRefused(send(server, "GET /query?q=SHOW+DATABASES HTTP/1.1\nHost: x", new byte[0]), 401, "\"success\":false");
    }

    @Test
    void probesNeedNoTokenAndUnknownThingsAreJson() throws Exception {
        for (String method : List.of("GET", "HEAD")) {
            Answer ping = send(server, method + " /ping HTTP/1.1\nHost: x\nContent-Encoding: gzip", new byte[0]);
            assertThat(ping.status()).isEqualTo(204);
            assertThat(ping.header("X-Influxdb-Version")).isEqualTo("1.8.10");
            assertThat(ping.header("X-Influxdb-Build")).isNotEmpty();
            for (String path : List.of("/health", "/ready", "/metrics", "/health/", "/ping/")) {
                assertThat(send(server, method + " " + path + " HTTP/1.1\nHost: x", new byte[0]).status()).as(method + path)
                        .isIn(200, 204);
            }
        }
        Answer unknown = post("/api/v9/write", Payloads.bytes("x v=1"));
        assertRefused(unknown, 404, "\"error\":\"Cannot POST /api/v9/write\"");
        assertRefused(send(server, "GET /nothing HTTP/1.1\nHost: x\n{A}", new byte[0]), 404,
                "\"error\":\"Cannot GET /nothing\"");
        for (String header : List.of("X-Frame-Options", "X-Content-Type-Options", "X-XSS-Protection", "Referrer-Policy",
                "Permissions-Policy", "Content-Security-Policy", "Access-Control-Allow-Origin")) {
            assertThat(unknown.header(header)).as(header).isNotEmpty();
        }
        assertThat(unknown.header("Strict-Transport-Security")).isEmpty();
        // Blank is absent.
        assertStored(post("/write", Payloads.bytes("blank v=1 1750000000000000000"), "x-arc-database:  "));
        assertThat(server.query("default", "SELECT v FROM blank")).isEqualTo("[[1]]");
    }

    @Test
    void whatIsNoImportIsRefused() throws Exception {
        byte[] file = Payloads.multipart("file", "a.lp", Payloads.bytes("imported v=1 1\n"));
        String form = "Content-Type: " + Payloads.MULTIPART;
        assertRefused(post("/api/v1/import/lp", file, form), 400, "x-arc-database");
        assertRefused(post("/api/v1/import/lp?db=i", file), 400, "multipart/form-data");
        assertRefused(post("/api/v1/import/lp?db=i", Payloads.multipart("other", "a.lp", new byte[1]), form), 400, "'file'");
        assertRefused(post("/api/v1/import/lp?db=i", Payloads.multipart("file", "a.lp", new byte[0]), form), 400, "empty");
        assertRefused(post("/api/v1/import/lp?db=i", Arrays.copyOf(file, file.length - 20), form), 400);
        assertRefused(post("/api/v1/import/lp?db=i", new byte[0], form), 400);
        assertRefused(post("/api/v1/import/lp?db=i&measurement=other", file, form), 400, "other");
        assertRefused(post("/api/v1/import/lp?db=i&precision=furlong", file, form), 400, "furlong");
        assertRefused(post("/api/v1/import/lp?db=9bad", file, form), 400, "9bad");
        assertRefused(post("/api/v1/import/lp?db=i", Payloads.multipart("file", "a.lp",
                Payloads.bytes("imported v=1 1\nimported v=\n")),
                form), 400, "record 2", "nothing was stored");
        assertRefused(post("/api/v1/import/lp?db=i", Payloads.multipart("file", "a.lp",
                Payloads.bytes("imported v=1 1\na.b v=1\n")),
                form), 400, "a.b");
        assertThat(server.post("/api/v1/query", "{\"sql\":\"FROM i.imported\"}").statusCode()).isEqualTo(404);
        assertRefused(send(server, "GET /api/v1/import/lp HTTP/1.1\nHost: x\n{A}", new byte[0]), 405);
        Answer bomb = post(narrow, "/api/v1/import/lp?db=i", Payloads.multipart("file", "a.lp.gz",
                Payloads.gzip(new byte[2 << 20])), form);
        assertRefused(bomb, 413);
        assertThat(post("/api/v1/import/lp?db=i", file, form).status()).isEqualTo(200);
        assertThat(server.query("i", "SELECT v FROM imported")).isEqualTo("[[1]]");
    }
}
