package io.arc.distribution;

import static io.arc.distribution.Answered.assertRefused;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import io.arc.distribution.Payloads.Fixed;
import io.arc.distribution.RawHttp.Answer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What each known client sends, byte for byte as far as a server can tell, and what that client needs back. A row a client;
/// each is played to a server without tokens and with its defaults, and to one with tokens, tiny buffers, another zone and
/// mended names.
///
/// In heads and SQL `{T}` is the token, `{B}` user and token in Base64, `{DB}` the row's own database.
class ClientReplayIT {
    private static final String QUERY = "POST /api/v1/query HTTP/1.1\nHost: arc:8000\nContent-Type: application/json\n";
    private static final String ARROW = "POST /api/v1/query/arrow HTTP/1.1\nHost: arc:8000\nContent-Type: application/json\n";

    /// One request and what has to come back.
    ///
    /// @param chunked whether the body goes in chunks, without its length
    private record Exchange(String head, byte[] body, boolean chunked, Check check) {
        Exchange inChunks() {
            return new Exchange(head, body, true, check);
        }
    }

    @FunctionalInterface
    private interface Check {
        void accept(Answer answer);
    }

    /// A client's row.
    ///
    /// @param sql asked in the row's database after the exchanges, once from memory and once from files
    /// @param rows its answer's rows in JSON
    private record Replay(String client, List<Exchange> exchanges, String sql, String rows) {
        @Override
        public String toString() {
            return client;
        }
    }

    private enum Profile {
        OPEN, HOSTILE
    }

    @TempDir
    private static Path folder;
    private static InstalledArc arc;
    private static Server open;
    private static Server hostile;

