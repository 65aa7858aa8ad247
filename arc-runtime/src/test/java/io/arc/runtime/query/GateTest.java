package io.arc.runtime.query;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.runtime.duckdb.SqlText;
import io.arc.runtime.query.QueryFixture.Row;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What must not run, does not.
final class GateTest {
    @TempDir
    Path root;
    private QueryFixture fixture;

    @BeforeEach
    void start() throws Exception {
        fixture = new QueryFixture(root);
        TableId cpu = new TableId("default", "cpu");
        fixture.create(cpu, QueryFixture.column("host", ColumnType.TEXT), QueryFixture.column("n", ColumnType.INT64));
        fixture.addFile(cpu, List.of(Row.of(1, "host", "a", "n", 1L)));
        fixture.addHot(cpu, List.of(Row.of(2, "host", "b", "n", 2L)));
        Files.writeString(root.resolve("secret.csv"), "a,b\n1,2\n");
        fixture.start();
    }

    @AfterEach
    void stop() throws Exception {
        assertThat(fixture.openSnapshots).isZero();
        fixture.close();
    }

    private List<String> hostile() throws Exception {
        String inside = root.resolve("secret.csv").toString();
        List<String> statements = new ArrayList<>(List.of("COPY cpu TO '" + root + "/x.csv'", "COPY (SELECT 1) TO '" + root
                + "/x.parquet'",
                "ATTACH ':memory:' AS x", "ATTACH '" + root + "/x.db' AS x", "DETACH memory", "CREATE TABLE x(a INT)",
                "CREATE VIEW x AS SELECT 1",
                "CREATE OR REPLACE TABLE cpu AS SELECT 1", "CREATE MACRO f(a) AS a", "CREATE SCHEMA s",
                "CREATE TYPE t AS ENUM ('a')",
                "CREATE SEQUENCE s", "CREATE INDEX i ON cpu(n)", "CREATE SECRET s (TYPE s3)",
                "CREATE TEMP TABLE x AS SELECT 1", "DROP TABLE cpu",
                "DROP VIEW x", "DROP SCHEMA main", "DROP MACRO f", "ALTER TABLE cpu ADD COLUMN x INT",
                "INSERT INTO cpu VALUES (1)",
                "UPDATE cpu SET n = 1", "DELETE FROM cpu", "TRUNCATE cpu",
                "MERGE INTO cpu USING cpu AS x ON true WHEN MATCHED THEN DELETE", "SET threads = 1",
                "SET GLOBAL memory_limit = '1GB'", "RESET threads", "SET VARIABLE x = 1", "PRAGMA version",
                "PRAGMA table_info('cpu')",
                "PRAGMA database_list", "CALL pragma_version()", "LOAD httpfs", "INSTALL httpfs", "FORCE INSTALL httpfs",
                "EXPORT DATABASE '" + root + "/e'",
                "IMPORT DATABASE '" + root + "/e'", "CHECKPOINT", "FORCE CHECKPOINT", "VACUUM", "ANALYZE", "USE memory",
                "BEGIN", "COMMIT", "ROLLBACK",
                "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p", "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE cpu",
                "SHOW TABLES; SELECT 1",
                "EXPLAIN COPY cpu TO '" + root + "/x'", "EXPLAIN ANALYZE COPY cpu TO '" + root + "/x'",
                "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
                "EXPLAIN ANALYZE INSERT INTO cpu VALUES (1)", "EXPLAIN EXPLAIN SELECT 1", "SELECT ?", "SELECT $1",
                "SELECT * FROM cpu AT (VERSION => 1)",
                "SELECT", "", " ", ";", "-- x", "SELEC 1", "SELECT * FROM", "SELECT nope FROM cpu", "SELECT nope(1)",
                "SELECT 'a'::INT",
                "SELECT error('x')", "SELECT * FROM cpu WHERE host = 1 AND x", "SHOW nonsense x",
                "SELECT * FROM (SHOW TABLES)", "SELECT * FROM a.b.c.d",
                "WITH x AS (INSERT INTO cpu VALUES (1) RETURNING *) SELECT * FROM x", "SELECT 1 INTO x",
                "SELECT getenv('HOME')",
                "SELECT\0 1", "(((((", "SELECT 'unterminated", "SELECT /* unterminated", "SELECT \"x", "SELECT 1 +",
                "SELECT * FROM cpu FOR UPDATE OF y NOWAIT z",
                "SELECT * FROM (PIVOT cpu ON host USING count(*))", "PIVOT cpu ON nope USING count(*)",
                "PIVOT cpu ON read_text('/etc/passwd') USING count(*)",
                "PIVOT '/etc/passwd' ON x USING count(*)", "PIVOT cpu ON host USING getenv('x')",
                "SELECT * FROM cpu; COPY cpu TO 'x'", "SELECT current_setting('threads')", "SELECT getvariable('x')",
                "SELECT * FROM duckdb_settings()", "SELECT nextval('s')", "SELECT write_log('x')",
                "SELECT sleep_ms(100000)", "SELECT pg_sleep(1000)"));
        List<String> relations = new ArrayList<>();
        for (String path : List.of(inside, "/etc/passwd", "../../etc/passwd", root + "/*", "http://localhost:1/x.parquet",
                "s3://b/x.parquet",
                "x.parquet")) {
            relations.add("'" + path + "'");
            relations.add("\"" + path + "\"");
            for (String function : List.of("read_csv", "read_csv_auto", "read_parquet", "parquet_scan", "read_text",
                    "read_blob", "glob", "read_json",
                    "read_json_auto", "read_ndjson", "parquet_metadata", "parquet_schema", "parquet_file_metadata",
                    "parquet_kv_metadata",
                    "sniff_csv", "read_duckdb", "READ_CSV", "main.read_csv", "system.main.read_text")) {
                relations.add(function + "('" + path + "')");
            }
        }
        relations.addAll(List.of("query('SELECT 1')", "query_table('cpu')",
                "query('SELECT * FROM read_text(''/etc/passwd'')')", "seq_scan('cpu')",
                "json_execute_serialized_sql('{}')", "duckdb_secrets()", "duckdb_functions()", "duckdb_tables()",
                "duckdb_views()",
                "duckdb_extensions()", "duckdb_logs()", "duckdb_variables()", "duckdb_temporary_files()",
                "pragma_table_info('cpu')", "pragma_version()",
                "which_secret('x', 's3')", "_arc_rows(1)", "arrow_scan(1, 2, 3)", "test_vector_types(1)", "checkpoint()",
                "enable_logging()", "summary(1)",
                "histogram('cpu', 'n')", "nope()"));
        for (String relation : relations) {
            statements.add("SELECT * FROM " + relation);
        }
        for (String relation : relations.subList(0, 12)) {
            statements.add("SELECT (SELECT count(*) FROM " + relation + ")");
            statements.add("SELECT * FROM cpu, " + relation + " AS x");
            statements.add("WITH x AS (SELECT * FROM " + relation + ") SELECT * FROM x");
            statements.add("SELECT * FROM cpu WHERE n IN (SELECT 1 FROM " + relation + ")");
            statements.add("FROM " + relation);
            statements.add("DESCRIBE SELECT * FROM " + relation);
            statements.add("SUMMARIZE SELECT * FROM " + relation);
            statements.add("EXPLAIN SELECT * FROM " + relation);
            statements.add("SELECT 1 UNION ALL SELECT 1 FROM " + relation);
            statements.add("SELECT * FROM/**/" + relation);
            statements.add("PIVOT " + relation + " ON a IN (1) USING count(*)");
        }
        return statements;
    }

