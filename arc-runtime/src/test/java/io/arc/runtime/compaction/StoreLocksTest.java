package io.arc.runtime.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.runtime.catalog.TestClock;
import io.arc.runtime.compaction.StoreLocks.Held;
import io.arc.runtime.flush.MemoryStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class StoreLocksTest {
    private static final Duration LIFE = Duration.ofHours(2);

    private final MemoryStore store = new MemoryStore();
    private final TestClock clock = new TestClock();
    private final StoreLocks one = new StoreLocks(store, "one", clock);
    private final StoreLocks two = new StoreLocks(store, "two", clock);

    @Test
    void oneServerHasItUntilItGivesItBack() {
        Held held = one.tryLock(7, LIFE).orElseThrow();
        assertThat(two.tryLock(7, LIFE)).isEmpty();
        assertThat(two.tryLock(8, LIFE)).isPresent();
        one.release(held);
        Held next = two.tryLock(7, LIFE).orElseThrow();
        assertThat(one.isHeld(held, Duration.ZERO)).isFalse();
        assertThat(two.isHeld(next, Duration.ZERO)).isTrue();
        assertThat(store.objects.keySet()).as("old generations go").hasSize(2);
    }

    @Test
    void anExpiredLockIsTakenOver() {
        Held held = one.tryLock(7, LIFE).orElseThrow();
        clock.advance(LIFE.minusSeconds(1));
        assertThat(two.tryLock(7, LIFE)).isEmpty();
        assertThat(one.isHeld(held, Duration.ofMinutes(1))).as("too near its end").isFalse();
        clock.advance(Duration.ofSeconds(1));
        assertThat(two.tryLock(7, LIFE)).isPresent();
        one.release(held);
        assertThat(one.tryLock(7, LIFE)).as("giving back what is another's changes nothing").isEmpty();
    }

    @Test
    void aServerTakesBackWhatItsLastRunHeld() {
        one.tryLock(7, LIFE).orElseThrow();
        assertThat(new StoreLocks(store, "one", clock).tryLock(7, LIFE)).isPresent();
    }

    @Test
    void neverTwoAtOnce() throws Exception {
        race(400, 11);
    }

    @Test
    @Tag("slow")
    void neverTwoAtOnceInALongRace() throws Exception {
        race(10_000, Long.getLong("arc.test.seed", System.nanoTime()));
    }

    /// Both servers begin at the same moment, again and again. Sometimes the winner dies without giving the lock back and time
    /// goes on. Whoever believes to have it must be alone, and one of them always gets it.
    private void race(int attempts, long seed) throws InterruptedException, ExecutionException {
        Random random = new Random(seed);
        CyclicBarrier barrier = new CyclicBarrier(2);
        int wins = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
            for (int attempt = 0; attempt < attempts; attempt++) {
                List<Future<Optional<Held>>> tries = new ArrayList<>();
                for (StoreLocks server : List.of(one, two)) {
                    int spins = random.nextInt(200);
                    tries.add(threads.submit(() -> {
                        await(barrier);
                        for (int i = 0; i < spins; i++) {
                            Thread.onSpinWait();
                        }
                        return server.tryLock(3, LIFE);
                    }));
                }
                Optional<Held> first = tries.getFirst().get();
                Optional<Held> second = tries.getLast().get();
                assertThat(first.isPresent() && second.isPresent()).as("seed %d, attempt %d", seed, attempt).isFalse();
                StoreLocks winner = first.isPresent() ? one : two;
                if (first.or(() -> second).isPresent()) {
                    wins++;
                    Held held = first.or(() -> second).orElseThrow();
                    assertThat(winner.isHeld(held, Duration.ZERO)).isTrue();
                    assertThat((first.isPresent() ? two : one).tryLock(3, LIFE)).isEmpty();
                    if (random.nextInt(4) > 0) {
                        winner.release(held);
                    }
                }
                clock.advance(LIFE);
            }
        }
        assertThat(wins).as("seed %d", seed).isGreaterThan(attempts / 2);
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException failed) {
            throw new IllegalStateException(failed);
        }
    }
}
