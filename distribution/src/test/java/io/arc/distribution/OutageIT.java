package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arc.distribution.InstalledArc.Server;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Under the load of twelve writers the disk is full, or cannot sync, or the store is away: what is acknowledged meanwhile is
/// kept, what cannot be kept is answered 503, and seconds after the end of it everything is normal. Also when the server is
/// stopped or killed in the middle of it.
class OutageIT {
    private static final long NORMAL_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int OUTAGE_SECONDS_SHORT = 4;
    private static final int OUTAGE_SECONDS_LONG = 120;
    private static final Map<String, String> QUICK = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "300", "ARC_INGEST_MAX_BUFFER_SIZE",
            "2000", "ARC_WAL_MAX_SIZE_MB", "1", "ARC_WAL_MAX_AGE_SECONDS", "1", "ARC_SERVER_SHUTDOWN_TIMEOUT", "2s");

    @TempDir
    private Path folder;
    private final long seed = Long.getLong("arc.test.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private InstalledArc arc;

    @BeforeEach
    void unpack() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("arc"));
    }

    @AfterEach
    void stopAll() {
        arc.close();
    }

    /// @param full which folder has a small disk of its own
    @ParameterizedTest
    @ValueSource(strings = {"wal", "storage", "data"})
    void aFullDiskLosesNothing(String full) throws Exception {
        Path data = folder.resolve("data");
        Path mounted = full.equals("data") ? data : data.resolve(full);
        Optional<PrivateDisk> mounting = PrivateDisk.mountedAt(mounted, 64);
        assumeTrue(mounting.isPresent(), "only root may mount a disk for the test");
        try (PrivateDisk disk = mounting.get(); AckLog log = new AckLog(folder.resolve("acknowledged"));
                Writers writers = new Writers(log)) {
            List<String> ends = List.of("freed", "stopped", "killed");
            // One of them in the short form, all in the long one.
            for (String end : isLong() ? ends : List.of(ends.get(random.nextInt(ends.size())))) {
                String when = full + " full, then " + end + ", seed " + seed;
                Server server = arc.launch(data, QUICK, disk.wrapper());
                server.awaitReady();
                writers.to(server);
                awaitAcknowledged(writers, 100);
                disk.fillBut(random.nextLong(300_000));
                awaitTrouble(server, when);
                assertThat(server.query("default", "SELECT 1")).as("queries go on while %s", when).isEqualTo("[[1]]");
                switch (end) {
                    case "freed" -> {
                        disk.free();
                        awaitNormal(server, writers, when);
                        writers.pause();
                        Judge.look(server, log.read()).requireClean(when);
                        server.kill();
                    }
                    case "stopped" -> {
                        assertThat(server.terminate()).isIn(0, 143);
                        disk.free();
                    }
                    default -> {
                        server.kill();
                        disk.free();
                    }
                }
                writers.pause();
                arc.forget(server);
                Server next = arc.launch(data, QUICK, disk.wrapper());
                next.awaitReady();
                Judge.look(next, log.read()).requireClean(when + ", after a restart");
                awaitNormal(next, writers, when + ", after a restart");
                next.terminate();
                arc.forget(next);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"comes back", "stopped", "killed"})
    void aStoreThatIsAwayLosesNothing(String end) throws Exception {
        int seconds = isLong() ? OUTAGE_SECONDS_LONG : OUTAGE_SECONDS_SHORT;
        Path data = folder.resolve("data");
        Path store = data.resolve("storage");
        Path away = data.resolve("storage-away");
        try (AckLog log = new AckLog(folder.resolve("acknowledged")); Writers writers = new Writers(log)) {
            Server server = arc.start(data, QUICK);
            writers.to(server);
            awaitAcknowledged(writers, 100);
            Files.move(store, away);
            Files.createFile(store);
            long before = writers.acknowledged();
            awaitTrouble(server, "the store is away");
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(seconds));
            assertThat(writers.acknowledged()).as("writes go on into log and memory").isGreaterThan(before);
            String health = server.get("/health").body();
            assertThat(health).as("health during the outage").contains("cannot be stored at the moment");
            assertThat(server.get("/ready").statusCode()).as("still takes writes").isEqualTo(200);
            switch (end) {
                case "comes back" -> {
                    giveBack(store, away);
                    awaitNormal(server, writers, "the store is back");
                    writers.pause();
                    Judge.look(server, log.read()).requireClean("the store is back");
                    server.kill();
                }
                case "stopped" -> assertThat(server.terminate()).isIn(0, 143);
                default -> server.kill();
            }
            writers.pause();
            arc.forget(server);
            if (Files.exists(away)) {
                giveBack(store, away);
            }
            Server next = arc.start(data, QUICK);
            Judge.Verdict verdict = Judge.look(next, log.read()).requireClean(end + ", after a restart");
            System.out.println("store away for " + seconds + " s, " + end + ": " + verdict.figures());
            awaitNormal(next, writers, "after a restart");
        }
    }

    private static boolean isLong() {
        return Integer.getInteger("arc.test.slow", 1) > 1;
    }

    private static void giveBack(Path store, Path away) throws IOException {
        Files.delete(store);
        Files.move(away, store);
    }

    /// The kernel reports a failed sync once and then forgets it. Log and catalog alike must not take the next success for an
    /// answer.
    @ParameterizedTest
    @ValueSource(strings = {"fdatasync:error=EIO:when=7..9", "fdatasync:error=EIO:when=20+3", "fsync:error=EIO:when=4+5",
        "fdatasync:error=ENOSPC:when=15..40"})
    void aFailedSyncLosesNothing(String fault) throws Exception {
        SystemCallKillIT.requireStrace();
        Path data = folder.resolve("data");
        try (AckLog log = new AckLog(folder.resolve("acknowledged")); Writers writers = new Writers(log)) {
            arc.start(data, QUICK).terminate();
            Server server = arc.launch(data, QUICK, "strace", "-f", "-qq", "-o", "/dev/null", "-e",
                    "trace=" + fault.substring(0, fault.indexOf(':')), "-e", "inject=" + fault);
            server.awaitReady();
            writers.to(server);
            awaitAcknowledged(writers, 200);
            server.kill();
            writers.pause();
            arc.forget(server);
            Server next = arc.start(data, QUICK);
            Judge.look(next, log.read()).requireClean(fault + ", after a restart");
            awaitNormal(next, writers, fault + ", after a restart");
        }
    }

    private static void awaitAcknowledged(Writers writers, long more) {
        long goal = writers.acknowledged() + more;
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
        while (writers.acknowledged() < goal) {
            assertThat(System.nanoTime()).as("writes are acknowledged").isLessThan(until);
            pause();
        }
    }

    /// Health says within seconds that something is wrong.
    private static void awaitTrouble(Server server, String when) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (server.get("/health").body().contains("\"message\":\"ready for queries and writes\"")) {
            assertThat(System.nanoTime()).as("health shows trouble: %s", when).isLessThan(until);
            pause();
        }
    }

    /// Writes are acknowledged again, and nothing waits or fails any more.
    private static void awaitNormal(Server server, Writers writers, String when) throws Exception {
        long begun = System.nanoTime();
        writers.to(server);
        awaitAcknowledged(writers, 1);
        String health = "";
        while (!health.contains("\"message\":\"ready for queries and writes\"")) {
            assertThat(System.nanoTime() - begun).as("%s: normal again: %s", when, health).isLessThan(NORMAL_AGAIN_NANOS);
            health = server.get("/health").body();
            pause();
        }
        writers.pause();
    }

    private static void pause() {
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
}
