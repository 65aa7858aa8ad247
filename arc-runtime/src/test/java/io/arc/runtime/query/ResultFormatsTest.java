package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowStreamReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.value.Value;
import org.msgpack.value.ValueFactory;

/// Values on their way out, against text written by hand.
final class ResultFormatsTest {
    @TempDir
    Path root;
    private QueryFixture fixture;

    @BeforeEach
    void start() throws Exception {
        fixture = new QueryFixture(root);
        fixture.start();
    }

    @AfterEach
    void stop() throws Exception {
        assertThat(fixture.engine.allocatedBytes()).isZero();
        fixture.close();
    }

    /// Expression, JSON, CSV.
    private static final String[][] GOLDEN = {
        {"NULL", "null", ""}, {"true", "true", "true"}, {"false", "false", "false"}, {"(-128)::TINYINT", "-128", "-128"},
        {"255::UTINYINT", "255", "255"}, {"(-32768)::SMALLINT", "-32768", "-32768"}, {"65535::USMALLINT", "65535", "65535"},
        {"(-2147483648)::INTEGER", "-2147483648", "-2147483648"}, {"4294967295::UINTEGER", "4294967295", "4294967295"},
        {"9223372036854775807::BIGINT", "9223372036854775807", "9223372036854775807"},
        {"(-9223372036854775808)::BIGINT", "-9223372036854775808", "-9223372036854775808"},
        {"18446744073709551615::UBIGINT", "18446744073709551615", "18446744073709551615"},
        {"170141183460469231731687303715884105727::HUGEINT", "170141183460469231731687303715884105727",
        "170141183460469231731687303715884105727"},
        {"(-5)::HUGEINT", "-5", "-5"}, {"sum(3::BIGINT)", "3", "3"},
        {"340282366920938463463374607431768211455::UHUGEINT", "340282366920938463463374607431768211455",
        "340282366920938463463374607431768211455"},
        {"1.5", "1.5", "1.5"}, {"12.50::DECIMAL(10,2)", "12.50", "12.50"}, {"(-0.05)::DECIMAL(4,2)", "-0.05", "-0.05"},
        {"12345678901234567890.123::DECIMAL(38,3)", "12345678901234567890.123", "12345678901234567890.123"},
        {"3.0::DOUBLE", "3", "3"}, {"0.1::DOUBLE", "0.1", "0.1"}, {"0.1::DOUBLE + 0.2::DOUBLE", "0.30000000000000004",
        "0.30000000000000004"},
        {"1e21::DOUBLE", "1000000000000000000000", "1000000000000000000000"}, {"1.5e-7::DOUBLE", "0.00000015", "0.00000015"},
        {"'nan'::DOUBLE", "null", "NaN"}, {"'inf'::DOUBLE", "null", "Infinity"}, {"'-inf'::DOUBLE", "null", "-Infinity"},
        {"'-0'::DOUBLE", "-0", "-0"}, {"1.1::FLOAT", "1.1", "1.1"}, {"16777216::FLOAT", "16777216", "16777216"},
        {"'nan'::FLOAT", "null", "NaN"},
        {"'é\"\\\n'", "\"é\\\"\\\\\\n\"", "\"é\"\"\\\n\""}, {"''", "\"\"", "\"\""}, {"chr(1)", "\"\\u0001\"", "\u0001"},
        {"'a,b'", "\"a,b\"", "\"a,b\""},
        {"'\\x00\\xFF'::BLOB", "\"AP8=\"", "AP8="}, {"DATE '2026-01-02'", "\"2026-01-02T00:00:00Z\"", "2026-01-02T00:00:00Z"},
        {"DATE '0001-01-01'", "\"0001-01-01T00:00:00Z\"", "0001-01-01T00:00:00Z"},
        {"TIMESTAMP '2026-01-01 10:00:00'", "\"2026-01-01T10:00:00Z\"", "2026-01-01T10:00:00Z"},
        {"TIMESTAMP '2026-01-01 10:00:00.25'", "\"2026-01-01T10:00:00.25Z\"", "2026-01-01T10:00:00.25Z"},
        {"TIMESTAMP '1969-12-31 23:59:59.999999'", "\"1969-12-31T23:59:59.999999Z\"", "1969-12-31T23:59:59.999999Z"},
        {"TIMESTAMPTZ '2026-01-01 10:00:00+02'", "\"2026-01-01T08:00:00Z\"", "2026-01-01T08:00:00Z"},
        {"TIMESTAMP_S '2026-01-01 10:00:00'", "\"2026-01-01T10:00:00Z\"", "2026-01-01T10:00:00Z"},
        {"TIMESTAMP_MS '2026-01-01 10:00:00.123'", "\"2026-01-01T10:00:00.123Z\"", "2026-01-01T10:00:00.123Z"},
        {"TIMESTAMP_NS '2026-01-01 10:00:00.123456789'", "\"2026-01-01T10:00:00.123456789Z\"",
        "2026-01-01T10:00:00.123456789Z"},
        {"'infinity'::TIMESTAMP", "\"infinity\"", "infinity"}, {"TIME '10:11:12.5'", "\"10:11:12.5\"", "10:11:12.5"},
        {"INTERVAL 1 DAY", "\"1 day\"", "1 day"}, {"'00000000-0000-0000-0000-00000000000a'::UUID",
        "\"00000000-0000-0000-0000-00000000000a\"",
            "00000000-0000-0000-0000-00000000000a"}, {"'b'::ENUM ('a', 'b')", "\"b\"", "b"}, {"'101'::BIT", "\"101\"", "101"},
        {"[1, NULL, 3]", "[1,null,3]", "\"[1,null,3]\""}, {"[]::INTEGER[]", "[]", "[]"}, {"['a', 'b\"']",
        "[\"a\",\"b\\\"\"]", "\"[\"\"a\"\",\"\"b\\\"\"\"\"]\""},
        {"{'a': 1, 'b': 'x'}", "{\"a\":1,\"b\":\"x\"}", "\"{\"\"a\"\":1,\"\"b\"\":\"\"x\"\"}\""}, {"[{'a': [1.5::DOUBLE]}]",
        "[{\"a\":[1.5]}]", "\"[{\"\"a\"\":[1.5]}]\""},
        {"MAP {'k': 1}", "{\"k\":1}", "\"{\"\"k\"\":1}\""}, {"MAP {1: true}", "{\"1\":true}", "\"{\"\"1\"\":true}\""},
        {"[1, 2]::INTEGER[2]", "[1,2]", "\"[1,2]\""}, {"[TIMESTAMPTZ '2026-01-01 00:00:00+00']",
        "[\"2026-01-01T00:00:00Z\"]", "\"[\"\"2026-01-01T00:00:00Z\"\"]\""},
        {"[INTERVAL 1 DAY]", "[\"1 day\"]", "\"[\"\"1 day\"\"]\""}, {"union_value(a := 1)", "\"1\"", "1"}, {"'[1]'::JSON",
        "\"[1]\"", "[1]"},
    };

