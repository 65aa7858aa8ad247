package io.arc.runtime.flush;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class TimeOrderTest {
    private static final TableId CPU = new TableId("prod", "cpu");

    private static ColumnBatch batch(long... times) {
        // Longer than the rows: what lies behind must not be sorted in.
        long[] longer = Arrays.copyOf(times, times.length + 2);
        longer[times.length] = Long.MIN_VALUE;
        return new ColumnBatch(CPU, times.length, longer, List.of());
    }

    private static void check(String name, List<ColumnBatch> batches) {
        long[] times = batches.stream().flatMapToLong(each -> Arrays.stream(each.epochMicros(), 0, each.rowCount())).toArray();
        int[] expected = IntStream.range(0, times.length).boxed().sorted(Comparator.comparingLong(row -> times[row]))
                .mapToInt(Integer::intValue).toArray();
        TimeOrder.Sorted sorted = TimeOrder.sort(batches);
        int[] order = sorted.order().orElse(IntStream.range(0, times.length).toArray());
        assertThat(order).as(name).isEqualTo(expected);
        assertThat(sorted.sortedMicros()).as(name).isEqualTo(Arrays.stream(expected).mapToLong(row -> times[row]).toArray());
        assertThat(sorted.order().isEmpty()).as(name + ": no order for rows that are sorted already")
                .isEqualTo(IntStream.range(1, times.length).allMatch(row -> times[row - 1] <= times[row]));
    }

    @Test
    void smallAndExtremeInputs() {
        check("nothing", List.of());
        check("an empty batch", List.of(batch()));
        check("one row", List.of(batch(5)));
        check("two", List.of(batch(5), batch(4)));
        check("all the same", List.of(batch(3, 3, 3), batch(3, 3)));
        check("extremes", List.of(batch(Long.MAX_VALUE, Long.MIN_VALUE, 0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 0)));
        check("negative", List.of(batch(-1, -2, -3), batch(-2, -1, -3)));
        check("extreme runs", List.of(batch(LongRuns.ascending(40, Long.MIN_VALUE, 1L << 57)),
                batch(LongRuns.ascending(40, Long.MIN_VALUE, 1L << 57)), batch(LongRuns.ascending(40, 0, 1L << 56))));
    }

    @Test
    void batchesThatOvertookEachOther() {
        long[][] runs = new long[9][];
        for (int i = 0; i < runs.length; i++) {
            runs[i] = LongRuns.ascending(50, i * 50L, 1);
        }
        check("disjoint", List.of(batch(runs[0]), batch(runs[2]), batch(runs[1]), batch(runs[5]), batch(runs[4]), batch(runs[3])));
        check("some overlap", List.of(batch(runs[3]), batch(LongRuns.ascending(60, 20, 3)), batch(runs[1]), batch(runs[1]),
                batch(runs[0])));
        check("they touch", List.of(batch(LongRuns.ascending(50, 49, 1)), batch(runs[0]), batch(LongRuns.ascending(50, 49, 1))));
        check("between short ones", List.of(batch(runs[4]), batch(7, 8), batch(runs[2]), batch(), batch(runs[1]), batch(1)));
    }

    private static final class LongRuns {
        static long[] ascending(int count, long first, long step) {
            long[] times = new long[count];
            for (int i = 0; i < count; i++) {
                times[i] = first + i * step;
            }
            return times;
        }
    }

    @Test
    void anyInputSortsLikeAStableReference() {
        for (long seed = 1; seed <= 300; seed++) {
            Random random = new Random(seed);
            LongSupplier time = switch (random.nextInt(5)) {
                case 0 -> random::nextLong;
                case 1 -> () -> random.nextInt(3);
                case 2 -> () -> 1_700_000_000_000_000L + random.nextInt(3_600_000);
                case 3 -> () -> -random.nextInt(100_000);
                default -> () -> random.nextBoolean() ? Long.MAX_VALUE - random.nextInt(3) : Long.MIN_VALUE + random.nextInt(3);
            };
            boolean runs = random.nextBoolean();
            List<ColumnBatch> batches = new ArrayList<>();
            for (int i = random.nextInt(9); i >= 0; i--) {
                long[] times = new long[random.nextInt(random.nextBoolean() ? 3 : 500)];
                Arrays.setAll(times, _ -> time.getAsLong());
                if (runs) {
                    Arrays.sort(times);
                }
                batches.add(batch(times));
            }
            check("seed " + seed, batches);
        }
    }
}
