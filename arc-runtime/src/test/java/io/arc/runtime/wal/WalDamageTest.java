package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.fs.SimulatedFileSystem;
import io.arc.runtime.wal.World.Recovered;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a reader makes of segments that something has changed: it loses what was hit and nothing else, invents nothing, and
/// says so.
@ExtendWith(QuietLog.class)
class WalDamageTest {
    private static final int FRAMES = 8;

    private final World world = new World();
    private final SimulatedFileSystem files = new SimulatedFileSystem(new SplittableRandom(1));
    private Path file;
    private byte[] sound;
    /// Where frame i begins; the last entry is the file's end.
    private int[] starts;

    @BeforeEach
    void writeOneSegment() throws IOException {
        try (Wal wal = world.open(World.options(), files)) {
            for (long id = 1; id <= FRAMES; id++) {
                world.append(wal, id).await();
            }
        }
        file = files.list(World.DIRECTORY).stream().filter(WalReader::isSegment).findFirst().orElseThrow();
        sound = files.bytes(file);
        starts = starts(sound, FRAMES);
    }

    private static int[] starts(byte[] segment, int frames) {
        ByteBuffer bytes = ByteBuffer.wrap(segment).order(ByteOrder.LITTLE_ENDIAN);
        int[] starts = new int[frames + 1];
        int at = SegmentFormat.HEADER_BYTES;
        for (int i = 0; i < frames; i++) {
            starts[i] = at;
            at += SegmentFormat.FRAME_HEADER_BYTES + bytes.getInt(at + 4);
        }
        starts[frames] = at;
        assertThat(at).isEqualTo(segment.length);
        return starts;
    }

    private Recovered recover(byte[] changed) {
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        disk.put(file, changed);
        return World.recover(disk);
    }

    private static List<Long> idsWithout(int... frames) {
        return LongStream.rangeClosed(1, FRAMES).filter(id -> Arrays.stream(frames).noneMatch(frame -> frame == id - 1)).boxed()
                .toList();
    }

    /// The last frame's damage is a torn tail: nothing says that it was ever acknowledged. All other damage is counted.
    @Test
    void everyFlippedBitLosesItsFrameAndNoOther() {
        for (int at = 0; at < sound.length; at++) {
            for (int bit = 0; bit < 8; bit++) {
                byte[] changed = sound.clone();
                changed[at] ^= (byte) (1 << bit);
                Recovered back = recover(changed);
                int frame = frameOf(at);
                String where = "byte " + at + " bit " + bit + " in frame " + frame;
                assertThat(back.ids()).as(where).isEqualTo(frame < 0 ? idsWithout() : idsWithout(frame));
                boolean tail = frame == FRAMES - 1;
                assertThat(back.report().damaged()).as(where).isEqualTo(tail ? 0 : 1);
                assertThat(back.report().tornTails()).as(where).isEqualTo(tail ? 1 : 0);
                assertThat(back.report().quarantined()).as(where).hasSize(tail ? 0 : 1);
            }
        }
    }

    private int frameOf(int at) {
        for (int frame = FRAMES - 1; frame >= 0; frame--) {
            if (at >= starts[frame]) {
                return frame;
            }
        }
        return -1;
    }

    @Test
    void everyCutLosesWhatIsCutOff() {
        for (int length = 0; length < sound.length; length++) {
            Recovered back = recover(Arrays.copyOf(sound, length));
            int whole = 0;
            while (whole < FRAMES && starts[whole + 1] <= length) {
                whole++;
            }
            assertThat(back.ids()).as("length %s", length).isEqualTo(LongStream.rangeClosed(1, whole).boxed().toList());
            boolean clean = Arrays.stream(starts).anyMatch(Integer.valueOf(length)::equals);
            assertThat(back.report().damaged()).as("length %s", length).isZero();
            assertThat(back.report().tornTails()).as("length %s", length).isEqualTo(clean ? 0 : 1);
        }
    }

