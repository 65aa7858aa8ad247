package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ErrorCode;
import io.arc.runtime.fs.SimulatedFileSystem;
import io.arc.runtime.wal.World.Position;
import io.arc.runtime.wal.World.Recovered;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The power goes at every call that the log makes, in several of the ways in which a disk may keep, lose, tear and reorder
/// what was not synced; then it goes on from one of those states, and the power goes again.
@ExtendWith(QuietLog.class)
class WalPowerLossTest {
    private static final int SEEDS = 60 * Integer.getInteger("arc.test.slow", 1);
    private static final int STATES_AT_A_CALL = 2;
    private static final int LIVES = 3;

    private final AtomicInteger states = new AtomicInteger();
    private final AtomicReference<Throwable> wrong = new AtomicReference<>();

    @Test
    void nothingAcknowledgedIsLostAndNothingIsInvented() {
        for (int seed = 0; seed < SEEDS && wrong.get() == null; seed++) {
            new Run(seed).go();
        }
        assertThat(wrong.get()).as("%s states", states).isNull();
        assertThat(states.get()).isGreaterThanOrEqualTo(10_000);
    }

    private final class Run {
        private final int seed;
        private final SplittableRandom random;
        private SimulatedFileSystem disk;
        /// What every state has to give back, by request.
        private final Map<Long, Position> required = new HashMap<>();
        /// What no state may give back.
        private final Set<Long> gone = new HashSet<>();
        private long nextId = 1;

        Run(int seed) {
            this.seed = seed;
            this.random = new SplittableRandom(seed);
            this.disk = new SimulatedFileSystem(random.split());
        }

        void go() {
            for (int life = 0; life < LIVES && wrong.get() == null; life++) {
                new Life(life).go();
            }
        }

        private final class Life {
            private final int life;
            private final World world = new World();
            private final SplittableRandom cuts = random.split();
            private long firstId = nextId;
            private volatile long lastId;
            private volatile long released;

            Life(int life) {
                this.life = life;
            }

            void go() {
                WalOptions options = World.withSegmentBytes(World.options(), 300 + random.nextInt(3_000));
                if (random.nextInt(3) == 0) {
                    disk.failSync(1 + random.nextInt(60), random.nextInt(4) == 0);
                }
                Recovered before = World.recover(disk);
                Map<Long, Position> found = before.byId();
                check(found, Map.of(), Set.of(), "at the start of life " + life);
                // From here on these are rows in memory that queries have seen, acknowledged or not; and the others are lost
                // for good.
                for (long id = 1; id < firstId; id++) {
                    if (!found.containsKey(id) && !required.containsKey(id)) {
                        gone.add(id);
                    }
                }
                required.putAll(found);
                SimulatedFileSystem running = disk;
                lastId = firstId - 1;
                running.onCall(() -> cutThePower(running));
                try (Wal wal = Wal.open(options, running, world.clock, before.report())) {
                    int bursts = 5 + random.nextInt(10);
                    for (int burst = 0; burst < bursts; burst++) {
                        List<World.Answer> answers = new ArrayList<>();
                        for (int count = 1 + random.nextInt(5); count > 0; count--) {
                            lastId = nextId;
                            answers.add(world.append(wal, nextId++));
                        }
                        if (random.nextInt(4) != 0) {
                            answers.forEach(World.Answer::await);
                        }
                        if (random.nextInt(4) == 0) {
                            long sequence = wal.status().writers().getFirst().lastSequence();
                            released = Math.max(released, sequence - random.nextInt(6));
                            wal.release(World.WRITER, released);
                        }
                        if (random.nextInt(8) == 0) {
                            running.limit(random.nextBoolean() ? Long.MAX_VALUE : running.bytesUsed() + random.nextInt(1_000));
                        }
                    }
                }
                running.onCall(() -> { });
                required.putAll(world.acknowledged);
                world.failed.forEach((id, cause) -> {
                    if (cause.code() == ErrorCode.STORAGE_UNAVAILABLE) {
                        gone.add(id);
                    }
                });
                required.values().removeIf(position -> position.sequence() <= released);
                // Released frames may or may not be there still; the catalog passes over them.
                disk = running.afterPowerCut(cuts);
            }

            private void cutThePower(SimulatedFileSystem running) {
                if (wrong.get() != null) {
                    return;
                }
                // What is answered now was on the disk before; so the answers are looked at before the state is made.
                Map<Long, Position> acknowledged = Map.copyOf(world.acknowledged);
                Set<Long> refused = new HashSet<>();
                world.failed.forEach((id, cause) -> {
                    if (cause.code() == ErrorCode.STORAGE_UNAVAILABLE) {
                        refused.add(id);
                    }
                });
                for (int i = 0; i < STATES_AT_A_CALL; i++) {
                    try {
                        SimulatedFileSystem left = running.afterPowerCut(cuts);
                        states.incrementAndGet();
                        check(World.recover(left).byId(), acknowledged, refused, "in life " + life);
                    } catch (Throwable failure) {
                        wrong.compareAndSet(null, new AssertionError("seed " + seed + ", life " + life, failure));
                    }
                }
            }

            private void check(Map<Long, Position> found, Map<Long, Position> acknowledged, Set<Long> refused, String when) {
                String where = "seed " + seed + " " + when;
                long through = released;
                List.of(required, acknowledged).forEach(kept -> kept.forEach((id, position) -> {
                    if (position.sequence() > through && !position.equals(found.get(id))) {
                        throw new AssertionError(where + ": request " + id + " at " + position + " is lost; found " + found
                                + ", released " + through);
                    }
                }));
                for (long id : found.keySet()) {
                    if (gone.contains(id) || refused.contains(id) || id > Math.max(lastId, firstId - 1)) {
                        throw new AssertionError(where + ": request " + id + " has come from nowhere; found " + found);
                    }
                }
            }
        }
    }
}
