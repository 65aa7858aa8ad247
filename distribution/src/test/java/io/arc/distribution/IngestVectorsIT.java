package io.arc.distribution;

import static io.arc.distribution.Answered.assertRefused;
import static io.arc.distribution.Answered.assertStored;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import io.arc.runtime.auth.Permission;
import io.arc.runtime.auth.TokenStore;
import io.arc.runtime.catalog.Catalog;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The acceptance vectors of the write side, by their numbers, over HTTP.
class IngestVectorsIT {
    private static final String NOON_LINE = "m,t=a\\ b v=1i,w=2u,x=3,y=\"a\\\"b\",z=T 1750000000000000000";

    @TempDir
    private static Path folder;
    private static InstalledArc arc;
    private static Server server;
    private static Path data;
    private static final Map<String, String> TOKENS = new HashMap<>();

    @BeforeAll
    static void start() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("installation"));
        data = Files.createDirectories(folder.resolve("data"));
        try (Catalog catalog = Catalog.open(data.resolve("arc.db"), InstantSource.system())) {
            TokenStore tokens = new TokenStore(catalog.database(), InstantSource.system());
            for (Permission permission : Permission.values()) {
                TOKENS.put(permission.text(), tokens.create(permission.text(), "", Optional.of(Set.of(permission)),
                        Optional.empty()).token());
            }
        }
        server = arc.start(data, Map.of("ARC_AUTH_FORCE_BOOTSTRAP", "true"));
    }

    @AfterAll
    static void stop() {
        if (arc != null) {
            arc.close();
        }
    }

    private static HttpResponse<String> msgPack(String database, byte[] body, String... headers) throws Exception {
        String[] all = Stream.concat(Stream.of("x-arc-database", database), Stream.of(headers)).toArray(String[]::new);
        return server.post("/api/v1/write/msgpack", body, all);
    }

    private static HttpResponse<String> items(String database, Object body) throws Exception {
        return msgPack(database, Payloads.messagePack(body));
    }

    private static void flush() throws Exception {
        HttpResponse<String> flushed = server.post("/api/v1/write/line-protocol/flush", "");
        assertThat(flushed.statusCode()).isEqualTo(200);
        assertThat(flushed.body()).contains("\"status\":\"success\"", "\"message\":");
    }

    private static void assertNoTable(String database, String table) throws Exception {
        HttpResponse<String> answer = server.post("/api/v1/query", "{\"sql\":\"SELECT 1 FROM " + table + "\"}",
                "x-arc-database",
                database);
        assertThat(answer.statusCode()).as(answer.body()).isNotEqualTo(200);
    }

    private static List<Path> files(String... below) throws IOException {
        Path start = data.resolve("storage");
        for (String name : below) {
            start = start.resolve(name);
        }
        if (!Files.exists(start)) {
            return List.of();
        }
        try (Stream<Path> all = Files.walk(start)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    @Test
    void vector1ColumnsPlainGzipAndZstdWhateverTheHeaderSays() throws Exception {
        List<byte[]> codings = List.of(Payloads.COLUMNS, Payloads.gzip(Payloads.COLUMNS), Payloads.zstd(Payloads.COLUMNS));
        List<String> databases = new ArrayList<>();
        for (byte[] body : codings) {
            for (String[] header : new String[][] {{}, {"Content-Encoding", "br"}, {"Content-Encoding", "gzip"}}) {
                String database = databases.isEmpty() ? "default" : "vector1-" + databases.size();
                databases.add(database);
                assertStored(msgPack(database, body, header));
            }
        }
        flush();
        for (String database : databases) {
            List<Path> files = files(database, "t1");
            assertThat(files).hasSize(1);
            assertThat(files.getFirst().getParent()).isEqualTo(data.resolve("storage/" + database + "/t1/2025/06/15/15"));
            assertThat(server.query(database, "SELECT time, v FROM t1 ORDER BY time"))
                    .isEqualTo("[[\"2025-06-15T15:06:40Z\",1.5],[\"2025-06-15T15:06:41Z\",null]]");
        }
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:");
                Statement statement = duckDb.createStatement();
                ResultSet schema = statement.executeQuery("SELECT string_agg(name || ' ' || type || ' ' || repetition_type || "
                        + "' ' "
                        + "|| coalesce(logical_type, ''), '; ') FROM parquet_schema('" + files("default", "t1").getFirst()
                        + "') WHERE type IS NOT NULL")) {
            assertThat(schema.next()).isTrue();
            assertThat(schema.getString(1)).contains("time INT64").contains("isAdjustedToUTC=1").contains("MicroSeconds")
                    .contains("v DOUBLE OPTIONAL");
        }
    }

    @Test
    void vector2ARowsHostIsItsTag() throws Exception {
        assertStored(msgPack("vector2", Payloads.ROW));
        assertThat(server.query("vector2", "SELECT * FROM t1")).isEqualTo("[[\"2025-06-15T15:06:40Z\",\"a\",2]]");
    }

    @Test
    void vector3OneBodyMayHoldSeveralTables() throws Exception {
        assertStored(msgPack("vector3", Payloads.TWO_TABLES));
        assertThat(server.query("vector3", "SELECT * FROM t1")).isEqualTo("[[\"2025-06-15T15:06:40Z\",1]]");
        assertThat(server.query("vector3", "SELECT * FROM t2")).isEqualTo("[[\"2025-06-15T15:06:40Z\",\"x\"]]");
    }

    @Test
    void vector4NothingAtAll() throws Exception {
        assertStored(msgPack("vector4", HexFormat.of().parseHex("90")));
        assertRefused(msgPack("vector4", HexFormat.of().parseHex("80")), 400);
        assertRefused(msgPack("vector4", new byte[0]), 400, "empty");
        assertRefused(msgPack("vector4", HexFormat.of().parseHex("c0")), 400);
    }

    @Test
    void vector5ColumnsOfUnequalLengthAreRefusedWhole() throws Exception {
        Map<String, Object> ragged = Payloads.columns("t", "time", List.of(1), "v", List.of(1, 2));
        Map<String, Object> good = Payloads.columns("good", "time", List.of(1), "v", List.of(1));
        assertRefused(items("vector5", ragged), 400, "'v'");
        assertRefused(items("vector5", Map.of("batch", List.of(good, ragged))), 400, "'v'");
        assertRefused(items("vector5", List.of(good, ragged)), 400, "'v'");
        assertNoTable("vector5", "good");
        assertNoTable("vector5", "t");
    }

    @Test
    void vector6TheUnitOfATimeByItsMagnitude() throws Exception {
        for (long time : new long[] {1_750_000_000L, 1_750_000_000_000L, 1_750_000_000_000_000L, 1_750_000_000_000_000_000L}) {
            assertStored(items("vector6", Payloads.columns("t", "time", List.of(time), "v", List.of(1))));
            Map<String, Object> row = new LinkedHashMap<>(Map.of("m", "r", "t", time, "fields", Map.of("v", 1)));
            assertStored(items("vector6", row));
        }
        for (String table : List.of("t", "r")) {
            assertThat(server.query("vector6", "SELECT DISTINCT time, count(*) OVER () FROM " + table))
                    .isEqualTo("[[\"2025-06-15T15:06:40Z\",4]]");
        }
        // The first value's unit is the column's.
        assertStored(items("vector6", Payloads.columns("mixed", "time", List.of(1_750_000_000L, 1_750_000_001_000L), "v",
                List.of(1, 2))));
        assertThat(server.query("vector6", "SELECT epoch_us(time) FROM mixed ORDER BY v"))
                .isEqualTo("[[1750000000000000],[1750000001000000000]]");
    }

    @Test
    void vector7Names() throws Exception {
        for (String name : List.of("9bad", "a/b", "d".repeat(65), "..", "a.b", "_d", "system", "d d", "\u00e4")) {
            if (name.chars().allMatch(unit -> unit < 0x80)) {
                assertRefused(msgPack(name, Payloads.COLUMNS), 400);
            }
            String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8);
            if (!name.equals("a/b")) {
                assertRefused(server.post("/write?db=" + encoded, "m v=1"), 400);
                assertRefused(server.post("/api/v2/write?bucket=" + encoded, "m v=1"), 400, "\"code\":\"invalid\"");
            }
        }
        String longest = "d".repeat(64);
        assertStored(msgPack(longest, Payloads.COLUMNS));
        assertThat(server.query(longest, "SELECT count(*) FROM t1")).isEqualTo("[[2]]");
        for (String name : List.of("cpu.load", "_x", "m".repeat(129), "", "../up", "a/b", "a\u0000b", ".", "\u00e4")) {
            assertRefused(items("vector7", Payloads.columns(name, "time", List.of(1), "v", List.of(1))), 400);
            assertRefused(items("vector7", Map.of("m", name, "t", 1, "fields", Map.of("v", 1))), 400);
        }
        String longestTable = "m".repeat(128);
        assertStored(items("vector7", Payloads.columns(longestTable, "time", List.of(1), "v", List.of(1))));
        assertThat(server.query("vector7", "SELECT v FROM " + longestTable)).isEqualTo("[[1]]");
        assertRefused(server.post("/write?db=vector7", "cpu.load v=1\n"), 400, "cpu.load");
    }

    @Test
    void vector8ALineOnEveryRouteAndTheHeaderFirst() throws Exception {
        List<String[]> requests = List.of(new String[] {"/write?db=vector8"},
                new String[] {"/api/v2/write?bucket=vector8&org=x"},
                new String[] {"/api/v2/write?bucket=vector8%2Fautogen&org=-"},
                new String[] {"/api/v1/write/line-protocol", "x-arc-database", "vector8"},
                new String[] {"/api/v1/write/line-protocol?db=elsewhere&bucket=elsewhere", "X-Arc-Database", "vector8"},
                new String[] {"/write?db=elsewhere", "x-arc-database", "vector8"},
                new String[] {"/api/v2/write?bucket=elsewhere", "X-ARC-DATABASE", "vector8"});
        for (String[] request : requests) {
            assertStored(server.post(request[0], NOON_LINE, List.of(request).subList(1, request.length)
                    .toArray(String[]::new)));
        }
        assertThat(server.query("vector8", "SELECT *, count(*) FROM m GROUP BY ALL"))
                .isEqualTo("[[\"2025-06-15T15:06:40Z\",\"a b\",1,2,3,\"a\\\"b\",true,7]]");
        assertThat(server.query("vector8",
                "SELECT DISTINCT typeof(t), typeof(v), typeof(w), typeof(x), typeof(y), typeof(z) FROM m"))
                .isEqualTo("[[\"VARCHAR\",\"BIGINT\",\"BIGINT\",\"DOUBLE\",\"VARCHAR\",\"BOOLEAN\"]]");
        assertNoTable("elsewhere", "m");
        // Present and empty means absent.
        assertStored(server.post("/write?db=&precision=", "vector8_default v=1 1750000000000000000"));
        assertThat(server.query("default", "SELECT time FROM vector8_default")).isEqualTo("[[\"2025-06-15T15:06:40Z\"]]");
    }

    @Test
    void vector9PrecisionsAndBadLines() throws Exception {
        Map<String, Long> units = new LinkedHashMap<>();
        List.of("ns", "n", "nanosecond").forEach(word -> units.put(word, 1_750_000_020_000_000_000L));
        List.of("us", "u", "%C2%B5s", "%C2%B5", "%CE%BCs", "microsecond").forEach(word -> units.put(word,
                1_750_000_020_000_000L));
        List.of("ms", "millisecond").forEach(word -> units.put(word, 1_750_000_020_000L));
        List.of("s", "second").forEach(word -> units.put(word, 1_750_000_020L));
        units.put("m", 29_166_667L);
        for (Map.Entry<String, Long> unit : units.entrySet()) {
            for (String route : List.of("/write?db=vector9", "/api/v2/write?bucket=vector9", "/api/v1/write/line-protocol?x=",
                    "/api/v1/write?db=vector9", "/api/v1/write/influxdb?bucket=vector9")) {
                assertStored(server.post(route + "&precision=" + unit.getKey(), "p v=1i " + unit.getValue(),
                        route.contains("line-protocol") ? new String[] {"x-arc-database", "vector9"} : new String[0]));
            }
        }
        assertThat(server.query("vector9", "SELECT time, count(*) FROM p GROUP BY ALL"))
                .isEqualTo("[[\"2025-06-15T15:07:00Z\"," + units.size() * 5 + "]]");
        assertStored(server.post("/write?db=vector9&precision=h", "hours v=1i 486111"));
        assertThat(server.query("vector9", "SELECT time FROM hours")).isEqualTo("[[\"2025-06-15T15:00:00Z\"]]");

        assertRefused(server.post("/write?db=vector9&precision=furlong", "q v=1 1"), 400, "furlong");
        assertRefused(server.post("/api/v2/write?bucket=vector9&precision=furlong", "q v=1 1"), 400, "furlong",
                "\"code\":\"invalid\"",
                "\"message\":");
        assertRefused(server.post("/write?db=vector9", "# c\n\n"), 400);
        assertRefused(server.post("/write?db=vector9", ""), 400);
        assertRefused(server.post("/write?db=vector9",
                "half v=1i 1750000000000000000\nhalf v=\nhalf v=2i 1750000000000000001x\n"), 400,
                "partial write: ", "line 2", "line 3", "dropped=2");
        assertThat(server.query("vector9", "SELECT v FROM half")).isEqualTo("[[1]]");
    }

    @Test
    void vector10EveryFormOfACredentialAndWhatItAllows() throws Exception {
        String write = TOKENS.get("write");
        String basic = "Authorization: Basic " + Base64.getEncoder().encodeToString(Payloads.bytes("user:" + write));
        String lonely = "Authorization: Basic " + Base64.getEncoder().encodeToString(Payloads.bytes(write + ":"));
        for (String header : List.of("Authorization: Bearer " + write, "Authorization: Token " + write,
                "Authorization: Token user:" + write, "Authorization: " + write, "x-api-key: " + write, "X-API-Key: " + write,
                basic,
                lonely, "Authorization: Token \nx-api-key: " + write)) {
            for (String path : List.of("/write", "/api/v2/write", "/api/v1/write/line-protocol")) {
                assertThat(raw("POST " + path + " HTTP/1.1\nHost: x\n" + header, "vector10 v=1").status()).as(header)
                        .isEqualTo(204);
            }
        }
        for (String query : List.of("?u=user&p=" + write, "?p=" + write)) {
            assertThat(raw("POST /write" + query + " HTTP/1.1\nHost: x", "vector10 v=1").status()).isEqualTo(204);
            assertThat(raw("POST /write" + query + " HTTP/1.1\nHost: x\nAuthorization: Token ", "vector10 v=1").status())
                    .isEqualTo(204);
        }
        // The header is believed before the parameter.
        assertThat(raw("POST /write?p=" + write + " HTTP/1.1\nHost: x\nAuthorization: Bearer wrong", "vector10 v=1").status())
                .isEqualTo(401);
        for (String path : List.of("/write", "/api/v2/write", "/api/v1/write/line-protocol", "/api/v1/write/msgpack",
                "/api/v1/write/line-protocol/flush", "/api/v1/import/lp", "/nowhere")) {
            for (String header : List.of("", "\nAuthorization: Bearer nonsense", "\nAuthorization: Bearer ")) {
                RawHttp.Answer refused = raw("POST " + path + " HTTP/1.1\nHost: x" + header, "vector10 v=1");
                assertThat(refused.status()).as(path + header).isEqualTo(401);
                assertThat(refused.body()).as(path + header).contains("\"success\":false", "\"error\":\"");
            }
            RawHttp.Answer refused = raw("POST " + path + " HTTP/1.1\nHost: x\nAuthorization: Bearer " + TOKENS.get("read"),
                    "vector10 v=1");
            assertThat(refused.status()).as(path).isEqualTo(403);
            assertThat(refused.body()).contains("\"success\":false", "\"error\":\"");
        }
        for (String path : List.of("/api/v1/write/line-protocol/flush", "/api/v1/import/lp")) {
            assertThat(raw("POST " + path + " HTTP/1.1\nHost: x\nAuthorization: Bearer " + write, "").status()).as(path)
                    .isEqualTo(403);
        }
    }

    private static RawHttp.Answer raw(String head, String body) throws IOException {
        return RawHttp.exchange(server.port(), head, Payloads.bytes(body));
    }

    @Test
    void vector11AnHourEndsWhereItEnds() throws Exception {
        assertStored(server.post("/write?db=vector11&precision=us",
                "m v=1i 1749999599999999\nm v=2i 1749999600000000\nm v=3i -1\n"));
        flush();
        assertThat(files("vector11", "m").stream().map(file -> data.resolve("storage/vector11/m").relativize(file.getParent())
                .toString())).containsExactly("1969/12/31/23", "2025/06/15/14", "2025/06/15/15");
        assertThat(server.query("vector11", "SELECT epoch_us(time), v FROM m ORDER BY v"))
                .isEqualTo("[[1749999599999999,1],[1749999600000000,2],[-1,3]]");
    }

    @Test
    void vector12OldRoutesBehaveAsTheirModernOnes() throws Exception {
        List<String> old = List.of("/write/v1/msgpack", "/write/v2/msgpack", "/api/v1/msgpack", "/api/v2/msgpack");
        for (String path : old) {
            for (String spelling : List.of(path, path + "/", path.toUpperCase(Locale.ROOT))) {
                assertStored(server.post(spelling, Payloads.COLUMNS, "x-arc-database", "vector12"));
            }
            assertRefused(server.post(path, ""), 400);
        }
        assertThat(server.query("vector12", "SELECT count(*) FROM t1")).isEqualTo("[[" + 2 * 3 * old.size() + "]]");
        assertStored(server.post("/api/v1/write?db=vector12&precision=n", NOON_LINE));
        assertStored(server.post("/api/v1/write/influxdb?bucket=vector12&org=x&precision=ns", NOON_LINE));
        assertStored(server.post("/write/v1/line-protocol", NOON_LINE, "x-arc-database", "vector12"));
        assertStored(server.post("/write/v2/line-protocol", NOON_LINE, "x-arc-database", "vector12"));
        assertThat(server.query("vector12", "SELECT count(*), min(time) FROM m")).isEqualTo("[[4,\"2025-06-15T15:06:40Z\"]]");
        assertRefused(server.post("/api/v1/write?db=vector12", "m v=\n"), 400);
        assertRefused(server.post("/api/v1/write/influxdb?bucket=vector12", "m v=\n"), 400, "\"code\":\"invalid\"");
    }

    @Test
    void vector13AnImportIsStoredBeforeItIsAnswered() throws Exception {
        StringBuilder lines = new StringBuilder();
        int rows = 120_000;
        for (int i = 0; i < rows; i++) {
            lines.append(i % 2 == 0 ? "even" : "odd").append(",host=h").append(i % 10).append(" v=").append(i).append("i ")
                    .append(1_750_000_000_000_000_000L + i).append('\n');
        }
        HttpResponse<String> imported = server.post("/api/v1/import/lp?precision=ns",
                Payloads.multipart("file", "chunk.lp.gz", Payloads.gzip(Payloads.bytes(lines.toString()))), "Content-Type",
                Payloads.MULTIPART, "x-arc-database", "vector13");
        assertThat(imported.body()).contains("\"status\":\"ok\"", "\"rows_imported\":" + rows, "\"database\":\"vector13\"",
                "\"measurements\":[\"even\",\"odd\"]", "\"precision\":\"ns\"", "\"duration_ms\":");
        assertThat(imported.statusCode()).isEqualTo(200);
        long inFiles = 0;
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement()) {
            for (Path file : files("vector13")) {
                try (ResultSet count = statement.executeQuery("SELECT count(*) FROM read_parquet('" + file + "')")) {
                    count.next();
                    inFiles += count.getLong(1);
                }
            }
        }
        assertThat(inFiles).isEqualTo(rows);
        assertThat(server.query("vector13", "SELECT count(*), sum(v) FROM (FROM even UNION ALL FROM odd)"))
                .isEqualTo("[[" + rows + "," + (long) rows * (rows - 1) / 2 + "]]");
    }

    @Test
    void vector14WhatIsAcknowledgedSurvivesTwoKills() throws Exception {
        Path folder14 = folder.resolve("data14");
        Map<String, String> lazy = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000", "ARC_INGEST_MAX_BUFFER_SIZE", "1000000");
        Server first = arc.start(folder14, lazy);
        int requests = 40;
        int rows = 2_000;
        for (int request = 0; request < requests; request++) {
            StringBuilder lines = new StringBuilder();
            for (int row = 0; row < rows; row++) {
                lines.append("m,r=").append(request).append(" v=").append(request * rows + row).append("i\n");
            }
            assertStored(first.post("/write?db=d", lines.toString()));
        }
        assertStored(first.post("/api/v1/write/msgpack", Payloads.COLUMNS, "x-arc-database", "d"));
        first.kill();
        for (int round = 0; round < 3; round++) {
            Server early = arc.launch(folder14, lazy);
            assertThat(early.awaitLog("on Java")).isTrue();
            early.kill();
        }
        Server ready = arc.start(folder14, lazy);
        ready.kill();
        Server last = arc.start(folder14, lazy);
        long all = (long) requests * rows;
        assertThat(last.query("d", "SELECT count(*), count(DISTINCT v), sum(v) FROM m"))
                .isEqualTo("[[" + all + "," + all + "," + all * (all - 1) / 2 + "]]");
        assertThat(last.query("d", "SELECT count(*) FROM t1")).isEqualTo("[[2]]");
        last.kill();
    }

    @Test
    void vector15AStorageOutageLosesNothing() throws Exception {
        Path folder15 = folder.resolve("data15");
        Map<String, String> small = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "50", "ARC_INGEST_MEMORY_LIMIT", "2MB",
                "ARC_SERVER_SHUTDOWN_TIMEOUT", "2");
        Server outage = arc.start(folder15, small);
        assertStored(outage.post("/write?db=d", "m v=0i\n"));
        assertThat(outage.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
        Path storage = folder15.resolve("storage");
        Files.move(storage.resolve("d"), folder15.resolve("away"));
        Files.createFile(storage.resolve("d"));
        long stored = 1;
        HttpResponse<String> answer;
        do {
            StringBuilder lines = new StringBuilder();
            for (int row = 0; row < 1_000; row++) {
                lines.append("m,host=server-").append(row).append(" v=").append(stored + row).append("i\n");
            }
            answer = outage.post("/write?db=d", lines.toString());
            if (answer.statusCode() == 204) {
                stored += 1_000;
            }
        } while (answer.statusCode() == 204 && stored < 10_000_000);
        assertRefused(answer, 503);
        assertThat(answer.headers().firstValue("Retry-After").orElse("")).matches("[1-9][0-9]*");
        assertThat(stored).isGreaterThan(1_000);
        assertThat(outage.terminate()).isIn(0, 143);
        Files.delete(storage.resolve("d"));
        Files.move(folder15.resolve("away"), storage.resolve("d"));
        Server after = arc.start(folder15, Map.of());
        assertThat(after.query("d", "SELECT count(*), count(DISTINCT v) FROM m")).isEqualTo("[[" + stored + "," + stored
                + "]]");
        after.kill();
    }
}
