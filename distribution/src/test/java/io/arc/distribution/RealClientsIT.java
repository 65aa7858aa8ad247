package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.influxdb.client.InfluxDBClient;
import com.influxdb.client.InfluxDBClientFactory;
import com.influxdb.client.InfluxDBClientOptions;
import com.influxdb.client.WriteApi;
import com.influxdb.client.WriteOptions;
import com.influxdb.client.domain.WritePrecision;
import com.influxdb.client.write.events.WriteErrorEvent;
import com.influxdb.client.write.events.WriteRetriableErrorEvent;
import com.influxdb.client.write.events.WriteSuccessEvent;
import com.influxdb.exceptions.BadRequestException;
import com.influxdb.exceptions.UnauthorizedException;
import io.arc.distribution.InstalledArc.Server;
import io.micrometer.core.instrument.Clock;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Tags;
import io.micrometer.influx.InfluxConfig;
import io.micrometer.influx.InfluxMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import org.influxdb.BatchOptions;
import org.influxdb.InfluxDB;
import org.influxdb.InfluxDBException;
import org.influxdb.InfluxDBFactory;
import org.influxdb.dto.BatchPoints;
import org.influxdb.dto.Point;
import org.influxdb.dto.Query;
import org.influxdb.dto.QueryResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The clients of others, as their users run them, write to the server; SQL reads back what they wrote, value by value.
class RealClientsIT {
    private static final long NOON_NANOS = 1_750_000_000_000_000_000L;
    private static final int POINTS = 2_500;
    private static final String TYPES = "SELECT count(*), count(DISTINCT time), min(epoch_us(time)), max(epoch_us(time)), "
            + "sum(n), sum(d), "
            + "count(*) FILTER (b), count(DISTINCT s), min(s), min(host), max(host), any_value(typeof(n)), "
            + "any_value(typeof(d)), "
            + "any_value(typeof(b)), any_value(typeof(s)) FROM ";

    @TempDir
    private static Path folder;
    private static InstalledArc arc;
    private static Server server;

