package io.arc.plugin.msgpack;

import io.arc.api.data.Role;
import java.util.ArrayDeque;

/// Column builders, and arrays for times, that wait for their next use, so that their memory serves again. Bounded: what a very
/// wide or very long body needed is let go.
final class SpareBuilders {
    private static final int MAX_BUILDERS = 256;
    private static final long MAX_BYTES_EACH = 1L << 20;

    private final ArrayDeque<ColumnBuilder> builders = new ArrayDeque<>();
    private final ArrayDeque<long[]> times = new ArrayDeque<>();

    ColumnBuilder take(String name, Role role, int expectedRows) {
        ColumnBuilder builder = builders.poll();
        if (builder == null) {
            builder = new ColumnBuilder();
        }
        builder.reset(name, role, expectedRows);
        return builder;
    }

    void give(ColumnBuilder builder) {
        if (builders.size() < MAX_BUILDERS && builder.retainedBytes() <= MAX_BYTES_EACH) {
            builders.push(builder);
        }
    }

    long[] takeTimes() {
        long[] array = times.poll();
        return array == null ? new long[16] : array;
    }

    void giveTimes(long[] array) {
        if (times.size() < MAX_BUILDERS && 8L * array.length <= MAX_BYTES_EACH) {
            times.push(array);
        }
    }
}
