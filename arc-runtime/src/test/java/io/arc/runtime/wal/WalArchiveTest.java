package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.runtime.fs.SimulatedFileSystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What becomes of segments of an earlier run once their rows are in data files.
final class WalArchiveTest {
    private final World world = new World();
    private final SimulatedFileSystem files = new SimulatedFileSystem(new Random(1));

    private static WalOptions options(Duration age, long bytes) {
        return World.options().withRecovered(new WalOptions.KeepRecovered(age, bytes));
    }

    private List<String> names() {
        return files.list(World.DIRECTORY).stream().map(file -> file.getFileName().toString())
                .filter(name -> name.contains(".wal")).toList();
    }

    /// One request into a segment of its own, and a restart later its row is in a data file.
    private void runOnce(long id, WalOptions options) {
        try (Wal wal = world.open(options, files)) {
            world.append(wal, id).await();
            wal.release(World.WRITER, world.acknowledged.get(id).sequence() - 1);
        }
        world.now.updateAndGet(now -> now.plusSeconds(60));
    }

    @Test
    void recoveredSegmentsArePutAsideAndOwnOnesDeleted() throws InterruptedException {
        LinkedBlockingQueue<String> told = new LinkedBlockingQueue<>();
        WalListener listener = new WalListener() {
            @Override
            public void segmentArchived(String writer, Path file) {
                told.add("archived " + file.getFileName());
            }

            @Override
            public void segmentDeleted(String writer, Path file) {
                told.add("deleted " + file.getFileName());
            }
        };
        WalOptions options = options(Duration.ofHours(24), 1 << 20);
        runOnce(1, options);
        assertThat(names()).containsExactly("worker-1-20260102_030405.wal");
        try (Wal wal = world.open(World.withSegmentBytes(options, 1).withRecovered(options.recovered().orElseThrow()), files,
                listener)) {
            world.append(wal, 2).await();
            wal.release(World.WRITER, world.acknowledged.get(2L).sequence());
            assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("archived worker-1-20260102_030405.wal.recovered");
            assertThat(told.poll(30, TimeUnit.SECONDS)).isEqualTo("deleted worker-1-20260102_030505.wal");
            assertThat(wal.status().archived()).singleElement().satisfies(each -> {
                assertThat(each.file().getFileName()).hasToString("worker-1-20260102_030405.wal.recovered");
                assertThat(each.since()).isEqualTo(world.now.get());
                assertThat(each.bytes()).isPositive();
            });
        }
        assertThat(names()).containsExactly("worker-1-20260102_030405.wal.recovered");
        assertThat(World.recover(files).ids()).as("nothing of it is replayed").isEmpty();
    }

    /// What a cut of the power leaves is either name, and the segment's frames are covered under both.
    @Test
    void theNameChangeIsOnTheDiskBeforeTheNextSegmentGoes() {
        WalOptions options = options(Duration.ofHours(24), 1 << 20);
        for (long id = 1; id <= 3; id++) {
            runOnce(id, options(Duration.ofDays(1000), 1 << 20));
        }
        try (Wal wal = world.open(options, files)) {
            wal.release(World.WRITER, 3);
        }
        assertThat(names()).hasSize(3).allMatch(name -> name.endsWith(".wal.recovered"));
        for (int seed = 0; seed < 20; seed++) {
            assertThat(World.recover(files.afterPowerCut(new Random(seed))).ids()).isEmpty();
        }
    }

