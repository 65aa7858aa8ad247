package io.arc.runtime.query;

import java.math.BigDecimal;

/// Prints numbers and instants into bytes, without an object a value for all but the odd ones.
final class NumberText {
    private static final byte[] PAIRS = pairs();
    private static final double[] POWERS = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    private static final long[] WHOLE_POWERS = new long[19];
    /// Below it every whole number has at most 15 digits, hence exactly one nearest double and no shorter rival.
    private static final double EXACT = 1e15;
    private static final int MAX_QUICK_DECIMALS = 9;

    static {
        WHOLE_POWERS[0] = 1;
        for (int i = 1; i < WHOLE_POWERS.length; i++) {
            WHOLE_POWERS[i] = WHOLE_POWERS[i - 1] * 10;
        }
    }

    private long cachedMinute = Long.MIN_VALUE;
    private final byte[] cachedPrefix = new byte[32];
    private int cachedLength;

    private static byte[] pairs() {
        byte[] pairs = new byte[200];
        for (int i = 0; i < 100; i++) {
            pairs[2 * i] = (byte) ('0' + i / 10);
            pairs[2 * i + 1] = (byte) ('0' + i % 10);
        }
        return pairs;
    }

    static void whole(ByteOutput out, long value) {
        out.room(20);
        if (value < 0) {
            if (value == Long.MIN_VALUE) {
                out.ascii("-9223372036854775808");
                return;
            }
            out.bytes[out.size++] = '-';
            value = -value;
        }
        int digits = digits(value);
        writeDigits(out.bytes, out.size, digits, value);
        out.size += digits;
    }

    private static int digits(long value) {
        // 1233 / 4096 is a little more than the logarithm of 2.
        int least = (Long.SIZE - Long.numberOfLeadingZeros(value | 1)) * 1_233 >>> 12;
        return value >= WHOLE_POWERS[least] ? least + 1 : Math.max(1, least);
    }

    /// Writes exactly `digits` digits, zeros in front where the value has fewer.
    private static void writeDigits(byte[] bytes, int at, int digits, long value) {
        int end = at + digits;
        while (value > Integer.MAX_VALUE && end - at >= 2) {
            long rest = value / 100;
            end = putPair(bytes, end, (int) (value - rest * 100));
            value = rest;
        }
        int left = (int) value;
        while (end - at >= 2) {
            int rest = left / 100;
            end = putPair(bytes, end, left - rest * 100);
            left = rest;
        }
        if (end > at) {
            bytes[at] = (byte) ('0' + left % 10);
        }
    }

    private static int putPair(byte[] bytes, int end, int pair) {
        bytes[end - 1] = PAIRS[2 * pair + 1];
        bytes[end - 2] = PAIRS[2 * pair];
        return end - 2;
    }

    /// The shortest decimal that reads back as the same double, never with an exponent. The value is finite.
    static void decimal(ByteOutput out, double value) {
        decimal(out, value, 0);
    }

    /// @param likely how many decimals the column's last value had, which is tried first
    /// @return how many to try next
    static int decimal(ByteOutput out, double value, int likely) {
        double magnitude = Math.abs(value);
        if (magnitude < EXACT) {
            double guess = magnitude * POWERS[likely];
            long digits = (long) (guess + 0.5);
            if (likely > 0 && guess < EXACT && digits / POWERS[likely] == magnitude) {
                // Of at most 15 digits only one number is this double: without its last zeros it is the shortest.
                int decimals = likely;
                while (decimals > 0 && digits % 10 == 0) {
                    digits /= 10;
                    decimals--;
                }
                fixed(out, value < 0 || 1 / value < 0, digits, decimals);
                return likely;
            }
            for (int decimals = 0; decimals <= MAX_QUICK_DECIMALS; decimals++) {
                double scaled = magnitude * POWERS[decimals];
                if (scaled >= EXACT) {
                    break;
                }
                long whole = (long) (scaled + 0.5);
                // Both are exact in a double, and division rounds once, as reading the text does.
                if (whole / POWERS[decimals] == magnitude) {
                    fixed(out, value < 0 || 1 / value < 0, whole, decimals);
                    return decimals;
                }
            }
        }
        plain(out, Double.toString(value));
        return likely;
    }

