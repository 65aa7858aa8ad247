package io.arc.plugin.rewriter.time;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.TableId;
import io.arc.api.spi.QueryRewriter;
import io.arc.api.spi.QueryRewriter.ParsedQuery;
import io.arc.api.spi.QueryRewriter.Rewrite;
import io.arc.api.spi.QueryRewriter.Stage;
import io.arc.api.spi.QueryRewriter.TableReference;
import io.arc.testkit.QueryRewriterContract;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TimeRewriterTest extends QueryRewriterContract {
    private static final List<String> UNITS = List.of("microsecond", "milliseconds", "second", "minute", "Hour", "DAY", "week",
            "month", "quarter", "years");
    private static final List<String> WIDTHS = List.of("INTERVAL '1 hour'", "INTERVAL 5 MINUTE", "INTERVAL '1 minute'",
            "'15 minutes'", "INTERVAL '7 seconds'", "INTERVAL '1 day'", "INTERVAL '7 days'", "INTERVAL '36 hours'",
            "INTERVAL '1 week'", "INTERVAL '1 month'", "INTERVAL '3 months'", "INTERVAL 1 YEAR", "to_hours(6)",
            "INTERVAL '1 microsecond'", "INTERVAL '250 milliseconds'");

    private static final long SEED = Long.getLong("arc.test.seed", System.nanoTime());

    private static Connection duckDb;
    private final Stage stage = new UtcCalls();

    @BeforeAll
    static void start() throws SQLException {
        duckDb = DriverManager.getConnection("jdbc:duckdb:");
        execute("SET GLOBAL TimeZone = 'UTC'");
        execute("SET GLOBAL threads = 1");
        execute("CREATE TABLE cpu(time TIMESTAMPTZ, host VARCHAR, v DOUBLE)");
        Random random = new Random(SEED);
        List<String> rows = new ArrayList<>(List.of("('infinity', 'i', 0)", "('-infinity', 'i', 1)", "(NULL, 'n', 2)",
                "('0001-01-01 00:00:00', 'x', 3)", "(make_timestamptz(-62135596800000001), 'x', 4)"));
        for (int i = 0; i < 4_000; i++) {
            long micros = switch (random.nextInt(5)) {
                case 0 -> random.nextLong(-62_000_000_000_000_000L, 250_000_000_000_000_000L);
                case 1 -> random.nextLong(-5_000_000_000_000_000L, 5_000_000_000_000_000L);
                case 2 -> random.nextLong(-1_000, 48) * 3_600_000_000L + random.nextLong(-1, 2);
                case 3 -> random.nextLong(-20_000, 60_000) * 86_400_000_000L + random.nextLong(-1, 2);
                default -> random.nextLong(-200_000_000_000_000_000L, 0);
            };
            rows.add("(make_timestamptz(" + micros + "::BIGINT), 'h" + random.nextInt(4) + "', " + random.nextInt(100) + ")");
        }
        execute("INSERT INTO cpu VALUES " + String.join(",", rows));
    }

    @AfterAll
    static void stop() throws SQLException {
        duckDb.close();
    }

    private static void execute(String sql) throws SQLException {
        try (Statement statement = duckDb.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    protected QueryRewriter newRewriter() {
        return new TimeRewriter();
    }

    @Override
    protected List<ParsedQuery> queries() {
        return List.of(parsed("SELECT date_trunc('hour', time) FROM cpu"), parsed("SELECT 1 AS x"),
                parsed("SELECT time_bucket(INTERVAL '1 hour', c.time) AS \"größe\", count(*) FROM cpu c GROUP BY 1 ORDER BY 1"),
                parsed("WITH q AS (SELECT date_trunc('day', time) AS d FROM cpu) SELECT * FROM q"),
                parsed("SELECT 'ü', date_trunc('hour', time), v / 1.5e3 FROM cpu WHERE host = 'ä\"\\'"));
    }

    /// As the server does it, for the one table that there is.
    private static ParsedQuery parsed(String sql) {
        List<TableReference> references = new ArrayList<>();
        Matcher matcher = Pattern.compile("(?:FROM|JOIN) (cpu)\\b").matcher(sql);
        while (matcher.find()) {
            references.add(new TableReference(new TableId("default", "cpu"), matcher.start(1)));
        }
        try (PreparedStatement statement = duckDb.prepareStatement(
                "SELECT json_serialize_sql(?::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)")) {
            statement.setString(1, sql);
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                return new ParsedQuery(sql, rows.getString(1), "default", references);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private String replaced(String sql) {
        return stage.rewrite(parsed(sql)) instanceof Rewrite.Replaced(String text) ? text : null;
    }

    private static List<String> answer(String sql) throws SQLException {
        List<String> lines = new ArrayList<>();
        try (Statement statement = duckDb.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            ResultSetMetaData columns = rows.getMetaData();
            StringBuilder head = new StringBuilder();
            for (int i = 1; i <= columns.getColumnCount(); i++) {
                head.append(columns.getColumnName(i)).append(' ').append(columns.getColumnTypeName(i)).append(';');
            }
            while (rows.next()) {
                StringBuilder line = new StringBuilder();
                for (int i = 1; i <= columns.getColumnCount(); i++) {
                    line.append(rows.getString(i)).append(';');
                }
                lines.add(line.toString());
            }
            lines.sort(null);
            lines.addFirst(head.toString());
        }
        return lines;
    }

    private void requireSameAndReplaced(String sql) throws SQLException {
        String replaced = replaced(sql);
        assertThat(replaced).as(sql).isNotNull();
        List<String> expected = answer(sql);
        List<String> found = answer(replaced);
        assertThat(found).as("%s%n became %s, seed %d", sql, replaced, SEED).hasSameSizeAs(expected);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < found.size() && differences.size() < 5; i++) {
            if (!found.get(i).equals(expected.get(i))) {
                differences.add(found.get(i) + " instead of " + expected.get(i));
            }
        }
        assertThat(differences).as("%s%n became %s, seed %d", sql, replaced, SEED).isEmpty();
    }

    @Test
    void everyUnitOnRandomInstants() throws SQLException {
        for (String unit : UNITS) {
            requireSameAndReplaced("SELECT date_trunc('" + unit + "', time), time FROM cpu");
            requireSameAndReplaced("SELECT time, DateTrunc('" + unit + "', cpu.time) AS t FROM cpu");
        }
    }

    @Test
    void everyWidthOnRandomInstants() throws SQLException {
        for (String width : WIDTHS) {
            requireSameAndReplaced("SELECT time_bucket(" + width + ", time), time FROM cpu");
            requireSameAndReplaced("SELECT time_bucket(" + width + ", c.time) AS b, sum(v) FROM cpu AS c GROUP BY b");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SELECT date_trunc('hour', time), count(*) FROM cpu GROUP BY 1 ORDER BY 1",
        "SELECT date_trunc('hour', time), count(*) FROM cpu GROUP BY date_trunc('hour', time) ORDER BY date_trunc('hour', time)",
        "SELECT date_trunc('hour', time) AS time, avg(v) FROM cpu WHERE time > '1970-01-01' GROUP BY 1 ORDER BY time",
        "SELECT date_trunc('day', time) AS \"time\", count(*) FROM cpu GROUP BY date_trunc('day', time) ORDER BY 1",
        "SELECT count(DISTINCT date_trunc('day', time)) AS days FROM cpu",
        "FROM cpu SELECT time_bucket(INTERVAL 1 DAY, \"TIME\") AS t, max(v) GROUP BY ALL HAVING count(*) > 1",
        "SELECT a.v FROM cpu a JOIN cpu b USING (time) ORDER BY date_trunc('hour', a.time), a.v",
        "SELECT host, date_trunc('hour', time) + INTERVAL 1 HOUR AS next FROM cpu",
        "WITH q AS (SELECT date_trunc('day', time) AS d, v FROM cpu) SELECT d, sum(v) FROM q GROUP BY d",
        "SELECT sum(n) FROM (SELECT count(*) AS n FROM cpu GROUP BY time_bucket('2 days', time))",
        "SELECT date_trunc('hour', time) AS h FROM cpu UNION SELECT date_trunc('day', time) FROM cpu",
        "SELECT 'größe', date_trunc('day', time) FROM cpu -- ä",
        "SELECT v, (SELECT max(date_trunc('day', c.time)) AS m FROM cpu c WHERE c.v = cpu.v) AS x FROM cpu",
        "SELECT DISTINCT ON (date_trunc('year', time)) date_trunc('year', time) AS y FROM cpu",
        "SELECT date_trunc( /* x */ 'hour' , time /* y */ ) FROM cpu",
        "SELECT row_number() OVER (PARTITION BY date_trunc('day', time) ORDER BY time, v, host) AS r, v FROM cpu"})
    void statementsKeepTheirMeaning(String sql) throws SQLException {
        requireSameAndReplaced(sql);
    }

    /// Where the column may be another one, or where the engine does better with the call as it is, nothing changes.
    @ParameterizedTest
    @ValueSource(strings = {"WITH q AS (SELECT DATE '2026-01-01' AS time) SELECT date_trunc('hour', time) FROM q",
        "SELECT date_trunc('hour', time) FROM (SELECT 1 AS a, TIMESTAMP '2026-01-01' AS time)",
        "SELECT count(*) FROM cpu WHERE date_trunc('hour', time) = '1970-01-01'",
        "SELECT v AS time, date_trunc('hour', time) AS h FROM cpu", "SELECT date_trunc(host, time) AS t FROM cpu WHERE false",
        "SELECT date_trunc('hour', time) + INTERVAL 1 HOUR FROM cpu", "SELECT date_trunc('hour', c.time) FROM cpu c",
        "SELECT date_trunc('hour', time) FROM cpu, (SELECT DATE '2026-01-01' AS t)", "SELECT 'date_trunc(1, time)' FROM cpu",
        "SELECT time_bucket(INTERVAL '1 hour', time, INTERVAL '5 minutes') AS b FROM cpu",
        "SELECT date_trunc('hour', make_timestamp(epoch_us(time))) AS t FROM cpu",
        "SELECT date_trunc('hour', b) AS t FROM cpu AS c(b, d, e)", "SELECT date_trunc('decade', time) AS d FROM cpu",
        "SELECT date_trunc('century', time) FROM cpu", "SELECT date_trunc('millennium', time) FROM cpu",
        "SELECT date_trunc('isoyear', time) FROM cpu"})
    void otherStatementsStayAsTheyAre(String sql) {
        assertThat(stage.rewrite(parsed(sql))).isEqualTo(Rewrite.UNCHANGED);
    }

    /// The reason to be: several times as fast, so half of the time is a bound that a busy machine keeps.
    @ParameterizedTest
    @ValueSource(strings = {"date_trunc('hour', time)", "date_trunc('minute', time)", "time_bucket(INTERVAL '1 day', time)",
        "time_bucket(INTERVAL 5 MINUTE, time)"})
    void itIsQuicker(String call) throws SQLException {
        execute("CREATE OR REPLACE TEMP TABLE many AS SELECT make_timestamptz((i * 137777777)::BIGINT) AS time "
                + "FROM range(400000) r(i)");
        String sql = "SELECT max(" + call + ") AS m FROM cpu";
        String quick = replaced(sql);
        long plainNanos = Long.MAX_VALUE;
        long quickNanos = Long.MAX_VALUE;
        for (int round = 0; round < 5; round++) {
            plainNanos = Math.min(plainNanos, nanos(sql.replace("FROM cpu", "FROM many")));
            quickNanos = Math.min(quickNanos, nanos(quick.replace("FROM cpu", "FROM many")));
        }
        assertThat(quickNanos).as("nanoseconds for 400,000 rows; as it was: %d", plainNanos).isLessThan(plainNanos / 2);
    }

    private static long nanos(String sql) throws SQLException {
        long started = System.nanoTime();
        answer(sql);
        return System.nanoTime() - started;
    }
}
