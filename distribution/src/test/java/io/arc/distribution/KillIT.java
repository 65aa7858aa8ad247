package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` at random moments, under the load of twelve writers, while starting and while recovering; then SQL against the
/// writers' own log.
class KillIT {
    private static final int KILLS_SHORT = 10;
    private static final int KILLS_LONG = 1_000;
    /// After so many kills everything is checked against the files and begins anew, so that the data stay small.
    private static final int KILLS_PER_FOLDER = 10;
    /// Of ten kills those that do not wait for the server to be ready.
    private static final int EARLY_OF_TEN = 3;
    private static final long LONGEST_LOAD_MILLIS = 900;
    private static final Duration CACHE_PATIENCE = Duration.ofSeconds(120);
    private static final Pattern ROWS_IN_NAME = Pattern.compile(".*_([0-9]+)-[a-z0-9]+\\.parquet");
    private static final Pattern UNFINISHED = Pattern.compile("\\.arc-[a-z0-9]+\\.tmp");

    /// Small buffers, short segments: in a second of load everything that the write path does happens many times.
    private static final Map<String, String> HURRIED = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "200",
            "ARC_INGEST_MAX_BUFFER_SIZE", "1000", "ARC_WAL_MAX_SIZE_MB", "1", "ARC_WAL_MAX_AGE_SECONDS", "1", "ARC_WAL_WRITERS", "2");

    @TempDir
    private Path folder;
    private final long seed = Long.getLong("arc.test.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);

    @Test
    void nothingAcknowledgedIsLostAndNothingComesTwice() throws Exception {
        run(Integer.getInteger("arc.test.kills", KILLS_SHORT));
    }

    @Test
    @Tag("slow")
    void aThousandTimes() throws Exception {
        run(Integer.getInteger("arc.test.kills", KILLS_LONG));
    }

    private void run(int kills) throws Exception {
        long begun = System.nanoTime();
        long acknowledged = 0;
        long unknown = 0;
        long rows = 0;
        int early = 0;
        try (InstalledArc arc = InstalledArc.unpackInto(folder.resolve("arc"))) {
            if (kills > KILLS_PER_FOLDER) {
                warmStart(arc, folder.resolve("first"));
            }
            int done = 0;
            for (int number = 0; done < kills; number++) {
                Path data = folder.resolve("data-" + number);
                int here = Math.min(KILLS_PER_FOLDER, kills - done);
                try (AckLog log = new AckLog(folder.resolve("acknowledged-" + number)); Writers writers = new Writers(log)) {
                    early += killRepeatedly(arc, data, writers, log, here);
                    done += here;
                    Judge.Verdict verdict = checkToTheEnd(arc, data, log);
                    acknowledged += verdict.batches();
                    unknown += verdict.attempted() - verdict.batches();
                    rows += verdict.rows();
                } catch (AssertionError | Exception failed) {
                    throw new AssertionError("seed " + seed + ", after " + done + " kills, data left in " + keep(data, number), failed);
                }
                deleteTree(data);
                System.out.printf("%d kills (%d before ready) in %d s: %d batches acknowledged, %d without an answer, %d rows;"
                        + " lost 0, doubled 0, phantom 0, torn 0%n", done, early,
                        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun), acknowledged, unknown, rows);
            }
        }
        assertThat(acknowledged).as("the load was one").isGreaterThan(20L * kills);
    }

    /// The judge can tell: the same load without a log loses rows.
    @Test
    void withoutALogTheLossIsSeen() throws Exception {
        Map<String, String> unsafe = Map.of("ARC_WAL_ENABLED", "false", "ARC_INGEST_MAX_BUFFER_AGE_MS", "600000");
        Path data = folder.resolve("unsafe");
        try (InstalledArc arc = InstalledArc.unpackInto(folder.resolve("arc"));
                AckLog log = new AckLog(folder.resolve("acknowledged")); Writers writers = new Writers(log)) {
            Server server = arc.start(data, unsafe);
            writers.to(server);
            while (writers.acknowledged() < 100) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            }
            server.kill();
            writers.pause();
            Judge.Verdict verdict = Judge.look(arc.start(data, unsafe), log.read());
            assertThat(verdict.lost()).hasSizeGreaterThanOrEqualTo(100);
            assertThat(verdict.phantom()).isEmpty();
        }
    }

    /// A server that is killed with everything in files, and never written to again.
    @Test
    void aLogThatNobodyNeedsIsNotKept() throws Exception {
        Path data = folder.resolve("data");
        try (InstalledArc arc = InstalledArc.unpackInto(folder.resolve("arc"))) {
            Server first = arc.start(data, Map.of());
            assertThat(first.post("/write?db=d", "cpu v=1\n").statusCode()).isEqualTo(204);
            assertThat(first.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
            first.kill();
            assertThat(segments(data)).isNotEmpty();
            Server second = arc.start(data, Map.of());
            assertThat(second.query("d", "SELECT count(*) FROM cpu")).isEqualTo("[[1]]");
            second.terminate();
            assertThat(segments(data)).isEmpty();
        }
    }

    private static List<Path> segments(Path data) throws IOException {
        try (Stream<Path> segments = Files.list(data.resolve("wal"))) {
            return segments.filter(file -> file.toString().endsWith(".wal")).toList();
        }
    }

    /// Thousands of starts are worth waiting for what makes them quick.
    static void warmStart(InstalledArc arc, Path data) throws Exception {
        Server first = arc.start(data, Map.of());
        long until = System.nanoTime() + CACHE_PATIENCE.toNanos();
        while (System.nanoTime() < until && !first.log().contains("which makes the next start faster")) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
        }
        first.terminate();
    }

    private int killRepeatedly(InstalledArc arc, Path data, Writers writers, AckLog log, int kills) throws Exception {
        int early = 0;
        long startNanos = TimeUnit.SECONDS.toNanos(2);
        for (int kill = 1; kill <= kills; kill++) {
            long launched = System.nanoTime();
            Server server = arc.launch(data, HURRIED);
            if (random.nextInt(10) < EARLY_OF_TEN) {
                // Anywhere from the first instruction to a little after it is ready.
                LockSupport.parkNanos(random.nextLong(startNanos * 5 / 4));
                early++;
            } else {
                server.awaitReady();
                startNanos = System.nanoTime() - launched;
                if (random.nextInt(4) == 0) {
                    Judge.look(server, log.read()).requireClean("after kill " + (kill - 1));
                }
                writers.to(server);
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(random.nextLong(LONGEST_LOAD_MILLIS)));
            }
            server.kill();
            writers.pause();
            arc.forget(server);
        }
        return early;
    }

    /// By SQL after the last kill, after a flush, and against the names of the files after a stop.
    private Judge.Verdict checkToTheEnd(InstalledArc arc, Path data, AckLog log) throws Exception {
        Server server = arc.start(data, HURRIED);
        Judge.Verdict verdict = Judge.look(server, log.read()).requireClean("after the last kill");
        assertThat(server.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
        assertThat(Judge.look(server, log.read()).requireClean("after a flush").rows()).isEqualTo(verdict.rows());
        assertThat(server.terminate()).isIn(0, 143);
        arc.forget(server);
        assertThat(rowsInFiles(data.resolve("storage"))).as("rows of all files that there are").isEqualTo(verdict.rows());
        assertThat(segments(data)).as("log after everything is in files").isEmpty();
        return verdict;
    }

    private static long rowsInFiles(Path storage) throws IOException {
        if (!Files.exists(storage)) {
            return 0;
        }
        try (Stream<Path> files = Files.walk(storage)) {
            List<String> strange = new ArrayList<>();
            long rows = files.filter(Files::isRegularFile).map(file -> file.getFileName().toString()).mapToLong(name -> {
                Matcher matcher = ROWS_IN_NAME.matcher(name);
                if (matcher.matches()) {
                    return Long.parseLong(matcher.group(1));
                }
                // What a put has not finished goes when it is old enough to be nobody's.
                if (!UNFINISHED.matcher(name).matches()) {
                    strange.add(name);
                }
                return 0;
            }).sum();
            assertThat(strange).as("left over in the store").isEmpty();
            return rows;
        }
    }

    /// Moved out of the temporary folder, which the test's end deletes.
    private String keep(Path data, int number) throws IOException {
        Path kept = Files.createDirectories(Path.of("target", "kill-" + seed));
        for (Path each : List.of(data, folder.resolve("acknowledged-" + number))) {
            Process copy = new ProcessBuilder("cp", "-a", each.toString(), kept.toString()).inheritIO().start();
            try {
                copy.waitFor();
            } catch (InterruptedException stop) {
                Thread.currentThread().interrupt();
            }
        }
        return kept.toAbsolutePath().toString();
    }

    static void deleteTree(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
