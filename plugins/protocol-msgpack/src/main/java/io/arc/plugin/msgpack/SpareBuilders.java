package io.arc.plugin.msgpack;

import io.arc.api.data.Role;
import java.util.ArrayDeque;
import java.util.SplittableRandom;

/// Column builders that wait for their next use, so that their memory serves again, and what they share. What a very wide or very
/// long body needed is let go when it ends.
final class SpareBuilders {
    private static final int MAX_BUILDERS = 256;
    private static final long MAX_BYTES_EACH = 1L << 20;

    private final ArrayDeque<ColumnBuilder> builders = new ArrayDeque<>();
    private final TextBuffer text = new TextBuffer();
    private final SmallArrays small = new SmallArrays();
    private final long seed;
    private final long otherSeed;

    SpareBuilders() {
        SplittableRandom random = new SplittableRandom();
        seed = random.nextLong();
        otherSeed = random.nextLong();
    }

    TextSet newTextSet() {
        return new TextSet(text, seed, otherSeed);
    }

    /// For a text that is being made out of another value.
    TextBuffer text() {
        return text;
    }

    SmallArrays small() {
        return small;
    }

    ColumnBuilder take(String name, Role role, int expectedRows) {
        ColumnBuilder builder = builders.poll();
        if (builder == null) {
            builder = new ColumnBuilder(this);
        }
        builder.reset(name, role, expectedRows);
        return builder;
    }

    void give(ColumnBuilder builder) {
        if (builder.retainedBytes() <= MAX_BYTES_EACH) {
            builders.push(builder);
        }
    }

    void endBody() {
        while (builders.size() > MAX_BUILDERS) {
            builders.pollLast();
        }
        text.release();
        small.release();
    }
}