    static void decimal(ByteOutput out, float value) {
        double exact = value;
        if (Math.abs(exact) < 1e7 && exact == Math.rint(exact)) {
            fixed(out, exact < 0 || 1 / exact < 0, (long) Math.abs(exact), 0);
        } else {
            plain(out, Float.toString(value));
        }
    }

    private static void fixed(ByteOutput out, boolean negative, long whole, int decimals) {
        out.room(24);
        if (negative) {
            out.bytes[out.size++] = '-';
        }
        if (decimals == 0) {
            whole(out, whole);
            return;
        }
        long power = WHOLE_POWERS[decimals];
        long front = whole / power;
        whole(out, front);
        out.room(decimals + 1);
        out.bytes[out.size++] = '.';
        writeDigits(out.bytes, out.size, decimals, whole - front * power);
        out.size += decimals;
    }

    private static void plain(ByteOutput out, String text) {
        if (text.indexOf('E') >= 0) {
            text = new BigDecimal(text).toPlainString();
        }
        out.ascii(text.endsWith(".0") ? text.substring(0, text.length() - 2) : text);
    }

    /// An instant as `2026-01-01T10:00:00.123Z`, without quotes, the fraction without trailing zeros. Years beyond four digits
    /// have a sign, as in ISO 8601.
    ///
    /// @param seconds since 1970 UTC
    /// @param nanos of the second, from 0
    void instant(ByteOutput out, long seconds, int nanos) {
        long minute = Math.floorDiv(seconds, 60L);
        if (minute != cachedMinute) {
            prefix(minute);
        }
        out.put(cachedPrefix, 0, cachedLength);
        out.room(16);
        int second = (int) (seconds - minute * 60);
        writeDigits(out.bytes, out.size, 2, second);
        out.size += 2;
        if (nanos != 0) {
            int digits = 9;
            int fraction = nanos;
            while (fraction % 1_000 == 0) {
                fraction /= 1_000;
                digits -= 3;
            }
            while (fraction % 10 == 0) {
                fraction /= 10;
                digits--;
            }
            out.bytes[out.size++] = '.';
            writeDigits(out.bytes, out.size, digits, fraction);
            out.size += digits;
        }
        out.bytes[out.size++] = 'Z';
    }

    private void prefix(long minute) {
        long day = Math.floorDiv(minute, 1_440L);
        int ofDay = (int) (minute - day * 1_440);
        // Days to a civil date, counting years from March so that the leap day is the last (proleptic Gregorian).
        long shifted = day + 719_468;
        long era = Math.floorDiv(shifted, 146_097L);
        long dayOfEra = shifted - era * 146_097;
        long yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
        long month = (5 * dayOfYear + 2) / 153;
        long dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1;
        long civilMonth = month < 10 ? month + 3 : month - 9;
        long year = yearOfEra + era * 400 + (civilMonth <= 2 ? 1 : 0);
        ByteOutput text = new ByteOutput(32);
        if (year < 0 || year > 9_999) {
            text.put(year < 0 ? '-' : '+');
        }
        long shown = Math.abs(year);
        int digits = Math.max(4, digits(shown));
        writeDigits(text.bytes, text.size, digits, shown);
        text.size += digits;
        text.put('-');
        writeDigits(text.bytes, text.size, 2, civilMonth);
        text.size += 2;
        text.put('-');
        writeDigits(text.bytes, text.size, 2, dayOfMonth);
        text.size += 2;
        text.put('T');
        writeDigits(text.bytes, text.size, 2, ofDay / 60);
        text.size += 2;
        text.put(':');
        writeDigits(text.bytes, text.size, 2, ofDay % 60);
        text.size += 2;
        text.put(':');
        System.arraycopy(text.bytes, 0, cachedPrefix, 0, text.size);
        cachedLength = text.size;
        cachedMinute = minute;
    }
}
