package io.arc.plugin.lineproto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// Every float is the one that `Double.parseDouble` gives, to the bit.
class DecimalNumberTest {
    private static final long SEED = Long.getLong("arc.test.seed", 20_251_008);
    private static final int COUNT = 1_500_000;

    private final NumberReader reader = new NumberReader();

    private void requireSame(String text) {
        byte[] bytes = (" " + text + ",").getBytes(StandardCharsets.US_ASCII);
        NumberReader.Found found = reader.read(bytes, 1, bytes.length);
        double expected = Double.parseDouble(text);
        boolean inRange = !Double.isInfinite(expected);
        if (found != (inRange ? NumberReader.Found.FLOAT : NumberReader.Found.FLOAT_TOO_LARGE)
                || inRange && reader.bits() != Double.doubleToRawLongBits(expected) || reader.end() != bytes.length - 1) {
            fail("%s of seed %d is read as %s %s up to byte %d, and is %s", text, SEED, found,
                    Double.longBitsToDouble(reader.bits()), reader.end(), expected);
        }
    }

    @Test
    void shortestTextsOfRandomDoubles() {
        Random random = new Random(SEED);
        for (int i = 0; i < COUNT; i++) {
            double value = Double.longBitsToDouble(random.nextLong());
            if (Double.isFinite(value)) {
                requireSame(Double.toString(value));
            }
        }
    }

    @Test
    void randomDigitsAndExponents() {
        Random random = new Random(SEED);
        for (int i = 0; i < COUNT; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? "-" : random.nextInt(9) == 0 ? "+" : "");
            int digits = 1 + random.nextInt(random.nextInt(20) == 0 ? 40 : 20);
            int point = random.nextInt(digits + 2);
            for (int digit = 0; digit < digits; digit++) {
                text.append(digit == point ? "." : "").append((char) ('0' + random.nextInt(10)));
            }
            if (random.nextInt(3) == 0) {
                text.append(random.nextBoolean() ? 'e' : 'E').append(random.nextInt(4) == 0 ? "+" : "")
                        .append(text.charAt(text.length() - 1) == '+' ? random.nextInt(330) : random.nextInt(700) - 350);
            }
            requireSame(text.toString());
        }
    }

    @Test
    void numbersHalfWayBetweenTwoDoubles() {
        Random random = new Random(SEED);
        for (int i = 0; i < COUNT / 10; i++) {
            double low = Double.longBitsToDouble((random.nextLong() & 0x000F_FFFF_FFFF_FFFFL)
                    | (long) (1023 + random.nextInt(120) - 40) << 52);
            BigDecimal half = new BigDecimal(low).add(new BigDecimal(Math.nextUp(low))).divide(BigDecimal.TWO);
            requireSame(half.toPlainString());
            requireSame(half.round(new MathContext(19)).toString());
            requireSame(half.toBigInteger().toString());
            requireSame(Long.toUnsignedString(random.nextLong() | 1L << 53));
        }
    }

    @Test
    void corners() {
        for (String text : new String[] {"0", "-0", "0.0", "-0.000e99", "1", "9007199254740993", "9007199254740992.5",
            "4.9e-324", "2.4703282292062327e-324", "2.4703282292062328e-324", "2.2250738585072011e-308",
            "2.2250738585072014e-308", "1.7976931348623157e308", "1.7976931348623159e308", "1e308", "1e309",
            "123456789012345678e-400", "1e-343", "0e999999", "9223372036854775807", "18446744073709551615",
            "18446744073709551616", "0.000000000000000000000000000001", "0.0012345678901234567",
            "0000000000000000000012345678.9", "8.41e21", "5e-20", "1e23", "6.631236846766476e-316",
            "100000000000000016777215", "100000000000000016777216"}) {
            requireSame(text);
        }
    }

    @Test
    void allocatesNothingForUsualNumbers() {
        byte[][] texts = new byte[1_000][];
        Random random = new Random(SEED);
        for (int i = 0; i < texts.length; i++) {
            texts[i] = Double.toString(random.nextGaussian() * Math.pow(10, random.nextInt(12) - 6))
                    .getBytes(StandardCharsets.US_ASCII);
        }
        long least = Long.MAX_VALUE;
        long sum = 0;
        for (int round = 0; round < 30; round++) {
            long before = allocatedBytes();
            for (byte[] text : texts) {
                reader.read(text, 0, text.length);
                sum += reader.bits();
            }
            least = Math.min(least, allocatedBytes() - before);
        }
        assertThat(least).as("bytes for %d numbers, sum %d", texts.length, sum).isLessThan(1_000);
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
