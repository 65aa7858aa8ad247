package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.runtime.query.QueryFixture.Row;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Rows counted and times found without reading files.
final class TotalsTest {
    private static final long HOUR = 3_600_000_000L;
    private static final TableId CPU = new TableId("default", "cpu");

    @TempDir
    private Path root;
    private QueryFixture fixture;

    @BeforeEach
    void start() throws SQLException {
        fixture = new QueryFixture(root);
        fixture.create(CPU, QueryFixture.column("host", ColumnType.TEXT), QueryFixture.column("n", ColumnType.INT64));
        fixture.start();
    }

    @AfterEach
    void stop() throws SQLException {
        assertThat(fixture.openSnapshots).isZero();
        assertThat(fixture.engine.openShares()).isZero();
        fixture.close();
    }

    private void addHours(Random random, int count) throws SQLException {
        for (int hour = 0; hour < count; hour++) {
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                rows.add(Row.of((hour - 2) * HOUR + random.nextLong(HOUR), "host", "h" + i, "n", (long) i));
            }
            if (hour % 4 == 3) {
                fixture.addHot(CPU, rows);
            } else {
                fixture.addFile(CPU, rows);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT count(*) FROM cpu", "SELECT COUNT(*) AS n FROM cpu", "FROM cpu SELECT count()",
        "SELECT min(time) FROM cpu", "SELECT max(c.time), min(\"time\") AS \"first\" FROM default.cpu AS c",
        "SELECT count(*), MIN(time), MAX(cpu.time) FROM CPU; -- all",
        "SELECT max(time), count(*) FROM cpu WHERE time >= '1960-01-01' AND time < TIMESTAMP '2200-01-01'",
        "SELECT min(time) FROM cpu WHERE time > now() - INTERVAL 400 YEAR"})
    void noFileIsRead(String sql) throws SQLException {
        addHours(new Random(1), 9);
        fixture.filesOpened = 0;
        assertThat(fixture.rows(QueryRequest.of(sql, "default"))).isEqualTo(fixture.expected(sql, "default"));
        assertThat(fixture.filesOpened).isZero();
        try (RunningQuery query = fixture.engine.run(QueryRequest.of(sql, "default"));
                Statement statement = fixture.oracle.createStatement();
                ResultSet plain = statement.executeQuery(sql.replace("default.", "\"default\"."))) {
            ResultSetMetaData columns = plain.getMetaData();
            List<ResultColumn> expected = new ArrayList<>();
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                expected.add(new ResultColumn(columns.getColumnName(i), columns.getColumnTypeName(i)));
            }
            assertThat(query.columns()).isEqualTo(expected);
        }
    }

    /// Statements that look alike and are not: each has to give what DuckDB gives.
    @ParameterizedTest
    @ValueSource(strings = {"SELECT count(n), count(*) FROM cpu WHERE n > 2", "SELECT count(*) FROM cpu WHERE host = 'h1'",
        "SELECT count(*) FROM cpu LIMIT 0", "SELECT count(*) FROM cpu GROUP BY host", "SELECT count(*) + 1 FROM cpu",
        "SELECT count(*) FROM cpu HAVING count(*) > 1000", "SELECT count(*) FILTER (WHERE n = 1) FROM cpu",
        "SELECT count(*), count(*) FROM cpu", "SELECT min(time + INTERVAL 1 DAY) FROM cpu", "SELECT count(*) FROM cpu, cpu b",
        "SELECT count(*) FROM cpu WHERE time IN ('1970-01-01', '1970-01-02')", "SELECT max(n) FROM cpu",
        "SELECT count(*) FROM cpu WHERE time < '1970-01-01 01:00' OR time > '1970-01-01 03:00'",
        "SELECT count(*) FROM cpu WHERE time <> '1970-01-01'", "SELECT count(*) OVER () FROM cpu",
        "SELECT count(*) FROM cpu WHERE extract(hour FROM time) = 1 AND time > '1960-01-01'",
        "SELECT count(*) FROM cpu WHERE date_trunc('hour', time) = '1970-01-01 01:00'",
        "SELECT count(*) FROM cpu WHERE time > '1960-01-01' AND n = 1", "SELECT min(time, 2) FROM cpu",
        "SELECT count(*) FROM cpu WHERE time > '1970-01-01' AND time < '1960-01-01'", "SELECT count(*) FROM cpu WHERE false",
        "SELECT min(b) FROM cpu AS c(b, d, e)", "SELECT count(*) FROM cpu WHERE time IS NOT NULL",
        "SELECT count(DISTINCT time) FROM cpu",
        "SELECT count(*) FROM cpu WHERE time::VARCHAR LIKE '1970%'", "SELECT 1 FROM cpu"})
    void otherStatementsAreRun(String sql) throws SQLException {
        addHours(new Random(2), 9);
        assertThat(fixture.rows(QueryRequest.of(sql, "default"))).isEqualTo(fixture.expected(sql, "default"));
    }

    @Test
    void noRows() throws SQLException {
        assertThat(fixture.data("SELECT count(*), min(time), max(time) FROM cpu")).isEqualTo("[[0,null,null]]");
        addHours(new Random(3), 4);
        assertThat(fixture.data("SELECT count(*), min(time), max(time) FROM cpu WHERE time > '2100-01-01'"))
                .isEqualTo("[[0,null,null]]");
    }

    @Test
    void mistakesAreStillMistakes() throws SQLException {
        addHours(new Random(4), 4);
        for (String sql : List.of("SELECT min(b.time) FROM cpu", "SELECT count(*), max(cpu.n.time) FROM cpu",
                "SELECT count(*) FROM cpu WHERE tim > '1970-01-01'", "SELECT count(*) FROM cpu WHERE time > 'yesterday'")) {
            assertThatThrownBy(() -> fixture.data(sql)).as(sql).isInstanceOf(ArcException.class).hasMessageContaining("Error: ");
        }
    }

    @Test
    void randomRangesOfTime() throws SQLException {
        long seed = Long.getLong("arc.test.seed", 20_261_125L);
        Random random = new Random(seed);
        addHours(random, 14);
        int count = (int) (150 * Double.parseDouble(System.getProperty("arc.test.slow", "1")));
        int read = 0;
        for (int i = 0; i < count; i++) {
            long from = random.nextLong(16 * HOUR) - 3 * HOUR;
            long to = from + random.nextLong(10 * HOUR);
            String sql = "SELECT min(time), count(*), max(time) FROM cpu WHERE time " + (random.nextBoolean() ? ">" : ">=")
                    + " make_timestamptz(" + from + ") AND time " + (random.nextBoolean() ? "<" : "<=") + " make_timestamptz("
                    + to + ")";
            fixture.filesOpened = 0;
            assertThat(fixture.rows(QueryRequest.of(sql, "default"))).as("seed %d: %s", seed, sql)
                    .isEqualTo(fixture.expected(sql, "default"));
            assertThat(fixture.filesOpened).as("seed %d: %s", seed, sql).isLessThanOrEqualTo(2);
            read += fixture.filesOpened;
        }
        assertThat(read).as("files that lie across an end are read").isPositive();
    }

    @Test
    void aThousandFilesThatNobodyCanOpen() throws SQLException {
        for (int hour = 0; hour < 1_000; hour++) {
            fixture.addUnreadable(CPU, 1_000_000, hour * HOUR, hour * HOUR + HOUR - 1);
        }
        fixture.addHot(CPU, List.of(Row.of(-5, "host", "a"), Row.of(5, "host", "b")));
        assertThat(fixture.data("SELECT count(*), min(time), max(time) FROM cpu"))
                .isEqualTo("[[1000000002,\"1969-12-31T23:59:59.999995Z\",\"1970-02-11T15:59:59.999999Z\"]]");
        assertThat(fixture.data("SELECT count(*) FROM cpu WHERE time >= '1970-01-02' AND time < '1970-01-03'"))
                .isEqualTo("[[24000000]]");
    }
}
