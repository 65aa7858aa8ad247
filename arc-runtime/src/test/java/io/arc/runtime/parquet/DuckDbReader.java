package io.arc.runtime.parquet;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads files by DuckDB. Owns a connection.
final class DuckDbReader implements AutoCloseable {
    private final Connection connection;

    DuckDbReader() throws SQLException {
        connection = DriverManager.getConnection("jdbc:duckdb:");
        execute("SET threads = 1");
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    static String from(Path file) {
        return "read_parquet(" + literal(file.toString()) + ", file_row_number = true)";
    }

    Map<String, String> types(Path file) throws SQLException {
        Map<String, String> types = new LinkedHashMap<>();
        for (Object[] row : query("DESCRIBE SELECT * FROM read_parquet(" + literal(file.toString()) + ")")) {
            types.put((String) row[0], (String) row[1]);
        }
        return types;
    }

    /// All rows in the order of the file, the time as microseconds.
    List<Object[]> rows(Path file, List<FileColumn> columns) throws SQLException {
        StringBuilder sql = new StringBuilder("SELECT epoch_us(\"time\")");
        columns.forEach(column -> sql.append(", ").append(quoted(column.name())));
        return query(sql + " FROM " + from(file) + " ORDER BY file_row_number");
    }

    List<Object[]> query(String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet results = statement.executeQuery(sql)) {
            int width = results.getMetaData().getColumnCount();
            List<Object[]> rows = new ArrayList<>();
            while (results.next()) {
                Object[] row = new Object[width];
                for (int i = 0; i < width; i++) {
                    row[i] = results.getObject(i + 1);
                }
                rows.add(row);
            }
            return rows;
        } catch (SQLException failed) {
            throw new SQLException(sql, failed);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