    @Test
    void hostileStatementsAreRefusedWithoutTellingAnything() throws Exception {
        List<String> statements = hostile();
        assertThat(statements).hasSizeGreaterThan(300);
        List<String> wrong = new ArrayList<>();
        for (String sql : statements) {
            try {
                String answer = fixture.json(sql);
                wrong.add("ran: " + sql + " -> " + answer.substring(0, Math.min(200, answer.length())));
            } catch (ArcException e) {
                boolean client = e.code() == ErrorCode.QUERY_REJECTED || e.code() == ErrorCode.UNKNOWN_TABLE;
                String message = e.getMessage();
                // The client's own words may come back, the server's may not.
                boolean leak = !sql.contains(root.toString()) && message.contains(root.toString()) || message.contains("\tat ")
                        || message.contains("io.arc") || !sql.contains("_arc_") && message.contains("_arc_");
                if (!client || leak) {
                    wrong.add(e.code() + " " + sql + " -> " + message);
                }
            }
            }
        assertThat(wrong).isEmpty();
        assertThat(fixture.engine.running()).isEmpty();
        assertThat(fixture.data("SELECT count(*) FROM cpu")).isEqualTo("[[2]]");
        try (var left = Files.list(root)) {
            assertThat(left.map(each -> each.getFileName().toString())).containsOnly("default", "secret.csv", "tmp");
        }
    }

    @Test
    void statementsThatOnlyLookHostileRun() {
        for (String sql : List.of("SELECT n AS load, n AS copy, n AS \"set\" FROM cpu", "SELECT 'DROP TABLE cpu; --'",
                "SELECT 1; ", "SELECT 1 -- DROP",
                "SELECT * FROM cpu WHERE host = 'read_csv(''/etc/passwd'')'", "SELECT '/etc/passwd' AS path FROM cpu",
                "SELECT $$ATTACH$$")) {
            assertThat(fixture.json(sql)).as(sql).startsWith("{\"success\":true");
        }
    }

    @Test
    void everyFunctionOfThisReleaseHasBeenReviewed() throws Exception {
        FunctionList list = FunctionList.load();
        Set<String> unknown = new TreeSet<>();
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT DISTINCT lower(function_name) FROM duckdb_functions()")) {
            while (rows.next()) {
                String name = rows.getString(1);
                if (!list.expressions().contains(name) && !list.tables().contains(name) && !list.refused().contains(name)) {
                    unknown.add(name);
                }
            }
        }
        assertThat(unknown).as("functions of DuckDB that functions.txt does not decide on").isEmpty();
    }

    @Test
    void everyTableFunctionThatIsNotListedIsRefused() throws Exception {
        FunctionList list = FunctionList.load();
        try (var connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT DISTINCT function_name FROM duckdb_functions() WHERE "
                        + "function_type IN ('table', "
                        + "'table_macro', 'pragma')")) {
            while (rows.next()) {
                String name = rows.getString(1);
                if (list.tables().contains(name)) {
                    continue;
                }
                assertThatThrownBy(() -> fixture.json("SELECT * FROM " + SqlText.identifier(name)
                        + "('x')")).as(name).isInstanceOf(ArcException.class)
                        .hasMessageContaining("is not available");
            }
        }
    }

    @Test
    void absurdStatementsAreRefusedCleanly() {
        assertThatThrownBy(() -> fixture.json("SELECT " + "(".repeat(10_000) + "1"
                + ")".repeat(10_000))).isInstanceOf(ArcException.class);
        assertThatThrownBy(() -> fixture.json("SELECT " + "1+".repeat(20_000) + "1")).isInstanceOf(ArcException.class);
        assertThatThrownBy(() -> fixture.json("SELECT '" + "x".repeat(200_000)
                + "'")).hasMessageContaining("exceeds maximum length");
        assertThat(fixture.json("SELECT 1")).contains("[[1]]");
    }
}
