package io.arc.runtime.partition;

import io.arc.api.data.TableId;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;

/// One UTC hour, the unit in which a table is laid out in the store.
///
/// Every 64-bit microsecond time has an hour, also those before 1970 (floor division) and those whose year does not have four
/// digits: such a year is written with all its digits, a negative one after a minus sign, so that no two hours share a folder.
///
/// @param hour hours since 1970-01-01T00:00Z
public record HourPartition(long hour) implements Comparable<HourPartition> {
    /// The microseconds of an hour.
    public static final long MICROS = 3_600_000_000L;

    private static final long FIRST = Math.floorDiv(Long.MIN_VALUE, MICROS);
    private static final long LAST = Math.floorDiv(Long.MAX_VALUE, MICROS);

    /// @throws IllegalArgumentException for an hour that no 64-bit microsecond time falls into
    public HourPartition {
        if (hour < FIRST || hour > LAST) {
            throw new IllegalArgumentException("hour " + hour + " is outside what 64-bit microseconds can hold");
        }
    }

    /// The hour that a time in microseconds since 1970 UTC falls into.
    public static HourPartition of(long epochMicros) {
        return new HourPartition(Math.floorDiv(epochMicros, MICROS));
    }

    /// The first microsecond of the hour, or the least 64-bit time where the hour begins before it.
    public long firstMicros() {
        return hour == FIRST ? Long.MIN_VALUE : hour * MICROS;
    }

    /// The last microsecond of the hour, included, or the greatest 64-bit time where the hour ends after it.
    public long lastMicros() {
        return hour == LAST ? Long.MAX_VALUE : hour * MICROS + (MICROS - 1);
    }

    /// The folder of the hour in the store: `{database}/{table}/{YYYY}/{MM}/{DD}/{HH}`, without a slash at either end.
    public String directory(TableId table) {
        LocalDateTime start = utc(Math.multiplyExact(hour, 3600));
        StringBuilder path = new StringBuilder(table.database().length() + table.table().length() + 16);
        path.append(table.database()).append('/').append(table.table()).append('/');
        appendYear(path, start.getYear()).append('/');
        appendTwo(path, start.getMonthValue()).append('/');
        appendTwo(path, start.getDayOfMonth()).append('/');
        return appendTwo(path, start.getHour()).toString();
    }

    /// The key of a new data file: its folder and `{table}_{yyyyMMdd_HHmmss}_{rowCount}-{unique}.parquet`.
    ///
    /// @param firstRowMicros the least time in the file, which lies in this hour
    /// @param unique from [UniqueSuffixes], so that two files of one second and one row count never share a key
    public String key(TableId table, long firstRowMicros, long rowCount, String unique) {
        if (Math.floorDiv(firstRowMicros, MICROS) != hour) {
            throw new IllegalArgumentException("time " + firstRowMicros + " is not in hour " + hour + " of " + table);
        }
        LocalDateTime first = utc(Math.floorDiv(firstRowMicros, 1_000_000L));
        StringBuilder key = new StringBuilder(directory(table)).append('/').append(table.table()).append('_');
        appendYear(key, first.getYear());
        appendTwo(appendTwo(key, first.getMonthValue()), first.getDayOfMonth()).append('_');
        appendTwo(appendTwo(appendTwo(key, first.getHour()), first.getMinute()), first.getSecond());
        return key.append('_').append(rowCount).append('-').append(unique).append(".parquet").toString();
    }

    /// Where a sorted run of times changes hour. Piece i is rows `[result[i], result[i + 1])` and lies in one hour; no piece is
    /// empty. Costs a binary search per hour, none when all rows share one.
    ///
    /// @param sortedMicros ascending within `[from, to)`; what lies outside is not read
    /// @return the start of each piece and `to` at the end; just `{to}` when there are no rows
    public static int[] split(long[] sortedMicros, int from, int to) {
        int[] starts = new int[8];
        int pieces = 0;
        int row = from;
        while (row < to) {
            if (pieces + 1 == starts.length) {
                starts = Arrays.copyOf(starts, starts.length * 2);
            }
            starts[pieces++] = row;
            row = endOfHour(sortedMicros, row, to);
        }
        starts[pieces] = to;
        return Arrays.copyOf(starts, pieces + 1);
    }

    private static int endOfHour(long[] sortedMicros, int row, int to) {
        long last = of(sortedMicros[row]).lastMicros();
        if (sortedMicros[to - 1] <= last) {
            return to;
        }
        int within = row;
        int beyond = to - 1;
        while (beyond - within > 1) {
            int middle = (within + beyond) >>> 1;
            if (sortedMicros[middle] <= last) {
                within = middle;
            } else {
                beyond = middle;
            }
        }
        return beyond;
    }

    @Override
    public int compareTo(HourPartition other) {
        return Long.compare(hour, other.hour);
    }

    /// The start of the hour in ISO 8601, for messages.
    @Override
    public String toString() {
        return Instant.ofEpochSecond(hour * 3600).toString();
    }

    private static LocalDateTime utc(long epochSecond) {
        return LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
    }

    private static StringBuilder appendYear(StringBuilder text, int year) {
        if (year < 0) {
            text.append('-');
        }
        int digits = Math.abs(year);
        for (int bound = 1000; bound > 1 && digits < bound; bound /= 10) {
            text.append('0');
        }
        return text.append(digits);
    }

    private static StringBuilder appendTwo(StringBuilder text, int number) {
        return text.append((char) ('0' + number / 10)).append((char) ('0' + number % 10));
    }
}
