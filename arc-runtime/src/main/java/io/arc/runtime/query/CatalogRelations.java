package io.arc.runtime.query;

import io.arc.api.data.TableId;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.duckdb.SqlText;
import io.arc.runtime.query.SqlTokens.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Databases, tables and columns as relations: what `SHOW` answers and what `information_schema` holds. They are written as SQL
/// of values, so that they travel through the engine like any other answer and work in every format.
final class CatalogRelations {
    private final TableSource source;

    CatalogRelations(TableSource source) {
        this.source = source;
    }

    /// The statement that answers a `SHOW`, or empty when the text is none of Arc's own forms.
    Optional<String> show(String sql, String defaultDatabase) {
        List<Token> tokens = SqlTokens.of(sql.getBytes(StandardCharsets.UTF_8), 0, 9);
        while (!tokens.isEmpty() && tokens.getLast().is(";")) {
            tokens = tokens.subList(0, tokens.size() - 1);
        }
        if (tokens.size() < 2 || !tokens.getFirst().is("show")) {
            return Optional.empty();
        }
        Token what = tokens.get(1);
        if (what.is("databases") || what.is("schemas")) {
            return tokens.size() == 2 ? Optional.of(databases()) : Optional.empty();
        }
        if (what.is("all") && tokens.size() == 3 && tokens.get(2).is("tables")) {
            return Optional.of(tables(databaseNames()));
        }
        if (what.is("tables") || what.is("measurements")) {
            if (tokens.size() == 2) {
                return Optional.of(tables(List.of(defaultDatabase)));
            }
            boolean from = tokens.get(2).is("from") || tokens.get(2).is("in");
            if (from && tokens.size() == 4 && (tokens.get(3).isName() || tokens.get(3).kind() == SqlTokens.Kind.TEXT)) {
                return Optional.of(tables(List.of(database(unquoted(tokens.get(3))))));
            }
            return Optional.empty();
        }
        if (what.is("columns") && tokens.size() >= 4 && (tokens.get(2).is("from") || tokens.get(2).is("in"))) {
            String rest = new String(sql.getBytes(StandardCharsets.UTF_8), tokens.get(3).start(),
                    tokens.getLast().end() - tokens.get(3).start(), StandardCharsets.UTF_8);
            return Optional.of("DESCRIBE SELECT * FROM " + rest);
        }
        return Optional.empty();
    }

    private static String unquoted(Token token) {
        return token.kind() == SqlTokens.Kind.TEXT ? token.text().substring(1, token.text().length() - 1) : token.name();
    }

    /// The database as it is written in the catalog, when it exists under another case only.
    private String database(String name) {
        List<String> known = source.databases();
        if (known.contains(name)) {
            return name;
        }
        for (String each : known) {
            if (each.equalsIgnoreCase(name)) {
                return each;
            }
        }
        return name;
    }

    private List<String> databaseNames() {
        return source.databases().stream().filter(CatalogRelations::isVisible).toList();
    }

    private static boolean isVisible(String name) {
        return !name.startsWith(".") && !name.startsWith("_");
    }

    private String databases() {
        List<String> rows = new ArrayList<>();
        for (String database : databaseNames()) {
            rows.add("(" + SqlText.literal(database) + ")");
        }
        return "SELECT * FROM " + values(List.of("database VARCHAR"), rows) + " ORDER BY 1";
    }

    private String tables(List<String> databases) {
        List<String> rows = new ArrayList<>();
        try (TableSource.Snapshot snapshot = source.snapshot()) {
            for (String database : databases) {
                for (TableId table : source.tables(database)) {
                    if (!isVisible(table.table())) {
                        continue;
                    }
                    List<DataFile> files = snapshot.find(table).map(TableView::files).orElse(List.of());
                    long bytes = 0;
                    for (DataFile file : files) {
                        bytes += file.sizeBytes();
                    }
                    rows.add("(" + SqlText.literal(database) + "," + SqlText.literal(table.table()) + ","
                            + SqlText.literal(database + "/" + table.table() + "/**/*.parquet") + "," + files.size() + ","
                            + Math.round(bytes / 1048576.0 * 10_000) / 10_000.0 + ")");
                }
            }
        }
        return "SELECT * FROM " + values(List.of("database VARCHAR", "table_name VARCHAR", "storage_path VARCHAR",
                "file_count BIGINT", "total_size_mb DOUBLE"), rows) + " ORDER BY 1, 2";
    }

