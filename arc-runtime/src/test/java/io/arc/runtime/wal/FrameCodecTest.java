package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class FrameCodecTest {
    private static final int ROUNDS = Integer.getInteger("arc.test.slow", 1) * 2_000;

    @Test
    void whatIsEncodedComesBackBitForBit() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<ColumnBatch> batches = batches(random);
            List<ColumnBatch> back = FrameCodec.decode(FrameCodec.encode(batches));
            assertThat(Rows.same(batches, back)).as("seed %s: %s came back as %s", seed, batches, back).isTrue();
        }
    }

    /// Live rows and replayed rows go the same way from here on, so a second journey must not change them either.
    @Test
    void encodingWhatWasDecodedGivesTheSameBytes() {
        for (int seed = 0; seed < ROUNDS; seed++) {
            byte[] payload = FrameCodec.encode(batches(new SplittableRandom(seed)));
            byte[] once = FrameCodec.encode(FrameCodec.decode(payload));
            assertThat(FrameCodec.encode(FrameCodec.decode(once))).as("seed %s", seed).isEqualTo(once);
        }
    }

    @Test
    void notANumberKeepsItsPayload() {
        double odd = Double.longBitsToDouble(0x7ff8_0000_dead_beefL);
        ColumnBatch batch = new ColumnBatch(new TableId("d", "t"), 2, new long[2],
                List.of(new DoubleColumn("v", Role.FIELD, new double[] {odd, -0.0}, Validity.ALL_PRESENT)));
        DoubleColumn back = (DoubleColumn) FrameCodec.decode(FrameCodec.encode(List.of(batch))).getFirst().columns().getFirst();
        assertThat(Double.doubleToRawLongBits(back.values()[0])).isEqualTo(0x7ff8_0000_dead_beefL);
        assertThat(Double.doubleToRawLongBits(back.values()[1])).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void codesTakeNoMoreBytesThanTheDictionaryNeeds() {
        assertThat(bytesForARow(256)).isEqualTo(1);
        assertThat(bytesForARow(257)).isEqualTo(2);
        assertThat(bytesForARow(65_536)).isEqualTo(2);
        assertThat(bytesForARow(65_537)).isEqualTo(4);
    }

    private static int bytesForARow(int entries) {
        return FrameCodec.encode(List.of(coded(entries, 2))).length - FrameCodec.encode(List.of(coded(entries, 1))).length;
    }

    private static ColumnBatch coded(int entries, int rowCount) {
        String[] texts = new String[entries];
        Arrays.setAll(texts, Integer::toString);
        int[] codes = new int[rowCount];
        Arrays.fill(codes, entries - 1);
        return new ColumnBatch(new TableId("d", "t"), rowCount, new long[rowCount],
                List.of(new DictionaryColumn("host", Role.TAG, codes, Utf8Block.of(texts), Validity.ALL_PRESENT)));
    }

    /// Each with the bytes that the numbers of a row may take at most.
    @Test
    void numbersTakeFewBytesAndComeBack() {
        long[][] wholes = {
            {}, {7}, {Long.MIN_VALUE}, {5, 5, 5}, {Long.MIN_VALUE, Long.MAX_VALUE}, {Long.MAX_VALUE, Long.MIN_VALUE, 0, -1},
            LongStream.range(0, 1_000).map(i -> 1_750_000_000_000_000L + i * 10_000_000).toArray(),
            LongStream.range(0, 1_000).map(i -> Long.MAX_VALUE - 500 + i).toArray(),
            LongStream.range(0, 1_000).map(i -> 1_750_000_000_000_000L + i * 10_000_000 + i % 251).toArray(),
            LongStream.range(0, 1_000).map(i -> i % 256 - 128).toArray(), LongStream.range(0, 1_000).map(i -> i * i).toArray(),
            LongStream.range(0, 1_000).map(i -> i * 4_000_000_000L * (i % 2)).toArray(),
            LongStream.range(0, 70_000).map(i -> 3).toArray()};
        int[] wholeBytes = {0, 0, 0, 0, 8, 8, 0, 0, 2, 1, 2, 8, 1};
        for (int i = 0; i < wholes.length; i++) {
            long[] values = wholes[i];
            assertThat(roundTrip(new LongColumn("v", Role.FIELD, values, Validity.ALL_PRESENT), values.length))
                    .as("whole numbers %d", i).isLessThanOrEqualTo(wholeBytes[i] * values.length + 120);
        }
        double[][] fractions = {
            {}, {1.5}, {-0.0}, {0.0, -0.0}, {Double.NaN, 1}, {Double.POSITIVE_INFINITY}, {2147483647, -2147483648},
            {2147483648.0}, {21474836.47, -21474836.48}, {1e300, 1}, {0.1, 0.12, 0.123}, {0.1, 0.1234},
            {Math.nextUp(0.1), 0.1},
            DoubleStream.iterate(0, v -> v + 1).limit(1_000).map(v -> (v * 7919 % 10_000) / 100).toArray(),
            DoubleStream.iterate(0, v -> v + 1).limit(1_000).map(v -> v % 2 == 0 ? v / 10 : -v / 1_000).toArray(),
            DoubleStream.iterate(0.5, v -> v * 1.000001).limit(1_000).toArray()};
        int[] fractionBytes = {0, 0, 8, 8, 8, 8, 4, 8, 4, 8, 1, 8, 8, 2, 4, 8};
        for (int i = 0; i < fractions.length; i++) {
            double[] values = fractions[i];
            assertThat(roundTrip(new DoubleColumn("v", Role.FIELD, values, Validity.ALL_PRESENT), values.length))
                    .as("doubles %d", i).isLessThanOrEqualTo(fractionBytes[i] * values.length + 120);
        }
    }

    private static int roundTrip(Column column, int rowCount) {
        List<ColumnBatch> batches =
                List.of(new ColumnBatch(new TableId("d", "t"), rowCount, new long[rowCount], List.of(column)));
        byte[] payload = FrameCodec.encode(batches);
        List<ColumnBatch> back = FrameCodec.decode(payload);
        assertThat(Rows.same(batches, back)).as("%s came back as %s", batches, back).isTrue();
        return payload.length - (rowCount > 1 << 16 ? rowCount : 0);
    }

    /// The checksum keeps damage away from the decoder; behind it there still is no way to crash it or to make it allocate.
    @Test
    void damagedPayloadsAreRefusedWithoutOtherExceptions() {
        int refused = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] payload = FrameCodec.encode(List.of(Rows.random(random)));
            byte[] damaged = random.nextBoolean() ? Arrays.copyOf(payload, random.nextInt(payload.length)) : payload.clone();
            for (int flips = damaged.length == 0 ? 0 : random.nextInt(4); flips > 0; flips--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            try {
                FrameCodec.decode(damaged);
            } catch (ArcException expected) {
                assertThat(expected.code()).as("seed %s", seed).isEqualTo(ErrorCode.CORRUPT_DATA);
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(ROUNDS / 3);
    }

    @Test
    void aLaterVersionIsRefusedByName() {
        byte[] payload = FrameCodec.encode(List.of(coded(3, 3)));
        payload[0] = 3;
        assertThatThrownBy(() -> FrameCodec.decode(payload)).isInstanceOf(ArcException.class).hasMessageContaining("version 3");
        assertThat(FrameCodec.isForeign(payload)).isTrue();
    }

    private static List<ColumnBatch> batches(SplittableRandom random) {
        List<ColumnBatch> batches = new ArrayList<>();
        for (int count = random.nextInt(4); count > 0; count--) {
            batches.add(Rows.random(random));
        }
        return batches;
    }
}
