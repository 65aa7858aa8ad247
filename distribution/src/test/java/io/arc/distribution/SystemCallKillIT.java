package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.arc.distribution.InstalledArc.Server;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// SIGKILL not at a random moment but at the k-th system call of a kind, by strace's fault injection: appends, rotations,
/// flushes and catalog commits all come down to these calls. A thread's calls are counted by themselves, so k reaches each
/// thread's k-th call in one of the runs.
///
/// strace's own filter in the kernel (`--seccomp-bpf`) would be faster, but its counts are wrong in version 6.1.
///
/// Skipped where strace is not installed or may not trace; [KillIT] and the tests with a failing file system in arc-runtime
/// need nothing.
class SystemCallKillIT {
    /// By strace's names. On Linux a segment's append is `write`, a catalog's page `pwrite64`, a new object `link`.
    private static final List<String> CALLS =
            List.of("fdatasync", "fsync", "link", "unlink", "rename", "ftruncate", "mkdir", "pwrite64", "write");
    /// What the reference run lets be acknowledged; a server that lives to see it has made fewer calls than k.
    private static final int BATCHES = 400;
    private static final int HIGHEST = 2_000;
    /// How often a run may end before its k-th call until k counts as beyond them all: no two runs make the same calls.
    private static final int SURVIVALS = 3;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

    private static final Map<String, String> HURRIED = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "100",
            "ARC_INGEST_MAX_BUFFER_SIZE", "500", "ARC_WAL_MAX_SIZE_MB", "1", "ARC_WAL_MAX_AGE_SECONDS", "1");

    @TempDir
    private Path folder;
    private final long seed = Long.getLong("arc.test.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);
    private int died;

    @BeforeAll
    static void requireStrace() throws Exception {
        boolean works;
        try {
            Process probe = new ProcessBuilder("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                    "inject=fdatasync:signal=SIGKILL:when=1", "true").redirectErrorStream(true).start();
            probe.getInputStream().readAllBytes();
            works = probe.waitFor() == 0;
        } catch (IOException absent) {
            works = false;
        }
        assumeTrue(works, "strace is not installed (apt install strace) or may not trace here");
    }

    @Test
    void theServerMayDieAtAnyCall() throws Exception {
        try (InstalledArc arc = InstalledArc.unpackInto(folder.resolve("arc"))) {
            for (String call : List.of("fdatasync", "pwrite64")) {
                Path data = folder.resolve("data-" + call);
                try (AckLog log = new AckLog(folder.resolve("acknowledged-" + call)); Writers writers = new Writers(log)) {
                    killAt(arc, data, writers, log, call, 1 + random.nextInt(50));
                    judge(arc, data, log, call);
                }
            }
        }
    }

    @Test
    @Tag("slow")
    void everyCallOfAReferenceRun() throws Exception {
        int step = Integer.getInteger("arc.test.syscall.step", 1);
        try (InstalledArc arc = InstalledArc.unpackInto(folder.resolve("arc"))) {
            KillIT.warmStart(arc, folder.resolve("first"));
            for (String call : List.of(System.getProperty("arc.test.syscalls", String.join(",", CALLS)).split(","))) {
                int before = died;
                int k = 1;
                int survived = 0;
                while (survived < SURVIVALS && k <= HIGHEST) {
                    Path data = folder.resolve("data-" + call + "-" + k);
                    try (AckLog log = new AckLog(folder.resolve("acknowledged-" + call + "-" + k));
                            Writers writers = new Writers(log)) {
                        for (int i = 0; i < 20 && survived < SURVIVALS && k <= HIGHEST; i++, k += step) {
                            survived += killAt(arc, data, writers, log, call, k) ? 0 : 1;
                        }
                        judge(arc, data, log, call + " up to " + k);
                    }
                    KillIT.deleteTree(data);
                    System.out.printf("%s: died at %d of the calls 1 to %d, every %d; nothing lost or doubled%n", call,
                            died - before, k - 1, step);
                }
            }
        }
        assertThat(died).isPositive();
    }

    /// @return whether the server died of it
    private boolean killAt(InstalledArc arc, Path data, Writers writers, AckLog log, String call, int k) throws Exception {
        Server server = arc.launch(data, HURRIED, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
                "-e", "inject=" + call + ":signal=SIGKILL:when=" + k);
        boolean dead = true;
        if (server.becomesReady() && looksClean(server, log, call + " " + k)) {
            long goal = writers.acknowledged() + BATCHES;
            writers.to(server);
            long until = System.nanoTime() + PATIENCE_NANOS;
            while (server.isAlive() && writers.acknowledged() < goal && System.nanoTime() < until) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
            }
            dead = !server.isAlive();
        }
        server.kill();
        writers.pause();
        arc.forget(server);
        died += dead ? 1 : 0;
        return dead;
    }

    /// @return false when the server dies while it is asked
    private boolean looksClean(Server server, AckLog log, String what) throws IOException, InterruptedException {
        try {
            Judge.look(server, log.read()).requireClean("before " + what + ", seed " + seed);
            return true;
        } catch (IOException unanswered) {
            if (server.isAlive()) {
                throw unanswered;
            }
            return false;
        }
    }

    private void judge(InstalledArc arc, Path data, AckLog log, String what) throws Exception {
        Server server = arc.start(data, HURRIED);
        Judge.look(server, log.read()).requireClean("after " + what + ", seed " + seed);
        server.terminate();
        arc.forget(server);
    }
}
