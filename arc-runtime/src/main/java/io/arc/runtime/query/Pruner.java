package io.arc.runtime.query;

import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.duckdb.SqlText;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/// Finds out which files a statement can do without. The statement is explained over small stand-ins for its tables, and the
/// filters that the optimiser pushes into each scan are held against the files' statistics.
///
/// A stand-in has the table's types and rows with the extreme values of each, for the optimiser would fold conditions away on
/// an empty table or on known bounds. Its columns are called `c0`, `c1`, ... so that no name can be mistaken for syntax.
/// Each mention
/// of a table in a statement has a stand-in of its own. Thread-safe.
final class Pruner {
    private static final String PREFIX = "_arc_shape_";
    private static final int MAX_SHAPES = 2_000;

    private record Shape(List<String> types, int copy) {}

    private final Connection owner;
    /// Guarded by itself.
    private final Map<Shape, String> shapes = new HashMap<>();
    private final AtomicLong names = new AtomicLong();

    /// @param owner a connection of the pruner's own, on which it makes stand-ins; the caller closes it
    Pruner(Connection owner) {
        this.owner = owner;
    }

    /// A stand-in as a query in parentheses, and its name in plans.
    record StandIn(String name, String sql, TableSchema schema) {}

    /// The stand-in for the `copy`-th mention of a table of that schema, or null when there are too many.
    StandIn standIn(TableSchema schema, int copy) throws SQLException {
        List<String> types = new ArrayList<>();
        StringBuilder select = new StringBuilder("(SELECT \"time\"");
        for (ColumnSchema column : schema.columns()) {
            select.append(", c").append(types.size()).append(" AS ").append(SqlText.identifier(column.name()));
            types.add(Relations.sqlType(column.type()));
        }
        Shape shape = new Shape(types, copy);
        String name;
        synchronized (shapes) {
            name = shapes.get(shape);
            if (name == null) {
                if (shapes.size() >= MAX_SHAPES) {
                    return null;
                }
                name = PREFIX + names.incrementAndGet();
                create(name, types);
                shapes.put(shape, name);
            }
        }
        return new StandIn(name, select.append(" FROM ").append(name).append(")").toString(), schema);
    }

    private void create(String name, List<String> types) throws SQLException {
        StringBuilder columns = new StringBuilder("\"time\" TIMESTAMPTZ");
        StringBuilder least = new StringBuilder("'-infinity'");
        StringBuilder greatest = new StringBuilder("'infinity'");
        StringBuilder none = new StringBuilder("'1970-01-01'");
        for (int i = 0; i < types.size(); i++) {
            columns.append(", c").append(i).append(' ').append(types.get(i));
            least.append(switch (types.get(i)) {
                case "BIGINT" -> ", -9223372036854775808";
                case "DOUBLE" -> ", '-inf'";
                case "BOOLEAN" -> ", false";
                default -> ", ''";
            });
            greatest.append(switch (types.get(i)) {
                case "BIGINT" -> ", 9223372036854775807";
                case "DOUBLE" -> ", 'nan'";
                case "BOOLEAN" -> ", true";
                default -> ", repeat(chr(1114111), 1000)";
            });
            none.append(", NULL");
        }
        try (Statement statement = owner.createStatement()) {
            statement.execute("CREATE TABLE " + name + "(" + columns + ")");
            statement.execute("INSERT INTO " + name + " VALUES (" + least + "), (" + greatest + "), (" + none + ")");
        }
    }

    /// What the optimiser said.
    ///
    /// @param byName for each stand-in what its rows have to meet
    /// @param columns for each stand-in that is scanned the table's columns that are looked at
    /// @param complete whether the statement is nothing but one aggregate without groups over all rows that meet it
    record Conditions(Map<String, FileFilter> byName, Map<String, Set<String>> columns, boolean complete) {}

