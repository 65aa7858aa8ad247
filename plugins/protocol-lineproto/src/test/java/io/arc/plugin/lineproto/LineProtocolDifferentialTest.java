package io.arc.plugin.lineproto;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.TestParameters;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/// The decoder and [ReferenceLines] accept the same lines and read the same cells, over random bodies.
class LineProtocolDifferentialTest {
    private static final long SEED = Long.getLong("arc.test.seed", 20_251_008);
    private static final int BODIES = 1_000_000;

    private static final String[] TABLES = {"m", "m", "cpu", "m-2", "a\\ b", "9x", "", "m\\", "\\,m", "m\\\\", "caf\u00e9"};
    private static final String[] KEYS = {"a", "b", "host", "time", "a_value", "time_value", "x\\ y", "x\\=y", "k\\,",
            "k\\\\", "caf\u00e9", "\"q\"", "a_long_key_of_more_bytes", "", "k\\"};
    private static final String[] TAGS = {"a", "b", "server01", "eu-west", "x\\ y", "x\\,y", "x\\=y", "x=y", "C:\\dir",
            "C:\\\\ x", "end\\\\", "\"q", "\"", "caf\u00e9", "", "a\\", "0123456789abcdef", "\u20ac\ud83d\ude00"};
    private static final int PLAIN_VALUES = 10;
    private static final String[] VALUES = {"1", "1", "2.5", "-0", "1i", "2i", "-3i", "7u", "\"text\"", "t",
            "9007199254740993i", "18446744073709551615u", "9223372036854775807i", "9223372036854775808i",
            "-9223372036854775808i", "1e5", "1E-3", "1e999", ".5", "5.", ".", "-", "+5", "+5i", "1.5i", "0x1p3", "NaN",
            "Inf", "t", "T", "true", "True", "TRUE", "f", "F", "false", "False", "FALSE", "tRue", "\"\"", "\"x y\"",
            "\"a,b=c\"", "\"say \\\"hi\\\"\"", "\"C:\\\\dir\"", "\"C:\\dir\"", "\"two\nlines\"", "\"open", "word", "",
            "0.1234567890123456789", "00000000000000000000012i", "123456789012345678901234567890", "1.7976931348623159e308",
            "\"caf\u00e9\"", "1_000", "5e", "5e+"};
    private static final String[] TIMES = {"", "", " 1759933800000000000", " 1", " -1", " 0", " -1001",
            " 9223372036854775807", " -9223372036854775808", " 9223372036854775808", " 12x", " -", " 1.5", " 1 2", "  7 ",
            " +1", " 000000000000000000000012"};
    private static final String[] ENDS = {"\n", "\n", "\n", "\r\n", " \n", "\t\n", "", "\n\n", "\n#comment \" = \n", "\n \t"};
    private static final String[] SOUP = {"m", "a", "b", "=", "=", ",", ",", " ", " ", "\\", "\"", "\"", "\n", "\n", "\r",
            "\t", "#", "1", "2", "i", "u", "-", ".", "e", "t", "time", "m a=1\n", "m,a=b ", "a=\"", "\\\\", "\u00e9", "\0"};

    private static String pick(Random random, String[] from) {
        return from[random.nextInt(from.length)];
    }

