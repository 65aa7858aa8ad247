package io.arc.plugin.lineproto;

import java.math.BigInteger;

/// The double nearest to a decimal number, exactly as `Double.parseDouble` rounds.
///
/// Small numbers take one multiplication or division of exact doubles (Clinger, "How to read floating point numbers
/// accurately", 1990). The others are multiplied with 128 bits of a power of five (Lemire, "Number parsing at a gigabyte
/// per second", 2021), which decides nearly always; where it does not, the caller takes the slow way.
final class DecimalNumber {
    /// Says that a number needs the slow way. No number has these bits: it is a NaN of its own.
    static final long UNDECIDED = 0x7FF8_DEAD_0000_0001L;

    private static final int MIN_POWER = -342;
    private static final int MAX_POWER = 308;
    private static final int MANTISSA_BITS = 52;
    private static final int EXPONENT_BIAS = 1023;
    private static final int MAX_EXPONENT = 0x7FF;
    private static final double[] POWERS_OF_TEN = powersOfTen();
    // Two longs a power, the upper one first; the top bit is set.
    private static final long[] POWERS_OF_FIVE = powersOfFive();

    private DecimalNumber() {}

    /// The bits of `digits * 10^power`, with `digits` unsigned, infinity's for a number beyond the range, or [#UNDECIDED].
    static long bits(long digits, int power) {
        if (digits >>> MANTISSA_BITS + 1 == 0 && power <= 22 && power >= -22) {
            double exact = digits;
            return Double.doubleToRawLongBits(power < 0 ? exact / POWERS_OF_TEN[-power] : exact * POWERS_OF_TEN[power]);
        }
        return wideBits(digits, power);
    }

    private static long wideBits(long digits, int power) {
        if (digits == 0 || power < MIN_POWER) {
            return 0;
        }
        if (power > MAX_POWER) {
            return (long) MAX_EXPONENT << MANTISSA_BITS;
        }
        int leadingZeros = Long.numberOfLeadingZeros(digits);
        long normal = digits << leadingZeros;
        int index = 2 * (power - MIN_POWER);
        long high = Math.unsignedMultiplyHigh(normal, POWERS_OF_FIVE[index]);
        long low = normal * POWERS_OF_FIVE[index];
        if ((high & 0x1FF) == 0x1FF) {
            long more = Math.unsignedMultiplyHigh(normal, POWERS_OF_FIVE[index + 1]);
            low += more;
            if (Long.compareUnsigned(more, low) > 0) {
                high++;
            }
        }
        if (low == -1 && (power < -27 || power > 55)) {
            return UNDECIDED;
        }
        int upper = (int) (high >>> 63);
        int shift = upper + 64 - MANTISSA_BITS - 3;
        long mantissa = high >>> shift;
        int exponent = ((152_170 + 65_536) * power >> 16) + 63 + upper - leadingZeros + EXPONENT_BIAS;
        if (exponent <= 0) {
            return UNDECIDED;
        }
        if (Long.compareUnsigned(low, 1) <= 0 && power >= -4 && power <= 23 && (mantissa & 3) == 1
                && mantissa << shift == high) {
            // Exactly half way between two doubles: the even one.
            mantissa &= ~1L;
        }
        mantissa += mantissa & 1;
        mantissa >>>= 1;
        if (mantissa >= 2L << MANTISSA_BITS) {
            mantissa = 1L << MANTISSA_BITS;
            exponent++;
        }
        if (exponent >= MAX_EXPONENT) {
            return (long) MAX_EXPONENT << MANTISSA_BITS;
        }
        return mantissa & (1L << MANTISSA_BITS) - 1 | (long) exponent << MANTISSA_BITS;
    }

    private static double[] powersOfTen() {
        double[] powers = new double[23];
        powers[0] = 1;
        for (int i = 1; i < powers.length; i++) {
            powers[i] = powers[i - 1] * 10;
        }
        return powers;
    }

    private static long[] powersOfFive() {
        long[] powers = new long[2 * (MAX_POWER - MIN_POWER + 1)];
        BigInteger five = BigInteger.valueOf(5);
        for (int power = MIN_POWER; power <= MAX_POWER; power++) {
            BigInteger exact = five.pow(Math.abs(power));
            BigInteger top;
            if (power >= 0) {
                top = exact.shiftLeft(128).shiftRight(exact.bitLength());
            } else {
                // One above the reciprocal, as the truncated product needs it.
                int bits = exact.subtract(BigInteger.ONE).bitLength();
                BigInteger reciprocal = BigInteger.ONE.shiftLeft(power >= -27 ? bits + 127 : 2 * bits + 128).divide(exact)
                        .add(BigInteger.ONE);
                top = reciprocal.shiftRight(Math.max(0, reciprocal.bitLength() - 128));
            }
            int index = 2 * (power - MIN_POWER);
            powers[index] = top.shiftRight(64).longValue();
            powers[index + 1] = top.longValue();
        }
        return powers;
    }
}