    @Test
    void keptSegmentsGoByAgeAndBySize() {
        WalOptions forever = options(Duration.ofDays(1000), 1 << 20);
        for (long id = 1; id <= 6; id++) {
            runOnce(id, forever);
        }
        assertThat(names().stream().filter(name -> name.endsWith(".recovered"))).hasSize(5);
        long lastFour;
        try (Wal wal = world.open(forever, files)) {
            wal.release(World.WRITER, 6);
        }
        try (Wal wal = world.open(forever, files)) {
            while (wal.status().archived().size() < 6) {
                Thread.onSpinWait();
            }
            lastFour = wal.status().archived().stream().skip(2).mapToLong(WalStatus.Archived::bytes).sum();
            assertThat(wal.cleanUp(Duration.ofDays(1))).isEmpty();
        }
        // The oldest go first.
        world.open(options(Duration.ofDays(1000), lastFour), files).close();
        assertThat(names()).containsExactly("worker-1-20260102_030605.wal.recovered", "worker-1-20260102_030705.wal.recovered",
                "worker-1-20260102_030805.wal.recovered", "worker-1-20260102_030905.wal.recovered");
        // Made 4, 3, 2 and 1 minutes ago.
        world.open(options(Duration.ofSeconds(150), 1 << 20), files).close();
        assertThat(names()).containsExactly("worker-1-20260102_030805.wal.recovered", "worker-1-20260102_030905.wal.recovered");
        try (Wal wal = world.open(forever, files)) {
            while (wal.status().archived().size() < 2) {
                Thread.onSpinWait();
            }
            assertThat(wal.cleanUp(Duration.ofSeconds(90))).singleElement()
                    .satisfies(each -> assertThat(each.bytes()).isPositive());
            assertThat(wal.status().archived()).hasSize(1);
        }
        world.open(options(Duration.ZERO, 0), files).close();
        assertThat(names()).isEmpty();
    }

    @Test
    void withoutAnAgeNothingIsKept() {
        WalOptions none = options(Duration.ZERO, 1 << 20);
        runOnce(1, none);
        try (Wal wal = world.open(none, files)) {
            wal.release(World.WRITER, 1);
        }
        assertThat(names()).isEmpty();
    }

    /// A catalog that was lost took the instance's id with it: the segments say whose they are, and a damaged one belongs to
    /// its neighbours' writer.
    @Test
    void aDamagedHeadIsTakenForTheNeighboursWriter() throws IOException {
        for (long id = 1; id <= 3; id++) {
            runOnce(id, World.options());
        }
        List<Path> segments = files.list(World.DIRECTORY).stream().filter(WalReader::isSegment).toList();
        assertThat(segments).isNotEmpty();
        runOnce(4, World.options());
        segments = files.list(World.DIRECTORY).stream().filter(WalReader::isSegment).toList();
        Path damaged = segments.getLast();
        byte[] bytes = files.bytes(damaged).clone();
        Arrays.fill(bytes, 0, 8, (byte) 0);
        files.put(damaged, bytes);
        Path sound = damaged.resolveSibling("worker-1-20200101_000000.wal");
        try (Wal wal = Wal.open(World.in(Path.of("/other"), World.options()), files, world.clock, WalReader.Report.NONE)) {
            world.append(wal, 99).await();
        }
        Path other = files.list(Path.of("/other")).stream().filter(WalReader::isSegment).findFirst().orElseThrow();
        files.put(sound, files.bytes(other));
        WalReader reader = new WalReader(files, World.DIRECTORY, "newidnewid");
        assertThat(reader.firstSequences()).containsOnlyKeys(World.WRITER);
        LinkedBlockingQueue<String> writers = new LinkedBlockingQueue<>();
        WalReader.Report report = reader.read((writer, sequence, rows) -> writers.add(writer));
        assertThat(writers).isNotEmpty().allMatch(World.WRITER::equals);
        assertThat(report.damaged()).isPositive();
        Path reason = report.quarantined().getFirst();
        assertThat(new String(files.bytes(reason.resolveSibling(reason.getFileName() + ".txt")), StandardCharsets.UTF_8))
                .contains("frames of writer " + World.WRITER + " are lost", "header is damaged");
    }

    @Test
    void theFirstSequencesAreThoseThatTheFolderHas() {
        assertThat(new WalReader(files, World.DIRECTORY, World.INSTANCE).firstSequences()).isEqualTo(Map.of());
        for (long id = 1; id <= 3; id++) {
            runOnce(id, World.options());
        }
        assertThat(new WalReader(files, World.DIRECTORY, World.INSTANCE).firstSequences()).isEqualTo(Map.of(World.WRITER, 3L));
    }
}