    /// A body of a few lines and how many it has about.
    private static byte[] body(Random random) {
        StringBuilder text = new StringBuilder();
        for (int lines = 1 + random.nextInt(6); lines > 0; lines--) {
            if (random.nextInt(5) == 0) {
                for (int i = random.nextInt(24); i > 0; i--) {
                    text.append(pick(random, SOUP));
                }
                text.append('\n');
            } else {
                line(random, text);
            }
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        if (random.nextInt(8) == 0 && bytes.length > 0) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return bytes;
    }

    private static void line(Random random, StringBuilder text) {
        // Mostly plain words, so that most lines are good and columns meet.
        boolean plain = random.nextInt(4) != 0;
        text.append(plain ? "m" : pick(random, TABLES));
        for (int tags = random.nextInt(3); tags > 0; tags--) {
            text.append(',').append(plain ? KEYS[random.nextInt(6)] : pick(random, KEYS)).append('=')
                    .append(plain ? TAGS[random.nextInt(8)] : pick(random, TAGS));
        }
        text.append(random.nextInt(20) == 0 ? "  " : " ");
        for (int fields = 1 + random.nextInt(3); fields > 0; fields--) {
            text.append(plain ? KEYS[random.nextInt(9)] : pick(random, KEYS)).append('=')
                    .append(random.nextInt(3) > 0 ? VALUES[random.nextInt(PLAIN_VALUES)] : pick(random, VALUES))
                            .append(fields > 1 ? "," : "");
        }
        text.append(plain ? TIMES[random.nextInt(7)] : pick(random, TIMES)).append(pick(random, ENDS));
    }

    /// How much was compared.
    private record Compared(long good, long bad) {}

    private static Compared requireSame(LineDecoder decoder, byte[] body, int offset, String precision, long microsPerUnit,
            String what) {
        ReferenceLines reference = new ReferenceLines(body, microsPerUnit, TestParameters.RECEIVED_MICROS);
        byte[] array = new byte[body.length + 2 * offset];
        Arrays.fill(array, (byte) '1');
        System.arraycopy(body, 0, array, offset, body.length);
        CollectingSink sink = new CollectingSink();
        ArcException refusal = null;
        try {
            decoder.decode(new ByteSlice(array, offset, body.length), TestParameters.of(Map.of("precision", precision)), sink);
        } catch (ArcException refused) {
            refusal = refused;
        } catch (RuntimeException escaped) {
            throw new AssertionError(what + describe(body), escaped);
        }
        List<String> expected = reference.rows();
        if (expected.isEmpty() && reference.rejected().isEmpty()) {
            assertThat(refusal).as("%s%s", what, describe(body)).isNotNull();
            assertThat(refusal.code()).isEqualTo(ErrorCode.MALFORMED_PAYLOAD);
            return new Compared(0, 0);
        }
        if (refusal != null) {
            throw new AssertionError(what + describe(body), refusal);
        }
        List<String> rejected = sink.rejections().stream().map(each -> each.record() + "@" + each.position()).toList();
        if (!rejected.equals(reference.rejected()) || !same(sink, expected) || !sink.violations().isEmpty()) {
            assertThat(rejected).as("rejected lines of %s%s%s", what, describe(body), sink.rejections())
                    .isEqualTo(reference.rejected());
            assertThat(sink.rows()).as("rows of %s%s", what, describe(body)).isEqualTo(expected);
            assertThat(sink.violations()).as("%s%s", what, describe(body)).isEmpty();
        }
        return new Compared(expected.size(), rejected.size());
    }

    private static boolean same(CollectingSink sink, List<String> expected) {
        List<String> rows = sink.rows();
        long tables = sink.batches().stream().map(batch -> batch.table()).distinct().count();
        return tables == sink.batches().size() ? rows.equals(expected)
                : rows.stream().sorted().toList().equals(expected.stream().sorted().toList());
    }

    private static String describe(byte[] body) {
        return ":\n" + new String(body, StandardCharsets.UTF_8) + "\nbytes " + HexFormat.of().formatHex(body) + "\n";
    }

    private static void run(int bodies) {
        Random random = new Random(SEED);
        String[] precisions = {"ns", "us", "ms", "s", "m", "h"};
        long[] microsPerUnit = {0, 1, 1_000, 1_000_000, 60_000_000, 3_600_000_000L};
        LineDecoder decoder = new LineDecoder();
        long good = 0;
        long bad = 0;
        for (int i = 0; i < bodies; i++) {
            byte[] body = body(random);
            int precision = random.nextInt(4) == 0 ? random.nextInt(precisions.length) : 0;
            Compared compared = requireSame(decoder, body, random.nextInt(2) * random.nextInt(20), precisions[precision],
                    microsPerUnit[precision], "body " + i + " of seed " + SEED + " (-Darc.test.seed), precision "
                    + precisions[precision]);
            good += compared.good;
            bad += compared.bad;
        }
        assertThat(good).as("good lines beside %d bad ones", bad).isBetween((good + bad) / 4, 3 * (good + bad) / 4);
        assertThat(good + bad).as("lines").isGreaterThan(2L * bodies);
    }

    @Test
    void aMillionRandomBodiesReadLikeTheReference() {
        run(BODIES * Integer.getInteger("arc.test.slow", 1));
    }

    @Test
    void everyPrefixReadsLikeTheReference() {
        Random random = new Random(SEED);
        LineDecoder decoder = new LineDecoder();
        for (int i = 0; i < 300; i++) {
            ByteArrayOutputStream whole = new ByteArrayOutputStream();
            whole.writeBytes(body(random));
            whole.writeBytes(body(random));
            byte[] body = whole.toByteArray();
            for (int length = 0; length <= body.length; length++) {
                requireSame(decoder, Arrays.copyOf(body, length), 0, "ns", 0, "prefix " + length + " of body " + i + " of seed "
                        + SEED);
            }
        }
    }

    @Test
    void bodiesWithManyOddColumnsReadLikeTheReference() {
        Random random = new Random(SEED);
        LineDecoder decoder = new LineDecoder();
        for (int round = 0; round < 40; round++) {
            int columns = 2 + random.nextInt(400);
            int layouts = 1 + random.nextInt(60);
            StringBuilder text = new StringBuilder();
            for (int line = random.nextInt(600); line >= 0; line--) {
                Random layout = new Random(round * 1_000L + random.nextInt(layouts));
                text.append("m,t").append(layout.nextInt(columns)).append("=v").append(random.nextInt(5)).append(' ');
                for (int fields = 1 + layout.nextInt(4); fields >= 0; fields--) {
                    int column = layout.nextInt(columns);
                    text.append('f').append(column).append('=').append(switch (column % 4) {
                        case 0 -> random.nextInt(100) + "i";
                        case 1 -> random.nextDouble();
                        case 2 -> random.nextBoolean();
                        default -> "\"text " + random.nextInt(9) + "\"";
                    }).append(fields > 0 ? "," : "");
                }
                text.append(' ').append(line * 1_000L).append('\n');
            }
            requireSame(decoder, text.toString().getBytes(StandardCharsets.UTF_8), 0, "ns", 0, "round " + round + " of seed "
                    + SEED);
        }
    }
}
