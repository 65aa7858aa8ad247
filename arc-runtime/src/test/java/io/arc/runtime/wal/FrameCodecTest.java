package io.arc.runtime.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
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
        assertThat(bytesForARow(256)).isEqualTo(8 + 1);
        assertThat(bytesForARow(257)).isEqualTo(8 + 2);
        assertThat(bytesForARow(65_536)).isEqualTo(8 + 2);
        assertThat(bytesForARow(65_537)).isEqualTo(8 + 4);
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
        payload[0] = 2;
        assertThatThrownBy(() -> FrameCodec.decode(payload)).isInstanceOf(ArcException.class).hasMessageContaining("version 2");
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
