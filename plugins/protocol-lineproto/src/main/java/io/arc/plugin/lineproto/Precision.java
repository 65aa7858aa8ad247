package io.arc.plugin.lineproto;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;

/// The unit of a body's timestamps.
enum Precision {
    NANOSECONDS(0), MICROSECONDS(1), MILLISECONDS(1_000), SECONDS(1_000_000), MINUTES(60_000_000), HOURS(3_600_000_000L);

    private static final long NANOS_PER_MICRO = 1_000;

    private final long microsPerUnit;
    private final long maxUnits;
    private final long minUnits;

    Precision(long microsPerUnit) {
        this.microsPerUnit = microsPerUnit;
        this.maxUnits = microsPerUnit == 0 ? Long.MAX_VALUE : Long.MAX_VALUE / microsPerUnit;
        this.minUnits = microsPerUnit == 0 ? Long.MIN_VALUE : Long.MIN_VALUE / microsPerUnit;
    }

    /// The unit that the words of InfluxDB 1.x, 2.x and 3.x name; nanoseconds for an empty one.
    ///
    /// @throws ArcException INVALID_PARAMETER for any other word
    static Precision of(String word) {
        return switch (word) {
            case "", "ns", "n", "nanosecond" -> NANOSECONDS;
            // Micro has two code points that look alike, and clients send both.
            case "us", "u", "\u00b5s", "\u00b5", "\u03bcs", "\u03bc", "microsecond" -> MICROSECONDS;
            case "ms", "millisecond" -> MILLISECONDS;
            case "s", "second" -> SECONDS;
            case "m", "minute" -> MINUTES;
            case "h", "hour" -> HOURS;
            default -> throw new ArcException(ErrorCode.INVALID_PARAMETER, "the parameter precision is '" + word
                    + "'; it has to be ns, us, ms, s, m or h, and ns is meant without it");
        };
    }

    /// Whether 64-bit microseconds can hold that many units.
    boolean holds(long units) {
        return units >= minUnits && units <= maxUnits;
    }

    /// Microseconds since 1970; a time between two of them counts as the earlier, before 1970 too. Only for what [#holds]
    /// accepts.
    long micros(long units) {
        return microsPerUnit == 0 ? Math.floorDiv(units, NANOS_PER_MICRO) : units * microsPerUnit;
    }
}
