package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;

/// Timestamps in any unit to microseconds since 1970 UTC. The unit of a number is told by its magnitude, whatever its sign:
/// below 1e10 seconds, below 1e13 milliseconds, below 1e16 microseconds, else nanoseconds.
final class Times {
    /// In place of a row's number, for items that are one row.
    static final int NO_ROW = -1;
    private static final int MAX_SHOWN = 40;

    /// A unit and its arithmetic.
    enum Unit {
        SECONDS(1_000_000), MILLIS(1_000), MICROS(1), NANOS(0);

        private final long factor;

        Unit(long factor) {
            this.factor = factor;
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

    /// Nanoseconds are rounded down.
    static long fromLong(long value, Unit unit, Input input, int row) {
        if (unit == Unit.NANOS) {
            return Math.floorDiv(value, 1000L);
        }
        long micros = value * unit.factor;
        if (Math.multiplyHigh(value, unit.factor) != micros >> 63) {
            throw invalid(input, row, "the time " + value + " in " + unit.name().toLowerCase(Locale.ROOT)
                    + " is beyond what 64-bit microseconds hold");
        }
        return micros;
    }

    /// A fraction of a second or of a millisecond is rounded to the nearest microsecond, because no double holds one exactly;
    /// finer units are rounded down.
    static long fromDouble(double value, Unit unit, Input input, int row) {
        double micros = switch (unit) {
            case SECONDS, MILLIS -> Math.rint(value * unit.factor);
            case MICROS -> Math.floor(value);
            case NANOS -> Math.floor(value / 1000);
        };
        // 2^63 is the first double past the range of long; NaN fails the comparison, too.
        if (!(micros >= -0x1p63 && micros < 0x1p63)) {
            throw invalid(input, row, "the time " + value + " is no instant within 64-bit microseconds");
        }
        return (long) micros;
    }

    /// A timestamp extension, of type -1. The cursor is at its header and moves behind it.
    static Instant extension(Input input, int row) {
        int length = input.extensionLength();
        byte type = input.bytes[input.at];
        if (type != -1) {
            throw input.malformed("an extension of type " + type + " has no meaning here; only timestamps, of type -1, have");
        }
        int at = input.at + 1;
        long nanos;
        long seconds;
        switch (length) {
            case 4 -> {
                seconds = input.intAt(at) & 0xffff_ffffL;
                nanos = 0;
            }
            case 8 -> {
                long packed = input.longAt(at);
                seconds = packed & 0x3_ffff_ffffL;
                nanos = packed >>> 34;
            }
            case 12 -> {
                seconds = input.longAt(at + 4);
                nanos = input.intAt(at) & 0xffff_ffffL;
            }
            default -> throw input.malformed("a timestamp extension has 4, 8 or 12 bytes, not " + length);
        }
        input.at = at + length;
        try {
            // Nanoseconds of a second and more, which the format forbids and some senders write, carry over.
            return Instant.ofEpochSecond(seconds, nanos);
        } catch (DateTimeException | ArithmeticException beyond) {
            throw invalid(input, row, "a timestamp extension of " + seconds + " s and " + nanos + " ns is no instant");
        }
    }

    static long micros(Instant instant, Input input, int row) {
        try {
            return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
        } catch (ArithmeticException tooLarge) {
            throw invalid(input, row, "the time " + instant + " is beyond what 64-bit microseconds hold");
        }
    }

    /// RFC 3339 text. The cursor is at its header and moves behind it.
    static long text(Input input, int row) {
        int length = input.textLength();
        String text = new String(input.bytes, input.at, length, StandardCharsets.UTF_8);
        input.at += length;
        try {
            return micros(OffsetDateTime.parse(text).toInstant(), input, row);
        } catch (DateTimeException notATime) {
            throw invalid(input, row, "the time '" + (text.length() > MAX_SHOWN ? text.substring(0, MAX_SHOWN) + "…" : text)
                    + "' is not of the form 2026-01-01T10:00:00.123Z");
        }
    }

    static ArcException invalid(Input input, int row, String what) {
        return new ArcException(ErrorCode.INVALID_TIMESTAMP, "item " + input.item + (row == NO_ROW ? "" : ", row " + row) + ": "
                + what);
    }
}
