package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.query.QueryFixture.Row;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The engine against plain DuckDB on native tables of the same rows, compared as multisets.
final class EquivalenceTest {
    private static final long HOUR = 3_600_000_000L;
    private static final TableId CPU = new TableId("default", "cpu");
    private static final TableId MEM = new TableId("default", "mem");
    private static final TableId PROD = new TableId("prod", "cpu");
    private static final TableId HYPHEN = new TableId("my-db", "net-io");
    private static final TableId EMPTY = new TableId("default", "nothing");
    private static final TableId MIXED = new TableId("default", "mixed");

    @TempDir
    Path root;
    private QueryFixture fixture;

    @AfterEach
    void stop() throws SQLException {
        assertThat(fixture.openSnapshots).as("moments of the catalog still open").isZero();
        assertThat(fixture.engine.openShares()).isZero();
        assertThat(fixture.engine.allocatedBytes()).isZero();
        fixture.close();
    }

    /// Where the rows are. FETCHED has them in a store that is no folder, behind a small file cache. COMPACTED has the form that a compaction leaves: one file with the rows of many, sorted by time.
    private enum Where {
        FILES, HOT, BOTH, FETCHED, COMPACTED
    }

    private void fill(Where where, long seed) throws SQLException {
        Random random = new Random(seed);
        fixture = new QueryFixture(root);
        for (TableId table : List.of(CPU, PROD, HYPHEN, EMPTY)) {
            fixture.create(table, QueryFixture.column("host", ColumnType.TEXT), QueryFixture.column("v", ColumnType.FLOAT64),
                    QueryFixture.column("n", ColumnType.INT64), QueryFixture.column("up", ColumnType.BOOLEAN),
                    QueryFixture.column("load", ColumnType.FLOAT64));
        }
        fixture.create(MEM, QueryFixture.column("host", ColumnType.TEXT), QueryFixture.column("used", ColumnType.INT64),
                QueryFixture.column("event_time", ColumnType.INT64));
        fixture.create(MIXED, QueryFixture.column("x", ColumnType.TEXT), QueryFixture.column("y", ColumnType.FLOAT64),
                QueryFixture.column("z", ColumnType.INT64));
        for (TableId table : List.of(CPU, PROD, HYPHEN)) {
            List<Row> together = new ArrayList<>();
            for (int part = 0; part < 6; part++) {
                List<Row> rows = new ArrayList<>();
                for (int i = 0; i < 40 + part; i++) {
                    rows.add(Row.of((part - 2) * HOUR + random.nextLong(HOUR), "host", "h" + random.nextInt(5),
                            "v", random.nextInt(9) == 0 ? null : special(random), "n", random.nextInt(7) == 0 ? null
                                    : (long) random.nextInt(100) - 50, "up", random.nextInt(5) == 0 ? null
                                            : random.nextBoolean(),
                            "load", part < 3 ? null : random.nextInt(1000) / 8.0));
                }
                if (where == Where.COMPACTED && part < 4) {
                    together.addAll(rows);
                } else {
                    add(table, rows, where, part);
                }
            }
            if (!together.isEmpty()) {
                together.sort(Comparator.comparingLong(Row::micros));
                fixture.addFile(table, together);
            }
        }
        for (int part = 0; part < 4; part++) {
            List<Row> rows = new ArrayList<>();
            for (int i = 0; i < 25; i++) {
                rows.add(Row.of((part - 1) * HOUR + random.nextLong(HOUR), "host", "h" + random.nextInt(6), "used",
                        random.nextLong(1_000_000), "event_time", random.nextLong(100)));
            }
            add(MEM, rows, where, part);
        }
        List<List<Row>> mixed = List.of(
                List.of(Row.of(-5, "x", 1L, "y", 1L), Row.of(10, "x", 2L, "y", 2L), Row.of(11, "z", 4L)),
                List.of(Row.of(20, "x", 1.5, "y", 1.5), Row.of(21, "x", 2.0, "y", Double.NaN)),
                List.of(Row.of(30, "x", "a", "y", Double.POSITIVE_INFINITY), Row.of(31, "x", "2", "z", 7L)),
                List.of(Row.of(40, "y", 112.5)));
        for (int part = 0; part < mixed.size(); part++) {
            add(MIXED, mixed.get(part), where, part);
        }
        if (where == Where.FETCHED) {
            fixture.fileAccess = new FileCache(new FolderStore(root), root.resolve("cache"), 1 << 20, 0, 0);
        }
        fixture.start();
    }

