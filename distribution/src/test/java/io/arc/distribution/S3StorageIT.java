package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import io.arc.testkit.S3Emulator;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The installed server with its files in a bucket.
class S3StorageIT {
    /// Nothing goes into files but by the flush route.
    private static final Map<String, String> LAZY = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000");
    private static final Map<String, String> QUICK = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "300", "ARC_INGEST_MAX_BUFFER_SIZE",
            "2000", "ARC_WAL_MAX_SIZE_MB", "1", "ARC_WAL_MAX_AGE_SECONDS", "1", "ARC_SERVER_SHUTDOWN_TIMEOUT", "2s");
    private static final int LOADED_OUTAGE_SECONDS = 5;
    private static final int OUTAGE_SECONDS_SHORT = 120;
    private static final int OUTAGE_SECONDS_LONG = 600;

    @TempDir
    private Path folder;
    private InstalledArc arc;
    private S3World s3;

    @BeforeEach
    void start() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("arc"));
        s3 = S3World.open(folder.resolve("s3"));
    }

    @AfterEach
    void stopAll() {
        arc.close();
        s3.close();
    }

    @Test
    void writesGoToTheBucketAndQueriesComeFromIt() throws Exception {
        Server server = arc.start(folder.resolve("data"), s3.environment(LAZY));
        assertThat(server.post("/write?db=d", lines(1, 1_000)).statusCode()).isEqualTo(204);
        assertThat(server.query("d", "SELECT count(*), sum(v) FROM cpu")).isEqualTo("[[1000,500500]]");
        flush(server);
        assertThat(objects()).hasSize(1).allMatch(key -> key.matches("d/cpu/2025/06/15/15/cpu_20250615_.*\\.parquet"));
        assertThat(folder.resolve("data/storage")).doesNotExist();
        s3.proxy().forgetRequests();
        assertThat(server.query("d", "SELECT count(*), sum(v) FROM cpu WHERE v > 0")).isEqualTo("[[1000,500500]]");
        assertThat(s3.proxy().requests()).as("what was written is cached").noneMatch(each -> each.method().equals("GET"));
        assertThat(server.terminate()).isIn(0, 143);
        emptyCache();
        server = arc.start(folder.resolve("data"), s3.environment(LAZY));
        s3.proxy().forgetRequests();
        assertThat(server.query("d", "SELECT count(*), sum(v) FROM cpu WHERE v > 0")).isEqualTo("[[1000,500500]]");
        assertThat(s3.proxy().requests()).as("the file is fetched").anyMatch(each -> each.method().equals("GET"));
        s3.proxy().forgetRequests();
        assertThat(server.query("d", "SELECT max(v) FROM cpu WHERE v > 10")).isEqualTo("[[1000]]");
        assertThat(s3.proxy().requests()).as("and read from the cache then").noneMatch(each -> each.method().equals("GET"));

        assertThat(server.post("/write?db=d", lines(1_001, 1_100)).statusCode()).isEqualTo(204);
        assertThat(server.terminate()).isIn(0, 143);
        assertThat(objects()).as("a stopped server has everything in files").hasSize(2);
        Server next = arc.start(folder.resolve("data"), s3.environment(LAZY));
        assertThat(next.query("d", "SELECT count(*), count(DISTINCT v) FROM cpu WHERE v > 0")).isEqualTo("[[1100,1100]]");
        String metrics = next.get("/metrics").body();
        assertThat(metrics).contains("arc_storage_reads_total").contains("arc_storage_read_bytes_total")
                .contains("arc_storage_read_seconds").contains("arc_storage_read_errors_total")
                .contains("arc_storage_s3_up 1");
    }

    @Test
    void theNamesOfEarlierVersionsStillWork() throws Exception {
        Server server = arc.start(folder.resolve("data"), Map.of("STORAGE_BACKEND", "minio", "MINIO_ENDPOINT",
                s3.proxy().authority(), "MINIO_ACCESS_KEY", S3Emulator.ACCESS_KEY, "MINIO_SECRET_KEY", S3Emulator.SECRET_KEY,
                "MINIO_BUCKET", S3World.BUCKET, "ARC_INGEST_MAX_BUFFER_AGE_MS", "600000"));
        assertThat(server.post("/write?db=d", lines(1, 10)).statusCode()).isEqualTo(204);
        flush(server);
        assertThat(server.query("d", "SELECT count(*) FROM cpu WHERE v > 0")).isEqualTo("[[10]]");
        assertThat(objects()).hasSize(1);
        assertThat(server.log()).contains("MINIO_BUCKET").doesNotContain(S3Emulator.SECRET_KEY);
    }

    @Test
    void configurationThatCannotWorkStopsTheStart() throws Exception {
        Server server = arc.launch(folder.resolve("data"), Map.of("ARC_STORAGE_BACKEND", "s3"));
        assertThat(server.waitForEnd()).isNotZero();
        assertThat(server.log()).contains("storage.s3.bucket is not set").contains("ARC_STORAGE_S3_BUCKET");
        Server half = arc.launch(folder.resolve("data"), s3.environment(Map.of("ARC_STORAGE_S3_ACCESS_KEY", "")));
        assertThat(half.waitForEnd()).isNotZero();
        assertThat(half.log()).contains("only one of storage.s3.access_key and storage.s3.secret_key").doesNotContain(
                S3Emulator.SECRET_KEY);
    }

    private void emptyCache() throws IOException {
        KillIT.deleteTree(folder.resolve("data/cache"));
    }

    @Test
    void anOutageLosesNothing() throws Exception {
        int seconds = LOADED_OUTAGE_SECONDS;
        try (AckLog log = new AckLog(folder.resolve("acknowledged")); Writers writers = new Writers(log)) {
            Server server = arc.start(folder.resolve("data"), s3.environment(QUICK));
            writers.to(server);
            await("writes are acknowledged", () -> writers.acknowledged() > 100);
            s3.proxy().goDown();
            await("health shows it", () -> server.get("/health").body().contains("storage s3"));
            long before = writers.acknowledged();
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(seconds));
            long during = writers.acknowledged() - before;
            assertThat(during).as("acknowledged from the log during %d s", seconds).isGreaterThan(seconds);
            s3.proxy().comeBack();
            await("normal again", () -> server.get("/health").body().contains("\"message\":\"ready for queries and writes\""));
            writers.pause();
            Judge.Verdict verdict = Judge.look(server, log.read()).requireClean("the store is back");
            server.kill();
            arc.forget(server);
            Server next = arc.start(folder.resolve("data"), s3.environment(QUICK));
            Judge.look(next, log.read()).requireClean("after a restart");
            System.out.println("bucket away for " + seconds + " s, " + during + " batches acknowledged meanwhile: "
                    + verdict.figures());
        }
    }

    /// Not a write is refused from the first to the last second, at a pace that memory holds for so long.
    @Test
    void aLongOutageIsAcknowledgedFromTheLog() throws Exception {
        int seconds = Integer.getInteger("arc.test.outage", Integer.getInteger("arc.test.slow", 1) > 1 ? OUTAGE_SECONDS_LONG
                : OUTAGE_SECONDS_SHORT);
        Server server = arc.start(folder.resolve("data"), s3.environment(QUICK));
        assertThat(server.post("/write?db=d", lines(1, 100)).statusCode()).isEqualTo(204);
        flush(server);
        s3.proxy().goDown();
        int rows = 100;
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < TimeUnit.SECONDS.toNanos(seconds)) {
            HttpResponse<String> answer = server.post("/write?db=d", lines(rows + 1, rows + 50));
            assertThat(answer.statusCode()).as("after %d s: %s", TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun),
                    answer.body()).isEqualTo(204);
            rows += 50;
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(25));
        }
        assertThat(server.get("/health").body()).contains("storage s3");
        assertThat(server.get("/metrics").body()).contains("arc_storage_s3_up 0");
        String figures = "[[" + rows + "," + rows + "," + (long) rows * (rows + 1) / 2 + "]]";
        String sql = "SELECT count(*), count(DISTINCT v), CAST(sum(v) AS BIGINT) FROM cpu WHERE v > 0";
        s3.proxy().comeBack();
        await("normal again", () -> server.get("/health").body().contains("\"message\":\"ready for queries and writes\""));
        assertThat(server.query("d", sql)).isEqualTo(figures);
        flush(server);
        server.kill();
        arc.forget(server);
        Server next = arc.start(folder.resolve("data"), s3.environment(QUICK));
        assertThat(next.query("d", sql)).isEqualTo(figures);
        System.out.println("bucket away for " + seconds + " s: " + rows + " rows, every write acknowledged, 0 lost, 0 doubled");
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

    private static String lines(int from, int to) {
        StringBuilder lines = new StringBuilder();
        for (int i = from; i <= to; i++) {
            lines.append("cpu v=").append(i).append("i ").append(1_750_000_000_000_000_000L + i).append('\n');
        }
        return lines.toString();
    }

    private List<String> objects() throws Exception {
        Path bucket = folder.resolve("s3").resolve(S3World.BUCKET);
        try (Stream<Path> all = Files.walk(bucket)) {
            return all.filter(Files::isRegularFile).map(each -> bucket.relativize(each).toString()).sorted().toList();
        }
    }
}
