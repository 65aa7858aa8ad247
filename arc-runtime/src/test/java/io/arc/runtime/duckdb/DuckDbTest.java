package io.arc.runtime.duckdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.duckdb.HotRows.SharedColumn;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.duckdb.DuckDBConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DuckDbTest {
    private static final TableId TABLE = new TableId("default", "t");

    @TempDir
    Path root;
    private DuckDb duckDb;
    private DuckDBConnection connection;

    @BeforeEach
    void open() throws Exception {
        Files.createDirectories(root.resolve("data"));
        duckDb = DuckDb.open(new DuckDbOptions(256L << 20, 1L << 30, 2, root.resolve("tmp"), List.of(root.resolve("data"))));
        connection = duckDb.connect();
    }

    @AfterEach
    void close() throws SQLException {
        assertThat(duckDb.hotRows().openShares()).isZero();
        connection.close();
        duckDb.close();
    }

    private String ask(String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
            StringBuilder text = new StringBuilder();
            while (rows.next()) {
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    text.append(i == 1 ? "" : " ").append(rows.getString(i));
                }
                text.append('\n');
            }
            return text.toString().strip();
        }
    }

    @Test
    void theTimeZoneIsUtcWhateverTheMachines() throws SQLException {
        assertThat(ask("SELECT date_trunc('day', TIMESTAMPTZ '2026-01-01 00:30:00+00') = TIMESTAMPTZ '2026-01-01 "
                + "00:00:00+00'")).isEqualTo("true");
        assertThat(ask("SELECT epoch('2026-01-01 00:00:00'::TIMESTAMPTZ)::BIGINT")).isEqualTo("1767225600");
    }

    @Test
    void theSecondWallStands() throws Exception {
        Files.writeString(root.resolve("secret.csv"), "a\n1\n");
        for (String sql : List.of("SELECT * FROM read_csv('" + root + "/secret.csv')", "SELECT * FROM '" + root
                + "/data/../secret.csv'",
                "SET threads = 1", "SET GLOBAL lock_configuration = false", "SET TimeZone = 'Europe/Paris'", "INSTALL httpfs",
                "SET GLOBAL allowed_configs = ['threads']", "ATTACH '" + root + "/x.db'")) {
            assertThatThrownBy(() -> ask(sql)).as(sql).isInstanceOf(SQLException.class);
        }
    }

    @Test
    void leftOversOfSpillingAreRemovedAtTheStart() throws Exception {
        Path leftOver = Files.writeString(root.resolve("tmp").resolve("duckdb_temp_storage-0.tmp"), "x");
        DuckDb.open(new DuckDbOptions(64L << 20, 1L << 30, 1, root.resolve("tmp"), List.of())).close();
        assertThat(leftOver).doesNotExist();
    }

    private static ColumnBatch batch(int rows, int from) {
        long[] times = new long[rows + 3];
        long[] longs = new long[rows];
        double[] doubles = new double[rows];
        boolean[] booleans = new boolean[rows];
        String[] texts = new String[rows];
        int[] codes = new int[rows];
        long[] words = new long[Validity.wordCount(rows)];
        for (int i = 0; i < rows; i++) {
            int row = from + i;
            times[i] = (row - 5L) * 1_000_000;
            longs[i] = row;
            doubles[i] = row % 5 == 0 ? Double.NaN : row / 2.0;
            booleans[i] = row % 2 == 0;
            texts[i] = row % 11 == 0 ? "" : "text é " + row + (row % 13 == 0 ? " and a good deal longer than twelve bytes"
                    : "");
            codes[i] = row % 3 == 2 ? -1 : row % 3;
            if (row % 3 != 2) {
                words[i >> 6] |= 1L << i;
            }
        }
        Validity some = new Validity(words);
        return new ColumnBatch(TABLE, rows, times, List.of(new LongColumn("l", Role.FIELD, longs, Validity.ALL_PRESENT),
                new DoubleColumn("d", Role.FIELD, doubles, some), new BooleanColumn("b", Role.FIELD, booleans, some),
                new Utf8Column("t", Role.TAG, Utf8Block.of(texts), Validity.ALL_PRESENT),
                new DictionaryColumn("k", Role.TAG, codes, Utf8Block.of("zero", "a longer dictionary entry"), some)));
    }

    private static final List<SharedColumn> COLUMNS = List.of(new SharedColumn("l", ColumnType.INT64), new SharedColumn("d",
            ColumnType.FLOAT64),
            new SharedColumn("b", ColumnType.BOOLEAN), new SharedColumn("t", ColumnType.TEXT), new SharedColumn("k",
                    ColumnType.TEXT),
            new SharedColumn("missing", ColumnType.INT64));

    @Test
    void everyRowIsSeenOnceWithItsValues() throws SQLException {
        int[] sizes = {1, 0, 2047, 2048, 2049, 0, 10_000, 64};
        java.util.ArrayList<ColumnBatch> batches = new java.util.ArrayList<>();
        int rows = 0;
        for (int size : sizes) {
            batches.add(batch(size, rows));
            rows += size;
        }
        try (HotRows.Shared shared = duckDb.hotRows().share(batches, COLUMNS)) {
            String from = " FROM _arc_rows(" + shared.id() + ")";
            assertThat(ask("SELECT count(*)" + from)).isEqualTo("" + rows);
            assertThat(ask("SELECT count(DISTINCT c0), min(c0), max(c0), min(time), count(c5)" + from)).isEqualTo(rows
                    + " 0 " + (rows - 1) + " -5000000 0");
            assertThat(ask("SELECT count(*)" + from + " WHERE time <> (c0 - 5) * 1000000")).isEqualTo("0");
            assertThat(ask("SELECT count(*)" + from
                    + " WHERE c3 <> CASE WHEN c0 % 11 = 0 THEN '' ELSE 'text é ' || c0 || CASE WHEN c0 % 13 = 0 "
                    + "THEN ' and a good deal longer than twelve bytes' ELSE '' END END")).isEqualTo("0");
            assertThat(ask("SELECT count(*)" + from
                    + " WHERE c4 IS DISTINCT FROM CASE c0 % 3 WHEN 0 THEN 'zero' WHEN 1 THEN 'a longer dictionary entry' END"))
                    .isEqualTo("0");
            assertThat(ask("SELECT count(*)" + from
                    + " WHERE c1 IS DISTINCT FROM CASE WHEN c0 % 3 = 2 THEN NULL WHEN c0 % 5 = 0 THEN 'nan'::DOUBLE ELSE "
                            + "c0 / 2 END"))
                    .isEqualTo("0");
            assertThat(ask("SELECT count(*)" + from
                    + " WHERE c2 IS DISTINCT FROM CASE WHEN c0 % 3 = 2 THEN NULL ELSE c0 % 2 = 0 END")).isEqualTo("0");
            assertThat(ask("SELECT count(*)" + from + " a JOIN _arc_rows(" + shared.id()
                    + ") b ON a.c0 = b.c0")).isEqualTo("" + rows);
            assertThat(ask("WITH x AS (SELECT *" + from
                    + ") SELECT (SELECT count(*) FROM x) + (SELECT count(*) FROM x WHERE c0 < 10)")).isEqualTo("" + (rows
                            + 10));
        }
    }

    @Test
    void noBatchesAreNoRowsAndClosedOnesAreGone() throws SQLException {
        HotRows.Shared shared = duckDb.hotRows().share(List.of(), COLUMNS);
        assertThat(ask("SELECT count(*), max(c0) FROM _arc_rows(" + shared.id() + ")")).isEqualTo("0 null");
        shared.close();
        assertThatThrownBy(() -> ask("SELECT * FROM _arc_rows(" + shared.id() + ")")).isInstanceOf(SQLException.class);
    }

    @Test
    void textsAndNamesAreQuoted() throws SQLException {
        for (String text : List.of("a'b", "';DROP TABLE x;--", "a\0b", "\0", "é\n\\", "")) {
            assertThat(ask("SELECT length(" + SqlText.literal(text) + ")")).isEqualTo("" + text.codePointCount(0,
                    text.length()));
        }
        assertThat(ask("SELECT " + SqlText.identifier("a\"b;--") + " FROM (SELECT 1 AS " + SqlText.identifier("a\"b;--")
                + ")")).isEqualTo("1");
    }
}
