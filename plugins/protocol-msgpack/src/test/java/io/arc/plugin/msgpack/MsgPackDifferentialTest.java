package io.arc.plugin.msgpack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.api.data.ColumnBatch;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.RowText;
import io.arc.testkit.TestParameters;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Random bodies, most of them good or nearly so: the decoder takes those that [ReferenceDecoder] takes, and gives the same
/// rows.
class MsgPackDifferentialTest {
    private static final long SEED = Long.getLong("arc.test.seed", 20_251_008L);
    private static final List<String> TABLES = List.of("a", "b", "cpu");
    private static final List<String> NAMES = List.of("x", "y", "host", "time", "time_value", "x_value", "_database", "_k",
            "a longer name than 16 bytes", "größe");

    private static final class Batches implements Sink {
        private final List<ColumnBatch> all = new ArrayList<>();

        @Override
        public void accept(ColumnBatch batch) {
            all.add(batch);
        }

        @Override
        public Optional<String> tableNameProblem(String table) {
            return Optional.empty();
        }

        @Override
        public void reject(long record, int position, String reason) {
            fail("this protocol refuses bodies whole: " + reason);
        }
    }

    @Test
    void aMillionBodies() {
        compare(SEED, 1_000_000 * Integer.getInteger("arc.test.slow", 1));
    }

