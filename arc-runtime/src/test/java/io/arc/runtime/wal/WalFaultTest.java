package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.fs.FaultyFileSystem;
import io.arc.runtime.fs.FaultyFileSystem.Call;
import io.arc.runtime.fs.FaultyFileSystem.Effect;
import io.arc.runtime.fs.SimulatedFileSystem;
import io.arc.runtime.wal.World.Position;
import io.arc.runtime.wal.World.Recovered;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// The disk fails at every call, once and for ever. Nobody's acknowledged frame is lost, nobody's refused frame comes back.
@ExtendWith(QuietLog.class)
class WalFaultTest {
    private static final int FRAMES = 24;

    /// One life of a log on a disk with one fault.
    private static final class Scenario {
        final World world = new World();
        final SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(7));
        final FaultyFileSystem files = new FaultyFileSystem(disk);
        final WalOptions options;
        long released;

        Scenario(WalOptions.SyncMode mode) {
            options = World.withMode(World.withSegmentBytes(World.options(), 900), mode);
        }

        void run(Runnable arm) {
            try (Wal wal = world.open(options, files)) {
                arm.run();
                for (long id = 1; id <= FRAMES; id++) {
                    List<World.Answer> answers = new ArrayList<>();
                    answers.add(world.append(wal, id));
                    if (id % 3 == 0) {
                        answers.add(world.append(wal, ++id));
                    }
                    answers.forEach(World.Answer::await);
                    if (id % 8 == 0) {
                        released = wal.status().writers().getFirst().lastSequence() / 2;
                        wal.release(World.WRITER, released);
                    }
                }
                checkAfterDeath("before the fault has ended");
                files.heal();
                assertThat(world.append(wal, 1_000).isAcknowledged()).as("works again by itself").isTrue();
                assertThat(wal.health()).isEqualTo(Health.UP);
                assertThat(wal.status().backlogBytes()).isZero();
            }
        }

        /// The process is gone, and with another outcome the power too.
        void checkAfterDeath(String when) {
            check(World.recover(disk.afterKill()), false, when);
            if (options.syncMode() != WalOptions.SyncMode.ASYNC) {
                for (int seed = 0; seed < 4; seed++) {
                    check(World.recover(disk.afterPowerCut(new SplittableRandom(seed))), false, when + ", power cut " + seed);
                }
            }
        }

