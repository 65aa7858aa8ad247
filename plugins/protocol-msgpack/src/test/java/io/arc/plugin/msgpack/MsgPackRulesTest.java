package io.arc.plugin.msgpack;

import static io.arc.plugin.msgpack.Pack.map;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.CountingSink;
import io.arc.testkit.RowText;
import io.arc.testkit.TestParameters;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.ServiceLoader;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rules of the format, one by one.
class MsgPackRulesTest {
    private static final long NOW = TestParameters.RECEIVED_MICROS;

    private final Decoder decoder = new MsgPackProtocol().open(null).newDecoder();

    private List<ColumnBatch> batches(Object... values) {
        CollectingSink sink = new CollectingSink();
        decoder.decode(ByteSlice.of(Pack.body(values)), TestParameters.of(Map.of()), sink);
        assertThat(sink.violations()).isEmpty();
        assertThat(sink.rejections()).isEmpty();
        return sink.batches();
    }

    private List<String> rows(Object... values) {
        return RowText.lines(batches(values));
    }

    private Column column(Object... values) {
        return batches(columnar("time", Collections.nCopies(values.length, 1), "v", Arrays.asList(values))).getFirst()
                .columns().getFirst();
    }

    private static Map<String, Object> columnar(Object... columns) {
        return map("m", "t", "columns", map(columns));
    }

    private void requireRefused(ErrorCode code, Object value, String... partsOfMessage) {
        assertThatThrownBy(() -> batches(value)).isInstanceOfSatisfying(ArcException.class, refused -> {
            assertThat(refused.code()).isEqualTo(code);
            assertThat(refused).hasMessageContainingAll(partsOfMessage);
        });
    }

    private void requireMalformed(Object value, String... partsOfMessage) {
        requireRefused(ErrorCode.MALFORMED_PAYLOAD, value, partsOfMessage);
    }

    private String time(Object time) {
        return rows(map("m", "t", "columns", map("time", List.of(time)))).getFirst().substring("default.t ".length());
    }

    @Test
    void servesItsRouteAndThoseThatItHadBefore() {
        assertThat(new MsgPackProtocol().endpoints().stream().map(Endpoint::path)).containsExactly("/api/v1/write/msgpack",
                "/write/v1/msgpack", "/write/v2/msgpack", "/api/v1/msgpack", "/api/v2/msgpack");
    }

    @Test
    void isFoundAsAPlugin() throws IOException {
        assertThat(ServiceLoader.load(IngestProtocol.class).stream().map(ServiceLoader.Provider::type).toList())
                .contains(MsgPackProtocol.class);
        try (InputStream file = MsgPackProtocol.class.getResourceAsStream("/arc-plugin.properties")) {
            Properties properties = new Properties();
            properties.load(file);
            assertThat(properties).containsEntry("name", "protocol-msgpack").containsKeys("version", "description", "arc.spi",
                    "java");
        }
    }

