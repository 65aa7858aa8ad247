package io.arc.plugin.lineproto;

import java.nio.charset.StandardCharsets;

/// Reads one number of a line. After [#read] the fields hold what was found; one thread.
final class NumberReader {
    /// Digits that surely fit into an unsigned long.
    private static final int SAFE_DIGITS = 19;
    private static final int MAX_EXPONENT = 100_000;
    private static final long ASCII_ZEROS = ByteText.repeat('0');
    private static final long TO_HIGH_BIT = ByteText.repeat((char) 0x76);
    private static final long SIGN_BIT = Long.MIN_VALUE;
    private static final long INFINITY_BITS = 0x7FF0_0000_0000_0000L;
    private static final long[] TENS = {1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000};

    private long bits;
    private int textEnd;
    private int end;

    /// What a text is.
    enum Found {
        INTEGER, FLOAT, NOT_A_NUMBER, INTEGER_TOO_LARGE, FLOAT_TOO_LARGE
    }

    /// The integer, or the float's bits.
    long bits() {
        return bits;
    }

    /// Behind the number's last character, without the `i` or `u` of an integer.
    int textEnd() {
        return textEnd;
    }

    /// Behind the number and its suffix.
    int end() {
        return end;
    }

    /// Eight times `10 *` and `+`, in three multiplications.
    private static long eightDigits(long values) {
        long pairs = (values & 0x0F0F_0F0F_0F0F_0F0FL) * 2_561 >>> 8;
        long fours = (pairs & 0x00FF_00FF_00FF_00FFL) * 6_553_601 >>> 16;
        return (fours & 0x0000_FFFF_0000_FFFFL) * 42_949_672_960_001L >>> 32;
    }

    /// How many bytes of a word, whose zeros were taken off, are digits before the first that is not.
    private static int digitCount(long values) {
        return Long.numberOfTrailingZeros((values + TO_HIGH_BIT | values) & ByteText.HIGH_BITS) >>> 3;
    }

    /// Reads a field's number from `from`: a sign or none, digits, then `i` or `u`, or a fraction or exponent or neither.
    Found read(byte[] body, int from, int limit) {
        int at = from;
        boolean negative = false;
        if (at < limit && (body[at] == '-' || body[at] == '+')) {
            negative = body[at] == '-';
            at++;
        }
        int digitsFrom = at;
        long digits = 0;
        int count;
        do {
            long values = ByteText.word(body, at) ^ ASCII_ZEROS;
            count = Math.min(digitCount(values), limit - at);
            if (count > 0) {
                digits = digits * TENS[count] + eightDigits(values << (Long.BYTES - count << 3));
                at += count;
            }
        } while (count == Long.BYTES);
        int digitCount = at - digitsFrom;
        int power = 0;
        byte next = at < limit ? body[at] : 0;
        if (next == '.') {
            int fractionFrom = ++at;
            do {
                long values = ByteText.word(body, at) ^ ASCII_ZEROS;
                count = Math.min(digitCount(values), limit - at);
                if (count > 0) {
                    digits = digits * TENS[count] + eightDigits(values << (Long.BYTES - count << 3));
                    at += count;
                }
            } while (count == Long.BYTES);
            power = fractionFrom - at;
            digitCount -= power;
            next = at < limit ? body[at] : 0;
        } else if (next == 'i' || next == 'u') {
            textEnd = at;
            end = at + 1;
            return digitCount == 0 ? Found.NOT_A_NUMBER : integer(body, digitsFrom, digits, digitCount, negative, next == 'u');
        }
        if (digitCount == 0) {
            end = from;
            return Found.NOT_A_NUMBER;
        }
        if (next == 'e' || next == 'E') {
            at = exponent(body, at + 1, limit);
            if (at < 0) {
                end = from;
                return Found.NOT_A_NUMBER;
            }
            power += (int) bits;
        }
        textEnd = at;
        end = at;
        long found = significant(body, digitsFrom, digitCount) <= SAFE_DIGITS ? DecimalNumber.bits(digits, power)
                : DecimalNumber.UNDECIDED;
        if (found == DecimalNumber.UNDECIDED) {
            found = Double.doubleToRawLongBits(Math.abs(Double.parseDouble(
                    new String(body, from, at - from, StandardCharsets.ISO_8859_1))));
        }
        bits = negative ? found | SIGN_BIT : found;
        return found == INFINITY_BITS ? Found.FLOAT_TOO_LARGE : Found.FLOAT;
    }

    private Found integer(byte[] body, int digitsFrom, long digits, int digitCount, boolean negative, boolean unsigned) {
        if (unsigned && negative) {
            return Found.NOT_A_NUMBER;
        }
        return signed(body, digitsFrom, digits, digitCount, negative) ? Found.INTEGER : Found.INTEGER_TOO_LARGE;
    }

    // How many digits count: zeros in front do not, where there are too many digits.
    private static int significant(byte[] body, int digitsFrom, int digitCount) {
        int significant = digitCount;
        for (int at = digitsFrom; significant > SAFE_DIGITS && (body[at] == '0' || body[at] == '.'); at++) {
            significant -= body[at] == '0' ? 1 : 0;
        }
        return significant;
    }

    private boolean signed(byte[] body, int digitsFrom, long digits, int digitCount, boolean negative) {
        if (significant(body, digitsFrom, digitCount) > SAFE_DIGITS
                || Long.compareUnsigned(digits, Long.MAX_VALUE + (negative ? 1L : 0L)) > 0) {
            return false;
        }
        bits = negative ? -digits : digits;
        return true;
    }

    // Leaves the exponent in `bits` and returns its end, or -1 where no digit is.
    private int exponent(byte[] body, int from, int limit) {
        int at = from;
        boolean negative = false;
        if (at < limit && (body[at] == '-' || body[at] == '+')) {
            negative = body[at] == '-';
            at++;
        }
        int digitsFrom = at;
        int exponent = 0;
        while (at < limit && body[at] >= '0' && body[at] <= '9') {
            exponent = Math.min(MAX_EXPONENT, exponent * 10 + body[at] - '0');
            at++;
        }
        bits = negative ? -exponent : exponent;
        return at == digitsFrom ? -1 : at;
    }

    /// Reads a timestamp: digits with a minus or without.
    ///
    /// @return INTEGER, NOT_A_NUMBER or INTEGER_TOO_LARGE
    Found readTime(byte[] body, int from, int limit) {
        int at = from;
        boolean negative = at < limit && body[at] == '-';
        if (negative) {
            at++;
        }
        int digitsFrom = at;
        long digits = 0;
        int count;
        do {
            long values = ByteText.word(body, at) ^ ASCII_ZEROS;
            count = Math.min(digitCount(values), limit - at);
            if (count > 0) {
                digits = digits * TENS[count] + eightDigits(values << (Long.BYTES - count << 3));
                at += count;
            }
        } while (count == Long.BYTES);
        textEnd = at;
        end = at;
        if (at == digitsFrom) {
            return Found.NOT_A_NUMBER;
        }
        return signed(body, digitsFrom, digits, at - digitsFrom, negative) ? Found.INTEGER : Found.INTEGER_TOO_LARGE;
    }
}