    @BeforeAll
    static void start() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("installation"));
        // Files are cut while the clients write.
        server = arc.start(folder.resolve("data"), Map.of("ARC_INGEST_MAX_BUFFER_SIZE", "300", "ARC_INGEST_MAX_BUFFER_AGE_MS",
                "20"));
    }

    @AfterAll
    static void stop() {
        if (arc != null) {
            arc.close();
        }
    }

    private static String url() {
        return "http://127.0.0.1:" + server.port();
    }

    /// What [#TYPES] gives for the points 0 to [#POINTS], of which each is a microsecond after the one before.
    private static String allTypes() {
        long first = NOON_NANOS / 1_000;
        return "[[" + POINTS + "," + POINTS + "," + first + "," + (first + POINTS - 1) + "," + (long) POINTS * (POINTS - 1) / 2
                + ","
                + (long) POINTS * (POINTS - 1) / 4 + "," + POINTS / 2 + "," + POINTS
                + ",\"say \\\"0\\\", \u00e4\\\\\",\"host 0\",\"host 9\",\"BIGINT\",\"DOUBLE\",\"BOOLEAN\",\"VARCHAR\"]]";
    }

    /// Every point that [#point] makes, and nothing else.
    private static void assertAllPoints(String database) throws Exception {
        // A client that sends in the background is done with its flush before its last requests are.
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (!server.post("/api/v1/query", "{\"sql\":\"SELECT count(*) FROM types\"}", "x-arc-database", database).body()
                .contains("[[" + POINTS + "]]") && System.nanoTime() < end) {
            Thread.onSpinWait();
        }
        assertThat(server.query(database, TYPES + "types")).isEqualTo(allTypes());
        assertThat(server.query(database, "SELECT count(*) FROM types WHERE n = epoch_us(time) - " + NOON_NANOS / 1_000
                + " AND d = n / 2 AND b = (n % 2 = 0) AND host = 'host ' || n % 10 AND s = 'say ' || chr(34) || n || chr(34) "
                + "|| ', ' "
                + "|| chr(228) || chr(92)")).isEqualTo("[[" + POINTS + "]]");
    }

    private static String text(int i) {
        return "say \"" + i + "\", \u00e4\\";
    }

    private static Point point(int i) {
        return Point.measurement("types").time(NOON_NANOS + i * 1_000L, TimeUnit.NANOSECONDS).tag("host", "host " + i % 10)
                .addField("n", (long) i).addField("d", i / 2.0).addField("b", i % 2 == 0).addField("s", text(i)).build();
    }

    @Test
    void influxDbJavaWithUserAndPasswordInBatches() throws Exception {
        try (InfluxDB client = InfluxDBFactory.connect(url(), "anybody", InstalledArc.TOKEN)) {
            assertThat(client.ping().isGood()).isTrue();
            assertThat(client.version()).startsWith("1.");
            QueryResult created = client.query(new Query("CREATE DATABASE \"influx-java\""));
            assertThat(created.hasError()).isFalse();
            List<List<Object>> names = client.query(new Query("SHOW DATABASES")).getResults().getFirst().getSeries().getFirst()
                    .getValues();
            assertThat(names).contains(List.of("influx-java"));
            client.setDatabase("influx-java").enableGzip();
            Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
            client.enableBatch(BatchOptions.DEFAULTS.actions(700).flushDuration(50)
                    .exceptionHandler((points, failure) -> failures.add(failure)));
            for (int i = 0; i < POINTS; i++) {
                client.write(point(i));
            }
            client.flush();
            client.disableBatch();
            assertThat(failures).isEmpty();
            assertAllPoints("influx-java");

            client.disableGzip();
            for (TimeUnit unit : List.of(TimeUnit.HOURS, TimeUnit.MINUTES, TimeUnit.SECONDS, TimeUnit.MILLISECONDS,
                    TimeUnit.MICROSECONDS, TimeUnit.NANOSECONDS)) {
                client.write(BatchPoints.database("influx-java").precision(unit).point(Point.measurement("units")
                        .time(unit.convert(1_750_003_200, TimeUnit.SECONDS), unit).addField("v", 1.5).build()).build());
                client.write("influx-java", "autogen", InfluxDB.ConsistencyLevel.ONE, unit,
                        "units v=2.5 " + unit.convert(1_750_003_200, TimeUnit.SECONDS));
            }
            assertThat(server.query("influx-java", "SELECT time, count(*), sum(v) FROM units GROUP BY time ORDER BY time"))
                    .isEqualTo("[[\"2025-06-15T16:00:00Z\",12,24]]");

            assertThatThrownBy(() -> client.write("units v=")).hasMessageContaining("partial write: line 1");
            assertThatThrownBy(() -> client.write("units v=true 1"))
                    .isInstanceOf(InfluxDBException.FieldTypeConflictException.class);
            assertThatThrownBy(() -> client.write("# nothing\n")).isInstanceOf(InfluxDBException.UnableToParseException.class);
        }
    }

    @Test
    void influxDbJavaWithAToken() throws Exception {
        OkHttpClient.Builder http = new OkHttpClient.Builder().addInterceptor(chain -> chain.proceed(chain.request()
                .newBuilder()
                .header("Authorization", "Token " + InstalledArc.TOKEN).build()));
        try (InfluxDB client = InfluxDBFactory.connect(url(), http)) {
            client.setDatabase("influx-java-token").enableGzip();
            BatchPoints batch = BatchPoints.database("influx-java-token").build();
            for (int i = 0; i < POINTS; i++) {
                batch.point(point(i));
            }
            client.write(batch);
            assertAllPoints("influx-java-token");
        }
        try (InfluxDB stranger = InfluxDBFactory.connect(url(), "anybody", "guessed")) {
            assertThatThrownBy(() -> stranger.setDatabase("influx-java-token").write("types n=1i"))
                    .isInstanceOf(InfluxDBException.class);
        }
        assertThat(server.query("influx-java-token", "SELECT count(*) FROM types")).isEqualTo("[[" + POINTS + "]]");
    }

    private static com.influxdb.client.write.Point point2(int i) {
        return com.influxdb.client.write.Point.measurement("types").time(NOON_NANOS + i * 1_000L, WritePrecision.NS)
                .addTag("host", "host " + i % 10).addField("n", (long) i).addField("d", i / 2.0).addField("b", i % 2 == 0)
                .addField("s", text(i));
    }

    @Test
    void influxDbClientJavaBlockingAndInBatches() throws Exception {
        for (boolean gzip : new boolean[] {false, true}) {
            String bucket = "client-java-" + gzip;
            InfluxDBClientOptions options = InfluxDBClientOptions.builder().url(url())
                    .authenticateToken(InstalledArc.TOKEN.toCharArray())
                    .org("an org").bucket(bucket).build();
            try (InfluxDBClient client = InfluxDBClientFactory.create(options)) {
                if (gzip) {
                    client.enableGzip();
                }
                assertThat(client.ping()).isTrue();
                assertThat(client.version()).startsWith("1.");
                Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
                try (WriteApi batches = client.makeWriteApi(WriteOptions.builder().batchSize(400).flushInterval(50).build())) {
                    batches.listenEvents(WriteErrorEvent.class, event -> failures.add(event.getThrowable()));
                    batches.listenEvents(WriteRetriableErrorEvent.class, event -> failures.add(event.getThrowable()));
                    Semaphore acknowledged = new Semaphore(0);
                    batches.listenEvents(WriteSuccessEvent.class,
                            event -> acknowledged.release(event.getLineProtocol().split("\n").length));
                    for (int i = 0; i < POINTS; i++) {
                        batches.writePoint(point2(i));
                    }
                    assertThat(acknowledged.tryAcquire(POINTS, 30, TimeUnit.SECONDS)).as(() -> failures.toString()).isTrue();
                }
                assertThat(failures).isEmpty();
                assertAllPoints(bucket);

                var blocking = client.getWriteApiBlocking();
                blocking.writeRecord(WritePrecision.NS, "units v=45 1750003200000000001");
                blocking.writeRecord(WritePrecision.US, "units v=45.5 1750003200000000");
                blocking.writeRecord(WritePrecision.MS, "units v=46 1750003200000");
                blocking.writeRecord(WritePrecision.S, "units v=47 1750003200");
                blocking.writePoint(com.influxdb.client.write.Point.measurement("units")
                        .time(Instant.ofEpochSecond(1_750_003_200),
                        WritePrecision.MS).addField("v", 48));
                assertThat(server.query(bucket, "SELECT time, v FROM units ORDER BY v")).isEqualTo(
                        "[[\"T\",45],[\"T\",45.5],[\"T\",46],[\"T\",47],[\"T\",48]]".replace("T", "2025-06-15T16:00:00Z"));

                assertThatThrownBy(() -> blocking.writeRecord(WritePrecision.NS, "units v= 1"))
                        .isInstanceOf(BadRequestException.class).hasMessageContaining("partial write: line 1");
                assertThatThrownBy(() -> blocking.writeRecord("9bad", "an org", WritePrecision.NS, "units v=1 1"))
                        .isInstanceOf(BadRequestException.class).hasMessageContaining("9bad");
            }
        }
        try (InfluxDBClient stranger = InfluxDBClientFactory.create(url(), "guessed".toCharArray(), "o", "client-java-true")) {
            assertThatThrownBy(() -> stranger.getWriteApiBlocking().writeRecord(WritePrecision.NS, "units v=1 1"))
                    .isInstanceOf(UnauthorizedException.class).hasMessageContaining("Invalid or expired token");
        }
    }

    private static void meter(Map<String, String> settings) {
        InfluxConfig config = key -> settings.get(key);
        InfluxMeterRegistry registry = InfluxMeterRegistry.builder(config).clock(Clock.SYSTEM).build();
        registry.counter("orders.placed", Tags.of("shop", "caf\u00e9 1,2=3")).increment(42.5);
        registry.gauge("queue.size", 8_388_608.0);
        registry.timer("http.server.requests", "uri", "/a b").record(Duration.ofMillis(250));
        DistributionSummary.builder("payload").serviceLevelObjectives(10, 100).register(registry).record(64);
        registry.gauge("not.a.number", Double.NaN);
        registry.close();
    }

    private static void assertMetered(String database) throws Exception {
        assertThat(server.query(database, "SELECT shop, metric_type, value, abs(epoch_ms(now()) - epoch_ms(time)) < 600000 "
                + "FROM orders_placed")).isEqualTo("[[\"caf\u00e9 1,2=3\",\"counter\",42.5,true]]");
        assertThat(server.query(database, "SELECT metric_type, value FROM queue_size")).isEqualTo("[[\"gauge\",8388608]]");
        assertThat(server.query(database, "SELECT uri, metric_type, count, sum, mean, upper FROM http_server_requests"))
                .isEqualTo("[[\"/a b\",\"histogram\",1,250,250,250]]");
        assertThat(server.query(database, "SELECT count, sum, upper FROM payload")).isEqualTo("[[1,64,64]]");
    }

    @Test
    void micrometerMakesItsDatabaseAndWrites() throws Exception {
        meter(Map.of("influx.uri", url(), "influx.db", "micro-user", "influx.autoCreateDb", "true", "influx.userName",
                "anybody",
                "influx.password", InstalledArc.TOKEN, "influx.compressed", "true"));
        assertMetered("micro-user");
        meter(Map.of("influx.uri", url(), "influx.db", "micro-token", "influx.token", InstalledArc.TOKEN, "influx.compressed",
                "false"));
        assertMetered("micro-token");
        meter(Map.of("influx.uri", url(), "influx.org", "an org", "influx.bucket", "micro-bucket", "influx.token",
                InstalledArc.TOKEN));
        assertMetered("micro-bucket");
        // Made before the first write.
        assertThat(server.query("default", "SHOW DATABASES")).contains("micro-user", "micro-token");
    }
}
