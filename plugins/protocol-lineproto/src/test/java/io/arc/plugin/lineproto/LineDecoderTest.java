package io.arc.plugin.lineproto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.CollectingSink.Rejection;
import io.arc.testkit.CountingSink;
import io.arc.testkit.TestParameters;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What lines of one body do to each other, and the limits of bodies.
class LineDecoderTest {
    private final Decoder decoder = new LineDecoder();

    private CollectingSink decode(String body) {
        return decode(body, Map.of());
    }

    private CollectingSink decode(String body, Map<String, String> parameters) {
        CollectingSink sink = new CollectingSink();
        decoder.decode(ByteSlice.of(body.getBytes(StandardCharsets.UTF_8)), TestParameters.of(parameters), sink);
        assertThat(sink.violations()).isEmpty();
        return sink;
    }

    private static Column column(CollectingSink sink, String name) {
        return sink.batches().getFirst().columns().stream().filter(each -> each.name().equals(name)).findFirst().orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({"ns, 1000", "n, 1000", "nanosecond, 1000", "us, 1000000", "u, 1000000", "\u00b5s, 1000000", "\u00b5, 1000000",
            "\u03bcs, 1000000", "microsecond, 1000000", "ms, 1000000000", "millisecond, 1000000000", "s, 1000000000000",
            "second, 1000000000000", "m, 60000000000000", "h, 3600000000000000"})
    void precisions(String word, long micros) {
        assertThat(decode("m v=1 1000000", Map.of("precision", word)).rows()).containsExactly("default.m " + micros + " v=1.0");
    }

    @ParameterizedTest
    @CsvSource({"us, 9223372036854775807, 9223372036854775807", "ms, 9223372036854775, 9223372036854775000",
            "s, -9223372036854, -9223372036854000000", "m, 153722867280, 9223372036800000000",
                    "h, 2562047788, 9223372036800000000"})
    void theLastTimesThatFit(String word, long units, long micros) {
        assertThat(decode("m v=1 " + units, Map.of("precision", word)).rows()).containsExactly("default.m " + micros
                + " v=1.0");
        long beyond = units + Long.signum(units);
        if (!word.equals("us")) {
            assertThat(decode("m v=1 " + beyond, Map.of("precision", word)).rejections()).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"furlong", "NS", " ns", "d", "w"})
    void unknownPrecision(String word) {
        assertThatThrownBy(() -> decode("m v=1 1", Map.of("precision", word))).isInstanceOfSatisfying(ArcException.class,
                refused -> {
                    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_PARAMETER);
                    assertThat(refused).hasMessageContaining("'" + word + "'");
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r\n \t\r\n", "# only a comment", "# one\n\n# two\n"})
    void nothingToStore(String body) {
        assertThatThrownBy(() -> decode(body)).isInstanceOfSatisfying(ArcException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.MALFORMED_PAYLOAD);
            assertThat(refused).hasMessageContaining("no points");
        });
    }

    @Test
    void integersAndFloatsMakeFloats() {
        CollectingSink sink = decode("m v=1i 1000\nm v=2.7 2000\nm v=3i 3000");
        assertThat(sink.rows()).containsExactly("default.m 1 v=1.0", "default.m 2 v=2.7", "default.m 3 v=3.0");
        assertThat(column(sink, "v").type()).isEqualTo(ColumnType.FLOAT64);
    }

    @Test
    void anIntegerIsNeverRounded() {
        CollectingSink before = decode("m v=9007199254740993i 1000\nm v=1.5 2000\nm v=9007199254740994i 3000");
        assertThat(before.rows()).containsExactly("default.m 1 v=9007199254740993i", "default.m 3 v=9007199254740994i");
        assertThat(before.rejections()).singleElement().satisfies(each -> {
            assertThat(each.record()).isEqualTo(2);
            assertThat(each.reason()).contains("'v'", "1.5", "9007199254740993");
        });

        CollectingSink after = decode("m v=1.5 1000\nm v=9007199254740993i 2000\nm v=9007199254740992i 3000");
        assertThat(after.rows()).containsExactly("default.m 1 v=1.5", "default.m 3 v=9.007199254740992E15");
        assertThat(after.rejections()).singleElement().satisfies(each -> assertThat(each.reason())
                .contains("9007199254740993"));
    }

    @Test
    void textTakesNumbersAsTheyWereWritten() {
        CollectingSink sink = decode("""
                m v=1.50 1000
                m v=12345678901234567890 2000
                m v="x" 3000
                m v=007i 4000
                m v=1e3 5000
                m v=T 6000
                """);
        assertThat(sink.rows()).containsExactly("default.m 1 v=\"1.50\"", "default.m 2 v=\"12345678901234567890\"",
                "default.m 3 v=\"x\"", "default.m 4 v=\"007\"", "default.m 5 v=\"1e3\"", "default.m 6 v=\"true\"");
        assertThat(decode("m v=-5i 1000\nm v=F 2000\nm v=\"x\" 3000").rejections()).hasSize(1);
        assertThat(decode("m v=F 1000\nm v=\"x\" 2000\nm v=5u 3000").rows()).containsExactly("default.m 1 v=\"false\"",
                "default.m 2 v=\"x\"", "default.m 3 v=\"5\"");
    }

    @Test
    void booleansAndNumbersDoNotMix() {
        CollectingSink sink = decode("m v=1 1000\nm v=true,w=1 2000\nm w=true 3000\nm v=2 4000");
        assertThat(sink.rows()).containsExactly("default.m 1 v=1.0", "default.m 3 w=true", "default.m 4 v=2.0");
        assertThat(sink.rejections()).singleElement().satisfies(each -> assertThat(each.reason())
                .isEqualTo("the field 'v' is the BOOLEAN 'true' here and FLOAT64 in the lines before, and no column type can "
                        + "hold both"));
    }

    @Test
    void aBadLineLeavesNothingBehind() {
        CollectingSink sink = decode("m new=1,v=1x 1000\nm,tag=a v=1,w=2 oops\nm v=\"text\" 3000");
        assertThat(sink.rows()).containsExactly("default.m 3 v=\"text\"");
        assertThat(sink.batches().getFirst().columns()).extracting(Column::name).containsExactly("v");
        assertThat(sink.rejections()).extracting(Rejection::record).containsExactly(1L, 2L);
    }

    @Test
    void absentValuesAreAbsent() {
        CollectingSink sink = decode("m a=1,t=true 1000\nm b=2i 2000\nm c=\"x\" 3000\nm,tag=y a=4 4000");
        assertThat(sink.rows()).containsExactly("default.m 1 a=1.0 t=true", "default.m 2 b=2i", "default.m 3 c=\"x\"",
                "default.m 4 a=4.0 tag#=\"y\"");
        assertThat(sink.batches()).hasSize(1);
        assertThat(sink.batches().getFirst().columns()).extracting(Column::name).containsExactly("a", "t", "b", "c", "tag");
    }

    @Test
    void aFieldNamedLikeATagOfAnotherLineIsRenamedInAll() {
        assertThat(decode("m host=1 1000\nm,host=a host=2 2000\nm host=3 3000").rows())
                .containsExactly("default.m 1 host_value=1.0",
                "default.m 2 host#=\"a\" host_value=2.0", "default.m 3 host_value=3.0");
        assertThat(decode("m,x=a x=1,x_value=2 1000").rows())
                .containsExactly("default.m 1 x#=\"a\" x_value=2.0 x_value_value=1.0");
        assertThat(decode("m,time=a time=1,time_value=2 1000").rows())
                .containsExactly("default.m 1 time_value=2.0 time_value_value#=\"a\" time_value_value_value=1.0");
        // The tag is only in a bad line.
        assertThat(decode("m host=1 1000\nm,host=a v=x 2000").rows()).containsExactly("default.m 1 host=1.0");
    }

    @Test
    void aMistakeCostsItsOwnLine() {
        CollectingSink quotes = decode("m v=\"5\" disk\" 1000\nm v=1 2000\n");
        assertThat(quotes.rows()).containsExactly("default.m 2 v=1.0");
        assertThat(quotes.rejections()).extracting(Rejection::record).containsExactly(1L);

        CollectingSink open = decode("m v=\"open 1000\nm v=1 2000\nm v=2 3000\n");
        assertThat(open.rows()).containsExactly("default.m 2 v=1.0", "default.m 3 v=2.0");
        assertThat(open.rejections()).extracting(Rejection::record).containsExactly(1L);
    }

    @Test
    void textInABadLineIsNeverTakenForLines() {
        CollectingSink sink = decode("m,tag= log=\"one\ncpu usage=1 1000\n\",v=1 1000\n"
                + "m v=\"a\nm v=9 9\n\",w=oops\nm v=2 2000\n");
        assertThat(sink.rows()).containsExactly("default.m 2 v=2.0");
        assertThat(sink.rejections()).extracting(Rejection::record).containsExactly(1L, 4L);
    }

    @Test
    void linesAreCountedThroughStrings() {
        CollectingSink sink = decode("m v=\"1\n2\n3\" 1000\n\nm v=\n\n# c\nm w=");
        assertThat(sink.rejections()).containsExactly(new Rejection(5, 18, "the field 'v' has no value"),
                new Rejection(8, 28, "the field 'w' has no value"));
    }

    @Test
    void reasonsStayShort() {
        CollectingSink sink = decode("m v=" + "x".repeat(100_000) + "\n" + "m v=no\n".repeat(500));
        assertThat(sink.rejections()).hasSize(501).allSatisfy(each -> assertThat(each.reason()).hasSizeBetween(20, 200));
    }

    @Test
    void manyDistinctTagsAreStoredAsText() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 10_000; i++) {
            text.append("m,few=a").append(i % 10).append(",many=b").append(i).append(" v=1 ").append(i).append("000\n");
        }
        CollectingSink sink = decode(text.toString());
        assertThat(column(sink, "few")).isInstanceOf(Column.DictionaryColumn.class);
        assertThat(column(sink, "many")).isInstanceOf(Column.Utf8Column.class);
        assertThat(sink.rows()).hasSize(10_000).contains("default.m 1234 few#=\"a4\" many#=\"b1234\" v=1.0");
    }

    @Test
    void tooManyColumnsRefuseTheBody() {
        assertThat(decode(wide(RowStore.MAX_COLUMNS)).batches().getFirst().columns()).hasSize(RowStore.MAX_COLUMNS);
        assertThatThrownBy(() -> decode(wide(RowStore.MAX_COLUMNS + 1))).isInstanceOfSatisfying(ArcException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.MALFORMED_PAYLOAD);
            assertThat(refused).hasMessageContaining("more than 10000 tags and fields");
        });
        // Columns of other bodies do not count.
        for (int body = 0; body < 3; body++) {
            assertThat(decode(wide(6_000).replace("f", "g" + body)).rejections()).isEmpty();
        }
    }

    private static String wide(int columns) {
        StringBuilder text = new StringBuilder("m ");
        for (int i = 0; i < columns; i++) {
            text.append(i == 0 ? "f" : ",f").append(i).append("=1");
        }
        return text.append(" 1000").toString();
    }

    @Test
    void tooManyTablesRefuseTheBody() {
        assertThat(decode(tables(RowStore.MAX_TABLES)).batches()).hasSize(RowStore.MAX_TABLES);
        assertThatThrownBy(() -> decode(tables(RowStore.MAX_TABLES + 1))).isInstanceOfSatisfying(ArcException.class,
                refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.MALFORMED_PAYLOAD);
            assertThat(refused).hasMessageContaining("more than 10000 measurements");
        });
        assertThat(decode(tables(3)).rows()).hasSize(3);
    }

    private static String tables(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) {
            text.append("m").append(i).append(" v=1 1000\n");
        }
        return text.toString();
    }

    @Test
    void linesWithDifferentColumnsTakeMemoryForTheirValues() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 50_000; i++) {
            text.append("m,device=d").append(i % 7).append(" metric_").append(i % 5_000).append('=').append(i).append("i ")
                    .append(i)
                    .append("000\n");
        }
        CollectingSink sink = decode(text.toString());
        long retained = sink.batches().stream().mapToLong(ColumnBatch::retainedBytes).sum();
        assertThat(retained).as("bytes of %d batches for a body of %d", sink.batches().size(), text.length())
                .isLessThan(8L * text.length());
        assertThat(sink.rows()).hasSize(50_000).contains("default.m 12345 device#=\"d4\" metric_2345=12345i");
    }

    @Test
    void hostileBodiesAllocateInProportion() {
        Map<String, String> bodies = Map.of(
                "short bad lines", "x\n".repeat(500_000),
                "short good lines", "m a=1\n".repeat(200_000),
                "open quotes", "\" =\"\n".repeat(200_000),
                "chained quotes", "a b=\"\n".repeat(200_000),
                "one long name", "m " + "n".repeat(1_000_000) + "=1",
                "one long tag", "m,t=" + "\u00ff".repeat(500_000) + " v=1",
                "distinct tags", distinctTags(),
                "one line of many columns", wide(RowStore.MAX_COLUMNS),
                "escapes", "m,t=" + "\\ ".repeat(500_000) + " v=1",
                "doubled backslashes", "m,t=\\\\ v=\n".repeat(100_000));
        bodies.forEach((name, body) -> requireAllocation(name, body, 16));
        // A batch for every few lines, and nothing but objects around single values: the worst that the form of batches allows.
        requireAllocation("columns that hardly ever meet", distinctColumns(), 32);
        requireAllocation("a table for each line", tables(RowStore.MAX_TABLES), 100);
    }

    private static void requireAllocation(String name, String body, int factor) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        CountingSink sink = new CountingSink();
        long before = allocatedBytes();
        new LineDecoder().decode(ByteSlice.of(bytes), TestParameters.of(Map.of()), sink);
        assertThat(allocatedBytes() - before).as("bytes allocated for %s in %d bytes", name, bytes.length)
                .isLessThan((4L << 20) + (long) factor * bytes.length);
        assertThat(sink.rows() + sink.rejected()).as("lines of %s", name).isPositive();
    }

    private static String distinctTags() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 100_000; i++) {
            text.append("m,t=").append(Integer.toString(i, 36)).append(" v=1\n");
        }
        return text.toString();
    }

    private static String distinctColumns() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 200_000; i++) {
            text.append("m c").append(i * 7_919L % 9_999).append("=1,c").append(i * 104_729L % 9_973).append("=1 1\n");
        }
        return text.toString();
    }

    @Test
    void nothingIsAllocatedForALine() {
        String line = "cpu,host=host_%d value=%d.25,idle=98.49498327759%d,n=%di,up=true,s=\"t %d\" 1759933800000%d00\n";
        String small = bodyOf(line, 1_000);
        String large = bodyOf(line, 4_000);
        long perLine = (leastAllocation(large) - leastAllocation(small)) / 3_000;
        // A row of the emitted arrays: time, code, two doubles, a long, a boolean, an offset and three bytes of text.
        assertThat(perLine).as("bytes allocated for a line").isBetween(8L + 4 + 16 + 8 + 1 + 4 + 3, 60L);
    }

    private static String bodyOf(String line, int lines) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lines; i++) {
            text.append(line.formatted(i % 500, i % 100, 100 + i % 900, i, i % 10, 1_000 + i % 9_000));
        }
        return text.toString();
    }

    private long leastAllocation(String text) {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 60; round++) {
            CountingSink sink = new CountingSink();
            long before = allocatedBytes();
            decoder.decode(ByteSlice.of(body), TestParameters.of(Map.of()), sink);
            least = Math.min(least, allocatedBytes() - before);
        }
        return least;
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Test
    void routesAndTheirErrorShapes() {
        Map<String, Endpoint> endpoints = new LineProtocol().endpoints().stream()
                .collect(Collectors.toMap(Endpoint::path, each -> each));
        assertThat(endpoints).containsOnlyKeys("/write", "/api/v1/write", "/api/v2/write", "/api/v1/write/influxdb",
                "/api/v1/write/line-protocol", "/write/v1/line-protocol", "/write/v2/line-protocol");
        for (String path : List.of("/write", "/api/v1/write")) {
            assertThat(endpoints.get(path).databaseParameters()).containsExactly("db");
            assertThat(endpoints.get(path).errorShape()).isEqualTo(ErrorShape.INFLUX_1);
        }
        for (String path : List.of("/api/v2/write", "/api/v1/write/influxdb")) {
            assertThat(endpoints.get(path).databaseParameters()).containsExactly("bucket");
            assertThat(endpoints.get(path).errorShape()).isEqualTo(ErrorShape.INFLUX_2);
        }
        for (String path : List.of("/api/v1/write/line-protocol", "/write/v1/line-protocol", "/write/v2/line-protocol")) {
            assertThat(endpoints.get(path).databaseParameters()).isEmpty();
            assertThat(endpoints.get(path).errorShape()).isEqualTo(ErrorShape.ARC);
        }
    }

    @Test
    void aDecoderServesManyBodiesInTurn() {
        for (int round = 0; round < 3; round++) {
            assertThat(decode("m,a=x v=1i 1000\nn v=1 1000").rows()).containsExactly("default.m 1 a#=\"x\" v=1i",
                    "default.n 1 v=1.0");
            assertThat(decode("m v=\"t\",a=2 1000").rows()).containsExactly("default.m 1 a=2.0 v=\"t\"");
            assertThat(decode("n,v=1 v=t").rows()).containsExactly("default.n " + TestParameters.RECEIVED_MICROS
                    + " v#=\"1\" v_value=true");
            assertThatThrownBy(() -> decode("# nothing")).isInstanceOf(ArcException.class);
        }
        assertThat(Arrays.asList(decode("m v=1").batches().getFirst().table().database())).containsExactly("default");
    }
}
