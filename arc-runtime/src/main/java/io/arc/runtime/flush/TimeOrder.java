package io.arc.runtime.flush;

import io.arc.api.data.ColumnBatch;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Sorts rows by time: gives the order in which to read them, moves nothing else. Stable: rows of one time keep the order in
/// which they came.
///
/// Rows come as batches, which mostly are sorted in themselves and overlap little, so a merge of natural runs does most
/// inputs in one or two passes; input without runs goes through a radix sort, whose cost does not depend on the disorder.
public final class TimeOrder {
    private static final int RADIX_BITS = 11;
    /// Below this mean run length merging takes more passes than radix sorting.
    private static final int MIN_MEAN_RUN = 32;

    private TimeOrder() {}

    /// The times of all batches behind each other and the order that sorts them.
    ///
    /// @param sortedMicros the times in ascending order
    /// @param order row numbers counted through all batches; empty when the rows are in order as they stand
    public record Sorted(long[] sortedMicros, Optional<int[]> order) {}

    public static Sorted sort(List<ColumnBatch> batches) {
        int rowCount = 0;
        for (ColumnBatch batch : batches) {
            rowCount = Math.addExact(rowCount, batch.rowCount());
        }
        long[] times = new long[rowCount];
        int row = 0;
        for (ColumnBatch batch : batches) {
            System.arraycopy(batch.epochMicros(), 0, times, row, batch.rowCount());
            row += batch.rowCount();
        }
        int runs = countRuns(times);
        if (runs <= 1) {
            return new Sorted(times, Optional.empty());
        }
        int[] order = new int[rowCount];
        for (int i = 0; i < rowCount; i++) {
            order[i] = i;
        }
        if (rowCount / runs >= MIN_MEAN_RUN) {
            return mergeRuns(times, order, runStarts(times, batches, runs));
        }
        return radix(times, order);
    }

    private static int countRuns(long[] times) {
        int runs = times.length == 0 ? 0 : 1;
        for (int i = 1; i < times.length; i++) {
            if (times[i] < times[i - 1]) {
                runs++;
            }
        }
        return runs;
    }

    /// Where runs start, and behind the last start the number of all rows. A batch starts a run even where it goes on in time: what
    /// lies between two batches may be in a third that came late, and three whole batches only need to be put in order.
    private static int[] runStarts(long[] times, List<ColumnBatch> batches, int naturalRuns) {
        int[] starts = new int[naturalRuns + batches.size() + 1];
        int runs = 0;
        int row = 0;
        boolean previousIsShort = true;
        for (ColumnBatch batch : batches) {
            int end = row + batch.rowCount();
            boolean isShort = batch.rowCount() < MIN_MEAN_RUN;
            for (int i = row; i < end; i++) {
                if (i > 0 && times[i] < times[i - 1] || i == row && i > 0 && !isShort && !previousIsShort) {
                    starts[++runs] = i;
                }
            }
            previousIsShort = isShort;
            row = end;
        }
        starts[++runs] = row;
        return Arrays.copyOf(starts, runs + 1);
    }

    /// Merges neighbours until one run is left. First the runs are put in the order of their first times, and those that follow
    /// each other without overlap become one: requests that overtook each other by a little then cost a copy and no merge.
    private static Sorted mergeRuns(long[] times, int[] order, int[] starts) {
        long[] fromTimes = new long[times.length];
        int[] fromOrder = new int[times.length];
        int runs = joinRuns(times, order, starts, starts.length - 1, fromTimes, fromOrder);
        long[] toTimes = times;
        int[] toOrder = order;
        while (runs > 1) {
            int merged = 0;
            for (int run = 0; run < runs; run += 2) {
                int left = starts[run];
                int middle = run + 1 < runs ? starts[run + 1] : starts[runs];
                int right = run + 1 < runs ? starts[run + 2] : starts[runs];
                merge(fromTimes, fromOrder, left, middle, right, toTimes, toOrder);
                starts[merged++] = left;
            }
            starts[merged] = times.length;
            runs = merged;
            long[] swapTimes = fromTimes;
            fromTimes = toTimes;
            toTimes = swapTimes;
            int[] swapOrder = fromOrder;
            fromOrder = toOrder;
            toOrder = swapOrder;
        }
        return new Sorted(fromTimes, Optional.of(fromOrder));
    }

