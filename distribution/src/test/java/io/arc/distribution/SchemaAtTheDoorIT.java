package io.arc.distribution;

import static io.arc.distribution.Answered.assertRefused;
import static io.arc.distribution.Answered.assertStored;
import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Server;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A table's columns and types as writes make them, and queries that are right for the rows before a change and after it.
class SchemaAtTheDoorIT {
    @TempDir
    private static Path folder;
    private static InstalledArc arc;
    private static Server server;

    @BeforeAll
    static void start() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("installation"));
        server = arc.start(folder.resolve("data"), Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000"));
    }

    @AfterAll
    static void stop() {
        if (arc != null) {
            arc.close();
        }
    }

    private static HttpResponse<String> line(String database, String lines) throws Exception {
        return server.post("/write?db=" + database, lines);
    }

    private static HttpResponse<String> item(String database, Object item) throws Exception {
        return server.post("/api/v1/write/msgpack", Payloads.messagePack(item), "x-arc-database", database);
    }

    private static void flush() throws Exception {
        assertThat(server.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
    }

    private static String select(String database, String sql) throws Exception {
        return server.query(database, sql);
    }

    /// Whether the rows lie in memory or in a file when the next type comes, and when the question does.
    @ParameterizedTest
    @CsvSource({"false,false,false", "true,false,false", "true,true,false", "true,true,true", "false,true,false",
            "false,false,true"})
    void aColumnWidensAndEveryRowIsFound(boolean flushIntegers, boolean flushDoubles, boolean flushTexts) throws Exception {
        String database = "widen-" + flushIntegers + "-" + flushDoubles + "-" + flushTexts;
        assertStored(line(database,
                "m,host=a v=1i 1000000000\nm,host=a v=-7i 2000000000\nm,host=a v=4398046511105i 3000000000\n"));
        assertThat(select(database, "SELECT DISTINCT typeof(v) FROM m")).isEqualTo("[[\"BIGINT\"]]");
        if (flushIntegers) {
            flush();
        }
        assertStored(line(database, "m,host=b v=2.5 4000000000\nm,host=b other=true 5000000000\n"));
        assertThat(select(database, "SELECT DISTINCT typeof(v) FROM m")).isEqualTo("[[\"DOUBLE\"]]");
        assertThat(select(database, "SELECT count(*), count(v), min(v), max(v), sum(v) FROM m"))
                .isEqualTo("[[5,4,-7,4398046511105,4398046511101.5]]");
        assertThat(select(database, "SELECT v FROM m WHERE v > 0 ORDER BY v")).isEqualTo("[[1],[2.5],[4398046511105]]");
        assertThat(select(database, "SELECT epoch(time) FROM m WHERE v = 1 OR v = 2.5 ORDER BY 1")).isEqualTo("[[1],[4]]");
        assertThat(select(database, "SELECT host, avg(v) FROM m WHERE v < 10 GROUP BY host ORDER BY host"))
                .isEqualTo("[[\"a\",-3],[\"b\",2.5]]");
        if (flushDoubles) {
            flush();
        }
        assertStored(item(database, Payloads.columns("m", "time", List.of(6), "host", List.of("c"), "v", List.of("high"))));
        assertStored(line(database, "m,host=d v=9i 7000000000\nm,host=d v=0.125 8000000000\n"));
        if (flushTexts) {
            flush();
        }
        assertThat(select(database, "SELECT DISTINCT typeof(v) FROM m")).isEqualTo("[[\"VARCHAR\"]]");
        assertThat(select(database, "SELECT epoch(time), host FROM m WHERE v IS NULL")).isEqualTo("[[5,\"b\"]]");
        assertThat(select(database, "SELECT count(*), count(v), count(DISTINCT v) FROM m")).isEqualTo("[[8,7,7]]");
        for (String value : List.of("high", "-7", "2.5", "0.125", "4398046511105")) {
            assertThat(select(database, "SELECT count(*) FROM m WHERE try_cast(v AS DOUBLE) = try_cast('" + value
                    + "' AS DOUBLE) OR v = '"
                    + value + "'")).as(value).isEqualTo("[[1]]");
        }
        assertThat(select(database, "SELECT v FROM m WHERE v IS NOT NULL ORDER BY time"))
                .isEqualTo("[[\"1\"],[\"-7\"],[\"4398046511105\"],"
                + "[\"2.5\"],[\"high\"],[\"9\"],[\"0.125\"]]");
        assertThat(select(database, "SELECT sum(try_cast(v AS DOUBLE)) FROM m WHERE v <> 'high'"))
                .isEqualTo("[[4398046511110.625]]");
        assertThat(select(database, "SELECT * FROM m WHERE host = 'c'"))
                .isEqualTo("[[\"1970-01-01T00:00:06Z\",\"c\",\"high\",null]]");
        assertThat(select(database, "SELECT min(time), max(time) FROM m WHERE v = 'high'"))
                .isEqualTo("[[\"1970-01-01T00:00:06Z\",\"1970-01-01T00:00:06Z\"]]");
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void anIntegerBecomesTextDigitByDigit(boolean flushed) throws Exception {
        String database = "digits-" + flushed;
        assertStored(line(database, "m v=9223372036854775807i 1000000000\nm v=-9007199254740993i 2000000000\n"));
        if (flushed) {
            flush();
        }
        assertStored(line(database, "m v=\"x\" 3000000000\n"));
        assertThat(select(database, "SELECT v FROM m ORDER BY time"))
                .isEqualTo("[[\"9223372036854775807\"],[\"-9007199254740993\"],"
                + "[\"x\"]]");
        flush();
        assertThat(select(database, "SELECT epoch(time) FROM m WHERE v = '9223372036854775807'")).isEqualTo("[[1]]");
    }

    @Test
    void columnsStandInTheOrderOfTheirFirstArrival() throws Exception {
        assertStored(item("order-1", Payloads.columns("m", "zulu", List.of(1), "time", List.of(1), "alpha", List.of(2))));
        assertStored(line("order-1", "m,tag2=x mike=1i,alpha=3i 2000000000\n"));
        flush();
        assertStored(item("order-1", Payloads.columns("m", "bravo", List.of(true), "mike", List.of(5), "time", List.of(3))));
        String expected = "[[\"1970-01-01T00:00:01Z\",1,2,null,null,null],[\"1970-01-01T00:00:02Z\",null,3,\"x\",1,null],"
                + "[\"1970-01-01T00:00:03Z\",null,null,null,5,true]]";
        assertThat(select("order-1", "SELECT * FROM m ORDER BY time")).isEqualTo(expected);
        assertThat(select("order-1", "SELECT string_agg(column_name, ' ') FROM (DESCRIBE m)"))
                .isEqualTo("[[\"time zulu alpha tag2 mike bravo\"]]");
        flush();
        assertThat(select("order-1", "SELECT * FROM m ORDER BY time")).isEqualTo(expected);
    }

    @Test
    void aConflictNamesColumnRowAndTypesAndStoresNothing() throws Exception {
        assertStored(line("conflict-1", "m v=1i,b=true 1000000000\n"));
        assertRefused(line("conflict-1", "other v=1i 1000000000\nm w=1 2000000000\nm v=true 3000000000\n"), 400,
                "field type conflict",
                "'v'", "row 2 of table conflict-1.m", "INT64", "BOOLEAN");
        flush();
        assertRefused(item("conflict-1", List.of(Payloads.columns("other", "time", List.of(1), "v", List.of(1)),
                Payloads.columns("m", "time", List.of(1, 2, 3), "b", Arrays.asList(null, null, 2.5)))), 400, "'b'",
                "row 3 of table conflict-1.m", "BOOLEAN", "FLOAT64");
        assertRefused(item("conflict-1", List.of(Payloads.columns("fresh", "time", List.of(1, 2), "v", List.of(1, 2)),
                Payloads.columns("fresh", "time", List.of(1, 2), "v", List.of(true, true)))), 400, "'v'", "INT64", "BOOLEAN");
        assertRefused(item("conflict-1", Payloads.columns("fresh", "time", List.of(1, 2), "v", List.of(1, true))), 400, "v");
        assertThat(select("conflict-1", "SELECT * FROM m")).isEqualTo("[[\"1970-01-01T00:00:01Z\",1,true]]");
        for (String table : List.of("other", "fresh")) {
            assertThat(server.post("/api/v1/query", "{\"sql\":\"FROM " + table + "\"}", "x-arc-database", "conflict-1")
                    .statusCode())
                    .as(table).isEqualTo(404);
        }
        // Text takes all of them.
        assertStored(line("conflict-1", "m v=\"x\" 4000000000\n"));
        assertStored(line("conflict-1", "m v=true 5000000000\n"));
        assertThat(select("conflict-1", "SELECT v FROM m ORDER BY time")).isEqualTo("[[\"1\"],[\"x\"],[\"true\"]]");
    }

    @Test
    void aColumnWithoutAnyValueWaitsForItsType() throws Exception {
        assertStored(item("nulls-1", Payloads.columns("m", "time", List.of(1, 2), "v", Arrays.asList(null, null), "w",
                List.of(1, 2))));
        flush();
        assertThat(select("nulls-1", "SELECT * FROM m ORDER BY time")).isEqualTo("[[\"1970-01-01T00:00:01Z\",null,1],"
                + "[\"1970-01-01T00:00:02Z\",null,2]]");
        assertStored(line("nulls-1", "m v=2.5 3000000000\n"));
        assertThat(select("nulls-1", "SELECT sum(v), count(v), count(*), any_value(typeof(v)) FROM m"))
                .isEqualTo("[[2.5,1,3,\"DOUBLE\"]]");
        flush();
        assertThat(select("nulls-1", "SELECT sum(v), count(v), count(*) FROM m WHERE v > 1")).isEqualTo("[[2.5,1,1]]");
    }
}
