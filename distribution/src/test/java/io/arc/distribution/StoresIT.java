package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Outcome;
import io.arc.distribution.InstalledArc.Server;
import io.arc.distribution.StoreWorld.Kind;
import io.arc.testkit.Azurite;
import io.arc.testkit.FaultProxy;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/// The installed server does the same on every store.
class StoresIT {
    /// Nothing goes into files but by the flush route.
    private static final Map<String, String> LAZY = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000");
    private static final long FIRST_SECOND = 1_750_000_000L;
    private static final int ROUNDS = 12;
    private static final int ROWS = 100;
    /// Ten numbers cannot agree by chance.
    private static final String SUMMARY = "SELECT count(*), count(DISTINCT v), CAST(sum(v) AS BIGINT), min(time), max(time), "
            + "count(DISTINCT host) FROM cpu";
    private static final String JOIN = "SELECT cpu.host, count(*), CAST(sum(cpu.v) AS BIGINT), sum(mem.used) FROM cpu JOIN mem "
            + "ON cpu.time = mem.time GROUP BY cpu.host ORDER BY cpu.host";

    @TempDir
    private Path folder;
    private InstalledArc arc;

    @BeforeEach
    void unpack() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("arc"));
    }

    @AfterEach
    void stopAll() {
        arc.close();
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void whatIsWrittenIsMergedAndAnotherMachineReadsIt(Kind kind) throws Exception {
        try (StoreWorld store = StoreWorld.open(kind, folder.resolve("store"))) {
            Path data = folder.resolve("data");
            Server server = arc.start(data, store.environment(LAZY));
            for (int round = 0; round < ROUNDS; round++) {
                write(server, round);
                if (round == 0) {
                    List<String> hot = answers(server);
                    assertThat(hot.getFirst()).startsWith("[[" + ROWS + "," + ROWS + "," + sum(ROWS) + ",");
                    flush(server);
                    assertThat(answers(server)).as("from a file").isEqualTo(hot);
                } else {
                    flush(server);
                }
            }
            List<String> expected = answers(server);
            int rows = ROUNDS * ROWS;
            assertThat(expected.getFirst()).startsWith("[[" + rows + "," + rows + "," + sum(rows) + ",");

            HttpResponse<String> triggered = server.post("/api/v1/compaction/trigger?tier=hourly&database=d", "");
            assertThat(triggered.statusCode()).as(triggered.body()).isEqualTo(200);
            await("two tables are merged", () -> server.get("/api/v1/compaction/stats").body()
                    .contains("\"total_jobs_completed\":2"));
            assertThat(server.get("/api/v1/compaction/stats").body()).contains("\"total_jobs_failed\":0")
                    .contains("\"total_files_compacted\":" + 2 * ROUNDS);
            assertThat(answers(server)).as("from merged files").isEqualTo(expected);
            assertThat(server.get("/metrics").body()).contains("arc_storage_put_seconds", "arc_storage_list_seconds",
                    "arc_storage_" + kind.name().toLowerCase(Locale.ROOT) + "_up 1");
            assertThat(server.terminate()).isIn(0, 143);
            assertThat(server.log()).doesNotContain("[ERROR]", "\tat ");

            Server second = arc.start(folder.resolve("second machine"), store.environment(LAZY));
            assertThat(second.log()).contains("catalog made from storage: 2 tables, 2 files, " + 2 * rows + " rows");
            assertThat(answers(second)).as("from the store alone").isEqualTo(expected);
            write(second, ROUNDS);
            flush(second);
            assertThat(second.query("d", "SELECT count(*), count(DISTINCT v) FROM cpu"))
                    .isEqualTo("[[" + (rows + ROWS) + "," + (rows + ROWS) + "]]");
            assertThat(second.terminate()).isIn(0, 143);
            assertThat(second.log()).doesNotContain("[ERROR]", "\tat ");
        }
    }

    /// The log takes writes; what is cached is answered; the rest says which store is missing.
    @ParameterizedTest
    @EnumSource(value = Kind.class, mode = Mode.EXCLUDE, names = "LOCAL")
    void aStoreThatIsAwayIsNamed(Kind kind) throws Exception {
        try (StoreWorld store = StoreWorld.open(kind, folder.resolve("store"))) {
            FaultProxy way = store.proxy().orElseThrow();
            Path data = folder.resolve("data");
            String plugin = kind.name().toLowerCase(Locale.ROOT);
            Map<String, String> settings = store.environment(Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000",
                    "ARC_STORAGE_" + kind + "_REQUEST_TIMEOUT", "2s"));
            Server before = arc.start(data, settings);
            assertThat(before.post("/write?db=d", lines("mem", 0, ROWS)).statusCode()).isEqualTo(204);
            assertThat(before.terminate()).isIn(0, 143);
            KillIT.deleteTree(data.resolve("cache"));
            Server server = arc.start(data, settings);
            assertThat(server.post("/write?db=d", lines("cpu", 0, ROWS)).statusCode()).isEqualTo(204);
            flush(server);
            assertThat(server.query("d", "SELECT CAST(sum(v) AS BIGINT) FROM cpu WHERE v > 0")).isEqualTo("[[" + sum(ROWS)
                    + "]]");
            way.goDown();
            assertThat(server.post("/write?db=d", lines("cpu", ROWS, 2 * ROWS)).statusCode()).isEqualTo(204);
            assertThat(server.query("d", "SELECT count(*) FROM cpu WHERE v > 1")).as("from the cache and from memory")
                    .isEqualTo("[[" + (2 * ROWS - 1) + "]]");
            HttpResponse<String> uncached = sumOfMem(server);
            assertThat(uncached.statusCode()).as(uncached.body()).isEqualTo(503);
            assertThat(uncached.body()).containsAnyOf("storage " + plugin, store.place());
            assertThat(server.get("/health").body()).contains("storage " + plugin).contains(store.place());
            await("an alarm can see it", () -> sumOfMem(server).statusCode() == 503
                    && server.get("/metrics").body().contains("arc_storage_" + plugin + "_up 0"));
            assertThat(sumOfMem(server).body()).contains("storage " + plugin);
            way.comeBack();
            await("the store is used again", () -> sumOfMem(server).statusCode() == 200);
            flush(server);
            assertThat(server.query("d", "SELECT count(*), count(DISTINCT v) FROM cpu WHERE v > 0"))
                    .isEqualTo("[[" + 2 * ROWS + "," + 2 * ROWS + "]]");
            assertThat(server.get("/health").body()).contains("ready for queries and writes");
        }
    }

    @Test
    void azblobIsAzureAndAConnectionStringIsEnough() throws Exception {
        try (StoreWorld store = StoreWorld.open(Kind.AZURE, folder.resolve("store"))) {
            Server server = arc.start(folder.resolve("data"), Map.of("ARC_STORAGE_BACKEND", "azblob",
                    "ARC_STORAGE_AZURE_CONNECTION_STRING", Azurite.connectionString(store.proxy().orElseThrow().authority()),
                    "ARC_STORAGE_AZURE_CONTAINER", StoreWorld.PLACE, "ARC_INGEST_MAX_BUFFER_AGE_MS", "600000"));
            write(server, 0);
            flush(server);
            assertThat(server.query("d", "SELECT count(*) FROM cpu WHERE v > 0")).isEqualTo("[[" + ROWS + "]]");
            assertThat(store.proxy().orElseThrow().requests()).anyMatch(request -> request.method().equals("PUT")
                    && request.target().replace("%2F", "/").startsWith("/" + Azurite.ACCOUNT + "/" + StoreWorld.PLACE
                    + "/d/cpu/2025/06/15/15/"));
            assertThat(server.log()).doesNotContain(Azurite.KEY);
        }
    }

    @Test
    void theOlderNamesForABucketOfGoogleStillWork() throws Exception {
        try (StoreWorld store = StoreWorld.open(Kind.GCS, folder.resolve("store"))) {
            Server server = arc.start(folder.resolve("data"), Map.of("STORAGE_BACKEND", "gcs", "GCS_BUCKET", StoreWorld.PLACE,
                    "GCS_PROJECT", "some-project", "ARC_STORAGE_GCS_ENDPOINT", "http://" + store.proxy().orElseThrow().authority()));
            write(server, 0);
            flush(server);
            assertThat(server.query("d", "SELECT count(*) FROM cpu WHERE v > 0")).isEqualTo("[[" + ROWS + "]]");
            assertThat(server.log()).contains("GCS_BUCKET");
        }
    }

    @Test
    void configurationThatCannotWorkStopsTheStart() throws Exception {
        refused("storage.azure.container has to be set", Map.of("ARC_STORAGE_BACKEND", "azure"));
        refused("storage.azure.connection_string or storage.azure.account_name has to be set",
                Map.of("ARC_STORAGE_BACKEND", "azblob", "ARC_STORAGE_AZURE_CONTAINER", "c"));
        refused("storage.gcs.bucket has to be set", Map.of("ARC_STORAGE_BACKEND", "gcs"));
        refused("there is no such file", Map.of("ARC_STORAGE_BACKEND", "gcs", "ARC_STORAGE_GCS_BUCKET", "b",
                "ARC_STORAGE_GCS_CREDENTIALS_FILE", folder.resolve("nothing").toString()));
        refused("storage.gcs.prefix", Map.of("ARC_STORAGE_BACKEND", "gcs", "ARC_STORAGE_GCS_BUCKET", "b",
                "ARC_STORAGE_GCS_PREFIX",
                "../up"));
        refused("s4", Map.of("ARC_STORAGE_BACKEND", "s4"));
    }

    private void refused(String reason, Map<String, String> environment) throws Exception {
        Server server = arc.launch(folder.resolve("data"), environment);
        assertThat(server.waitForEnd()).as(server.log()).isNotZero();
        assertThat(server.log()).contains(reason).doesNotContain("\tat ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"storage-local", "storage-s3", "storage-gcs", "storage-azure"})
    void theFinishedPluginIsVerified(String plugin) throws Exception {
        Outcome verified = arc.run(Map.of(), "plugins", "verify", arc.home().resolve("plugins").resolve(plugin).toString());
        assertThat(verified.status()).as(verified.output()).isZero();
    }

    /// The vendors' libraries are in no other folder than their plugin's.
    @Test
    void aServerNeedsTheChosenStoresFolderOnly() throws Exception {
        for (String other : List.of("storage-s3", "storage-gcs", "storage-azure")) {
            KillIT.deleteTree(arc.home().resolve("plugins").resolve(other));
        }
        Server server = arc.start(folder.resolve("data"), LAZY);
        write(server, 0);
        flush(server);
        assertThat(server.query("d", "SELECT count(*) FROM cpu WHERE v > 0")).isEqualTo("[[" + ROWS + "]]");
        refused("gcs", Map.of("ARC_STORAGE_BACKEND", "gcs", "ARC_STORAGE_GCS_BUCKET", "b"));
    }

    /// Both protocols; every round's rows are its own.
    private static void write(Server server, int round) throws Exception {
        int from = round * ROWS;
        assertThat(server.post("/write?db=d", lines("cpu", from, from + ROWS)).statusCode()).isEqualTo(204);
        List<Object> times = new ArrayList<>();
        List<Object> used = new ArrayList<>();
        for (int row = from; row < from + ROWS; row++) {
            times.add((FIRST_SECOND + row) * 1_000);
            used.add(row / 4.0);
        }
        HttpResponse<String> written = server.post("/api/v1/write/msgpack", Payloads.messagePack(Payloads.columns("mem", "time",
                times, "used", used)), "x-arc-database", "d");
        assertThat(written.statusCode()).as(written.body()).isEqualTo(204);
    }

    /// Values are one more than their row's number.
    private static String lines(String table, int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int row = from; row < to; row++) {
            lines.append(table).append(",host=h").append(row % 7).append(" v=").append(row + 1).append("i ")
                    .append(FIRST_SECOND + row).append("000000000\n");
        }
        return lines.toString();
    }

    private static long sum(int rows) {
        return (long) rows * (rows + 1) / 2;
    }

    private static List<String> answers(Server server) throws Exception {
        return List.of(server.query("d", SUMMARY), server.query("d", JOIN), server.query("d",
                "SELECT host, v FROM cpu WHERE v > 40 AND time < '2025-06-15T15:08:00Z' ORDER BY time"), server.query("d",
                "SHOW COLUMNS FROM cpu"));
    }

    private static HttpResponse<String> sumOfMem(Server server) throws Exception {
        return server.post("/api/v1/query", "{\"sql\":\"SELECT sum(v) FROM mem WHERE v > 0\"}", "x-arc-database", "d");
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }

    private static void flush(Server server) throws Exception {
        await("a flush succeeds", () -> server.post("/api/v1/write/line-protocol/flush", "").statusCode() == 200);
    }
}