    private static Double special(Random random) {
        return switch (random.nextInt(30)) {
            case 0 -> Double.NaN;
            case 1 -> Double.POSITIVE_INFINITY;
            case 2 -> Double.NEGATIVE_INFINITY;
            case 3 -> -0.0;
            default -> random.nextInt(2000) / 16.0 - 50;
        };
    }

    private void add(TableId table, List<Row> rows, Where where, int part) throws SQLException {
        if (where == Where.FILES || where == Where.FETCHED || where != Where.HOT && part % 2 == 0) {
            fixture.addFile(table, rows);
        } else {
            fixture.addHot(table, rows);
        }
    }

    private static final String[] HANDWRITTEN = {
        "SELECT * FROM cpu", "SELECT host, v FROM cpu WHERE v > 10", "SELECT cpu.host, cpu.n FROM cpu",
        "SELECT default.cpu.host FROM default.cpu", "SELECT count(*) FROM nothing", "SELECT * FROM nothing",
        "SELECT max(time), min(time) FROM cpu", "SELECT sum(n), count(v), count(*) FROM cpu",
        "SELECT load FROM cpu WHERE load > 5",
        "SELECT * FROM prod.cpu", "SELECT * FROM \"prod\".\"cpu\" AS c WHERE c.up", "SELECT * FROM \"my-db\".\"net-io\"",
        "SELECT * FROM prod . cpu", "SELECT /* FROM mem */ host -- FROM x\n FROM /* a */ cpu",
        "SELECT 'FROM cpu', host FROM cpu",
        "SELECT c.host, m.used FROM cpu c JOIN mem m ON c.host = m.host AND c.n = m.event_time",
        "SELECT c.host, m.used FROM cpu c LEFT JOIN mem m ON c.host = m.host AND c.n = m.event_time",
        "SELECT c.host, m.used FROM cpu c RIGHT JOIN mem m ON c.host = m.host AND c.n = m.event_time",
        "SELECT c.host, m.used FROM cpu c FULL OUTER JOIN mem m ON c.host = m.host AND c.n = m.event_time",
        "SELECT count(*) FROM cpu, mem", "SELECT count(*) FROM cpu CROSS JOIN mem",
        "SELECT count(*) FROM cpu JOIN mem USING (host)",
        "SELECT count(*) FROM cpu NATURAL JOIN mem", "SELECT * FROM cpu SEMI JOIN mem USING (host)",
        "SELECT * FROM cpu ANTI JOIN mem USING (host)",
        "SELECT c.time, c.host, m.used FROM cpu c ASOF JOIN mem m ON c.host = m.host AND c.time >= m.time",
        "SELECT c.time, c.host, m.used FROM cpu c ASOF LEFT JOIN mem m ON c.host = m.host AND c.time >= m.time",
        "SELECT count(*) FROM cpu POSITIONAL JOIN mem", "SELECT c.host, l.x FROM cpu c, LATERAL (SELECT c.n + 1 AS x) l",
        "SELECT a.host FROM cpu a JOIN prod.cpu b ON a.time = b.time", "SELECT count(*) FROM cpu a, cpu b WHERE a.n = b.n",
        "SELECT prod.cpu.host, default.cpu.n FROM prod.cpu JOIN default.cpu ON prod.cpu.n = default.cpu.n",
        "WITH c AS (SELECT * FROM cpu) SELECT count(*) FROM c",
        "WITH c(a, b) AS (SELECT host, n FROM cpu) SELECT a, sum(b) FROM c GROUP BY a",
        "WITH cpu AS (SELECT 1 AS a) SELECT * FROM cpu", "WITH CPU AS (SELECT 1 AS a) SELECT * FROM cpu",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 5) SELECT i, (SELECT count(*) FROM cpu) "
        + "FROM r",
        "WITH a AS (SELECT * FROM cpu WHERE n > 0), b AS (SELECT * FROM a WHERE n < 20) SELECT count(*) FROM b JOIN a "
        + "USING (time)",
        "WITH q AS (SELECT * FROM cpu) SELECT * FROM q WHERE time > '1970-01-01' UNION ALL SELECT * FROM q WHERE time < "
        + "'1969-12-31 23:30'",
        "WITH q AS MATERIALIZED (FROM cpu) SELECT host FROM q WHERE n = 5",
        "SELECT host FROM cpu UNION SELECT host FROM mem", "SELECT host FROM cpu EXCEPT SELECT host FROM mem",
        "SELECT host FROM cpu INTERSECT SELECT host FROM mem",
        "SELECT host FROM cpu UNION ALL BY NAME SELECT host, used FROM mem",
        "(SELECT host FROM cpu) UNION ALL (FROM mem SELECT host)", "TABLE cpu", "(TABLE mem) UNION ALL (TABLE mem)",
        "FROM cpu", "FROM cpu SELECT host WHERE n > 3", "FROM cpu, mem SELECT count(*)", "VALUES (1, 'a'), (2, 'b')",
        "SELECT 1 AS ping",
        "SELECT (SELECT max(used) FROM mem) AS m, host FROM cpu",
        "SELECT * FROM cpu WHERE host IN (SELECT host FROM mem WHERE used > 500000)",
        "SELECT * FROM cpu c WHERE EXISTS (SELECT 1 FROM mem m WHERE m.host = c.host AND m.event_time = c.n)",
        "SELECT * FROM cpu WHERE n = ANY (SELECT event_time FROM mem)",
        "SELECT * FROM cpu WHERE n > ALL (SELECT event_time - 1000 FROM mem)",
        "SELECT * FROM (SELECT host, avg(n) a FROM cpu GROUP BY host) WHERE a > 0",
        "SELECT * FROM (FROM cpu) AS x WHERE x.n > 1",
        "SELECT host, n, row_number() OVER (PARTITION BY host ORDER BY time) FROM cpu",
        "SELECT host, n FROM cpu QUALIFY row_number() OVER (PARTITION BY host ORDER BY time) = 1",
        "SELECT host, sum(n) OVER w FROM cpu WINDOW w AS (PARTITION BY host ORDER BY time ROWS 2 PRECEDING)",
        "SELECT DISTINCT host FROM cpu", "SELECT DISTINCT ON (host) host FROM cpu ORDER BY host, time",
        "SELECT host FROM cpu ORDER BY time LIMIT 7",
        "SELECT time, host FROM cpu ORDER BY time DESC, host LIMIT 5 OFFSET 3",
        "SELECT host, count(*) FROM cpu GROUP BY ALL ORDER BY ALL",
        "SELECT host, up, count(*) FROM cpu GROUP BY ROLLUP (host, up)",
        "SELECT host, up, count(*) FROM cpu GROUP BY CUBE (host, up)",
        "SELECT host, up, count(*) FROM cpu GROUP BY GROUPING SETS ((host), (up), ())",
        "SELECT host FROM cpu GROUP BY host HAVING sum(n) > 0",
        "SELECT COLUMNS('h.*') FROM cpu", "SELECT * EXCLUDE (v) FROM cpu", "SELECT * REPLACE (n + 1 AS n) FROM cpu",
        "SELECT cpu.* FROM cpu JOIN mem ON false", "SELECT extract(hour FROM time) AS h, count(*) FROM cpu GROUP BY 1",
        "SELECT substring(host FROM 2 FOR 1) FROM cpu", "SELECT trim(both 'h' FROM host) FROM cpu",
        "SELECT overlay(host PLACING 'x' FROM 1 FOR 1) FROM cpu",
        "SELECT date_trunc('hour', time) AS t, avg(n) FROM cpu GROUP BY 1",
        "SELECT time_bucket(INTERVAL '10 minutes', time) AS t, count(*) FROM cpu GROUP BY 1",
        "SELECT time_bucket(INTERVAL '1 week', time) AS t, count(*) FROM cpu GROUP BY 1",
        "SELECT host FROM cpu WHERE n IS DISTINCT FROM 5",
        "PIVOT cpu ON host IN ('h0', 'h1') USING count(*)",
        "SELECT * FROM cpu PIVOT (sum(n) FOR host IN ('h0', 'h1') GROUP BY up)",
        "UNPIVOT (SELECT n, event_time FROM cpu JOIN mem USING (host)) ON n, event_time INTO NAME k VALUE val",
        "UNPIVOT mem ON used, event_time INTO NAME k VALUE val", "SELECT host.upper() FROM cpu",
        "SELECT list(n ORDER BY n) FROM cpu WHERE n > 40",
        "SELECT list_transform([1, 2], lambda x: x + 1)", "SELECT count(*) FILTER (WHERE n > 0) FROM cpu",
        "SELECT arg_max(host, time) FROM cpu",
        "SELECT host FROM cpu WHERE host LIKE 'h1%'", "SELECT host FROM cpu WHERE host SIMILAR TO 'h[12]'",
        "SELECT host FROM cpu WHERE host > 'h2'",
        "SELECT n FROM cpu WHERE n BETWEEN -5 AND 5", "SELECT n FROM cpu WHERE n NOT IN (1, 2, 3)",
        "SELECT v FROM cpu WHERE v = 'nan'::DOUBLE",
        "SELECT v FROM cpu WHERE v > 1e300", "SELECT v FROM cpu WHERE v = 0", "SELECT v FROM cpu WHERE v < -1e300",
        "SELECT up FROM cpu WHERE up",
        "SELECT up FROM cpu WHERE NOT up", "SELECT * FROM cpu WHERE up IS NULL", "SELECT * FROM cpu WHERE load IS NULL",
        "SELECT * FROM cpu WHERE load IS NOT NULL",
        "SELECT * FROM cpu WHERE time >= '1970-01-01T01:00:00Z'", "SELECT * FROM cpu WHERE time < '1970-01-01'",
        "SELECT * FROM cpu WHERE time < '1970-01-01' OR host = 'h1'", "SELECT * FROM cpu WHERE NOT (time < '1970-01-01')",
        "SELECT * FROM cpu WHERE '1970-01-01 01:00:00' <= time",
        "SELECT * FROM cpu WHERE time BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '1970-01-01 01:00:00'",
        "SELECT * FROM mem WHERE event_time >= 50",
        "SELECT * FROM cpu WHERE time > (SELECT max(time) FROM mem) - INTERVAL 1 HOUR",
        "SELECT * FROM cpu WHERE n > (SELECT count(*) FROM mem) - 90", "SELECT * FROM cpu WHERE n = (SELECT max(n) FROM cpu)",
        "SELECT * FROM cpu WHERE n = (SELECT min(n) FROM prod.cpu) OR n = (SELECT count(*) - 90 FROM mem)",
        "SELECT * FROM cpu WHERE time < now()", "SELECT count(*) FROM cpu WHERE time < current_timestamp - INTERVAL '1 day'",
        "SELECT x FROM mixed WHERE x = '2'", "SELECT sum(y) FROM mixed WHERE y < 1e9", "SELECT y FROM mixed WHERE y = 1.5",
        "SELECT y FROM mixed WHERE y IN (1, 2, 112.5)",
        "SELECT x, y, z FROM mixed", "SELECT x FROM mixed WHERE x > '1.2'", "SELECT count(*) FROM mixed WHERE z = 4",
        "SELECT y FROM mixed WHERE y > 2",
        "SELECT avg(y) FROM mixed WHERE time < '1970-01-01 00:00:00.00003'", "SELECT n, n / 0, n % 0, n // 0 FROM cpu",
        "SELECT host ~ '0' FROM cpu",
        "SELECT host FROM cpu TABLESAMPLE 100%", "SELECT a FROM (SELECT 1 AS a) t JOIN cpu ON true WHERE n = 1",
        "SELECT cpu FROM cpu WHERE false",
        "SELECT unnest([1, 2, 3]) AS i, count(*) FROM cpu GROUP BY 1",
        "SELECT * FROM range(3) r(i), (SELECT count(*) AS c FROM cpu)",
        "SELECT CASE WHEN n > 0 THEN 'p' ELSE 'n' END AS s, count(*) FROM cpu GROUP BY s",
        "SELECT host COLLATE NOCASE FROM cpu WHERE host COLLATE NOCASE = 'H1'",
        "SELECT CPU.HOST FROM CPU", "SELECT max(v) FROM cpu WHERE v = v", "SELECT first(host ORDER BY time) FROM cpu",
        "SELECT quantile_cont(n, 0.5) FROM cpu",
        "SELECT 1 WHERE EXISTS (FROM nothing)", "SELECT * FROM cpu LEFT JOIN nothing USING (host)",
        "SELECT \"time\" FROM cpu WHERE \"time\" = make_timestamptz(0)",
        "SELECT c.time FROM cpu c WHERE c.time IN ('1970-01-01 00:00:00Z', '1970-01-01 00:30:00Z')",
        "SELECT coalesce(load, -1) FROM cpu",
        "SELECT m.host, s.total FROM mem m JOIN (SELECT host, sum(n) AS total FROM cpu GROUP BY host) s ON m.host = s.host",
        "PIVOT cpu ON host USING count(*)", "PIVOT cpu ON host USING sum(n) AS s, count(*) GROUP BY up",
        "PIVOT cpu ON host, up USING count(*) GROUP BY n",
        "PIVOT (SELECT host, n % 3 AS m FROM prod.cpu) ON m USING count(*) GROUP BY host ORDER BY host LIMIT 3;",
        "PIVOT cpu ON n % 4 USING count(*) GROUP BY host",
        "PIVOT cpu ON substr(host, 2) USING avg(n) GROUP BY up",
        "SELECT host, (SELECT count(*) FROM mem WHERE mem.host = cpu.host) FROM cpu",
    };

    @Test
    void handwrittenStatementsOnFilesAlone() throws SQLException {
        compare(Where.FILES);
    }

    @Test
    void handwrittenStatementsOnRowsInMemoryAlone() throws SQLException {
        compare(Where.HOT);
    }

    @Test
    void handwrittenStatementsOnBoth() throws SQLException {
        compare(Where.BOTH);
    }

    @Test
    void handwrittenStatementsOnFetchedFiles() throws SQLException {
        compare(Where.FETCHED);
    }

    private void compare(Where where) throws SQLException {
        fill(where, 7);
        List<String> differences = new ArrayList<>();
        for (String sql : HANDWRITTEN) {
            difference(sql, true, differences);
        }
        assertThat(differences).as("%d statements", HANDWRITTEN.length).isEmpty();
    }

    private void difference(String sql, boolean pruning, List<String> differences) throws SQLException {
        List<String> found;
        try {
            found = fixture.rows(QueryRequest.of(sql, "default").withPruning(pruning));
        } catch (RuntimeException e) {
            differences.add(sql + "\n  " + e);
            return;
        }
        List<String> expected = fixture.expected(sql, "default");
        if (!found.equals(expected)) {
            differences.add(sql + "\n  found    " + cut(found) + "\n  expected " + cut(expected));
        }
    }

    private static String cut(List<String> rows) {
        String text = rows.size() + " rows " + rows;
        return text.length() < 400 ? text : text.substring(0, 400);
    }

    /// Random conditions: equal to plain DuckDB, and the same with pruning off.
    @Test
    void randomConditionsWithAndWithoutPruning() throws SQLException {
        long seed = Long.getLong("arc.test.seed", 20_261_123L);
        int count = (int) (300 * Double.parseDouble(System.getProperty("arc.test.slow", "1")));
        fill(Where.BOTH, seed);
        Random random = new Random(seed);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String sql = "SELECT * FROM cpu WHERE " + condition(random, 3);
            difference(sql, true, differences);
            difference(sql, false, differences);
        }
        assertThat(differences).as("seed %d", seed).isEmpty();
    }

    /// Whole statements: selections, aggregates, groups, joins, set operations, windows, subqueries.
    @ParameterizedTest
    @EnumSource(Where.class)
    void generatedStatements(Where where) throws SQLException {
        long seed = Long.getLong("arc.test.seed", 20_261_124L + where.ordinal());
        int count = (int) (140 * Double.parseDouble(System.getProperty("arc.test.slow", "1")));
        fill(where, seed);
        Random random = new Random(seed);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            difference(statement(random), i % 4 != 0, differences);
        }
        assertThat(differences).as("seed %d", seed).isEmpty();
    }

    private static <T> T one(Random random, List<T> from) {
        return from.get(random.nextInt(from.size()));
    }

    private static String table(Random random) {
        return one(random, List.of("cpu", "prod.cpu", "\"my-db\".\"net-io\"", "default.cpu", "nothing"));
    }

    private static String value(Random random) {
        return one(random, List.of("n", "v", "load", "n * 2", "coalesce(n, 0)", "abs(n)", "CAST(load AS BIGINT)",
                "extract(hour FROM time)", "epoch_us(time) // 1000000", "length(host)"));
    }

    private static String key(Random random) {
        return one(random, List.of("host", "up", "n % 5", "date_trunc('hour', time)", "time_bucket(INTERVAL 20 MINUTE, time)",
                "upper(host)", "n > 0", "CAST(time AS DATE)"));
    }

    private static String aggregate(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> "count(*)";
            case 1 -> "count(" + value(random) + ")";
            case 2 -> "sum(" + one(random, List.of("n", "load", "n * 2")) + ")";
            case 3 -> "avg(" + one(random, List.of("n", "load")) + ")";
            case 4 -> "count(DISTINCT " + value(random) + ")";
            case 5 -> "arg_max(n, time)";
            case 6 -> "count(*) FILTER (WHERE " + condition(random, 1) + ")";
            default -> one(random, List.of("min", "max")) + "(" + one(random, List.of("time", "host", "n", "load", "up")) + ")";
        };
    }

    private static String where(Random random) {
        return random.nextInt(3) == 0 ? "" : " WHERE " + condition(random, 2);
    }

    private static String statement(Random random) {
        String from = " FROM " + table(random);
        return switch (random.nextInt(12)) {
            case 0 -> "SELECT " + key(random) + " AS k, " + value(random) + " AS x, time" + from + where(random);
            case 1 -> "SELECT " + aggregate(random) + ", " + aggregate(random) + from + where(random);
            case 2 -> "SELECT " + key(random) + " AS k, " + aggregate(random) + ", " + aggregate(random) + from + where(random)
                    + " GROUP BY 1";
            case 3 -> "SELECT " + key(random) + " AS k, " + key(random) + " AS l, " + aggregate(random) + from + where(random)
                    + " GROUP BY ALL HAVING count(*) > " + random.nextInt(4);
            case 4 -> "SELECT count(*), sum(a.n) FROM " + table(random) + " a " + one(random, List.of("JOIN", "LEFT JOIN",
                    "FULL JOIN")) + " " + table(random) + " b ON a.host = b.host AND a.n = b.n" + (random.nextBoolean() ? ""
                            : " WHERE a.time < '1970-01-01 02:00:00'");
            case 5 -> "SELECT host, n FROM " + table(random) + where(random) + one(random, List.of(" UNION ", " UNION ALL ",
                    " EXCEPT ", " INTERSECT ")) + "SELECT host, n FROM " + table(random) + where(random);
            case 6 -> "SELECT time, n, row_number() OVER (PARTITION BY host ORDER BY time, n, v, load, up) AS r, sum(n) OVER ("
                    + "PARTITION BY host ORDER BY time RANGE BETWEEN INTERVAL 30 MINUTE PRECEDING AND CURRENT ROW) AS s" + from
                    + where(random);
            case 7 -> "WITH q AS (SELECT *" + from + where(random) + ") SELECT " + key(random) + " AS k, " + aggregate(random)
                    + " FROM q" + where(random) + " GROUP BY 1";
            case 8 -> "SELECT host, n" + from + " WHERE n " + one(random, List.of("IN", "NOT IN")) + " (SELECT used % 60 FROM mem "
                    + "WHERE used IS NOT NULL)" + (random.nextBoolean() ? "" : " AND " + condition(random, 1));
            case 9 -> "SELECT time, host, n" + from + where(random) + " ORDER BY time, host, n, v, load, up LIMIT "
                    + random.nextInt(40) + " OFFSET " + random.nextInt(20);
            case 10 -> "SELECT DISTINCT " + key(random) + " AS k" + from + where(random);
            default -> "FROM " + table(random) + " SELECT count(*), min(time), max(time)" + (random.nextInt(4) == 0 ? ""
                    : " WHERE time " + one(random, List.of("<", "<=", ">", ">=", "=")) + " make_timestamptz("
                            + (random.nextLong(8 * HOUR) - 3 * HOUR) + ")");
        };
    }

    private static String condition(Random random, int depth) {
        if (depth > 0 && random.nextInt(2) == 0) {
            String operator = random.nextBoolean() ? " AND " : " OR ";
            String both = "(" + condition(random, depth - 1) + operator + condition(random, depth - 1) + ")";
            return random.nextInt(6) == 0 ? "NOT " + both : both;
        }
        String[] comparisons = {"=", "<", "<=", ">", ">=", "<>"};
        String comparison = comparisons[random.nextInt(comparisons.length)];
        return switch (random.nextInt(14)) {
            case 0 -> "time " + comparison + " make_timestamptz(" + (random.nextInt(8) - 3) * HOUR + ")";
            case 1 -> "time " + comparison + " '" + java.time.Instant.ofEpochSecond(random.nextInt(30_000) - 9_000) + "'";
            case 2 -> "n " + comparison + " " + (random.nextInt(120) - 60);
            case 3 -> "v " + comparison + " " + (random.nextInt(120) - 60) / 4.0;
            case 4 -> "host " + comparison + " 'h" + random.nextInt(6) + "'";
            case 5 -> "load " + comparison + " " + random.nextInt(130);
            case 6 -> random.nextBoolean() ? "load IS NULL" : "n IS NOT NULL";
            case 7 -> "n IN (" + random.nextInt(50) + ", " + random.nextInt(50) + ")";
            case 8 -> "host IN ('h" + random.nextInt(7) + "', 'zz', 'a''b')";
            case 9 -> "time BETWEEN '1970-01-01 0" + random.nextInt(4) + ":00:00' AND '1970-01-01 0" + random.nextInt(6)
                    + ":00:00'";
            case 10 -> random.nextBoolean() ? "up" : "up = false";
            case 11 -> "date_trunc('hour', time) = '1970-01-01 0" + random.nextInt(4) + ":00:00'";
            case 12 -> "n % 2 = " + random.nextInt(2);
            default -> "host LIKE 'h" + random.nextInt(6) + "%'";
        };
    }
}
