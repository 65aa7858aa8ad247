package io.arc.testkit;

import java.util.Random;

/// Where the kit's random numbers come from.
final class TestSeed {
    private static final long DEFAULT = 20_251_008;

    private TestSeed() {}

    static long value() {
        return Long.getLong("arc.test.seed", DEFAULT);
    }

    static Random random() {
        return new Random(value());
    }

    /// For a failure's description.
    static String text() {
        return "seed " + value() + " (-Darc.test.seed)";
    }
}