    /// Copies the runs in the order of their first times.
    ///
    /// @param starts where the runs start; afterwards where the longer ones start that they have become
    /// @return how many are left
    private static int joinRuns(long[] times, int[] order, int[] starts, int runCount, long[] toTimes, int[] toOrder) {
        int[] byFirst = runsByFirstTime(times, starts, runCount);
        int[] joinedStarts = new int[runCount + 1];
        int joined = 0;
        int to = 0;
        int previousLast = 0;
        for (int run : byFirst) {
            int from = starts[run];
            int length = starts[run + 1] - from;
            // Of rows with the same time the one that came first stays first.
            if (to == 0 || !isBefore(times, previousLast, from)) {
                joinedStarts[joined++] = to;
            }
            System.arraycopy(times, from, toTimes, to, length);
            System.arraycopy(order, from, toOrder, to, length);
            to += length;
            previousLast = from + length - 1;
        }
        joinedStarts[joined] = to;
        System.arraycopy(joinedStarts, 0, starts, 0, joined + 1);
        return joined;
    }

    private static boolean isBefore(long[] times, int row, int other) {
        return times[row] < times[other] || times[row] == times[other] && row < other;
    }

    /// A merge sort of the few runs. Equals keep their order.
    private static int[] runsByFirstTime(long[] times, int[] starts, int runCount) {
        int[] from = new int[runCount];
        for (int run = 0; run < runCount; run++) {
            from[run] = run;
        }
        int[] to = new int[runCount];
        for (int width = 1; width < runCount; width = width > runCount / 2 ? runCount : 2 * width) {
            for (int left = 0; left < runCount; left += Math.min(2 * width, runCount - left)) {
                int middle = Math.min(runCount, left + width);
                int right = middle + Math.min(width, runCount - middle);
                int a = left;
                int b = middle;
                for (int i = left; i < right; i++) {
                    boolean takeLeft = a < middle && (b >= right || times[starts[from[a]]] <= times[starts[from[b]]]);
                    to[i] = takeLeft ? from[a++] : from[b++];
                }
            }
            int[] swap = from;
            from = to;
            to = swap;
        }
        return from;
    }

    /// Rows of one time are in the order of their numbers in each of the two runs, and come so into the merged one.
    private static void merge(long[] times, int[] order, int left, int middle, int right, long[] toTimes, int[] toOrder) {
        int a = left;
        int b = middle;
        int to = left;
        while (a < middle && b < right) {
            if (times[a] < times[b] || times[a] == times[b] && order[a] < order[b]) {
                toTimes[to] = times[a];
                toOrder[to++] = order[a++];
            } else {
                toTimes[to] = times[b];
                toOrder[to++] = order[b++];
            }
        }
        System.arraycopy(times, a, toTimes, to, middle - a);
        System.arraycopy(order, a, toOrder, to, middle - a);
        to += middle - a;
        System.arraycopy(times, b, toTimes, to, right - b);
        System.arraycopy(order, b, toOrder, to, right - b);
    }

    private static Sorted radix(long[] times, int[] order) {
        long min = Long.MAX_VALUE;
        long max = Long.MIN_VALUE;
        for (long time : times) {
            min = Math.min(min, time);
            max = Math.max(max, time);
        }
        // The difference is right as an unsigned number even where it overflows a signed one.
        int bits = 64 - Long.numberOfLeadingZeros(max - min);
        long[] fromTimes = times;
        int[] fromOrder = order;
        long[] toTimes = new long[times.length];
        int[] toOrder = new int[times.length];
        for (int shift = 0; shift < bits; shift += RADIX_BITS) {
            int[] counts = new int[1 << RADIX_BITS];
            int mask = counts.length - 1;
            for (long time : fromTimes) {
                counts[(int) (time - min >>> shift) & mask]++;
            }
            int position = 0;
            for (int digit = 0; digit < counts.length; digit++) {
                int count = counts[digit];
                counts[digit] = position;
                position += count;
            }
            for (int i = 0; i < fromTimes.length; i++) {
                int to = counts[(int) (fromTimes[i] - min >>> shift) & mask]++;
                toTimes[to] = fromTimes[i];
                toOrder[to] = fromOrder[i];
            }
            long[] swapTimes = fromTimes;
            fromTimes = toTimes;
            toTimes = swapTimes;
            int[] swapOrder = fromOrder;
            fromOrder = toOrder;
            toOrder = swapOrder;
        }
        return new Sorted(fromTimes, Optional.of(fromOrder));
    }
}