    /// A cut in a segment that is not the last has hit frames that were acknowledged, and the next segment's header knows.
    @Test
    void aCutInAnEarlierSegmentIsDamageAndCountedExactly() throws IOException {
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        World other = new World();
        int perSegment = 5;
        try (Wal wal = other.open(World.withSegmentBytes(World.options(), 1_000), disk)) {
            for (long id = 1; id <= 3 * perSegment; id++) {
                other.append(wal, id).await();
            }
        }
        List<Path> segments = disk.list(World.DIRECTORY).stream().filter(WalReader::isSegment).toList();
        assertThat(segments.size()).isGreaterThan(2);
        Path first = World.recover(disk).report().segments().getFirst().file();
        byte[] whole = disk.bytes(first);
        int inFirst = 0;
        for (int at = SegmentFormat.HEADER_BYTES; at < whole.length; inFirst++) {
            at += SegmentFormat.FRAME_HEADER_BYTES + ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getInt(at + 4);
        }
        int[] starts = starts(whole, inFirst);
        for (int length = SegmentFormat.HEADER_BYTES; length < whole.length; length++) {
            SimulatedFileSystem damaged = disk.afterKill();
            damaged.put(first, Arrays.copyOf(whole, length));
            Recovered back = World.recover(damaged);
            int left = 0;
            while (left < inFirst && starts[left + 1] <= length) {
                left++;
            }
            assertThat(back.ids()).as("length %s", length).hasSize(3 * perSegment - (inFirst - left));
            assertThat(back.report().damaged()).as("length %s", length).isEqualTo(inFirst - left);
            assertThat(back.report().quarantined()).as("length %s", length)
                    .containsExactly(World.DIRECTORY.resolve("quarantine").resolve(first.getFileName()));
            assertThat(damaged.bytes(back.report().quarantined().getFirst())).hasSize(length);
        }
    }

    @Test
    void everyFrameCanBeErasedRemovedOrDoubled() {
        for (int frame = 0; frame < FRAMES; frame++) {
            boolean tail = frame == FRAMES - 1;
            byte[] erased = sound.clone();
            Arrays.fill(erased, starts[frame], starts[frame + 1], (byte) 0);
            check(recover(erased), idsWithout(frame), tail ? 0 : 1, tail ? 1 : 0, "erased " + frame);

            byte[] removed = join(Arrays.copyOf(sound, starts[frame]),
                    Arrays.copyOfRange(sound, starts[frame + 1], sound.length));
            check(recover(removed), idsWithout(frame), tail ? 0 : 1, 0, "removed " + frame);

            byte[] doubled = join(Arrays.copyOf(sound, starts[frame + 1]),
                    Arrays.copyOfRange(sound, starts[frame], sound.length));
            check(recover(doubled), idsWithout(), 0, 0, "doubled " + frame);
        }
        for (int frame = 0; frame < FRAMES - 1; frame++) {
            // Order is part of the promise, so of two that changed places one is lost.
            byte[] swapped = join(join(Arrays.copyOf(sound, starts[frame]), frameBytes(frame + 1)), join(frameBytes(frame),
                    Arrays.copyOfRange(sound, starts[frame + 2], sound.length)));
            Recovered back = recover(swapped);
            assertThat(back.ids()).as("swapped %s", frame).isEqualTo(idsWithout(frame));
            assertThat(back.report().damaged()).as("swapped %s", frame).isEqualTo(1);
        }
    }

    @Test
    void everySectorCanBeErased() {
        for (int from = 0; from < sound.length; from += 512) {
            int to = Math.min(sound.length, from + 512);
            byte[] erased = sound.clone();
            Arrays.fill(erased, from, to, (byte) 0);
            int start = from;
            List<Long> untouched = LongStream.rangeClosed(1, FRAMES)
                    .filter(id -> starts[(int) id] <= start || starts[(int) id - 1] >= to).boxed().toList();
            assertThat(recover(erased).ids()).as("sector at %s", from).isEqualTo(untouched);
        }
    }

