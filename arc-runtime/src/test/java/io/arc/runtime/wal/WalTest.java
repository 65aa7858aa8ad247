package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.fs.SimulatedFileSystem;
import io.arc.runtime.wal.World.Position;
import io.arc.runtime.wal.World.Recovered;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(QuietLog.class)
class WalTest {
    private final World world = new World();
    private final SimulatedFileSystem files = new SimulatedFileSystem(new SplittableRandom(1));

    /// Takes turns with the writer thread: it waits before every call that changes something until the test lets it.
    private static final class Gate implements Runnable {
        private final AtomicBoolean shut = new AtomicBoolean();
        private final CountDownLatch reached = new CountDownLatch(1);
        private final Semaphore open = new Semaphore(0);

        @Override
        public void run() {
            if (shut.get()) {
                reached.countDown();
                open.acquireUninterruptibly();
                open.release();
            }
        }
    }

    @Test
    void appendedFramesComeBackInOrder() {
        try (Wal wal = world.open(World.options(), files)) {
            for (long id = 1; id <= 100; id++) {
                assertThat(world.append(wal, id).isAcknowledged()).isTrue();
            }
        }
        Recovered back = World.recover(files);
        assertThat(back.ids()).isEqualTo(LongStream.rangeClosed(1, 100).boxed().toList());
        assertThat(back.sequences()).isEqualTo(back.ids());
        assertThat(back.report().frames()).isEqualTo(100);
        assertThat(back.report().rows()).isEqualTo(LongStream.rangeClosed(1, 100).map(id -> 2 + id % 5).sum());
        assertThat(back.report().damaged()).isZero();
        assertThat(back.report().tornTails()).isZero();
        assertThat(back.byId()).isEqualTo(new TreeMap<>(world.acknowledged));
    }

    /// The regression that answers first and syncs later: at the moment of the answer every possible power cut leaves the
    /// frame.
    @Test
    void aFrameIsOnTheDiskBeforeItsRequestIsTold() {
        for (WalOptions.SyncMode mode : List.of(WalOptions.SyncMode.FSYNC, WalOptions.SyncMode.FDATASYNC)) {
            SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
            List<String> missing = Collections.synchronizedList(new ArrayList<>());
            try (Wal wal = world.open(World.withMode(World.options(), mode), disk)) {
                assertThat(wal.ackLevel()).isEqualTo(Journal.AckLevel.SYNCED);
                for (long id = 1; id <= 20; id++) {
                    long request = id;
                    CountDownLatch told = new CountDownLatch(1);
                    wal.append(Rows.of(request), new Journal.Commit() {
                        @Override
                        public void committed(String writer, long sequence) {
                            for (int seed = 0; seed < 20; seed++) {
                                if (!World.recover(disk.afterPowerCut(new SplittableRandom(seed))).ids().contains(request)) {
                                    missing.add(mode + " " + request + " seed " + seed);
                                }
                            }
                            told.countDown();
                        }

                        @Override
                        public void failed(ArcException cause) {
                            missing.add(request + " failed: " + cause);
                            told.countDown();
                        }
                    });
                    await(told);
                }
            }
            assertThat(missing).isEmpty();
        }
    }

    /// Written to the operating system before the answer, so that a killed process loses nothing; synced a moment later.
    @Test
    void asyncSurvivesTheProcessAndSoonAPowerCut() throws InterruptedException {
        CountDownLatch synced = new CountDownLatch(2);
        try (Wal wal = world.open(World.withMode(World.options(), WalOptions.SyncMode.ASYNC), files)) {
            assertThat(wal.ackLevel()).isEqualTo(Journal.AckLevel.WRITTEN);
            world.append(wal, 1).await();
            assertThat(World.recover(files.afterKill()).ids()).containsExactly(1L);
            // The append of the second frame and the background sync, of one frame or of both.
            files.onCall(synced::countDown);
            world.append(wal, 2).await();
            assertThat(synced.await(30, TimeUnit.SECONDS)).as("a background sync").isTrue();
        }
        for (int seed = 0; seed < 20; seed++) {
            assertThat(World.recover(files.afterPowerCut(new SplittableRandom(seed))).ids()).containsExactly(1L, 2L);
        }
    }