    /// Explains a statement over stand-ins and gives for each of them what its rows have to meet.
    ///
    /// @param sql the statement with stand-ins in the place of its tables
    Conditions filters(Connection connection, String sql, List<StandIn> standIns) throws SQLException {
        String plan;
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("EXPLAIN (FORMAT JSON) " + sql)) {
            rows.next();
            plan = rows.getString(2);
        }
        Map<String, TableSchema> schemas = new HashMap<>();
        for (StandIn each : standIns) {
            schemas.put(each.name(), each.schema());
        }
        Map<String, List<FileFilter>> scans = new LinkedHashMap<>();
        Map<String, Set<String>> columns = new HashMap<>();
        Object tree = Json.parse(plan);
        collect(tree, schemas, scans, columns);
        Map<String, FileFilter> filters = new HashMap<>();
        for (Map.Entry<String, List<FileFilter>> scan : scans.entrySet()) {
            // A mention may be scanned several times, as a CTE is: a file is needed when any of the scans needs it.
            filters.put(scan.getKey(), new FileFilter.Or(scan.getValue()));
        }
        return new Conditions(filters, columns, isBareAggregate(tree));
    }

    /// Whether the plan is an aggregate over one scan, with no filter but those that the scan itself applies to every row.
    private static boolean isBareAggregate(Object plan) {
        List<?> level = Json.array(plan);
        boolean aggregated = false;
        while (level.size() == 1) {
            Map<String, Object> node = Json.object(level.getFirst());
            switch (Json.string(node.get("name"))) {
                case "UNGROUPED_AGGREGATE" -> {
                    if (aggregated) {
                        return false;
                    }
                    aggregated = true;
                }
                case "PROJECTION" -> {
                    // Leaves the number of rows as it is.
                }
                case "SEQ_SCAN" -> {
                    Object pushed = Json.object(node.get("extra_info")).get("Filters");
                    // An optional filter only says which blocks can be skipped.
                    return aggregated && (pushed == null || !pushed.toString().contains("optional: "));
                }
                default -> {
                    return false;
                }
            }
            level = Json.array(node.get("children"));
        }
        return false;
    }

    private static void collect(Object plan, Map<String, TableSchema> schemas, Map<String, List<FileFilter>> scans,
            Map<String, Set<String>> columns) {
        for (Object each : Json.array(plan)) {
            Map<String, Object> node = Json.object(each);
            Map<String, Object> info = Json.object(node.get("extra_info"));
            String table = Json.string(info.get("Table"));
            String name = table.substring(table.lastIndexOf('.') + 1);
            TableSchema schema = schemas.get(name);
            if (schema != null) {
                Object pushed = info.get("Filters");
                List<FileFilter> parts = new ArrayList<>();
                for (Object filter : pushed instanceof List<?> list ? list : pushed == null ? List.of() : List.of(pushed)) {
                    parts.add(FileFilter.parse(Json.string(filter), schema.columns()));
                    addColumns(Json.string(filter), schema, columns.computeIfAbsent(name, _ -> new HashSet<>()));
                }
                Object projected = info.get("Projections");
                Set<String> used = columns.computeIfAbsent(name, _ -> new HashSet<>());
                for (Object projection : projected instanceof List<?> list ? list : projected == null ? List.of()
                        : List.of(projected)) {
                    addColumns(Json.string(projection), schema, used);
                }
                scans.computeIfAbsent(name, _ -> new ArrayList<>()).add(new FileFilter.And(parts));
            }
            collect(node.get("children"), schemas, scans, columns);
        }
    }

    /// The columns that a text of the optimiser mentions. A word of a literal may look like one, which costs a column's bytes.
    private static void addColumns(String text, TableSchema schema, Set<String> columns) {
        for (SqlTokens.Token token : SqlTokens.of(text.getBytes(StandardCharsets.UTF_8))) {
            if (token.text().matches("c[0-9]{1,6}")) {
                int index = Integer.parseInt(token.text().substring(1));
                if (index < schema.columns().size()) {
                    columns.add(schema.columns().get(index).name());
                }
            }
        }
    }

    /// The files that may hold rows of the answer.
    static List<DataFile> keep(List<DataFile> files, FileFilter filter) {
        List<DataFile> kept = new ArrayList<>(files.size());
        for (DataFile file : files) {
            if (filter.mayMatch(file)) {
                kept.add(file);
            }
        }
        return kept;
    }
}