    @BeforeAll
    static void start() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("installation"));
        open = arc.start(folder.resolve("open"), Map.of("ARC_AUTH_ENABLED", "false"));
        hostile = arc.start(Files.createDirectories(folder.resolve("hostile data-1")), Map.of("ARC_INGEST_MAX_BUFFER_SIZE", "2",
                "ARC_INGEST_MAX_BUFFER_AGE_MS", "10", "ARC_INGEST_SANITIZE_NAMES", "true", "TZ", "Pacific/Chatham",
                "ARC_INGEST_DEFAULT_DATABASE", "main-1", "ARC_JAVA_OPTS",
                "-Xmx512m -Duser.timezone=Pacific/Chatham -Duser.language=tr -Duser.country=TR"));
    }

    @AfterAll
    static void stop() {
        if (arc != null) {
            arc.close();
        }
    }

    static Stream<Arguments> replays() {
        return Arrays.stream(Profile.values()).flatMap(profile -> Stream.of(influx1Clients(profile), influx2Clients(),
                arcClients(), readers()).flatMap(List::stream).map(replay -> Arguments.of(replay, profile)));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("replays")
    void isServed(Replay replay, Profile profile) throws Exception {
        Server server = profile == Profile.OPEN ? open : hostile;
        String token = profile == Profile.OPEN ? "whatever-the-client-was-given" : InstalledArc.TOKEN;
        String database = replay.client().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-") + "-db";
        for (Exchange exchange : replay.exchanges()) {
            String head = filled(exchange.head(), token, database);
            if (profile == Profile.HOSTILE && replay.client().equals("tsbs_load_influx")) {
                // It knows no credentials; with tokens it is refused, and told why.
                assertRefused(RawHttp.exchange(server.port(), head, exchange.body()), 401, "\"success\":false");
                continue;
            }
            try (RawHttp http = new RawHttp(server.port())) {
                Answer answer = (exchange.chunked() ? http.sendChunked(head, exchange.body()) : http.send(head,
                        exchange.body()))
                        .answer(head.startsWith("HEAD "));
                try {
                    exchange.check().accept(answer);
                } catch (AssertionError wrong) {
                    throw new AssertionError(head + "\n\nwas answered " + answer + "\n" + wrong.getMessage(), wrong);
                }
                assertThat(answer.headers()).containsKey("x-content-type-options").doesNotContainKey("server");
                // The connection goes on.
                assertThat(http.send("GET /ping HTTP/1.1\nHost: x", new byte[0]).answer().status()).isEqualTo(204);
            }
        }
        if (profile == Profile.HOSTILE && replay.client().equals("tsbs_load_influx") || replay.sql().isEmpty()) {
            return;
        }
        assertThat(server.query(database, replay.sql())).as("from memory").isEqualTo(replay.rows());
        assertThat(server.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
        assertThat(server.query(database, replay.sql())).as("from files").isEqualTo(replay.rows());
    }

    private static String filled(String text, String token, String database) {
        return text.replace("{T}", token).replace("{DB}", database)
                .replace("{B}", Base64.getEncoder().encodeToString(Payloads.bytes("root:" + token)));
    }

    private static Exchange get(String head, Check check) {
        return new Exchange(head, new byte[0], false, check);
    }

    private static Exchange write(String head, byte[] body) {
        return new Exchange(head, body, false, Answered::assertStored);
    }

    private static Exchange write(String head, String body) {
        return write(head, Payloads.bytes(body));
    }

    private static Exchange query(String head, String sql, String... words) {
        return new Exchange(head, Payloads.bytes("{\"sql\":\"" + sql + "\",\"limit\":10000,\"format\":\"json\"}"), false,
                answer -> {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Content-Type")).startsWith("application/json");
            assertThat(answer.body()).contains("\"success\":true", "\"columns\":[", "\"data\":[", "\"row_count\":",
                    "\"execution_time_ms\":", "\"timestamp\":\"");
            for (String word : words) {
                assertThat(answer.body()).contains(word);
            }
        });
    }

    private static Exchange arrow(String head, String sql) {
        return new Exchange(head, Payloads.bytes("{\"sql\":\"" + sql + "\"}"), false, answer -> {
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.header("Content-Type")).startsWith("application/vnd.apache.arrow.stream");
            // A stream begins with a continuation mark, which is no UTF-8.
            assertThat(answer.body()).isNotEmpty().doesNotStartWith("{").doesNotStartWith("ARROW1");
        });
    }

    private static Check json(int status, String... words) {
        return answer -> {
            assertThat(answer.status()).isEqualTo(status);
            assertThat(answer.header("Content-Type")).startsWith("application/json");
            assertThat(answer.body()).doesNotContain("\"err\":");
            for (String word : words) {
                assertThat(answer.body()).contains(word);
            }
        };
    }

    private static void isPing(Answer answer) {
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("X-Influxdb-Version")).matches("1\\.[0-9]+\\.[0-9]+");
        assertThat(answer.header("X-Influxdb-Build")).isNotEmpty();
    }

    private static void isCreated(Answer answer) {
        json(200).accept(answer);
        assertThat(answer.body()).isEqualTo("{\"results\":[{\"statement_id\":0}]}");
    }

    private static List<Replay> influx1Clients(Profile profile) {
        List<Replay> replays = new ArrayList<>();
        replays.add(new Replay("Telegraf influxdb", List.of(
                new Exchange("POST /query HTTP/1.1\nHost: arc:8000\nUser-Agent: Telegraf/1.39.0 Go/1.25\nAuthorization: Basic "
                + "{B}\n"
                        + "Content-Type: application/x-www-form-urlencoded\nAccept-Encoding: gzip",
                        Payloads.bytes("q=CREATE+DATABASE+%22{DB}%22".replace("{DB}", "telegraf")), false,
                        ClientReplayIT::isCreated),
                write("POST /write?db={DB} HTTP/1.1\nHost: arc:8000\nUser-Agent: Telegraf/1.39.0 Go/1.25\nAuthorization: "
                + "Basic {B}\n"
                        + "Content-Encoding: gzip\nContent-Type: text/plain; charset=utf-8\nAccept-Encoding: gzip",
                        Payloads.gzip(Payloads.bytes("mem,host=a used=4i,free=2u,load=0.5 1700000000000000000\n"
                                + "cpu,cpu=cpu0,host=a usage_idle=99.5 1700000000000000000\n"))).inChunks(),
                new Exchange("POST /write?db={DB}&rp=&consistency=any HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}\n"
                        + "Content-Type: text/plain; charset=utf-8", Payloads.bytes("mem,host=a used=\n"), true,
                        json(400, "\"error\":\"partial write: ", "\"dropped\":1"))),
                "SELECT epoch_us(m.time), m.host, used, free, load, cpu, usage_idle FROM mem m JOIN cpu c ON m.time = c.time",
                "[[1700000000000000,\"a\",4,2,0.5,\"cpu0\",99.5]]"));
        replays.add(new Replay("influxdb-python 1.x", List.of(
                get("GET /ping HTTP/1.1\nHost: arc:8000\nUser-Agent: python-requests/2.32\nAccept-Encoding: gzip, deflate\n"
                        + "Accept: application/x-msgpack\nContent-Encoding: gzip\nAuthorization: Basic {B}",
                        ClientReplayIT::isPing),
                new Exchange("POST /query?q=CREATE+DATABASE+%22{DB}%22&db={DB} HTTP/1.1\nHost: arc:8000\nAccept: "
                + "application/x-msgpack\n"
                        + "Authorization: Basic {B}", new byte[0], false, ClientReplayIT::isCreated),
                get("GET /query?q=SHOW+DATABASES&db={DB} HTTP/1.1\nHost: arc:8000\nContent-Encoding: gzip\nAuthorization: "
                + "Basic {B}",
                        json(200, "{\"results\":[{", "\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],\"values\":[[",
                                "influxdb-python-1-x-db")),
                write("POST /write?db={DB} HTTP/1.1\nHost: arc:8000\nContent-Type: application/octet-stream\nAuthorization: "
                + "Basic {B}",
                        "load,host=a\\,b,q=tr\\\\ b=True,f=1.0,i=1i,s=\"x\\\"y\" 1700000000123456000\n"),
                write("POST /write?db={DB}&precision=n&consistency=one&rp=autogen HTTP/1.1\nHost: arc:8000\n"
                        + "Content-Type: application/octet-stream\nAuthorization: Basic {B}",
                        "load f=2.0 1700000000123457000\n"),
                write("POST /write?db={DB}&precision=u HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}",
                        "load f=3.0 1700000000123458\n"),
                write("POST /write?db={DB}&precision=m HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}",
                "load f=4.0 28333333\n"),
                write("POST /write?db={DB}&precision=h HTTP/1.1\nHost: arc:8000\nContent-Encoding: gzip\nAuthorization: Token "
                + "{T}",
                        Payloads.gzip(Payloads.bytes("load f=5.0 472222\n")))),
                "SELECT epoch_us(time), host, q, b, f, i, s FROM load ORDER BY f",
                "[[1700000000123456,\"a,b\",\"tr\\\\\",true,1,1,\"x\\\"y\"],[1700000000123457,null,null,null,2,null,null],"
                        + "[1700000000123458,null,null,null,3,null,null],[1699999980000000,null,null,null,4,null,null],"
                        + "[1699999200000000,null,null,null,5,null,null]]"));
        replays.add(new Replay("influxdb-java", List.of(
                get("GET /ping HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}\nConnection: Keep-Alive\nAccept-Encoding: "
                + "gzip\n"
                        + "User-Agent: influxdb-java/2.25", ClientReplayIT::isPing),
                new Exchange("POST /query HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}\n"
                        + "Content-Type: application/x-www-form-urlencoded",
                        Payloads.bytes("q=CREATE%20DATABASE%20%22influxdb-java-db%22"), false, ClientReplayIT::isCreated),
                write("POST /write?db={DB}&precision=n&consistency=one HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}\n"
                        + "Content-Type: text/plain\nContent-Encoding: gzip", Payloads.gzip(Payloads.bytes(
                                "cpu,atag=test1 idle=90i,usertime=9i,system=1.5 1700000000000000001"))).inChunks(),
                new Exchange("POST /write?db={DB}&precision=n&consistency=one HTTP/1.1\nHost: arc:8000\nAuthorization: Basic "
                + "{B}\n"
                        + "Content-Type: text/plain", Payloads.bytes("cpu idle=true 1"), false,
                        json(400, "{\"error\":\"", "field type conflict", "'idle'", "row 1", "INT64", "BOOLEAN"))),
                "SELECT epoch_us(time), atag, idle, usertime, system FROM cpu", "[[1700000000000000,\"test1\",90,9,1.5]]"));
        replays.add(new Replay("node-influx / Node-RED", List.of(
                get("GET /ping HTTP/1.1\nHost: arc:8000\nauthorization: Basic {B}", ClientReplayIT::isPing),
                get("GET /query?q=show%20databases HTTP/1.1\nHost: arc:8000\nauthorization: Basic {B}",
                        json(200, "\"values\":[[")),
                write("POST /write?db={DB}&p={T}&precision=ms&rp=&u=root HTTP/1.1\nHost: arc:8000\ncontent-type: text/plain\n"
                        + "authorization: Basic {B}", "msg,topic=a\\=b value=1,ok=true 1700000000123\n")),
                "SELECT epoch_us(time), topic, value, ok FROM msg", "[[1700000000123000,\"a=b\",1,true]]"));
        replays.add(new Replay("Micrometer", List.of(
                new Exchange("POST /query?q=CREATE%20DATABASE%20%22{DB}%22 HTTP/1.1\nHost: arc:8000\nUser-Agent: Java/25\n"
                        + "Authorization: Bearer {T}\nAccept: */*", new byte[0], false, ClientReplayIT::isCreated),
                write("POST /write?consistency=one&precision=ms&db={DB} HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}\n"
                        + "Content-Type: text/plain\nContent-Encoding: gzip\nAccept: */*", Payloads.gzip(Payloads.bytes(
                                "jvm_memory_used,area=heap,id=G1\\ Eden\\ Space,metric_type=gauge value=8388608 1700000000123\n"
                                        + "http_server_requests,metric_type=histogram sum=0.5,count=3,mean=0.25,upper=0.3 "
                                        + "1700000000123"))),
                write("POST /api/v2/write?precision=ms&bucket={DB}&org=o HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}\n"
                        + "Content-Type: text/plain", "logged,metric_type=counter value=1 1700000000123")),
                "SELECT epoch_us(m.time), area, id, m.value, sum, count, l.value FROM jvm_memory_used m JOIN "
                + "http_server_requests h "
                        + "ON m.time = h.time JOIN logged l ON m.time = l.time",
                "[[1700000000123000,\"heap\",\"G1 Eden Space\",8388608,0.5,3,1]]"));
        String line = "vector.cpu_seconds,metric_type=counter,host=a value=1.5 1700000000000000000\n";
        String influx1 = "POST /write?consistency=&db={DB}&p={T}&precision=ns&rp=&u=root HTTP/1.1\nHost: arc:8000\n"
                + "Content-Type: text/plain\nAuthorization: Token \nUser-Agent: Vector/0.57";
        replays.add(new Replay("Vector", List.of(
                get("GET /ping HTTP/1.1\nHost: arc:8000\nUser-Agent: Vector/0.57\nAccept-Encoding: identity",
                ClientReplayIT::isPing),
                write(influx1, "requests,metric_type=distribution quantile_0.99=2,bucket_1.5=3u,count=5u "
                + "1700000000000000000\n"),
                write("POST /api/v2/write?bucket={DB}&org=o&precision=ns HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}\n"
                        + "Content-Type: text/plain", "requests,metric_type=distribution count=6u 1700000000000000001\n"),
                profile == Profile.HOSTILE ? write(influx1, line) : new Exchange(influx1, Payloads.bytes(line), false,
                        json(400, "partial write", "vector.cpu_seconds"))),
                "SELECT sum(count), max(\"quantile_0.99\"), max(\"bucket_1.5\")" + (profile == Profile.HOSTILE
                        ? ", (SELECT max(value) FROM vector_cpu_seconds)" : ", 1.5") + " FROM requests", "[[11,2,3,1.5]]"));
        replays.add(new Replay("influx-stress / inch", List.of(
                new Exchange("POST /query HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}\n"
                        + "Content-Type: application/x-www-form-urlencoded", Payloads.bytes("q=CREATE+DATABASE+stress"), false,
                        ClientReplayIT::isCreated),
                get("GET /ping HTTP/1.1\nHost: arc:8000", ClientReplayIT::isPing),
                new Exchange("POST /query?q=CREATE+DATABASE+%22{DB}%22+WITH+DURATION+7d+REPLICATION+1"
                        + "+SHARD+DURATION+1d+NAME+autogen "
                        + "HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}", new byte[0], false, ClientReplayIT::isCreated),
                write("POST /write?db={DB}&precision=ns&consistency=any HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}\n"
                        + "Content-Type: text/ascii\nContent-Encoding: gzip", Payloads.gzip(Payloads.bytes(
                                "m0,tag0=value0,tag1=value0 v0=1 1700000000000000000\nm0,tag0=value1,tag1=value0 v0=1 "
                                + "1700000000000000000\n"))),
                write("POST /write?db={DB} HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}\nContent-Type: text/plain",
                        "m0,tag0=value2 v0=1 1700000000000000000")),
                "SELECT count(*), sum(v0), count(DISTINCT tag0) FROM m0", "[[3,3,3]]"));
        replays.add(new Replay("tsbs_load_influx", List.of(
                get("GET /query?q=show%20databases HTTP/1.1\nHost: arc:8000\nUser-Agent: fasthttp",
                        json(200, "{\"results\":[{", "\"series\":[{", "\"values\":[[")),
                get("GET /query?consistency=all&q=CREATE%20DATABASE%20tsbs-load-influx-db%20WITH%20REPLICATION%201 HTTP/1.1\n"
                        + "Host: arc:8000\nUser-Agent: fasthttp", ClientReplayIT::isCreated),
                write("POST /write?consistency=all&db={DB} HTTP/1.1\nHost: arc:8000\nUser-Agent: fasthttp\n"
                        + "Content-Type: text/plain\nContent-Encoding: gzip", Payloads.gzip(Payloads.bytes(
                                "cpu,hostname=host_0,region=eu-central-1 usage_user=58i,usage_system=2i "
                                + "1451606400000000000\n")))),
                "SELECT time, hostname, usage_user FROM cpu", "[[\"2016-01-01T00:00:00Z\",\"host_0\",58]]"));
        replays.add(new Replay("Grafana InfluxDB DS", List.of(
                write("POST /write?db={DB} HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}", "seen v=1 1700000000000000000"),
                get("GET /query?db={DB}&epoch=ms&q=SHOW%20MEASUREMENTS%20LIMIT%201 HTTP/1.1\nHost: arc:8000\nUser-Agent: "
                + "Grafana/12\n"
                        + "Authorization: Basic {B}", json(200, "\"name\":\"measurements\"", "[[\"seen\"]]")),
                new Exchange("POST /query?db={DB}&epoch=ms HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}\n"
                        + "Content-Type: application/x-www-form-urlencoded", Payloads.bytes("q=SHOW+measurements"), false,
                        json(200, "[\"seen\"]")),
                get("GET /query?db={DB}&q=SELECT%20mean(v)%20FROM%20seen HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}",
                        json(400, "{\"error\":\"")),
                new Exchange("POST /api/v2/query?org=o HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}\n"
                        + "Content-Type: application/vnd.flux", Payloads.bytes("buckets()"), false, json(404, "Cannot POST"))),
                "SELECT v FROM seen", "[[1]]"));
        return replays;
    }

    private static List<Replay> influx2Clients() {
        Check error = json(400, "\"code\":\"invalid\"", "\"message\":\"", "\"error\":\"");
        return List.of(new Replay("Telegraf influxdb_v2", List.of(
                write("POST /api/v2/write?bucket={DB}&org=o HTTP/1.1\nHost: arc:8000\nUser-Agent: Telegraf/1.39.0 Go/1.25\n"
                        + "Authorization: Token {T}\nContent-Encoding: gzip\nContent-Type: text/plain; charset=utf-8\n"
                        + "Accept-Encoding: gzip",
                        Payloads.gzip(Payloads.bytes("disk,device=sda1,path=/ free=1i 1700000000000000000\n")))
                        .inChunks()),
                "SELECT device, path, free FROM disk", "[[\"sda1\",\"/\",1]]"),
                new Replay("influxdb-client-python", List.of(
                        get("GET /ping HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}", ClientReplayIT::isPing),
                        get("GET /health HTTP/1.1\nHost: arc:8000\nAccept: application/json",
                                json(200, "\"name\":\"", "\"status\":\"ok\"", "\"message\":\"")),
                        write("POST /api/v2/write?org=o&bucket={DB}&precision=ns HTTP/1.1\nHost: arc:8000\nAccept-Encoding: "
                        + "identity\n"
                                + "Content-Type: text/plain\nAccept: application/json\nAuthorization: Token {T}\n"
                                + "User-Agent: influxdb-client-python/1.50.0",
                                "cpu u=45 1700000000000000000\ncpu u=45.5 1700000000000001000"),
                        write("POST /api/v2/write?org=-&bucket={DB}%2Fautogen&precision=ms HTTP/1.1\nHost: "
                        + "arc:8000\nContent-Encoding: gzip\n"
                                + "Content-Type: text/plain\nAuthorization: Token root:{T}",
                                Payloads.gzip(Payloads.bytes("cpu u=46 1700000000001"))),
                        write("POST /api/v2/write?org=o&bucket={DB}&precision=us HTTP/1.1\nHost: arc:8000\nContent-Encoding: "
                        + "identity\n"
                                + "Content-Type: text/plain\nAuthorization: Basic {B}", "cpu u=47,n=3i 1700000000000002"),
                        new Exchange("POST /api/v2/write?org=o&bucket={DB}&precision=ns HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Token {T}", Payloads.bytes("cpu u"), false, error),
                        new Exchange("POST /api/v2/signin HTTP/1.1\nHost: arc:8000\nAuthorization: Basic {B}", new byte[0],
                        false,
                                json(404, "Cannot POST"))),
                        "SELECT epoch_us(time), u, n FROM cpu ORDER BY time",
                        "[[1700000000000000,45,null],[1700000000000001,45.5,null],"
                                + "[1700000000000002,47,3],[1700000000001000,46,null]]"),
                new Replay("influxdb3-python / -java", List.of(
                        new Exchange("POST /api/v3/write_lp?org=default&db={DB}&precision=nanosecond&no_sync=true "
                        + "HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Token {T}\nContent-Type: text/plain; charset=utf-8",
                                Payloads.bytes("cpu u=0 1"), false,
                                json(405, "/api/v2/write")),
                        write("POST /api/v2/write?org=default&bucket={DB}&precision=ns HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Bearer {T}\nContent-Type: text/plain; charset=utf-8\nUser-Agent: "
                                + "influxdb3-python/0.20.0",
                                "cpu u=1 1700000000000000000"),
                        write("POST /api/v2/write?bucket={DB}&precision=ns HTTP/1.1\nConnection: Upgrade, "
                        + "HTTP2-Settings\nHost: arc:8000\n"
                                + "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\nUpgrade: h2c\nAuthorization: "
                                + "Token {T}\n"
                                + "Content-Type: text/plain; charset=utf-8\nUser-Agent: influxdb3-java/1.10.0",
                                "cpu u=2 1700000000000000000")),
                        "SELECT u FROM cpu ORDER BY u", "[[1],[2]]"),
                new Replay("influxdb-client-java", List.of(
                        get("GET /ping HTTP/1.1\nHost: arc:8000\nAuthorization: Token {T}\nAccept-Encoding: identity",
                                ClientReplayIT::isPing),
                        get("GET /health HTTP/1.1\nHost: arc:8000\nAccept: application/json", json(200, "\"status\":\"")),
                        write("POST /api/v2/write?org=o&bucket={DB}&precision=s&consistency=one HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Token {T}\nAccept: application/json\nAccept-Encoding: "
                                + "identity\nContent-Encoding: gzip\n"
                                + "Content-Type: text/plain; charset=utf-8\nUser-Agent: influxdb-client-java/7.5.0",
                                Payloads.gzip(Payloads.bytes("h2o,location=coyote\\ creek level=2.9 1700000000"))).inChunks(),
                        new Exchange("POST /api/v2/write?org=o&bucket={DB}&precision=d HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Token {T}", Payloads.bytes("h2o level=1 1"), false, error)),
                        "SELECT epoch_us(time), location, level FROM h2o", "[[1700000000000000,\"coyote creek\",2.9]]"),
                new Replay("influxdb-client-go", List.of(
                        get("GET /ping HTTP/1.1\nHost: arc:8000\nUser-Agent: influxdb-client-go/2.14.0\nAuthorization: Token "
                        + "{T}\n"
                                + "Accept-Encoding: gzip", ClientReplayIT::isPing),
                        write("POST /api/v2/write?bucket={DB}&org=o&precision=ns HTTP/1.1\nHost: arc:8000\n"
                                + "User-Agent: influxdb-client-go/2.14.0\nAuthorization: Token {T}\nContent-Encoding: gzip\n"
                                + "Accept-Encoding: gzip",
                                Payloads.gzip(Payloads.bytes("stat,unit=temperature avg=23.5,max=45 1700000000000000000\n")))
                                .inChunks(),
                        new Exchange("POST /api/v2/write?bucket={DB}&org=o&precision=ns HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Token {T}", Payloads.bytes("stat,unit= 1"), false, error)),
                        "SELECT unit, avg, max FROM stat", "[[\"temperature\",23.5,45]]"),
                new Replay("influxdb-client-js", List.of(
                        write("POST /api/v2/write?org=o&bucket={DB}&precision=us HTTP/1.1\nhost: arc:8000\nauthorization: "
                        + "Token {T}\n"
                                + "content-type: text/plain; charset=utf-8\nuser-agent: "
                                + "influxdb-client-js/1.35.0\ncontent-encoding: gzip",
                                Payloads.gzip(Payloads.bytes("temperature,example=write.ts value=1.5,text=\"\u00e4\u20ac\" "
                                + "1700000000123456")))
                                .inChunks()),
                        "SELECT epoch_us(time), example, value, text FROM temperature",
                        "[[1700000000123456,\"write.ts\",1.5,\"\u00e4\u20ac\"]]"));
    }

    private static List<Replay> arcClients() {
        String python = "\nHost: arc:8000\nAccept: */*\nAccept-Encoding: gzip, deflate, br, zstd\nConnection: keep-alive\n"
                + "User-Agent: arc-client-python/0.1.0\nAuthorization: Bearer {T}\nx-arc-database: {DB}\n";
        String msgPack = "POST /api/v1/write/msgpack HTTP/1.1\nHost: arc:8000\nContent-Type: application/msgpack\n";
        return List.of(new Replay("arc-client-python", List.of(
                get("GET /health HTTP/1.1" + python, json(200, "\"status\":\"ok\"", "\"uptime\":\"")),
                get("GET /ready HTTP/1.1" + python, json(200)),
                write("POST /api/v1/write/msgpack HTTP/1.1" + python
                + "Content-Type: application/msgpack\nContent-Encoding: gzip",
                        Payloads.gzip(Payloads.messagePack(Payloads.columns("cpu", "time", List.of(1_700_000_000_000_000L,
                                1_700_000_000_000_001L), "host", List.of("a", "b"), "u", Arrays.asList(1.5, null))))),
                write("POST /api/v1/write/msgpack HTTP/1.1" + python + "Content-Type: application/msgpack",
                        Payloads.messagePack(List.of(Map.of("m", "cpu", "t", 1_700_000_000_000_002L, "fields", Map.of("u", 1),
                        "tags",
                                Map.of("host", "x"))))),
                write("POST /api/v1/write/msgpack HTTP/1.1" + python + "Content-Type: application/msgpack",
                        Payloads.messagePack(Map.of("batch", List.of(Payloads.columns("cpu", "time",
                        List.of(1_700_000_000_000_003L), "host",
                                List.of("c"), "u", List.of(2.5)))))),
                write("POST /api/v1/write/line-protocol HTTP/1.1" + python + "Content-Type: text/plain\nContent-Encoding: gzip",
                        Payloads.gzip(Payloads.bytes("lines,h=a\\ b u=1.0,i=3i,s=\"q\\\"x\",b=true 1700000000000000000"))),
                query("POST /api/v1/query HTTP/1.1" + python + "Content-Type: application/json",
                "SELECT h, u, i, s, b FROM lines",
                        "[[\"a b\",1,3,\"q\\\"x\",true]]"),
                arrow("POST /api/v1/query/arrow HTTP/1.1" + python.replace("*/*", "application/vnd.apache.arrow.stream"),
                        "SELECT * FROM lines WHERE false")),
                "SELECT epoch_us(time), host, u FROM cpu ORDER BY time",
                "[[1700000000000000,\"a\",1.5],[1700000000000001,\"b\",null],"
                        + "[1700000000000002,\"x\",1],[1700000000000003,\"c\",2.5]]"),
                new Replay("OTel exporter", List.of(
                        write(msgPack + "Content-Encoding: gzip\nX-Arc-Database: {DB}\nAuthorization: Bearer {T}\nUser-Agent: "
                        + "Go-http-client/1.1",
                                Payloads.gzip(Payloads.messagePack(Payloads.columns("logs", "time",
                                List.of(new Fixed(1_700_000_000_000L)),
                                        "severity", List.of("INFO"), "severity_number", List.of(new Fixed(9)), "body",
                                        List.of("hi"),
                                        "trace_id", List.of(""), "http.method", List.of("GET"), "_monotonic", List.of(true))))),
                        write(msgPack + "X-Arc-Database: {DB}\nAuthorization: Bearer {T}",
                        Payloads.messagePack(Payloads.columns("latency_bucket",
                                "time", List.of(new Fixed(1_700_000_000_000L), new Fixed(1_700_000_000_000L)), "le",
                                List.of(0.5, "+Inf"),
                                "value", List.of(new Fixed(1), new Fixed(2))))),
                        write(msgPack + "X-Arc-Database: {DB}\nAuthorization: Bearer {T}",
                        Payloads.messagePack(Payloads.columns("nothing",
                                "time", List.of(), "value", List.of())))),
                        "SELECT epoch_ms(l.time), severity_number, trace_id, \"http.method\", \"_monotonic\", le, value FROM "
                        + "logs l "
                                + "JOIN latency_bucket b ON l.time = b.time ORDER BY value",
                        "[[1700000000000,9,\"\",\"GET\",true,\"0.5\",1],[1700000000000,9,\"\",\"GET\",true,\"+Inf\",2]]"),
                new Replay("tsm2arc", List.of(
                        new Exchange("POST /api/v1/import/lp?precision=ns HTTP/1.1\nHost: arc:8000\nUser-Agent: tsm2arc/0.1.2\n"
                                + "Authorization: Bearer {T}\nx-arc-database: {DB}\nContent-Type: " + Payloads.MULTIPART,
                                Payloads.multipart("file", "chunk.lp.gz", Payloads.gzip(Payloads.bytes(
                                        "cpu,host=a v=1i,u=2u -347155200000000000\ncpu v=3i,text=\"a\\\"b\" "
                                        + "1700000000000000000\n"))), true,
                                json(200, "{\"status\":\"ok\",\"result\":{"
                                        + "\"database\":\"tsm2arc-db\",\"measurements\":[\"cpu\"],"
                                        + "\"rows_imported\":2,\"precision\":\"ns\",\"duration_ms\":"))),
                        "SELECT time, host, v, u, text FROM cpu ORDER BY time", "[[\"1959-01-01T00:00:00Z\",\"a\",1,2,null],"
                                + "[\"2023-11-14T22:13:20Z\",null,3,null,\"a\\\"b\"]]"),
                new Replay("Telegraf arc", List.of(
                        write(msgPack + "Content-Encoding: gzip\nx-api-key: {T}\nx-arc-database: {DB}\nUser-Agent: "
                        + "Telegraf/1.39.0 Go/1.25",
                                Payloads.gzip(Payloads.messagePack(List.of(
                                        Payloads.columns("cpu", "time", List.of(1_700_000_000_000L, 1_700_000_000_000L), "cpu",
                                                Arrays.asList("cpu0", null), "usage", List.of(1, 2.5)),
                                        Payloads.columns("mem", "time", List.of(1_700_000_000_000L), "used",
                                        List.of(70_000_000_000L)))))),
                        write(msgPack + "x-api-key: {T}\nx-arc-database: {DB}", Payloads.messagePack(Payloads.columns("cpu",
                        "time",
                                List.of(1_700_000_001_000L), "cpu", List.of("cpu0"), "usage", List.of(7))))),
                        "SELECT epoch_ms(c.time), cpu, usage, used FROM cpu c LEFT JOIN mem m ON c.time = m.time ORDER BY "
                        + "usage",
                        "[[1700000000000,\"cpu0\",1,70000000000],[1700000000000,null,2.5,70000000000],"
                                + "[1700000001000,\"cpu0\",7,null]]"),
                new Replay("arcli / arcctl", List.of(
                        get("GET /health HTTP/1.1\nHost: arc:8000\nUser-Agent: arcli/26.09.5 (linux/amd64)",
                                json(200, "\"status\":\"ok\"", "\"time\":\"", "\"uptime\":\"", "\"uptime_sec\":")),
                        write("POST /api/v1/write/line-protocol?precision=us HTTP/1.1\nHost: arc:8000\nContent-Type: "
                        + "text/plain\n"
                                + "User-Agent: arcli/26.09.5 (linux/amd64)\nArcli-Installation-Id: 7\nAuthorization: Bearer "
                                + "{T}\n"
                                + "x-arc-database: {DB}",
                                "cpu v=1 1700000000000000\r\n# comment\r\n\r\ncpu v=2 1700000000000001\r\n").inChunks(),
                        write(msgPack + "Authorization: Bearer {T}\nx-arc-database: {DB}", Payloads.zstd(Payloads.messagePack(
                                Payloads.columns("cpu", "time", List.of(1_700_000_000_000_002L), "v", List.of(3))))).inChunks(),
                        new Exchange("POST /api/v1/import/lp?precision=ms&measurement=cpu HTTP/1.1\nHost: arc:8000\n"
                                + "Authorization: Bearer {T}\nx-arc-database: {DB}\nContent-Type: " + Payloads.MULTIPART,
                                Payloads.multipart("file", "data.lp",
                                Payloads.bytes("cpu v=4 1700000000001\nmem v=4 1700000000001\n")), true,
                                json(200, "\"rows_imported\":1,", "\"measurements\":[\"cpu\"]", "\"precision\":\"ms\"")),
                        get("GET /api/v1/import/stats HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}",
                                json(200, "\"stats\":{\"total_requests\":", "\"total_records\":", "\"total_errors\":")),
                        new Exchange("POST /api/v1/write/tle HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}",
                        Payloads.bytes("1 99999U"),
                                false, json(404, "\"error\":\"Cannot POST /api/v1/write/tle\""))),
                        "SELECT epoch_us(time), v FROM cpu ORDER BY v",
                        "[[1700000000000000,1],[1700000000000001,2],[1700000000000002,3],"
                                + "[1700000000001000,4]]"),
                new Replay("VS Code extension", List.of(
                        write("POST /write/v1/msgpack HTTP/1.1\nHost: arc:8000\nAccept: application/json, text/plain, */*\n"
                                + "Content-Type: application/msgpack\nAuthorization: Bearer {T}\nx-arc-database: "
                                + "{DB}\nUser-Agent: axios/1.7.7\n"
                                + "Accept-Encoding: gzip, compress, deflate, br",
                                Payloads.messagePack(Payloads.columns("sample", "time",
                                        List.of(1_700_000_000_000L, 1_700_000_000_500L), "v", List.of(1, 2.5)))),
                        query(QUERY + "Authorization: Bearer {T}\nx-arc-database: {DB}", "SHOW TABLES;", "\"sample\""),
                        new Exchange(QUERY + "Authorization: Bearer {T}", Payloads.bytes("{\"sql\":\"SELEC\"}"), false,
                                json(400, "\"message\":\"", "\"success\":false"))),
                        "SELECT epoch_ms(time), v FROM sample ORDER BY v", "[[1700000000000,1],[1700000000500,2.5]]"),
                new Replay("Redpanda Connect", List.of(
                        write(msgPack + "Content-Encoding: zstd\nx-arc-database: {DB}\nAuthorization: Bearer {T}\nUser-Agent: "
                        + "Go-http-client/1.1",
                                Payloads.zstd(Payloads.messagePack(Map.of("batch", List.of(
                                        Payloads.columns("a", "time", List.of(1_700_000_000_000_000L), "v", List.of("12.5")),
                                        Payloads.columns("b", "time", List.of(1_700_000_000_000_000L), "v", List.of(true))))))),
                        write(msgPack + "Content-Encoding: zstd\nx-arc-database: {DB}\nAuthorization: Bearer {T}",
                        Payloads.zstd(Payloads.messagePack(Map.of("m", "a", "t",
                                1_700_000_000_000_001L, "fields", Map.of("v", "13"), "tags", Map.of("region", "eu"))))),
                        new Exchange(msgPack + "Content-Encoding: zstd\nx-arc-database: {DB}\nAuthorization: Bearer {T}",
                                Payloads.zstd(Payloads.messagePack(Map.of("batch", List.of(Payloads.columns("c", "time",
                                List.of(1, 2), "v",
                                        List.of(1)))))), false, json(400, "\"error\":\"", "'v'")),
                        write(msgPack + "x-arc-database: default\nAuthorization: Bearer {T}",
                        Payloads.messagePack(Payloads.columns(
                                "integration_test", "time", List.of(1_700_000_000_000_000L), "v", List.of(1)))),
                        query(QUERY + "Authorization: Bearer {T}", "SELECT v FROM default.integration_test LIMIT 1", "[[1]]")),
                        "SELECT a.v, a.region, b.v FROM a LEFT JOIN b ON a.time = b.time ORDER BY a.time",
                        "[[\"12.5\",null,true],[\"13\",\"eu\",null]]"));
    }

    private static List<Replay> readers() {
        Exchange seed = write("POST /write?db={DB} HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}",
                "seed v=1.5 1700000000000000000");
        return List.of(new Replay("arc-superset-dialect", List.of(seed,
                query(QUERY + "X-API-Key: {T}\nAccept-Encoding: gzip, deflate\nUser-Agent: python-requests/2.32", "SELECT 1",
                "[[1]]"),
                query(QUERY + "X-API-Key: {T}", "SHOW TABLES FROM \\\"arc-superset-dialect-db\\\"",
                "[\"arc-superset-dialect-db\",\"seed\""),
                new Exchange(QUERY + "X-API-Key: {T}\nx-arc-database: {DB}",
                Payloads.bytes("{\"sql\":\"SELECT 1 FROM nothere LIMIT 1\"}"),
                        false, json(404, "\"success\":false"))), "SELECT v FROM seed", "[[1.5]]"),
                new Replay("arc-superset-arrow", List.of(seed, arrow(ARROW + "X-API-Key: {T}", "SHOW DATABASES"),
                        arrow(ARROW + "X-API-Key: {T}", "SELECT 1 as ping")), "SELECT v FROM seed", "[[1.5]]"),
                new Replay("Grafana Arc plugin", List.of(seed,
                        arrow(ARROW + "Authorization: Bearer {T}\nX-Arc-Database: default\nAccept-Encoding: gzip",
                        "SHOW DATABASES"),
                        query(QUERY + "Authorization: Bearer {T}\nX-Arc-Database: {DB}",
                        "SELECT to_timestamp((epoch_ns(time) // 1000000000 "
                                + "// 60) * 60) AS t, avg(v) FROM seed WHERE time >= '2023-11-14T00:00:00Z' AND time < "
                                + "'2023-11-15T00:00:00Z' GROUP BY 1", "[[\"2023-11-14T22:13:00Z\",1.5]]")),
                                "SELECT v FROM seed", "[[1.5]]"),
                new Replay("ClickBench", List.of(seed, get("GET /health HTTP/1.1\nHost: arc:8000\nx-api-key: {T}", json(200)),
                        get("GET /health HTTP/1.1\nHost: arc:8000", json(200)),
                        query(QUERY + "x-api-key: {T}\nx-arc-database: {DB}", "SELECT COUNT(*) FROM seed;\\n", "[[1]]")),
                        "SELECT v FROM seed", "[[1.5]]"),
                new Replay("arc-mcp", List.of(seed,
                get("GET /api/v1/databases HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}",
                        json(200, "{\"databases\":[{\"name\":\"", "arc-mcp-db")),
                        get("GET /api/v1/databases/{DB}/measurements HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}",
                                json(200, "\"seed\"")),
                        get("GET /api/v1/databases/..%2F..%2Fetc/measurements HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer "
                        + "{T}",
                                answer -> assertThat(answer.status()).isIn(400, 404)),
                        query(QUERY + "x-arc-database: {DB}\nAuthorization: Bearer {T}", "SELECT * FROM seed LIMIT 0",
                                "\"columns\":[\"time\",\"v\"]", "\"data\":[]"),
                        query(QUERY + "x-arc-database: {DB}\nAuthorization: Bearer {T}", "DESCRIBE seed",
                        "\"v\",\"DOUBLE\",\"YES\"")),
                        "SELECT v FROM seed", "[[1.5]]"),
                new Replay("Launchpad", List.of(seed, query(QUERY
                + "Authorization: Bearer {T}\nOrigin: http://launchpad:3000\nCookie: a=b\n"
                        + "Accept-Encoding: gzip, deflate, br, zstd", "SHOW DATABASES;", "\"columns\":[\"database\""),
                        query(QUERY + "Authorization: Bearer {T}", "SELECT 1;", "[[1]]"),
                        get("GET /api/v1/metrics HTTP/1.1\nHost: arc:8000\nAuthorization: Bearer {T}", json(200,
                        "\"http_requests_total\":"))),
                        "SELECT v FROM seed", "[[1.5]]"));
    }
}