    @Test
    void waitingFramesShareOneSync() {
        Gate gate = new Gate();
        files.onCall(gate);
        LinkedBlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
        WalListener listener = new WalListener() {
            @Override
            public void committed(String writer, int frames, long payloadBytes, long syncNanos) {
                sizes.add(frames);
            }
        };
        try (Wal wal = world.open(World.options(), files, listener)) {
            gate.shut.set(true);
            List<World.Answer> answers = new ArrayList<>();
            answers.add(world.append(wal, 1));
            await(gate.reached);
            for (long id = 2; id <= 50; id++) {
                answers.add(world.append(wal, id));
            }
            assertThat(world.acknowledged).isEmpty();
            gate.open.release();
            answers.forEach(World.Answer::await);
            assertThat(sizes).containsExactly(1, 49);
            assertThat(wal.status().writers().getFirst().syncs()).isEqualTo(2);
            assertThat(wal.status().writers().getFirst().frames()).isEqualTo(50);
        }
    }

    /// Every thread's requests, and all together, are told in the order of their sequences.
    @Test
    void manyThreadsGetDistinctRisingSequences() throws InterruptedException {
        int threadCount = 12;
        int each = 500;
        Map<String, ConcurrentLinkedQueue<Long>> told = new HashMap<>();
        told.put(World.INSTANCE + "-1", new ConcurrentLinkedQueue<>());
        told.put(World.INSTANCE + "-2", new ConcurrentLinkedQueue<>());
        CountDownLatch ended = new CountDownLatch(threadCount * each);
        Set<String> threads = Collections.synchronizedSet(new HashSet<>());
        try (Wal wal = world.open(World.withSegmentBytes(World.options(2), 20_000), files)) {
            List<Thread> senders = new ArrayList<>();
            for (int number = 0; number < threadCount; number++) {
                long base = number * 1_000_000L;
                senders.add(Thread.ofVirtual().start(() -> {
                    for (long id = base; id < base + each; id++) {
                        long request = id;
                        wal.append(Rows.of(id), new Journal.Commit() {
                            @Override
                            public void committed(String writer, long sequence) {
                                told.get(writer).add(sequence);
                                threads.add(Thread.currentThread().getName());
                                world.acknowledged.put(request, new Position(writer, sequence));
                                ended.countDown();
                            }

                            @Override
                            public void failed(ArcException cause) {
                                world.failed.put(request, cause);
                                ended.countDown();
                            }
                        });
                    }
                }));
            }
            for (Thread sender : senders) {
                sender.join();
            }
            await(ended);
        }
        assertThat(world.failed).isEmpty();
        assertThat(threads).containsExactlyInAnyOrder("arc-wal-1", "arc-wal-2");
        told.forEach((writer, sequences) -> {
            List<Long> order = List.copyOf(sequences);
            assertThat(order).as(writer).isEqualTo(LongStream.rangeClosed(1, order.size()).boxed().toList());
        });
        assertThat(World.recover(files).byId()).isEqualTo(new TreeMap<>(world.acknowledged));
    }

    @Test
    void aFullSegmentIsClosedAndCoveredOnesAreDeleted() throws InterruptedException {
        LinkedBlockingQueue<Path> deleted = new LinkedBlockingQueue<>();
        LinkedBlockingQueue<Path> closed = new LinkedBlockingQueue<>();
        WalListener listener = new WalListener() {
            @Override
            public void segmentClosed(String writer, Path file, long bytes) {
                closed.add(file);
            }

            @Override
            public void segmentDeleted(String writer, Path file) {
                deleted.add(file);
            }
        };
        try (Wal wal = world.open(World.withSegmentBytes(World.options(), 1), files, listener)) {
            for (long id = 1; id <= 5; id++) {
                world.append(wal, id).await();
                assertThat(closed.poll(30, TimeUnit.SECONDS)).isNotNull();
            }
            assertThat(segmentFiles()).hasSize(5);
            assertThat(wal.status().closedSegments()).hasSize(5);
            assertThat(wal.status().closedBytes()).isPositive();
            wal.release(World.WRITER, 3);
            for (int i = 0; i < 3; i++) {
                assertThat(deleted.poll(30, TimeUnit.SECONDS)).isNotNull();
            }
            assertThat(World.recover(files.afterKill()).ids()).containsExactly(4L, 5L);
            wal.release(World.WRITER, 2);
            wal.release("somebody-else", 5);
            assertThat(World.recover(files.afterKill()).ids()).containsExactly(4L, 5L);
            wal.release(World.WRITER, 5);
        }
        assertThat(segmentFiles()).isEmpty();
    }

