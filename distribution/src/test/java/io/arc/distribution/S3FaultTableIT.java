package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import io.arc.testkit.Fault;
import io.arc.testkit.FaultProxy.Request;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Fifteen faults of the network between the server and S3, each on ten kinds of request that the whole path from write to
/// query makes. A server lives through all ten for each fault; at the end every row that was acknowledged is there once.
///
/// CI lives through a third of the faults, `arc.test.slow` above 1 through all.
class S3FaultTableIT {
    /// Requests are given up soon, so that what stalls is tried again soon; files of 5 MiB are uploaded in parts.
    private static final Map<String, String> SETTINGS = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000",
            "ARC_INGEST_MAX_BUFFER_SIZE", "1000000", "ARC_STORAGE_S3_REQUEST_TIMEOUT", "2s",
            "ARC_STORAGE_S3_MULTIPART_THRESHOLD", "5MiB", "ARC_STORAGE_S3_PART_SIZE", "5MiB",
            "ARC_SERVER_SHUTDOWN_TIMEOUT", "2s");
    /// Their files are larger than a part, however they are compressed.
    private static final int LARGE_ROWS = 70_000;
    private static final int LARGE_TEXT = 120;
    private static final byte[] SLOW_DOWN = Fault.reply(503, "Slow Down", "application/xml",
            "<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>");
    private static final byte[] INTERNAL = Fault.reply(500, "Internal Server Error", "application/xml",
            "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>");
    private static final byte[] EXPIRED = Fault.reply(400, "Bad Request", "application/xml",
            "<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>");

    @TempDir
    private Path folder;
    private InstalledArc arc;
    private S3World s3;
    private final SplittableRandom random = new SplittableRandom(Long.getLong("arc.test.seed", 6));
    private final List<String> outcomes = new CopyOnWriteArrayList<>();
    private Server server;
    private int rows;

    private static Map<String, Fault> faults() {
        Map<String, Fault> all = new LinkedHashMap<>();
        all.put("reply lost", new Fault.LoseReply());
        all.put("request cut in its body", new Fault.ResetRequest(3));
        all.put("reply stalls", new Fault.StallReply(0));
        all.put("reply truncated", new Fault.TruncateReply());
        all.put("503 after the effect", new Fault.AnswerAfter(SLOW_DOWN));
        all.put("refused", new Fault.Refuse());
        all.put("closed before", new Fault.CloseBefore());
        all.put("request cut at its body", new Fault.ResetRequest(0));
        all.put("request stalls", new Fault.StallRequest());
        all.put("request at 1 B/s", new Fault.SlowRequest(1));
        all.put("reply cut in its head", new Fault.ResetReply(20));
        all.put("reply at 1 B/s", new Fault.SlowReply(1));
        all.put("503", new Fault.Answer(SLOW_DOWN));
        all.put("500", new Fault.Answer(INTERNAL));
        all.put("credentials expired", new Fault.Answer(EXPIRED));
        return all;
    }

    private static Stream<String> faultNames() {
        int shown = Integer.getInteger("arc.test.slow", 1) > 1 ? faults().size() : faults().size() / 3;
        return faults().keySet().stream().limit(shown);
    }

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

    @ParameterizedTest
    @MethodSource("faultNames")
    void everyRowIsThereOnce(String faultName) throws Exception {
        Fault fault = faults().get(faultName);
        once("look for the bucket", request -> request.method().equals("HEAD"), fault);
        server = arc.start(folder.resolve("data"), s3.environment(SETTINGS));
        passed("look for the bucket");

        once("put", isPut(), fault);
        write(100);
        flush();
        passed("put");

        // What it has written itself it has in its cache.
        assertThat(server.terminate()).isIn(0, 143);
        arc.forget(server);
        KillIT.deleteTree(folder.resolve("data/cache"));
        server = arc.start(folder.resolve("data"), s3.environment(SETTINGS));
        once("get", request -> request.method().equals("GET") && request.target().contains(".parquet"), fault);
        check();
        passed("get");

        // Whether an object is its own is asked when a put was lost and its repetition finds the key taken.
        once("head", request -> request.method().equals("HEAD") && request.target().contains(".parquet"), fault, isPut(),
                new Fault.LoseReply());
        write(100);
        flush();
        passed("head");

        for (String kind : List.of("create an upload", "upload a part", "complete an upload")) {
            once(kind, switch (kind) {
                case "create an upload" -> request -> request.method().equals("POST") && request.target().endsWith("?uploads");
                case "upload a part" -> request -> request.method().equals("PUT") && request.target().contains("partNumber=2");
                default -> request -> request.method().equals("POST") && request.target().contains("uploadId=");
            }, fault);
            write(LARGE_ROWS);
            flush();
            passed(kind);
        }

        once("abort an upload", request -> request.method().equals("DELETE") && request.target().contains("uploadId="), fault,
                request -> request.method().equals("PUT") && request.target().contains("partNumber="),
                new Fault.Answer(INTERNAL));
        write(LARGE_ROWS);
        flush();
        passed("abort an upload");
        check();

        // A server that dies between a put and its commit leaves an object that the next one deletes.
        s3.proxy().failOnce(isPut(), new Fault.StallReply(0));
        write(100);
        int before = s3.proxy().injected();
        Thread flushing = Thread.ofVirtual().start(() -> {
            try {
                server.post("/api/v1/write/line-protocol/flush", "");
            } catch (Exception killed) {
                // As is to be.
            }
        });
        await("the put is under way", () -> s3.proxy().injected() > before);
        server.kill();
        flushing.join();
        arc.forget(server);
        once("delete", request -> request.method().equals("DELETE") || request.target().contains("?delete"), fault);
        server = arc.start(folder.resolve("data"), s3.environment(SETTINGS));
        passed("delete");

        once("probe", request -> request.method().equals("PUT") && request.target().contains(".arc-probe"), fault);
        assertThat(server.terminate()).isIn(0, 143);
        arc.forget(server);
        server = arc.start(folder.resolve("data"), s3.environment(SETTINGS));
        write(100);
        flush();
        passed("probe");
        check();
        assertThat(outcomes).as("kinds of request that the fault has met").hasSize(10).doesNotHaveDuplicates();
        System.out.println("S3 fault table: " + faultName + ": " + rows + " rows, 0 lost, 0 doubled; " + outcomes);
    }

    private static Predicate<Request> isPut() {
        return request -> request.method().equals("PUT") && request.target().contains(".parquet")
                && !request.target().contains("partNumber=");
    }

    private void once(String what, Predicate<Request> which, Fault fault) {
        once(what, which, fault, request -> false, fault);
    }

    /// Breaks the first request of a kind, after another one of another kind, that brings it about.
    private void once(String what, Predicate<Request> which, Fault fault, Predicate<Request> before, Fault other) {
        AtomicInteger met = new AtomicInteger();
        AtomicInteger led = new AtomicInteger();
        s3.proxy().script(request -> {
            if (which.test(request) && met.getAndIncrement() == 0) {
                outcomes.add(what);
                return fault;
            }
            return before.test(request) && led.getAndIncrement() == 0 ? other : new Fault.Pass();
        });
    }

    private void passed(String what) {
        assertThat(outcomes).as("the fault has been met").contains(what);
        s3.proxy().pass();
    }

    /// Written rows are numbered on; large ones carry text that nothing can compress below a part's size.
    private void write(int count) throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < count; i++) {
            rows++;
            lines.append("m n=").append(rows).append('i');
            if (count == LARGE_ROWS) {
                lines.append(",text=\"");
                for (int at = 0; at < LARGE_TEXT; at++) {
                    lines.append((char) ('A' + random.nextInt(26)));
                }
                lines.append('"');
            }
            lines.append(' ').append(1_750_000_000_000_000_000L + rows * 1_000L).append('\n');
        }
        HttpResponse<String> answer = server.post("/write?db=d", lines.toString().getBytes(StandardCharsets.US_ASCII));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(204);
    }

    private void flush() throws Exception {
        await("a flush succeeds", () -> server.post("/api/v1/write/line-protocol/flush", "").statusCode() == 200);
    }

    private void check() throws Exception {
        String sql = "SELECT count(*), count(DISTINCT n), CAST(sum(n) AS BIGINT) FROM m WHERE n > 0";
        String expected = "[[" + rows + "," + rows + "," + (long) rows * (rows + 1) / 2 + "]]";
        assertThat(server.query("d", sql)).isEqualTo(expected);
    }

    private interface Condition {
        boolean holds() throws Exception;
    }

    private static void await(String what, Condition condition) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!condition.holds()) {
            assertThat(System.nanoTime()).as(what).isLessThan(until);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
    }
}