        /// @param mended a frame has been stored since the last failure, so that every outcome is known
        void check(Recovered back, boolean mended, String when) {
            Map<Long, Position> found = back.byId();
            world.acknowledged.forEach((id, position) -> {
                if (position.sequence() > released) {
                    assertThat(found).as("%s: acknowledged frame %s", when, id).containsEntry(id, position);
                }
            });
            world.failed.forEach((id, cause) -> {
                if (mended || cause.code() == ErrorCode.STORAGE_UNAVAILABLE) {
                    assertThat(found).as("%s: frame %s, answered with %s", when, id, cause).doesNotContainKey(id);
                }
            });
            assertThat(back.report().damaged()).as("%s: damage", when).isZero();
        }
    }

    @Test
    void everyChangingCallMayFail() {
        for (WalOptions.SyncMode mode : List.of(WalOptions.SyncMode.FDATASYNC, WalOptions.SyncMode.ASYNC)) {
            Scenario reference = new Scenario(mode);
            reference.run(() -> reference.files.fail(FaultyFileSystem.CHANGES, Integer.MAX_VALUE, false, Effect.BEFORE, ""));
            assertThat(reference.world.failed).isEmpty();
            int calls = reference.files.calls();
            assertThat(calls).isGreaterThan(mode == WalOptions.SyncMode.ASYNC ? 30 : 60);
            int failedRequests = 0;
            for (int k = 1; k <= calls; k++) {
                for (boolean forEver : new boolean[] {false, true}) {
                    for (Effect effect : Effect.values()) {
                        int at = k;
                        String when = mode + ", call " + k + (forEver ? " and all after it " : " ") + effect;
                        Scenario scenario = new Scenario(mode);
                        try {
                            scenario.run(() -> scenario.files.fail(FaultyFileSystem.CHANGES, at, forEver, effect, "fault"));
                            scenario.check(World.recover(scenario.disk.afterKill()), true, when);
                            if (mode != WalOptions.SyncMode.ASYNC) {
                                scenario.check(World.recover(scenario.disk.afterPowerCut(new SplittableRandom(k))), true, when);
                            }
                        } catch (AssertionError wrong) {
                            throw new AssertionError(when + ": " + scenario.files.trace(), wrong);
                        }
                        failedRequests += scenario.world.failed.size();
                        if (!forEver) {
                            assertThat(scenario.world.failed).as("%s: one fault is not felt", when).isEmpty();
                        }
                    }
                }
            }
            assertThat(failedRequests).isPositive();
        }
    }

    /// An append that fails leaves what was acknowledged as written before it to be synced.
    @Test
    void asyncSyncsASegmentThatItCannotAppendTo() {
        World world = new World();
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        FaultyFileSystem files = new FaultyFileSystem(disk);
        try (Wal wal = world.open(World.withMode(World.options(), WalOptions.SyncMode.ASYNC), files)) {
            files.fail(EnumSet.of(Call.APPEND), 3, false, Effect.PARTIAL, "EIO");
            world.append(wal, 1).await();
            world.append(wal, 2).await();
            world.append(wal, 3).await();
        }
        assertThat(files.calls()).isGreaterThanOrEqualTo(5);
        for (int seed = 0; seed < 20; seed++) {
            assertThat(World.recover(disk.afterPowerCut(new SplittableRandom(seed))).ids()).containsExactly(1L, 2L, 3L);
        }
    }

    /// The kernel's way: the failed sync drops the pages, and the next one succeeds without them.
    @Test
    void everySyncMayDropWhatItShouldKeep() {
        // Every frame takes a sync at least.
        for (int k = 1; k <= FRAMES; k++) {
            for (boolean forEver : new boolean[] {false, true}) {
                int at = k;
                Scenario scenario = new Scenario(WalOptions.SyncMode.FDATASYNC);
                scenario.files.fail(Set.of(), Integer.MAX_VALUE, false, Effect.BEFORE, "");
                World world = scenario.world;
                try (Wal wal = world.open(scenario.options, scenario.files)) {
                    scenario.disk.failSync(at, forEver);
                    for (long id = 1; id <= FRAMES; id++) {
                        world.append(wal, id).await();
                        for (int seed = 0; seed < 3; seed++) {
                            scenario.check(World.recover(scenario.disk.afterPowerCut(new SplittableRandom(seed))), false,
                                    "sync " + k + " forEver " + forEver + " frame " + id + " seed " + seed);
                        }
                    }
                    if (forEver) {
                        assertThat(wal.health().status()).isEqualTo(Health.Status.DEGRADED);
                        assertThat(world.failed).isNotEmpty();
                    } else {
                        assertThat(world.failed).isEmpty();
                    }
                    scenario.disk.failSync(Integer.MAX_VALUE, false);
                    assertThat(world.append(wal, 1_000).isAcknowledged()).isTrue();
                }
                scenario.check(World.recover(scenario.disk.afterPowerCut(new SplittableRandom(k))), true, "sync " + k);
            }
        }
    }

    /// A sync that failed once is not tried again on that file, and nothing more is written to it.
    @Test
    void aFailedSegmentIsNotTouchedAgain() {
        World world = new World();
        FaultyFileSystem files = new FaultyFileSystem(new SimulatedFileSystem(new SplittableRandom(1)));
        try (Wal wal = world.open(World.options(), files)) {
            world.append(wal, 1).await();
            files.fail(EnumSet.of(Call.APPEND, Call.SYNC, Call.TRUNCATE), 4, false, Effect.AFTER, "EIO");
            // Frame 2: append 1, sync 2. Frame 3: append 3, sync 4, which fails; then header and frame in another file.
            world.append(wal, 2).await();
            String first = wal.status().writers().getFirst().file();
            world.append(wal, 3).await();
            world.append(wal, 4).await();
            List<String> onFirst = files.trace().stream().filter(call -> call.endsWith("/" + first)).toList();
            assertThat(onFirst).hasSize(4).last().asString().startsWith("4 SYNC");
            assertThat(wal.status().writers().getFirst().failures()).isEqualTo(1);
            assertThat(wal.status().writers().getFirst().file()).isNotEqualTo(first);
        }
        assertThat(world.failed).isEmpty();
    }

    /// A retry keeps the sequence, and the copy that the failed segment may hold is not read as another frame.
    @Test
    void aGroupThatIsWrittenAgainKeepsItsSequences() {
        World world = new World();
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        FaultyFileSystem files = new FaultyFileSystem(disk);
        try (Wal wal = world.open(World.options(), files)) {
            world.append(wal, 1).await();
            files.fail(EnumSet.of(Call.SYNC), 1, false, Effect.AFTER, "EIO");
            world.append(wal, 2).await();
            world.append(wal, 3).await();
        }
        Recovered back = World.recover(disk);
        assertThat(back.sequences()).containsExactly(1L, 2L, 3L);
        assertThat(back.byId()).isEqualTo(new TreeMap<>(world.acknowledged));
        assertThat(back.report().damaged()).isZero();
    }

    /// Neither the disk takes the frames nor can they be cut off: the answer says so, and the next segment makes them void.
    @Test
    void anUnknownOutcomeIsNamedAndBecomesKnown() {
        World world = new World();
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        FaultyFileSystem files = new FaultyFileSystem(disk);
        try (Wal wal = world.open(World.options(), files)) {
            world.append(wal, 1).await();
            // The append itself works.
            files.fail(FaultyFileSystem.CHANGES, 2, true, Effect.BEFORE, "EIO");
            world.append(wal, 2).await();
            assertThat(world.failed.get(2L).code()).isEqualTo(ErrorCode.STORAGE_OUTCOME_UNKNOWN);
            assertThat(world.failed.get(2L)).hasMessageContaining("may be there after a restart");
            assertThat(World.recover(disk.afterKill()).ids()).as("which is what unknown means").containsExactly(1L, 2L);
            files.heal();
            world.append(wal, 3).await();
            assertThat(World.recover(disk.afterKill()).ids()).containsExactly(1L, 3L);
            assertThat(world.acknowledged.get(3L).sequence()).as("no sequence stands for two frames").isEqualTo(3);
        }
        // And stays void over restarts.
        for (long id = 4; id < 6; id++) {
            try (Wal wal = world.open(World.options(), disk)) {
                world.append(wal, id).await();
            }
        }
        assertThat(World.recover(disk).ids()).containsExactly(1L, 3L, 4L, 5L);
    }

    /// A segment that makes frames void is not gone before those frames are, whatever of the deletions a power cut undoes.
    @Test
    void voidFramesStayVoidWhileSegmentsAreDeleted() {
        World world = new World();
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        FaultyFileSystem files = new FaultyFileSystem(disk);
        Set<Long> seen = ConcurrentHashMap.newKeySet();
        AtomicInteger states = new AtomicInteger();
        try (Wal wal = world.open(World.withSegmentBytes(World.options(), 1), files)) {
            world.append(wal, 1).await();
            // Create, header, its sync, the folder's, the frame; then nothing works, not even getting rid of the frame.
            files.fail(FaultyFileSystem.CHANGES, 6, true, Effect.BEFORE, "EIO");
            world.append(wal, 2).await();
            assertThat(world.failed.get(2L).code()).isEqualTo(ErrorCode.STORAGE_OUTCOME_UNKNOWN);
            files.heal();
            world.append(wal, 3).await();
            world.append(wal, 4).await();
            assertThat(disk.list(World.DIRECTORY).stream().filter(WalReader::isSegment)).hasSizeGreaterThanOrEqualTo(4);
            disk.onCall(() -> {
                for (int seed = 0; seed < 50; seed++) {
                    seen.addAll(World.recover(disk.afterPowerCut(new SplittableRandom(seed))).ids());
                    states.incrementAndGet();
                }
            });
            wal.release(World.WRITER, 4);
        }
        disk.onCall(() -> { });
        assertThat(states.get()).isGreaterThan(300);
        assertThat(seen).containsExactlyInAnyOrder(1L, 3L, 4L);
        assertThat(disk.list(World.DIRECTORY).stream().filter(WalReader::isSegment)).isEmpty();
    }

    @Test
    void aFullDiskRefusesAndRecoversByItself() {
        for (int room = 0; room < 2_000; room += 37) {
            World world = new World();
            SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(room));
            try (Wal wal = world.open(World.withSegmentBytes(World.options(), 700), disk)) {
                world.append(wal, 1).await();
                disk.limit(1_000 + room);
                long id = 2;
                while (world.failed.isEmpty()) {
                    world.append(wal, id++).await();
                }
                ArcException full = world.failed.values().iterator().next();
                assertThat(full.code().category()).isEqualTo(ErrorCode.Category.UNAVAILABLE);
                assertThat(full).hasMessageContaining("No space left on device");
                assertThat(full.getMessage()).doesNotContain("/data");
                assertThat(wal.health().status()).isEqualTo(Health.Status.DEGRADED);
                // Rows that are in files by now make the room.
                wal.release(World.WRITER, 2);
                disk.limit(Long.MAX_VALUE);
                assertThat(world.append(wal, 5_000).isAcknowledged()).isTrue();
                assertThat(wal.health()).isEqualTo(Health.UP);
            }
            Map<Long, Position> found = World.recover(disk.afterPowerCut(new SplittableRandom(room))).byId();
            assertThat(found.keySet()).as("room %s", room).doesNotContainAnyElementsOf(world.failed.keySet());
            world.acknowledged.forEach((request, position) -> {
                if (position.sequence() > 2) {
                    assertThat(found).containsEntry(request, position);
                }
            });
        }
    }

    /// What cannot be read is not taken for empty.
    @Test
    void readingAllOrSayingWhy() {
        World world = new World();
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        try (Wal wal = world.open(World.withSegmentBytes(World.options(), 500), disk)) {
            for (long id = 1; id <= 10; id++) {
                world.append(wal, id).await();
            }
        }
        Set<Call> reads = EnumSet.complementOf(EnumSet.of(Call.CLOSE, Call.APPEND));
        FaultyFileSystem reference = new FaultyFileSystem(disk);
        reference.fail(reads, Integer.MAX_VALUE, false, Effect.BEFORE, "");
        assertThat(World.recover(reference).ids()).hasSize(10);
        for (int k = 1; k <= reference.calls(); k++) {
            for (boolean forEver : new boolean[] {false, true}) {
                FaultyFileSystem files = new FaultyFileSystem(disk);
                files.fail(reads, k, forEver, Effect.BEFORE, "EIO");
                assertThatThrownBy(() -> World.recover(files)).as("call %s: %s", k, files.trace()).satisfiesAnyOf(
                        thrown -> assertThat(thrown).isInstanceOf(UncheckedIOException.class),
                        thrown -> assertThat(thrown).isInstanceOfSatisfying(ArcException.class,
                                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION)));
                files.heal();
                assertThat(World.recover(files).ids()).as("after call %s failed", k).hasSize(10);
            }
        }
    }

    @Test
    void theConsumersFailureEndsTheReading() {
        World world = new World();
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        try (Wal wal = world.open(World.options(2), disk)) {
            for (long id = 1; id <= 10; id++) {
                world.append(wal, id).await();
            }
        }
        WalReader reader = new WalReader(disk, World.DIRECTORY, World.INSTANCE);
        assertThatThrownBy(() -> reader.read((writer, sequence, batches) -> {
            throw new ArcException(ErrorCode.OVERLOADED, "no room");
        })).isInstanceOf(ArcException.class).hasMessage("no room");
        assertThat(World.recover(disk).ids()).hasSize(10);
    }

    /// The start itself: it says what is wrong, and works when that is mended.
    @Test
    void openingMayFailAndIsRepeatable() {
        World world = new World();
        for (int k = 1; k < 10; k++) {
            SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
            FaultyFileSystem files = new FaultyFileSystem(disk);
            files.fail(EnumSet.of(Call.CREATE_DIRECTORIES, Call.LOCK, Call.LIST, Call.EXISTS), k, false, Effect.BEFORE,
                    "EACCES");
            try (Wal wal = world.open(World.options(), files)) {
                assertThat(world.append(wal, k).isAcknowledged()).isTrue();
            } catch (ArcException | UncheckedIOException refused) {
                assertThat(refused.getMessage()).contains("/data/wal");
            }
            files.heal();
            try (Wal wal = world.open(World.options(), files)) {
                assertThat(world.append(wal, 100 + k).isAcknowledged()).isTrue();
            }
        }
    }
}