    /// What is open is never deleted, whatever is released: it was, and the server logged into a file without a name.
    @Test
    void theOpenSegmentStays() {
        try (Wal wal = world.open(World.options(), files)) {
            world.append(wal, 1).await();
            wal.release(World.WRITER, 1);
            world.append(wal, 2).await();
            assertThat(segmentFiles()).hasSize(1);
            assertThat(World.recover(files.afterKill()).ids()).containsExactly(1L, 2L);
            assertThat(wal.status().writers().getFirst().file()).isEqualTo(segmentFiles().getFirst().getFileName().toString());
        }
    }

    @Test
    void anOldSegmentIsClosedAlsoWhenNothingIsWritten() throws InterruptedException {
        LinkedBlockingQueue<Path> closed = new LinkedBlockingQueue<>();
        WalListener listener = new WalListener() {
            @Override
            public void segmentClosed(String writer, Path file, long bytes) {
                closed.add(file);
            }
        };
        try (Wal wal = world.open(World.options(), files, listener)) {
            world.append(wal, 1).await();
            world.now.updateAndGet(now -> now.plus(Duration.ofHours(1)));
            assertThat(closed.poll(30, TimeUnit.SECONDS)).isNotNull();
            assertThat(wal.status().writers().getFirst().file()).isEmpty();
            assertThat(wal.status().writers().getFirst().rotations()).isEqualTo(1);
            // A clock that is set back by years must not keep a segment open for years.
            world.append(wal, 2).await();
            world.now.updateAndGet(now -> now.minus(Duration.ofDays(3_000)));
            world.append(wal, 3).await();
            // The writer looks at the clock behind each group, so it has done so behind frame 3 when it has written frame 4.
            world.append(wal, 4).await();
            world.now.updateAndGet(now -> now.plus(Duration.ofHours(1)));
            assertThat(closed.poll(30, TimeUnit.SECONDS)).isNotNull();
        }
        assertThat(World.recover(files).ids()).containsExactly(1L, 2L, 3L, 4L);
    }

    @Test
    void aThousandSegmentsInOneSecondHaveNamesOfTheirOwn() {
        try (Wal wal = world.open(World.withSegmentBytes(World.options(), 1), files)) {
            for (long id = 1; id <= 1_000; id++) {
                world.append(wal, id).await();
            }
        }
        assertThat(segmentFiles()).hasSize(1_000);
        assertThat(segmentFiles()).extracting(file -> file.getFileName().toString())
                .allMatch(name -> name.matches("worker-1-20260102_030405(-[0-9]+)?\\.wal"));
        // A restart within the same second as well.
        try (Wal wal = world.open(World.withSegmentBytes(World.options(), 1), files)) {
            assertThat(world.append(wal, 1_001).isAcknowledged()).isTrue();
        }
        assertThat(segmentFiles()).hasSize(1_001);
        assertThat(World.recover(files).ids()).isEqualTo(LongStream.rangeClosed(1, 1_001).boxed().toList());
    }

    @Test
    void aRestartGoesOnWithTheSequences() {
        long highest = 0;
        for (int run = 0; run < 10; run++) {
            try (Wal wal = world.open(World.options(), files)) {
                world.append(wal, run + 1).await();
                long sequence = world.acknowledged.get(run + 1L).sequence();
                assertThat(sequence).isGreaterThan(highest);
                highest = sequence;
            }
        }
        Recovered back = World.recover(files);
        assertThat(back.byId()).isEqualTo(new TreeMap<>(world.acknowledged));
        assertThat(back.report().damaged()).isZero();
        assertThat(back.report().tornTails()).isZero();
    }

    @Test
    void sequencesGoOnBehindWhatTheCatalogKnowsWhenNoSegmentIsLeft() {
        WalOptions options = new WalOptions(World.DIRECTORY, World.INSTANCE, 1, WalOptions.SyncMode.FDATASYNC, 1 << 20,
                Duration.ofHours(1), 1 << 20, writer -> writer.equals(World.WRITER) ? 41 : 0);
        try (Wal wal = world.open(options, files)) {
            world.append(wal, 1).await();
        }
        assertThat(world.acknowledged.get(1L)).isEqualTo(new Position(World.WRITER, 42));
        assertThat(World.recover(files).sequences()).containsExactly(42L);
    }

    @Test
    void aSegmentThatWasNotReadStopsTheStart() {
        try (Wal wal = world.open(World.options(), files)) {
            world.append(wal, 1).await();
        }
        assertThatThrownBy(() -> Wal.open(World.options(), files, world.clock, WalReader.Report.NONE))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("has not been read");
        // And gives the folder back.
        try (Wal wal = world.open(World.options(), files)) {
            assertThat(world.append(wal, 2).isAcknowledged()).isTrue();
        }
    }

