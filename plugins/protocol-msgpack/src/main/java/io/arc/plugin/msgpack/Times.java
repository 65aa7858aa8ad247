package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;

/// Timestamps in any unit to microseconds since 1970 UTC. The unit of a number is told by its magnitude, whatever its sign:
/// below 1e10 seconds, below 1e13 milliseconds, below 1e16 microseconds, else nanoseconds.
final class Times {
    /// A unit and its arithmetic.
    enum Unit {
        SECONDS(1_000_000), MILLIS(1_000), MICROS(1), NANOS(0);

        private final long factor;

        Unit(long factor) {
            this.factor = factor;
        }

        /// @throws ArithmeticException past 64 bits
        long micros(long value) {
            return this == NANOS ? Math.floorDiv(value, 1000) : Math.multiplyExact(value, factor);
        }

        /// Rounds down to whole microseconds.
        double micros(double value) {
            return this == NANOS ? value / 1000 : value * factor;
        }

        static Unit of(double magnitude) {
            double absolute = Math.abs(magnitude);
            return absolute < 1e10 ? SECONDS : absolute < 1e13 ? MILLIS : absolute < 1e16 ? MICROS : NANOS;
        }

        static Unit of(long magnitude) {
            // Long.MIN_VALUE has no absolute value and is beyond every border.
            long absolute = magnitude == Long.MIN_VALUE ? Long.MAX_VALUE : Math.abs(magnitude);
            return absolute < 10_000_000_000L ? SECONDS
                    : absolute < 10_000_000_000_000L ? MILLIS : absolute < 10_000_000_000_000_000L ? MICROS : NANOS;
        }

        /// The unit that a request parameter names.
        static Unit named(String name) {
            return switch (name) {
                case "s", "second" -> SECONDS;
                case "ms", "millisecond" -> MILLIS;
                case "us", "u", "µs", "µ", "microsecond" -> MICROS;
                case "ns", "n", "nanosecond" -> NANOS;
                default -> throw new ArcException(ErrorCode.INVALID_PARAMETER,
                        "precision '" + name + "' is none of ns, us, ms, s");
            };
        }
    }

    private Times() {}

    static long fromLong(long value, Unit unit, int row) {
        try {
            return unit.micros(value);
        } catch (ArithmeticException tooLarge) {
            throw invalid(row, "the time " + value + " in " + unit.name().toLowerCase(java.util.Locale.ROOT)
                    + " is beyond what 64-bit microseconds hold");
        }
    }

    static long fromDouble(double value, Unit unit, int row) {
        double micros = Math.floor(unit.micros(value));
        // The first double past the range of long; NaN fails the comparison, too.
        if (!(micros >= -0x1p63 && micros < 0x1p63)) {
            throw invalid(row, "the time " + value + " is no instant");
        }
        return (long) micros;
    }

    /// A timestamp extension, of type -1. The cursor is at its header.
    static Instant extension(Input input, int row) {
        int length = input.extensionLength();
        if (input.bytes[input.at] != -1) {
            throw invalid(row, "an extension of type " + input.bytes[input.at] + " is no timestamp");
        }
        int at = input.at + 1;
        input.at = at + length;
        try {
            return switch (length) {
                case 4 -> Instant.ofEpochSecond(input.intAt(at) & 0xffff_ffffL);
                case 8 -> {
                    long packed = input.longAt(at);
                    yield Instant.ofEpochSecond(packed & 0x3_ffff_ffffL, packed >>> 34);
                }
                case 12 -> Instant.ofEpochSecond(input.longAt(at + 4), input.intAt(at) & 0xffff_ffffL);
                default -> throw invalid(row, "a timestamp extension has 4, 8 or 12 bytes, not " + length);
            };
        } catch (DateTimeException | ArithmeticException beyond) {
            throw invalid(row, "the timestamp extension is no instant");
        }
    }

    static long micros(Instant instant, int row) {
        try {
            return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
        } catch (ArithmeticException tooLarge) {
            throw invalid(row, "the time " + instant + " is beyond what 64-bit microseconds hold");
        }
    }

    /// RFC 3339 text. The cursor is at its header.
    static long text(Input input, int row) {
        int length = input.textLength();
        String text = new String(input.bytes, input.at, length, StandardCharsets.UTF_8);
        input.at += length;
        try {
            return micros(OffsetDateTime.parse(text).toInstant(), row);
        } catch (DateTimeException notATime) {
            throw invalid(row, "the time '" + (text.length() > 40 ? text.substring(0, 40) + "…" : text)
                    + "' is not of the form 2026-01-01T10:00:00.123Z");
        }
    }

    static ArcException invalid(int row, String what) {
        return new ArcException(ErrorCode.INVALID_TIMESTAMP, "row " + row + ": " + what);
    }
}