    /// Text that a client stores may look like a frame, also where damage makes the reader search for the next one.
    @Test
    void storedTextThatLooksLikeAFrameIsNone() throws IOException {
        byte[] inner = FrameCodec.encode(Rows.of(666));
        ByteBuffer forged = ByteBuffer.allocate(SegmentFormat.FRAME_HEADER_BYTES + inner.length).order(ByteOrder.LITTLE_ENDIAN);
        SegmentFormat.putFrame(forged, new SegmentFormat.Frame(inner.length, 2, 0x1234, 0,
                SegmentFormat.crc(inner, 0, inner.length)), new CRC32C());
        forged.put(inner);
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        World other = new World();
        List<ColumnBatch> text = List.of(new ColumnBatch(new TableId("db", "evil"), 1, new long[1], List.of(new Utf8Column("t",
                Role.FIELD, new Utf8Block(forged.array(), new int[] {0, forged.capacity()}), Validity.ALL_PRESENT))));
        try (Wal wal = other.open(World.options(), disk)) {
            other.append(wal, 1).await();
            other.append(wal, 2, FrameCodec.encode(text)).await();
            other.append(wal, 3).await();
        }
        Path segment = disk.list(World.DIRECTORY).stream().filter(WalReader::isSegment).findFirst().orElseThrow();
        byte[] bytes = disk.bytes(segment);
        bytes[starts(bytes, 3)[1] + 5] ^= 1;
        disk.put(segment, bytes);
        assertThat(World.recover(disk).ids()).containsExactly(1L, 3L);
    }