    /// The relation `information_schema.name`, or empty when Arc has none of that name.
    Optional<String> informationSchema(String name) {
        return switch (SqlTokens.fold(name)) {
            case "schemata" -> Optional.of(schemata());
            case "tables" -> Optional.of(tablesView());
            case "columns" -> Optional.of(columnsView());
            default -> Optional.empty();
        };
    }

    private String schemata() {
        List<String> rows = new ArrayList<>();
        for (String database : databaseNames()) {
            rows.add("('arc'," + SqlText.literal(database) + ",'arc',NULL,NULL,NULL,NULL)");
        }
        return values(List.of("catalog_name VARCHAR", "schema_name VARCHAR", "schema_owner VARCHAR",
                "default_character_set_catalog VARCHAR", "default_character_set_schema VARCHAR",
                "default_character_set_name VARCHAR", "sql_path VARCHAR"), rows);
    }

    private String tablesView() {
        List<String> rows = new ArrayList<>();
        for (String database : databaseNames()) {
            for (TableId table : source.tables(database)) {
                if (isVisible(table.table())) {
                    rows.add("('arc'," + SqlText.literal(database) + "," + SqlText.literal(table.table())
                            + ",'BASE TABLE',NULL,NULL,NULL,NULL,NULL,'NO','NO',NULL,NULL)");
                }
            }
        }
        return values(List.of("table_catalog VARCHAR", "table_schema VARCHAR", "table_name VARCHAR", "table_type VARCHAR",
                "self_referencing_column_name VARCHAR", "reference_generation VARCHAR", "user_defined_type_catalog VARCHAR",
                "user_defined_type_schema VARCHAR", "user_defined_type_name VARCHAR", "is_insertable_into VARCHAR",
                "is_typed VARCHAR", "commit_action VARCHAR", "TABLE_COMMENT VARCHAR"), rows);
    }

    private String columnsView() {
        List<String> rows = new ArrayList<>();
        try (TableSource.Snapshot snapshot = source.snapshot()) {
            for (String database : databaseNames()) {
                for (TableId table : source.tables(database)) {
                    Optional<TableView> view = isVisible(table.table()) ? snapshot.find(table) : Optional.empty();
                    if (view.isEmpty()) {
                        continue;
                    }
                    rows.add(columnRow(table, "time", 1, "NO", "TIMESTAMP WITH TIME ZONE"));
                    int position = 2;
                    for (ColumnSchema column : view.get().schema().columns()) {
                        rows.add(columnRow(table, column.name(), position++, "YES", Relations.sqlType(column.type())));
                    }
                }
            }
        }
        return values(List.of("table_catalog VARCHAR", "table_schema VARCHAR", "table_name VARCHAR", "column_name VARCHAR",
                "ordinal_position INTEGER", "column_default VARCHAR", "is_nullable VARCHAR", "data_type VARCHAR",
                "character_maximum_length INTEGER", "character_octet_length INTEGER", "numeric_precision INTEGER",
                "numeric_precision_radix INTEGER", "numeric_scale INTEGER", "datetime_precision INTEGER"), rows);
    }

    private static String columnRow(TableId table, String column, int position, String nullable, String type) {
        return "('arc'," + SqlText.literal(table.database()) + "," + SqlText.literal(table.table()) + ","
                + SqlText.literal(column) + "," + position + ",NULL,'" + nullable + "','" + type
                + "',NULL,NULL,NULL,NULL,NULL,NULL)";
    }

    /// A query in parentheses over the rows.
    ///
    /// @param columns name and type of each
    private static String values(List<String> columns, List<String> rows) {
        StringBuilder sql = new StringBuilder("(SELECT ");
        StringBuilder names = new StringBuilder();
        StringBuilder nulls = new StringBuilder();
        for (int i = 0; i < columns.size(); i++) {
            String separator = i == 0 ? "" : ", ";
            String[] column = columns.get(i).split(" ", 2);
            sql.append(separator).append("CAST(c").append(i).append(" AS ").append(column[1]).append(") AS ")
                    .append(SqlText.identifier(column[0]));
            names.append(separator).append('c').append(i);
            nulls.append(separator).append("NULL");
        }
        return sql.append(" FROM (VALUES ").append(rows.isEmpty() ? "(" + nulls + ")" : String.join(",", rows))
                .append(") AS _v(").append(names).append(")").append(rows.isEmpty() ? " WHERE false"
                        : "").append(")").toString();
    }
}