    @Test
    void aSecondServerOnTheSameFolderIsRefused() {
        try (Wal first = world.open(World.options(), files)) {
            world.append(first, 1).await();
            assertThatThrownBy(() -> World.recover(files)).isInstanceOfSatisfying(ArcException.class,
                    refused -> assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION))
                    .hasMessageContaining("another Arc server is using the log's folder");
            assertThatThrownBy(() -> Wal.open(World.options(), files, world.clock, WalReader.Report.NONE))
                    .isInstanceOfSatisfying(ArcException.class,
                            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION));
        }
        assertThat(World.recover(files).ids()).containsExactly(1L);
    }

    @Test
    void aFullBacklogRefusesAtOnceAndTakesAgainLater() {
        Gate gate = new Gate();
        files.onCall(gate);
        byte[] big = FrameCodec.encode(Rows.of(3, 700_000));
        try (Wal wal = world.open(World.options(), files)) {
            gate.shut.set(true);
            List<World.Answer> answers = new ArrayList<>();
            answers.add(world.append(wal, 1));
            await(gate.reached);
            assertThatThrownBy(() -> world.append(wal, 3, big)).isInstanceOfSatisfying(ArcException.class,
                    refused -> assertThat(refused.code()).isEqualTo(ErrorCode.OVERLOADED));
            assertThat(wal.status().refused()).isEqualTo(1);
            answers.add(world.append(wal, 2));
            gate.open.release();
            answers.forEach(World.Answer::await);
            assertThat(wal.status().backlogBytes()).isZero();
            // Larger than the bound for all, and alone.
            assertThat(big.length).isGreaterThan(Math.toIntExact(World.options().maxBacklogBytes()));
            assertThat(world.append(wal, 3, big).isAcknowledged()).isTrue();
        }
        assertThat(World.recover(files).ids()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void aFrameBeyondTheBoundIsRefusedBeforeItIsQueued() {
        WalOptions options = new WalOptions(World.DIRECTORY, World.INSTANCE, 1, WalOptions.SyncMode.FDATASYNC, 1 << 20,
                Duration.ofHours(1), 1 << 20, 200, writer -> 0);
        try (Wal wal = world.open(options, files)) {
            assertThatThrownBy(() -> world.append(wal, 1, new byte[201])).isInstanceOfSatisfying(ArcException.class,
                    refused -> assertThat(refused.code()).isEqualTo(ErrorCode.PAYLOAD_TOO_LARGE))
                    .hasMessageContaining("201").hasMessageContaining("200");
            assertThat(wal.status().backlogBytes()).isZero();
        }
        assertThat(world.acknowledged).isEmpty();
    }

    @Test
    void closingEndsWhatIsQueuedAndTakesNoMore() {
        Gate gate = new Gate();
        files.onCall(gate);
        Wal wal = world.open(World.options(), files);
        gate.shut.set(true);
        List<World.Answer> answers = new ArrayList<>();
        for (long id = 1; id <= 30; id++) {
            answers.add(world.append(wal, id));
        }
        await(gate.reached);
        Thread closing = Thread.ofPlatform().start(wal::close);
        gate.open.release();
        Threads.join(closing);
        assertThat(answers).allMatch(World.Answer::isAcknowledged);
        assertThatThrownBy(() -> world.append(wal, 31)).isInstanceOfSatisfying(ArcException.class,
                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.NOT_READY));
        assertThat(World.recover(files).ids()).hasSize(30);
        assertThat(wal.health()).isEqualTo(Health.UP);
    }

    /// One interrupt on a thread inside a channel closes that channel for all. No caller is ever inside one.
    @Test
    void interruptsOfCallersHurtNothing(@TempDir Path folder) throws InterruptedException {
        int threadCount = 8;
        int each = 250 * Integer.getInteger("arc.test.slow", 1);
        WalOptions options = World.withSegmentBytes(World.in(folder, World.options(2)), 30_000);
        AtomicBoolean running = new AtomicBoolean(true);
        AtomicInteger interrupts = new AtomicInteger();
        List<Thread> senders = new ArrayList<>();
        try (Wal wal = world.open(options, new DiskFileSystem())) {
            for (int number = 0; number < threadCount; number++) {
                long base = number * 1_000_000L;
                senders.add(Thread.ofPlatform().start(() -> {
                    for (long id = base; id < base + each; id++) {
                        Semaphore told = new Semaphore(0);
                        long request = id;
                        wal.append(Rows.of(id), new Journal.Commit() {
                            @Override
                            public void committed(String writer, long sequence) {
                                world.acknowledged.put(request, new Position(writer, sequence));
                                told.release();
                            }

                            @Override
                            public void failed(ArcException cause) {
                                world.failed.put(request, cause);
                                told.release();
                            }
                        });
                        told.acquireUninterruptibly();
                        // On a thread that is interrupted, as flushes may be.
                        wal.release("nobody-1", id);
                    }
                }));
            }
            Thread storm = Thread.ofPlatform().start(() -> {
                SplittableRandom random = new SplittableRandom(5);
                while (running.get()) {
                    senders.get(random.nextInt(threadCount)).interrupt();
                    interrupts.incrementAndGet();
                    Thread.onSpinWait();
                }
            });
            for (Thread sender : senders) {
                Threads.join(sender);
            }
            running.set(false);
            Threads.join(storm);
            assertThat(wal.status().writers()).allMatch(writer -> writer.failures() == 0);
        }
        assertThat(interrupts.get()).isGreaterThan(1_000);
        assertThat(world.failed).isEmpty();
        assertThat(world.acknowledged).hasSize(threadCount * each);
        assertThat(World.recover(new DiskFileSystem(), folder).byId()).isEqualTo(new TreeMap<>(world.acknowledged));
    }

    /// By its name, not by the handle that the writer has.
    @Test
    void acknowledgedBytesAreInAFileThatHasAName(@TempDir Path folder) throws IOException {
        WalOptions options = World.in(folder.resolve("deep/wal"), World.options());
        byte[] payload = FrameCodec.encode(Rows.of(7));
        try (Wal wal = world.open(options, new DiskFileSystem())) {
            world.append(wal, 7, payload).await();
            try (var entries = Files.list(options.directory())) {
                Path file = entries.filter(WalReader::isSegment).findFirst().orElseThrow();
                byte[] bytes = Files.readAllBytes(file);
                assertThat(bytes).hasSize(SegmentFormat.HEADER_BYTES + SegmentFormat.FRAME_HEADER_BYTES + payload.length);
                assertThat(Files.getPosixFilePermissions(file)).hasToString("[OWNER_READ, OWNER_WRITE]");
                assertThat(wal.status().writers().getFirst().fileBytes()).isEqualTo(bytes.length);
            }
        }
    }

    @Test
    void aDefectiveListenerOrCommitDoesNotStopTheLog() {
        WalListener broken = new WalListener() {
            @Override
            public void committed(String writer, int frames, long payloadBytes, long syncNanos) {
                throw new IllegalStateException("on purpose");
            }
        };
        try (Wal wal = world.open(World.options(), files, broken)) {
            wal.append(Rows.of(1), new Journal.Commit() {
                @Override
                public void committed(String writer, long sequence) {
                    throw new IllegalStateException("on purpose");
                }

                @Override
                public void failed(ArcException cause) {
                    throw new IllegalStateException("on purpose");
                }
            });
            assertThat(world.append(wal, 2).isAcknowledged()).isTrue();
        }
        assertThat(World.recover(files).ids()).containsExactly(1L, 2L);
    }

    @Test
    void withoutALogTheContractIsTheSame() {
        List<Position> positions = new ArrayList<>();
        NoJournal journal = new NoJournal("x-0", 41);
        Journal.Commit commit = new Journal.Commit() {
            @Override
            public void committed(String writer, long sequence) {
                positions.add(new Position(writer, sequence));
            }

            @Override
            public void failed(ArcException cause) {
                throw new AssertionError(cause);
            }
        };
        journal.append(Rows.of(1), commit);
        journal.append(FrameCodec.encode(Rows.of(2)), commit);
        assertThat(positions).containsExactly(new Position("x-0", 42), new Position("x-0", 43));
        assertThat(journal.ackLevel()).isEqualTo(Journal.AckLevel.MEMORY);
        journal.close();
        assertThatThrownBy(() -> journal.append(Rows.of(3), commit)).isInstanceOfSatisfying(ArcException.class,
                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.NOT_READY));
    }

    private List<Path> segmentFiles() {
        return files.list(World.DIRECTORY).stream().filter(WalReader::isSegment).toList();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException unexpected) {
            throw new AssertionError(unexpected);
        }
    }
}