    @Test
    void nothingIsFineAndMeansNothing() {
        assertThat(batches(List.of())).isEmpty();
        assertThat(batches(map("batch", List.of()))).isEmpty();
        assertThat(batches(columnar("time", List.of(), "v", List.of()))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "80", "c0", "05", "a161", "81c0c0", "81a16da174", "82a16da174a7636f6c756d6e7380", "9105", "c1",
            "82a16da0a66669656c647380", "82a16dc0a66669656c647380", "82a16da1c3a66669656c647380", "90c1", "82a16da174a16605",
            "82a16da174a7636f6c756d6e7381a176c0"})
    void shapesThatAreRefused(String hex) {
        assertThatThrownBy(() -> decoder.decode(ByteSlice.of(Pack.Raw.hex(hex).bytes()), TestParameters.of(Map.of()),
                new CollectingSink())).isInstanceOfSatisfying(ArcException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.MALFORMED_PAYLOAD));
    }

    @Test
    void raggedColumnsAreNamedWithTheirLengths() {
        requireMalformed(List.of(columnar("v", List.of(1)), columnar("time", List.of(1), "v", List.of(1, 2))), "item 1", "'v'",
                "2 values", "'time'", "1;");
    }

    @Test
    void aBadItemRefusesAllOfThem() {
        CollectingSink sink = new CollectingSink();
        byte[] body = Pack.body(columnar("time", List.of(1)), 5);
        assertThatThrownBy(() -> decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), sink))
                .isInstanceOf(ArcException.class).hasMessageContaining("item 1").hasMessageContaining("an integer");
        assertThat(sink.batches()).isEmpty();
    }

    @Test
    void arraysAndBatchesNestUpToTheLimit() {
        Object item = columnar("time", List.of(1));
        // The item, its columns and an array in them are three levels.
        assertThat(batches(nested(item, 29))).hasSize(1);
        requireMalformed(nested(item, 30), "nested deeper than 32");
        requireMalformed(nested(item, 100_000), "nested deeper than 32");
        assertThat(batches(map("batch", List.of(map("batch", List.of(item)), List.of(item)), "m", 1.5))).hasSize(1);
    }

    /// Found by fuzzing: as JSON text each level of keys escaped the quotes of the one below, twice as many each time.
    @Test
    void keysThatAreMapsOrArraysAreRefused() {
        Object key = "k";
        for (int level = 0; level < 20; level++) {
            key = new Pack.Pairs(key, 1);
        }
        requireMalformed(columnar("v", List.of(new Pack.Pairs(key, 1))), "an array or a map as a key");
        requireMalformed(columnar("v", List.of(new Pack.Pairs(List.of(1), 1))), "an array or a map as a key");
        assertThat(rows(columnar("v", List.of(new Pack.Pairs(1, 2, "x", List.of()))))).singleElement().asString()
                .contains("1").contains("x");
    }

    private static Object nested(Object item, int arrays) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < arrays; i++) {
            bytes.write(0x91);
        }
        bytes.writeBytes(Pack.body(item));
        return new Pack.Raw(bytes.toByteArray());
    }

    @Test
    void ofEqualKeysTheLastCounts() {
        assertThat(rows(new Pack.Pairs("m", "a", "m", "b", "fields", map("x", 1), "fields",
                new Pack.Pairs("y", "old", "y", 2))))
                .containsExactly("default.b " + NOW + " host#=\"unknown\" y=2i");
        assertThat(rows(new Pack.Pairs("m", "a", "columns", new Pack.Pairs("x", List.of("old"), "x", List.of(1)))))
                .containsExactly("default.a " + NOW + " x=1i");
        assertThat(rows(new Pack.Pairs("m", "a", "fields", map("x", 1), "columns", map("y", List.of(1)))))
                .containsExactly("default.a " + NOW + " y=1i");
    }

    @ParameterizedTest
    @CsvSource({"1750000000, 1750000000000000", "1750000000000, 1750000000000000", "1750000000000000, 1750000000000000",
            "1750000000000000000, 1750000000000000", "-1750000000, -1750000000000000", "-1750000000000, -1750000000000000",
            "-1750000000000000, -1750000000000000", "-1750000000000000001, -1750000000000001", "0, 0", "-1, -1000000",
            "9999999999, 9999999999000000", "10000000000, 10000000000000", "9999999999999, 9999999999999000",
            "10000000000000, 10000000000000", "9999999999999999, 9999999999999999", "10000000000000000, 10000000000000",
            "9223372036854775807, 9223372036854775", "-9223372036854775808, -9223372036854776"})
    void theUnitIsToldByTheMagnitude(long sent, String micros) {
        assertThat(time(sent)).isEqualTo(micros);
        assertThat(rows(map("m", "t", "t", sent, "fields", map()))).containsExactly("default.t " + micros
                + " host#=\"unknown\"");
    }

    @Test
    void theFirstValueDecidesAColumnsUnit() {
        assertThat(rows(columnar("time", List.of(1_750_000_000L, 1_750_000_001_000L)))).containsExactly(
                "default.t 1750000000000000", "default.t 1750000001000000000");
        assertThat(rows(map("m", "t", "t", 1_750_000_000L, "fields", map()), map("m", "t", "t", 1_750_000_001_000L, "fields",
                map()))).containsExactly("default.t 1750000000000000 host#=\"unknown\"",
                        "default.t 1750000001000000 host#=\"unknown\"");
        requireRefused(ErrorCode.INVALID_TIMESTAMP, columnar("time", List.of(1, 9_300_000_000_000_000_000d)), "row 1");
        requireRefused(ErrorCode.INVALID_TIMESTAMP, columnar("time", List.of(1, Long.MAX_VALUE)), "row 1", "seconds");
    }

    @Test
    void fractionsOfASecondAreKept() {
        assertThat(time(1_750_000_000.5)).isEqualTo("1750000000500000");
        assertThat(time(1_750_000_000.123457)).isEqualTo("1750000000123457");
        assertThat(time(1_750_000_000_000.25)).isEqualTo("1750000000000250");
        assertThat(time(-0.5)).isEqualTo("-500000");
        assertThat(time(1.5f)).isEqualTo("1500000");
    }

    @Test
    void timestampsAndTextAreTimesToo() {
        assertThat(time(Instant.parse("1969-12-31T23:59:59.999999999Z"))).isEqualTo("-1");
        assertThat(time("1969-12-31T23:59:59.999999Z")).isEqualTo("-1");
        assertThat(rows(map("m", "t", "t", "2025-06-15T15:06:40Z", "h", null, "fields", map())))
                .containsExactly("default.t 1750000000000000 host#=\"unknown\"");
    }

    @Test
    void otherTimesAreRefusedWithTheirRow() {
        for (Object time : new Object[] {null, true, "noon", new byte[] {1}, Double.NaN, Double.POSITIVE_INFINITY, 1e300,
            List.of(1), Pack.Raw.hex("c70cff00000000ffffffffffffff00")}) {
            if (!(time instanceof Pack.Raw)) {
                requireRefused(ErrorCode.INVALID_TIMESTAMP, columnar("time", Arrays.asList(1, time)), "item 0, row 1");
                requireRefused(ErrorCode.INVALID_TIMESTAMP, map("m", "t", "t", time == null ? false : time, "fields", map()),
                        "item 0");
            } else {
                assertThat(time(time)).isEqualTo("-256000000");
            }
        }
        requireMalformed(columnar("time", List.of(Pack.Raw.hex("cfffffffffffffffff"))), "18446744073709551615");
    }

    @Test
    void anUnknownPrecisionIsRefused() {
        assertThatThrownBy(() -> decoder.decode(ByteSlice.of(Pack.body(List.of())), TestParameters.of(Map.of("precision",
                "furlong")), new CollectingSink())).isInstanceOfSatisfying(ArcException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_PARAMETER));
    }

    @Test
    void withoutATimeItIsNow() {
        assertThat(rows(columnar("v", List.of(1, 2)), map("m", "t", "t", null, "fields", map("v", 3)))).containsExactly(
                "default.t " + NOW + " v=1i", "default.t " + NOW + " v=2i", "default.t " + NOW + " host#=\"unknown\" v=3i");
    }

    @Test
    void theHostIsThatOfTheTagsThenHThenUnknown() {
        assertThat(rows(List.of(map("m", "t", "h", "h", "fields", map(), "tags", map("host", "tag")),
                map("m", "t", "h", "h", "fields", map(), "tags", map("host", null)),
                map("m", "t", "h", 4, "fields", map()),
                map("m", "t", "h", 1.5, "fields", map())))).containsExactly("default.t " + NOW + " host#=\"tag\"",
                        "default.t " + NOW + " host#=\"h\"", "default.t " + NOW + " host#=\"host_4\"",
                        "default.t " + NOW + " host#=\"unknown\"");
        assertThat(rows(columnar("time", List.of(1), "v", List.of(1)))).as("columnar items get none")
                .containsExactly("default.t 1000000 v=1i");
    }

    @Test
    void tagsAreText() {
        assertThat(rows(map("m", "t", "t", 1, "fields", map(), "tags", map("a", 1, "b", 1.5, "c", true, "d", null, "host",
                ""))))
                .containsExactly("default.t 1000000 a#=\"1\" b#=\"1.5\" c#=\"true\" host#=\"\"");
    }

    @Test
    void namesDoNotDependOnTheOrderOfRows() {
        Object field = map("m", "t", "t", 1, "fields", map("x", 1));
        Object tag = map("m", "t", "t", 2, "fields", map(), "tags", map("x", "a"));
        assertThat(rows(field, tag)).containsExactly("default.t 1000000 host#=\"unknown\" x_value=1i",
                "default.t 2000000 host#=\"unknown\" x#=\"a\"");
        assertThat(rows(tag, field)).containsExactly("default.t 2000000 host#=\"unknown\" x#=\"a\"",
                "default.t 1000000 host#=\"unknown\" x_value=1i");
        assertThat(rows(map("m", "t", "t", 1, "fields", map("x", 1), "tags", map("x", "a", "x_value", "b"))))
                .containsExactly("default.t 1000000 host#=\"unknown\" x#=\"a\" x_value#=\"b\" x_value_value=1i");
        requireMalformed(map("m", "t", "fields", map("x", 1, "x_value", 2), "tags", map("x", "a")), "'x'", "'x_value'");
        requireMalformed(map("m", "t", "fields", map("time", 1, "time_value", 2)), "'time'", "'time_value'");
    }

    @Test
    void aHintMakesColumnsTags() {
        ColumnBatch batch = batches(map("m", "t", "tags", List.of("b", "other"), "columns", map("a", List.of("x"), "b",
                List.of("y")))).getFirst();
        assertThat(batch.columns()).extracting(Column::role).containsExactly(Role.FIELD, Role.TAG);
        requireMalformed(map("m", "t", "tags", map("b", "y"), "columns", map("b", List.of("y"))), "\"tags\"");
    }

    @Test
    void upstreamsOwnLogColumnsAreLeftOutAndOthersKept() {
        assertThat(rows(columnar("_database", List.of("d"), "_measurement", List.of("m"), "_monotonic", List.of(true))))
                .containsExactly("default.t " + NOW + " _monotonic=true");
        assertThat(rows(map("m", "t", "fields", map("_database", "d", "_x", 1)))).containsExactly("default.t " + NOW
                + " _x=1i host#=\"unknown\"");
    }

    @Test
    void namesAreNotEmptyAndAreText() {
        requireMalformed(columnar("", List.of(1)), "empty");
        requireMalformed(map("m", "t", "fields", map("", 1)), "empty");
        requireMalformed(map("m", "t", "fields", map(), "tags", map("", "x")), "empty");
        requireMalformed(map("m", "t", "fields", new Pack.Pairs(Pack.Raw.hex("a1ff"), 1)), "UTF-8");
        requireMalformed(map("m", "t", "fields", new Pack.Pairs(5, 1)), "text");
        assertThat(rows(columnar("http.method", List.of("GET"), "größe \"1\"", List.of(1)))).hasSize(1);
    }

    @Test
    void integersWidenToDoublesAndAllToText() {
        assertThat(((DoubleColumn) column(1, 2.5, null, 1L << 53, -(1L << 60))).values()).startsWith(1, 2.5)
                .endsWith(0x1p53, -0x1p60);
        assertThat(rows(columnar("le", Arrays.asList(0.5, 1, null, "+Inf", true)))).extracting(
                row -> row.substring(("default.t " + NOW).length())).containsExactly(" le=\"0.5\"", " le=\"1.0\"", "",
                        " le=\"+Inf\"", " le=\"true\"");
    }

    @Test
    void whatNoColumnHoldsExactlyIsRefused() {
        requireRefused(ErrorCode.TYPE_CONFLICT, columnar("v", List.of((1L << 53) + 1, 0.5)), "'v'", "row 0",
                "9007199254740993");
        requireRefused(ErrorCode.TYPE_CONFLICT, columnar("v", List.of(0.5, Long.MAX_VALUE)), "'v'", "row 1");
        requireMalformed(columnar("v", List.of(Pack.Raw.hex("cf8000000000000000"))), "9223372036854775808");
    }

    @Test
    void booleansAndNumbersDoNotMix() {
        requireRefused(ErrorCode.TYPE_CONFLICT, columnar("v", List.of(1, true)), "'v'", "row 1", "BOOLEAN", "INT64");
        requireRefused(ErrorCode.TYPE_CONFLICT, columnar("v", List.of(true, 0.5)), "'v'", "row 1", "FLOAT64");
        requireRefused(ErrorCode.TYPE_CONFLICT, List.of(map("m", "t", "fields", map("v", 1)), map("m", "t", "fields",
                map("v", false))), "'v'", "row 1");
        assertThat(((BooleanColumn) column(true, null, false)).values()).hasSize(3).startsWith(true);
    }

    @Test
    void aColumnOfNilsIsKeptAndTakesTheTypeOfItsFellows() {
        Column column = column(null, null);
        assertThat(column).isInstanceOf(Utf8Column.class);
        assertThat(column.validity().presentCount(2)).isZero();
        List<ColumnBatch> batches = batches(List.of(columnar("v", Collections.singletonList(null)),
                columnar("v", List.of(1.5))));
        assertThat(batches).hasSize(1);
        assertThat(batches.getFirst().columns().getFirst()).isInstanceOf(DoubleColumn.class);
    }

    @Test
    void oddValuesBecomeText() {
        assertThat(rows(columnar("v", List.of(new byte[] {'a'}, new byte[] {(byte) 0xff}, List.of(1, "x\"", false),
                map("k", List.of()), Instant.parse("2025-06-15T15:06:40.5Z"), Pack.Raw.hex("91cfffffffffffffffff"),
                Pack.Raw.hex("91cb7ff8000000000000"), new Pack.Pairs(1, null))))).extracting(
                        row -> row.substring(("default.t " + NOW + " v=").length())).containsExactly("\"a\"", "\"/w==\"",
                        "\"[1,\\\"x\\\\\\\"\\\",false]\"", "\"{\\\"k\\\":[]}\"", "\"2025-06-15T15:06:40.500Z\"",
                        "\"[18446744073709551615]\"", "\"[null]\"", "\"{\\\"1\\\":null}\"");
        requireMalformed(columnar("v", List.of(Pack.Raw.hex("d40500"))), "type 5");
    }

    @Test
    void eachBadByteOfTextIsReplaced() {
        for (String repeated : List.of("", "aaaaaaaaaaaaaaaaaaaa")) {
            byte[] bad = {(byte) 0xe2, (byte) 0x82, 'x', (byte) 0xff};
            List<Object> values = new ArrayList<>(List.of(repeated));
            ByteArrayOutputStream raw = new ByteArrayOutputStream();
            raw.write(0xa4);
            raw.writeBytes(bad);
            values.add(new Pack.Raw(raw.toByteArray()));
            assertThat(rows(columnar("v", values)).getLast()).endsWith("v=\"\uFFFD\uFFFDx\uFFFD\"");
        }
    }

    @Test
    void repeatedTextIsADictionaryAndDistinctTextIsNot() {
        List<Object> repeated = IntStream.range(0, 1_000).mapToObj(i -> (Object) ("host" + i % 10)).toList();
        List<Object> distinct = new ArrayList<>(IntStream.range(0, 1_000).mapToObj(i -> (Object) ("trace " + i
                + (i % 7 == 0 ? "é and more than sixteen bytes" : ""))).toList());
        distinct.set(500, null);
        distinct.set(700, 42);
        ColumnBatch batch = batches(columnar("time", Collections.nCopies(1_000, 1), "r", repeated, "d", distinct)).getFirst();
        assertThat(batch.columns().get(0)).isInstanceOfSatisfying(DictionaryColumn.class,
                column -> assertThat(column.dictionary().offsets()).hasSize(11));
        assertThat(batch.columns().get(1)).isInstanceOfSatisfying(Utf8Column.class, column -> {
            for (int row = 0; row < 1_000; row++) {
                assertThat(column.validity().isPresent(row)).isEqualTo(row != 500);
                assertThat(column.values().string(row)).isEqualTo(row == 500 ? "" : distinct.get(row).toString());
            }
        });
    }

    @Test
    void itemsOfOneTableBecomeOneBatch() {
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            items.add(columnar("time", List.of(i), "v", List.of(i == 50 ? 0.5 : i), "s", Collections.singletonList(
                    i % 2 == 0 ? "text " + i : null)));
            items.add(map("m", "r", "t", i, "fields", map("v", i)));
        }
        List<ColumnBatch> batches = batches(items);
        assertThat(batches).extracting(ColumnBatch::rowCount).containsExactly(100, 100);
        assertThat(batches.getFirst().columns().getFirst()).isInstanceOfSatisfying(DoubleColumn.class,
                column -> assertThat(column.values()).startsWith(0, 1).contains(0.5, 99));
        assertThat(rows(items)).contains("default.t 98000000 s=\"text 98\" v=98.0", "default.t 99000000 v=99.0");
    }

    @Test
    void absentCellsAreAbsentAndNotZero() {
        assertThat(rows(List.of(map("m", "t", "t", 1, "fields", map("a", 1)), map("m", "t", "t", 2, "fields", map("b", true)),
                map("m", "t", "t", 3, "fields", map("a", null, "c", "x"))))).containsExactly(
                        "default.t 1000000 a=1i host#=\"unknown\"", "default.t 2000000 b=true host#=\"unknown\"",
                        "default.t 3000000 c=\"x\" host#=\"unknown\"");
    }

    @Test
    void rowsWithoutCommonColumnsComeInSeveralBatches() {
        List<Object> items = IntStream.range(0, 3_000).mapToObj(i -> (Object) map("m", "t", "t", i, "fields", map("f" + i, i)))
                .toList();
        List<ColumnBatch> batches = batches(items);
        assertThat(batches.stream().mapToInt(ColumnBatch::rowCount).sum()).isEqualTo(3_000);
        assertThat(batches.stream().mapToLong(batch -> (long) batch.rowCount() * batch.columns().size()).sum())
                .as("cells for 6,000 values").isLessThan(16 * 6_000 + batches.size() * 1_200L);
        assertThat(rows(items)).contains("default.t 2999000000 f2999=2999i host#=\"unknown\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ddffffffff00", "dfffffffff00", "81dbffffffff61", "82a16da174a7636f6c756d6e7381a176ddffffffffc0",
            "82a16da174a7636f6c756d6e7381a176dd7fffffffc0", "82a16da174a7636f6c756d6e7381a17691c6ffffffff",
            "82a16da174a7636f6c756d6e7381a17691c9ffffffff05", "82a16da174a7636f6c756d6e7381a17691c97fffffff05",
            "82a16da174a7636f6c756d6e73dfffffffffa176", "82a16da174a66669656c6473df7fffffffa176"})
    void claimedSizesAreNotTrusted(String hex) {
        byte[] body = Pack.Raw.hex(hex).bytes();
        // The first time, classes are loaded, which is not the body's doing.
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 2; round++) {
            long before = allocated();
            assertThatThrownBy(() -> decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), new CountingSink()))
                    .isInstanceOf(ArcException.class).hasMessageMatching(".*(left|ends|claims).*");
            least = Math.min(least, allocated() - before);
        }
        assertThat(least).isLessThan(100_000);
    }

    @Test
    void tooManyColumnsAreRefused() {
        Object[] columns = new Object[20_002];
        for (int i = 0; i < columns.length; i += 2) {
            columns[i] = "c" + i;
            columns[i + 1] = List.of(1);
        }
        requireMalformed(columnar(columns), "10001 columns", "10000");
    }

    @Test
    void aRowAllocatesNothingBesideTheArrays() {
        byte[] body = Pack.body(IntStream.range(0, 1_000).mapToObj(i -> map("m", "cpu", "t", 1_750_000_000_000_000L + i, "tags",
                map("host", "server" + i % 100), "fields", map("value", i / 4.0, "idle", i / 8.0, "count", i))).toList());
        CollectingSink collected = new CollectingSink();
        decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), collected);
        long emitted = collected.batches().stream().mapToLong(ColumnBatch::retainedBytes).sum();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 200; round++) {
            long before = allocated();
            decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), new CountingSink());
            least = Math.min(least, allocated() - before);
        }
        assertThat(least).as("bytes allocated for %d emitted ones", emitted).isLessThan(emitted + 8_000);
    }

    private static long allocated() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