    private static void compare(long seed, int bodies) {
        Random random = new Random(seed);
        Decoder decoder = new MsgPackProtocol().open(null).newDecoder();
        int taken = 0;
        int undecidedBodies = 0;
        for (int i = 0; i < bodies; i++) {
            byte[] body = body(random);
            List<String> expected;
            String refusal = "";
            try {
                expected = ReferenceDecoder.decode(body, TestParameters.RECEIVED_MICROS);
                taken++;
            } catch (ReferenceDecoder.Undecided undecided) {
                try {
                    decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), new Batches());
                } catch (ArcException refused) {
                    assertThat(refused.code().category()).isEqualTo(ErrorCode.Category.BAD_REQUEST);
                }
                undecidedBodies++;
                continue;
            } catch (ReferenceDecoder.Refused refused) {
                expected = null;
                refusal = refused.getMessage();
            }
            String what = "body " + i + " of seed " + seed + " (-Darc.test.seed): " + HexFormat.of().formatHex(body);
            Batches batches = new Batches();
            try {
                decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), batches);
            } catch (ArcException refused) {
                if (expected != null) {
                    fail("refused, and should not be: " + what, refused);
                }
                continue;
            } catch (RuntimeException escaped) {
                fail("only ArcException may escape: " + what, escaped);
            }
            List<String> lines = RowText.lines(batches.all).stream().sorted().toList();
            if (expected == null) {
                fail("should be refused (" + refusal + ") and gave " + lines + ": " + what);
            } else if (!expected.equals(lines)) {
                assertThat(lines).as(what).isEqualTo(expected);
            }
            if (i % 16 == 0) {
                CollectingSink rules = new CollectingSink();
                try {
                    batches.all.forEach(rules::accept);
                } catch (ArcException badTableName) {
                    assertThat(badTableName.code()).as(what).isEqualTo(ErrorCode.INVALID_NAME);
                }
                assertThat(rules.violations()).as(what).isEmpty();
            }
        }
        assertThat(undecidedBodies).as("bodies without a comparison, seed " + seed).isLessThan(bodies / 50);
        assertThat(taken).as("good bodies of seed " + seed).isBetween(bodies / 3, bodies * 19 / 20);
    }

    private static byte[] body(Random random) {
        Object value = switch (random.nextInt(8)) {
            case 0, 1, 2 -> item(random);
            case 3 -> Pack.map("batch", items(random));
            case 4 -> List.of(items(random), item(random));
            default -> items(random);
        };
        byte[] body = random.nextInt(10) == 0 ? Pack.body(value, item(random)) : Pack.body(value);
        if (random.nextInt(6) == 0) {
            for (int changes = random.nextInt(3); changes >= 0; changes--) {
                int at = random.nextInt(body.length);
                switch (random.nextInt(3)) {
                    case 0 -> body[at] ^= (byte) (1 << random.nextInt(8));
                    case 1 -> body[at] = (byte) random.nextInt(256);
                    default -> body = random.nextBoolean() || at == 0 ? body : Arrays.copyOf(body, at);
                }
            }
        }
        return body;
    }

    private static List<Object> items(Random random) {
        return IntStream.range(0, random.nextInt(5)).mapToObj(any -> item(random)).toList();
    }

    private static Object item(Random random) {
        List<Object> entries = new ArrayList<>();
        int form = random.nextInt(100);
        if (form < 2) {
            return Pack.map("batch", items(random), "m", "a");
        }
        add(random, entries, "m", random.nextInt(12) == 0 ? random.nextInt(-2, 300) : pick(random, TABLES));
        if (form < 45) {
            add(random, entries, "columns", columns(random));
            if (random.nextInt(5) == 0) {
                add(random, entries, "tags",
                        IntStream.range(0, random.nextInt(3)).mapToObj(any -> pick(random, NAMES)).toList());
            }
        } else {
            if (random.nextInt(4) > 0) {
                add(random, entries, "t", time(random));
            }
            if (random.nextInt(4) == 0) {
                add(random, entries, "h", value(random, random.nextInt(40)));
            }
            if (random.nextInt(3) > 0) {
                add(random, entries, "tags", random.nextInt(30) == 0 ? null : cells(random, 3, true));
            }
            if (random.nextInt(8) == 0) {
                add(random, entries, "f", IntStream.range(0, random.nextInt(4)).mapToObj(any -> value(random, 6)).toList());
            } else {
                add(random, entries, "fields", cells(random, 4, false));
            }
        }
        if (random.nextInt(12) == 0) {
            add(random, entries, pick(random, List.of("m", "t", "h", "f", "columns", "fields", "tags", "batch", "other")),
                    random.nextBoolean() ? value(random, 40)
                            : random.nextBoolean() ? cells(random, 3, false) : columns(random));
        }
        return new Pack.Pairs(entries.toArray());
    }

    /// Puts an entry at a random place.
    private static void add(Random random, List<Object> entries, String key, Object value) {
        int place = random.nextInt(entries.size() / 2 + 1) * 2;
        entries.add(place, value);
        entries.add(place, key);
    }

    private static <T> T pick(Random random, List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static Object columns(Random random) {
        int rows = random.nextInt(20) == 0 ? random.nextInt(140) : random.nextInt(5);
        List<Object> entries = new ArrayList<>();
        if (random.nextInt(6) > 0) {
            Object first = time(random);
            boolean isOdd = random.nextInt(6) == 0;
            entries.add("time");
            entries.add(IntStream.range(0, rows).mapToObj(any -> isOdd ? time(random) : first).toList());
        }
        for (int columns = random.nextInt(4); columns > 0; columns--) {
            int kind = random.nextInt(8);
            int length = random.nextInt(60) == 0 ? rows + 1 : rows;
            entries.add(name(random));
            entries.add(random.nextInt(60) == 0 ? value(random, 40) : values(random, length, kind));
        }
        return new Pack.Pairs(entries.toArray());
    }

    private static List<Object> values(Random random, int count, int kind) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            values.add(value(random, kind));
        }
        return values;
    }

    private static Object name(Random random) {
        return random.nextInt(150) == 0 ? value(random, 40) : pick(random, NAMES);
    }

    private static Object cells(Random random, int most, boolean areTags) {
        List<Object> entries = new ArrayList<>();
        for (int cells = random.nextInt(most + 1); cells > 0; cells--) {
            Object name = name(random);
            entries.add(name);
            // Mostly one type a name, so that conflicts stay rare.
            entries.add(value(random, areTags ? 2 : name instanceof String text ? NAMES.indexOf(text) % 4 : 40));
        }
        return new Pack.Pairs(entries.toArray());
    }

    private static Object time(Random random) {
        return switch (random.nextInt(24)) {
            case 0 -> "2025-06-15T15:06:40." + random.nextInt(1000) + "Z";
            case 1 -> Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000));
            case 2 -> 1_750_000_000 + random.nextInt(1000) / 8.0;
            case 3 -> value(random, 40);
            case 4 -> (random.nextBoolean() ? 1 : -1) * (pick(random, List.of(10_000_000_000L, 10_000_000_000_000L,
                    10_000_000_000_000_000L)) + random.nextInt(-1, 2));
            case 5 -> -random.nextLong(1L << random.nextInt(1, 63));
            default -> 1_750_000_000_000_000L / pick(random, List.of(1L, 1000L, 1_000_000L)) + random.nextInt(100);
        };
    }

    /// @param kind 0 integers, 1 doubles, 2 text, 3 booleans, 6 numbers, 7 and above anything; all with a few others among them
    private static Object value(Random random, int kind) {
        int chosen = random.nextInt(150) == 0 ? 7 : kind;
        if (random.nextInt(12) == 0) {
            return null;
        }
        return switch (chosen) {
            case 0, 4 -> random.nextInt(5) == 0 ? random.nextLong() >> random.nextInt(64) : (Object) random.nextInt(-3, 5);
            case 1, 5 -> random.nextInt(4) == 0 ? (Object) (float) random.nextInt(9) : random.nextInt(30) / 4.0;
            case 2 -> random.nextInt(4) == 0 ? "text " + random.nextInt(500) + " ".repeat(random.nextInt(30))
                    : pick(random, List.of("", "a", "bb", "eight ch", "größe", "日本語", "sixteen chars ok", "😀"));
            case 3 -> random.nextBoolean();
            case 6 -> random.nextBoolean() ? value(random, 0) : value(random, 1);
            default -> switch (random.nextInt(12)) {
                case 0 -> new byte[] {(byte) random.nextInt(256), 'a'};
                case 1 -> List.of("n" + value(random, 6), random.nextInt(3));
                case 2 -> Pack.map("k\n\"\u0001", random.nextBoolean(), "l", 0.5);
                case 3 -> Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000_000));
                case 4 -> Pack.Raw.hex(pick(random, List.of("a3ff61c3", "a2c3a4", "a4eda08061", "a4f0908080", "a3e282",
                        "a2c080", "a2",
                        "c1", "cfffffffffffffffff", "cb7ff8000000000000", "cbfff0000000000000", "d40500", "d6ff00000001", "c7",
                        "dbffffffff", "ddffffffff", "dfffffffff", "c9ffffffffff", "d7ffffffffffffffffff", "de0000", "dc0000",
                        "93c0cfffffffffffffffff82c201a161a162", "91cb7ff8000000000000", "ca7f800000", "d9036162c3")));
                case 5 -> List.of(Pack.map("deep", nested(random.nextInt(40))));
                default -> value(random, random.nextInt(7));
            };
        };
    }

    private static Object nested(int depth) {
        Object value = 1;
        for (int i = 0; i < depth; i++) {
            value = i % 2 == 0 ? List.of(value) : Pack.map("n", value);
        }
        return value;
    }
}
