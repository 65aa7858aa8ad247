package io.arc.plugin.msgpack;

import io.arc.api.data.Role;
import java.util.ArrayDeque;

/// Column builders that wait for their next use, so that their memory serves again. Bounded: what a very wide or very long body
/// needed is let go.
final class SpareBuilders {
    private static final int MAX_BUILDERS = 256;
    private static final long MAX_BYTES_EACH = 1L << 20;

    private final ArrayDeque<ColumnBuilder> builders = new ArrayDeque<>();

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
}