    /// A length that damage made huge must not become an array.
    @Test
    void readingTakesNoMoreMemoryThanTheFileHas() {
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 200; i++) {
            byte[] garbage = sound.clone();
            ByteBuffer bytes = ByteBuffer.wrap(garbage).order(ByteOrder.LITTLE_ENDIAN);
            int frame = random.nextInt(FRAMES);
            // With a checksum that matches, as the worst case.
            bytes.putInt(starts[frame] + 4, random.nextInt() & Integer.MAX_VALUE);
            CRC32C crc = new CRC32C();
            crc.update(garbage, starts[frame], SegmentFormat.FRAME_HEADER_BYTES - 4);
            bytes.putInt(starts[frame] + SegmentFormat.FRAME_HEADER_BYTES - 4, (int) crc.getValue());
            long before = memory.getTotalThreadAllocatedBytes();
            Recovered back = recover(garbage);
            assertThat(back.ids()).isEqualTo(idsWithout(frame));
            assertThat(memory.getTotalThreadAllocatedBytes() - before).as("allocated").isLessThan(64 << 20);
        }
    }

    @Test
    void randomGarbageIsReadWithoutExceptions() {
        int rounds = 500 * Integer.getInteger("arc.test.slow", 1);
        for (int seed = 0; seed < rounds; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] changed = sound.clone();
            int hits = 1 + random.nextInt(6);
            boolean[] touched = new boolean[FRAMES];
            for (int hit = 0; hit < hits; hit++) {
                int from = random.nextInt(changed.length);
                int to = Math.min(changed.length, from + 1 + random.nextInt(200));
                for (int at = from; at < to; at++) {
                    changed[at] = (byte) random.nextInt();
                }
                for (int frame = 0; frame < FRAMES; frame++) {
                    touched[frame] |= from < starts[frame + 1] && to > starts[frame];
                }
            }
            List<Long> untouched = LongStream.rangeClosed(1, FRAMES).filter(id -> !touched[(int) id - 1]).boxed().toList();
            assertThat(recover(changed).ids()).as("seed %s", seed).containsAll(untouched);
        }
    }

    /// Written by a later Arc, in good order: passing over it would lose acknowledged rows without a word.
    @Test
    void aLaterFormatStopsTheStart() {
        byte[] later = sound.clone();
        ByteBuffer bytes = ByteBuffer.wrap(later).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort(6, (short) 2);
        bytes.putInt(SegmentFormat.HEADER_BYTES - 4, SegmentFormat.crc(later, 0, SegmentFormat.HEADER_BYTES - 4));
        assertThatThrownBy(() -> recover(later)).isInstanceOfSatisfying(ArcException.class,
                refused -> assertThat(refused.code()).isEqualTo(ErrorCode.CORRUPT_DATA)).hasMessageContaining("version 2");

        byte[] laterPayload = sound.clone();
        ByteBuffer frame = ByteBuffer.wrap(laterPayload).order(ByteOrder.LITTLE_ENDIAN);
        laterPayload[starts[3] + SegmentFormat.FRAME_HEADER_BYTES] = 9;
        frame.putInt(starts[3] + 24, SegmentFormat.crc(laterPayload, starts[3] + SegmentFormat.FRAME_HEADER_BYTES,
                starts[4] - starts[3] - SegmentFormat.FRAME_HEADER_BYTES));
        frame.putInt(starts[3] + 28, SegmentFormat.crc(laterPayload, starts[3], 28));
        assertThatThrownBy(() -> recover(laterPayload)).isInstanceOf(ArcException.class).hasMessageContaining("version 9");
    }

    @Test
    void foreignFilesInTheFolderDoNoHarm() {
        SimulatedFileSystem disk = files.afterKill();
        disk.put(World.DIRECTORY.resolve("notes.txt"), "hello".getBytes(StandardCharsets.UTF_8));
        disk.put(World.DIRECTORY.resolve("worker-99999999999-x.wal"), new byte[0]);
        disk.put(World.DIRECTORY.resolve("worker-1-20260102_030405 (copy).wal"), sound);
        Recovered back = World.recover(disk);
        assertThat(back.ids()).isEqualTo(idsWithout());
        assertThat(back.report().damaged()).isZero();
    }

    /// After damage the log goes on, with sequences that nothing has carried before.
    @Test
    void theLogGoesOnAfterDamage() {
        byte[] changed = sound.clone();
        changed[starts[2] + 40] ^= 4;
        changed[starts[FRAMES - 1] + 40] ^= 4;
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        disk.put(file, changed);
        World next = new World();
        try (Wal wal = next.open(World.options(), disk)) {
            next.append(wal, 100).await();
        }
        assertThat(next.acknowledged.get(100L).sequence()).isGreaterThan(FRAMES);
        Recovered back = World.recover(disk);
        List<Long> expected = new ArrayList<>(idsWithout(2, FRAMES - 1));
        expected.add(100L);
        assertThat(back.ids()).isEqualTo(expected);
        assertThat(back.report().damaged()).as("the torn tail has not become damage").isEqualTo(1);

        // A disk that reads the torn frame after all comes too late: later rows have been taken without it.
        disk.put(file, sound);
        expected.add(2, 3L);
        assertThat(World.recover(disk).ids()).isEqualTo(expected);
    }

    /// Two frames shared a sync that never ended, and the disk has kept the second one only.
    @Test
    void anUnsyncedGroupThatLostItsFirstFrameIsATornTail() {
        byte[] changed = sound.clone();
        int last = starts[FRAMES - 1];
        ByteBuffer bytes = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(last + 20, 1);
        bytes.putInt(last + 28, SegmentFormat.crc(changed, last, 28));
        changed[starts[FRAMES - 2] + 40] ^= 4;
        SimulatedFileSystem disk = new SimulatedFileSystem(new SplittableRandom(1));
        disk.put(file, changed);
        check(World.recover(disk), idsWithout(FRAMES - 2), 0, 1, "at first");
        World next = new World();
        for (long id = 100; id < 103; id++) {
            try (Wal wal = next.open(World.options(), disk)) {
                next.append(wal, id).await();
            }
            assertThat(World.recover(disk).report().damaged()).as("after a restart").isZero();
            assertThat(World.recover(disk).report().tornTails()).isEqualTo(1);
        }
        assertThat(World.recover(disk).ids()).hasSize(FRAMES - 1 + 3);
    }

    private void check(Recovered back, List<Long> ids, int damaged, int tornTails, String what) {
        assertThat(back.ids()).as(what).isEqualTo(ids);
        assertThat(back.report().damaged()).as(what).isEqualTo(damaged);
        assertThat(back.report().tornTails()).as(what).isEqualTo(tornTails);
    }

    private byte[] frameBytes(int frame) {
        return Arrays.copyOfRange(sound, starts[frame], starts[frame + 1]);
    }

    private static byte[] join(byte[] left, byte[] right) {
        byte[] both = Arrays.copyOf(left, left.length + right.length);
        System.arraycopy(right, 0, both, left.length, right.length);
        return both;
    }
}
