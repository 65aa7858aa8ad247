package io.arc.runtime.filecache;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.runtime.filecache.ByteRanges.Range;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ByteRangesTest {
    private static final int SIZE = 60;

    private static BitSet bits(List<Range> runs) {
        BitSet bits = new BitSet();
        long before = -1;
        for (Range each : runs) {
            assertThat(each.start()).as("ascending, not touching: %s", runs).isGreaterThan(before);
            assertThat(each.length()).isPositive();
            bits.set((int) each.start(), (int) each.end());
            before = each.end();
        }
        return bits;
    }

    @Test
    void isASetOfBytes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 300; round++) {
            ByteRanges ranges = new ByteRanges();
            BitSet expected = new BitSet();
            for (int step = 0; step < 12; step++) {
                int start = random.nextInt(SIZE);
                int end = start + random.nextInt(SIZE - start);
                if (random.nextInt(3) > 0) {
                    ranges.add(start, end);
                    expected.set(start, end);
                } else {
                    ranges.remove(start, end);
                    expected.clear(start, end);
                }
                assertThat(bits(ranges.runs())).as("seed %d", seed).isEqualTo(expected);
                assertThat(ranges.size()).as("seed %d", seed).isEqualTo(expected.cardinality());
            }
            ByteRanges wanted = new ByteRanges();
            wanted.add(random.nextInt(SIZE), SIZE);
            wanted.remove(random.nextInt(SIZE), SIZE / 2 + random.nextInt(SIZE / 2));
            BitSet missing = bits(ranges.missing(wanted, 0));
            BitSet exact = bits(wanted.runs());
            exact.andNot(expected);
            assertThat(missing).as("seed %d", seed).isEqualTo(exact);
            BitSet joined = bits(ranges.missing(wanted, 3));
            BitSet more = (BitSet) joined.clone();
            more.and(expected);
            assertThat(more.isEmpty()).as("what is here is not missing, seed %d", seed).isTrue();
            exact.andNot(joined);
            assertThat(exact.isEmpty()).as("seed %d", seed).isTrue();
        }
    }
}
