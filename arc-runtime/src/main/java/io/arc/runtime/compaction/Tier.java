package io.arc.runtime.compaction;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/// What is merged into what.
public enum Tier {
    /// The files of one UTC hour.
    HOURLY(1, Duration.ofHours(1)),
    /// The files of one UTC day, mostly results of [#HOURLY].
    DAILY(2, Duration.ofDays(1));

    private final int level;
    private final Duration span;

    Tier(int level, Duration span) {
        this.level = level;
        this.span = span;
    }

    /// The [io.arc.runtime.catalog.DataFile#level] of its results.
    public int level() {
        return level;
    }

    /// How much time a partition of the tier holds.
    public Duration span() {
        return span;
    }

    /// As routes and configuration spell it: `hourly`.
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// How the names of its results end, before `.parquet`.
    String suffix() {
        return switch (this) {
            case HOURLY -> "compacted";
            case DAILY -> "daily";
        };
    }

    public static Optional<Tier> find(String text) {
        for (Tier tier : values()) {
            if (tier.text().equals(text.strip().toLowerCase(Locale.ROOT))) {
                return Optional.of(tier);
            }
        }
        return Optional.empty();
    }
}
