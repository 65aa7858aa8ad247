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
    private static final long NANOS_PER_SECOND = 1_000_000_000;

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

    /// Appends a timestamp extension, of type -1, as RFC 3339 text. The cursor is at its header and moves behind it.
    static void appendExtension(TextBuffer text, Input input, int row) {
        int length = extensionLength(input);
        long nanos = extensionNanos(input, length);
        text.addInstant(extensionSeconds(input, length, nanos, row), (int) (nanos % NANOS_PER_SECOND));
        input.at += 1 + length;
    }

    /// A timestamp extension, of type -1, in microseconds. The cursor is at its header and moves behind it.
    static long extensionMicros(Input input, int row) {
        int length = extensionLength(input);
        long nanos = extensionNanos(input, length);
        long micros = micros(extensionSeconds(input, length, nanos, row), (int) (nanos % NANOS_PER_SECOND), input, row);
        input.at += 1 + length;
        return micros;
    }

    /// The cursor moves to the type byte.
    private static int extensionLength(Input input) {
        int length = input.extensionLength();
        byte type = input.bytes[input.at];
        if (type != -1) {
            throw input.malformed("an extension of type " + type + " has no meaning here; only timestamps, of type -1, have");
        }
        if (length != 4 && length != 8 && length != 12) {
            throw input.malformed("a timestamp extension has 4, 8 or 12 bytes, not " + length);
        }
        return length;
    }

    private static long extensionNanos(Input input, int length) {
        return switch (length) {
            case 4 -> 0;
            case 8 -> input.longAt(input.at + 1) >>> 34;
            default -> input.intAt(input.at + 1) & 0xffff_ffffL;
        };
    }

    /// Nanoseconds of a second and more, which the format forbids and some senders write, carry over.
    private static long extensionSeconds(Input input, int length, long nanos, int row) {
        long seconds = switch (length) {
            case 4 -> input.intAt(input.at + 1) & 0xffff_ffffL;
            case 8 -> input.longAt(input.at + 1) & 0x3_ffff_ffffL;
            default -> input.longAt(input.at + 5);
        };
        long carried = seconds + nanos / NANOS_PER_SECOND;
        if (carried < seconds || carried < Instant.MIN.getEpochSecond() || carried > Instant.MAX.getEpochSecond()) {
            throw invalid(input, row, "a timestamp extension of " + seconds + " s and " + nanos + " ns is no instant");
        }
        return carried;
    }

    private static long micros(long seconds, int nanos, Input input, int row) {
        try {
            return Math.addExact(Math.multiplyExact(seconds, 1_000_000L), nanos / 1000);
        } catch (ArithmeticException tooLarge) {
            throw invalid(input, row, "the time " + Instant.ofEpochSecond(seconds, nanos)
                    + " is beyond what 64-bit microseconds hold");
        }
    }

    /// RFC 3339 text. The cursor is at its header and moves behind it.
    static long text(Input input, int row) {
        int length = input.textLength();
        String text = new String(input.bytes, input.at, length, StandardCharsets.UTF_8);
        input.at += length;
        try {
            Instant instant = OffsetDateTime.parse(text).toInstant();
            return micros(instant.getEpochSecond(), instant.getNano(), input, row);
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