    @Test
    void everyTypeThroughJsonAndCsv() throws Exception {
        List<String> wrong = new ArrayList<>();
        for (String[] golden : GOLDEN) {
            String data = fixture.data("SELECT " + golden[0] + " AS x, 1 AS one");
            if (!data.equals("[[" + golden[1] + ",1]]")) {
                wrong.add(golden[0] + " as JSON: " + data);
            }
            ByteArrayOutputStream csv = new ByteArrayOutputStream();
            try (RunningQuery query = fixture.engine.run(QueryRequest.of("SELECT " + golden[0] + " AS x, 1 AS one",
                    "default"))) {
                query.writeCsv(csv);
            }
            String expected = "x,one\r\n" + golden[2] + ",1\r\n";
            if (!csv.toString(StandardCharsets.UTF_8).equals(expected)) {
                wrong.add(golden[0] + " as CSV: " + csv.toString(StandardCharsets.UTF_8));
            }
        }
        assertThat(wrong).isEmpty();
    }

    private String messagePack(String sql) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"))) {
            query.writeMsgPack(packed);
        } catch (ArcException refused) {
            return "refused: " + refused.getMessage();
        }
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(packed.toByteArray())) {
            var map = unpacker.unpackValue().asMapValue().map();
            Value value = map.get(ValueFactory.newString("data")).asArrayValue().get(0).asArrayValue().get(0);
            return map.get(ValueFactory.newString("types")).asArrayValue().get(0).asStringValue().asString() + " = "
                    + value.getValueType() + " " + (value.isBinaryValue()
                            ? java.util.HexFormat.of().formatHex(value.asBinaryValue().asByteArray()) : value.toString());
        }
    }

    /// What the two binary formats make of each type, against `types.golden`: expression, Arrow's type and value, MessagePack's
    /// type and value, by tabs. After a change that is meant: `-Darc.regenerate=true`, and read the difference.
    @Test
    void everyTypeThroughArrowAndMessagePack() throws Exception {
        StringBuilder found = new StringBuilder();
        for (String[] golden : GOLDEN) {
            String sql = "SELECT " + golden[0] + " AS x";
            String arrow;
            try {
                ArrowAnswer answer = arrow(sql);
                arrow = answer.schema().substring(4, answer.schema().length() - 1) + " = " + answer.values().getFirst()
                        .getFirst();
            } catch (ArcException refused) {
                arrow = "refused: " + refused.getMessage();
            }
            String columns = messagePack(sql);
            for (String part : List.of(golden[0], arrow, columns)) {
                found.append(part.replace("\\", "\\\\").replace("\n", "\\n").replace("\u0001", "\\u0001"))
                        .append(part == columns ? "\n" : "\t");
            }
        }
        Path file = Path.of("src/test/resources/io/arc/runtime/query/types.golden");
        if (Boolean.getBoolean("arc.regenerate")) {
            Files.writeString(file, found);
        }
        assertThat(found.toString().lines().toList()).isEqualTo(Files.readAllLines(file));
    }

    @Test
    void theWholeTypeZooGoesThroughEveryFormat() throws Exception {
        String sql = "SELECT * EXCLUDE (hugeint, uhugeint) FROM test_all_types()";
        Object json = Json.parse(fixture.json(sql));
        assertThat(Json.array(Json.object(json).get("data"))).hasSize(3);
        assertThat(arrow(sql).rows()).isEqualTo(3);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"))) {
            query.writeMsgPack(packed);
        }
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(packed.toByteArray())) {
            Value value = unpacker.unpackValue();
            assertThat(value.asMapValue().size()).isEqualTo(7);
            assertThat(unpacker.hasNext()).isFalse();
        }
    }

    private record ArrowAnswer(String schema, long rows, List<List<String>> values) {}

    private ArrowAnswer arrow(String sql) throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"))) {
            query.writeArrow(out);
        }
        try (RootAllocator allocator = new RootAllocator();
                ArrowStreamReader reader = new ArrowStreamReader(new ByteArrayInputStream(out.toByteArray()), allocator)) {
            String schema = reader.getVectorSchemaRoot().getSchema().getFields().toString();
            long rows = 0;
            List<List<String>> values = new ArrayList<>();
            while (reader.loadNextBatch()) {
                int count = reader.getVectorSchemaRoot().getRowCount();
                rows += count;
                for (int row = 0; row < count; row++) {
                    List<String> each = new ArrayList<>();
                    for (var vector : reader.getVectorSchemaRoot().getFieldVectors()) {
                        each.add(text(vector.getObject(row), vector.getField().toString().endsWith("false)")));
                    }
                    values.add(each);
                }
            }
            return new ArrowAnswer(schema, rows, values);
        }
    }

    private static String text(Object value, boolean unsigned) {
        return switch (value) {
            case byte[] bytes -> java.util.HexFormat.of().formatHex(bytes);
            case Character number -> Integer.toString(number);
            case Byte number when unsigned -> Integer.toString(Byte.toUnsignedInt(number));
            case Integer number when unsigned -> Integer.toUnsignedString(number);
            case Long number when unsigned -> Long.toUnsignedString(number);
            case null, default -> String.valueOf(value);
        };
    }

    @Test
    void arrowHasPlainTypesOnly() throws Exception {
        ArrowAnswer answer = arrow("SELECT sum(range) AS s, 12.50::DECIMAL(10,2) AS d, 'x' AS t, TIMESTAMPTZ '1969-12-31 "
                + "23:59:59.5+00' AS ts, "
                + "TIME '10:00:00' AS ti, 'a'::ENUM('a') AS e FROM range(4)");
        assertThat(answer.schema()).isEqualTo("[s: Int(64, true), d: FloatingPoint(DOUBLE), t: Utf8, ts: "
                + "Timestamp(MICROSECOND, UTC), ti: Utf8, e: Utf8]");
        assertThat(answer.values()).containsExactly(List.of("6", "12.5", "x", "-500000", "10:00:00", "a"));
    }

    @Test
    void arrowOfNoRowsHasItsSchema() throws Exception {
        ArrowAnswer answer = arrow("SELECT 1::BIGINT AS a WHERE false");
        assertThat(answer.schema()).isEqualTo("[a: Int(64, true)]");
        assertThat(answer.rows()).isZero();
    }

    @Test
    void wholeNumbersBeyond64BitsFailInArrowInsteadOfBeingWrong() {
        assertThatThrownBy(() -> arrow("SELECT 170141183460469231731687303715884105727::HUGEINT AS "
                + "x")).hasMessageContaining("does not fit 64 bits");
    }

    @Test
    void messagePackIsByColumn() throws Exception {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of("SELECT * FROM (VALUES ('web-1', 12.5::DOUBLE, "
                + "7::BIGINT), "
                + "('web-2', 'nan'::DOUBLE, NULL)) AS t(host, usage, n)", "default"))) {
            query.writeMsgPack(out);
        }
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(out.toByteArray())) {
            String text = unpacker.unpackValue().toJson();
            assertThat(text).startsWith(
                    "{\"success\":true,\"columns\":[\"host\",\"usage\",\"n\"],\"types\":[\"utf8\",\"float64\",\"int64\"],"
                    + "\"data\":[[\"web-1\",\"web-2\"],[12.5,");
            assertThat(text).contains("[7,null]").contains("\"row_count\":2");
        }
    }

    @Test
    void theEnvelopeIsTheContracts() {
        assertThat(fixture.json("SELECT 1 AS ping, 2 AS "
                + "ping")).matches("\\{\"success\":true,\"columns\":\\[\"ping\",\"ping\"],\"data\":\\[\\[1,2]],"
                + "\"row_count\":1,\"execution_time_ms\":[0-9]+,\"timestamp\":\"[0-9]{4}-[0-9-]{5}T[0-9:]{8}Z\"}");
        assertThat(fixture.json("SELECT 1 AS a WHERE false")).contains("\"columns\":[\"a\"],\"data\":[],\"row_count\":0");
    }

    @Test
    void orderIsKeptWhereColumnsAreTurnedIntoText() {
        assertThat(fixture.data("SELECT to_days(i::INTEGER) FROM range(3) r(i) ORDER BY i DESC")).isEqualTo("[[\"2 "
                + "days\"],[\"1 day\"],[\"00:00:00\"]]");
    }

    @Test
    void shortestDecimalsReadBackExactly() {
        long seed = 42;
        java.util.Random random = new java.util.Random(seed);
        ByteOutput out = new ByteOutput(64);
        for (int i = 0; i < 300_000; i++) {
            double value = switch (i % 4) {
                case 0 -> Double.longBitsToDouble(random.nextLong());
                case 1 -> random.nextInt(1_000_000) / 100.0;
                case 2 -> random.nextDouble() * 1000;
                default -> random.nextLong() / Math.pow(10, random.nextInt(25));
            };
            if (!Double.isFinite(value)) {
                continue;
            }
            out.size = 0;
            NumberText.decimal(out, value);
            String text = new String(out.bytes, 0, out.size, StandardCharsets.US_ASCII);
            assertThat(Double.parseDouble(text)).as("seed %d, %s", seed, text).isEqualTo(value);
            assertThat(text).doesNotContain("E");
            String shortest = new java.math.BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString();
            assertThat(text.replace("-0", "0")).as("seed %d", seed).isEqualTo(value == 0 ? "0" : shortest.replace("-0", "0"));
        }
    }
}
