package io.arc.runtime.query;

import io.arc.api.data.ColumnBatch;
import io.arc.runtime.catalog.DataFile;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// What a statement asks of one table as a whole, when that is nothing but the number of its rows and its first and last
/// time: then files that lie inside of the range of times need not be read, because the catalog knows. Immutable.
///
/// @param columns what is asked, in the order of the answer's columns
/// @param filtered whether the statement has a condition
record Totals(List<Total> columns, boolean filtered) {
    enum Total {
        COUNT, FIRST, LAST
    }

    private static final Set<String> STATEMENT_KEYS = Set.of("type", "cte_map", "select_list", "from_table", "where_clause",
            "aggregate_handling");
    private static final Set<String> TABLE_KEYS = Set.of("type", "alias", "query_location", "query_location_length",
            "catalog_name", "schema_name", "table_name", "qualified_name");
    private static final Set<String> CALL_KEYS = Set.of("class", "type", "alias", "query_location", "query_location_length",
            "function_name", "order_bys", "arguments", "qualified_name");
    private static final Set<String> ORDER_KEYS = Set.of("type");
    private static final Set<String> COLUMN_KEYS = Set.of("class", "type", "query_location", "query_location_length",
            "column_names");
    private static final Set<String> ARGUMENT_KEYS = Set.of("expression");

    Totals {
        columns = List.copyOf(columns);
    }

    /// @param tree what `json_serialize_sql` gave
    /// @return null for a statement that asks for anything else, be it in the smallest part
    static Totals of(Map<String, Object> tree) {
        Map<String, Object> node = Json.object(Json.object(Json.array(tree.get("statements")).getFirst()).get("node"));
        Map<String, Object> table = Json.object(node.get("from_table"));
        if (!STATEMENT_KEYS.containsAll(node.keySet()) || !"SELECT_NODE".equals(node.get("type"))
                || !Json.object(node.get("cte_map")).isEmpty()
                || !"STANDARD_HANDLING".equals(node.get("aggregate_handling"))
                || !TABLE_KEYS.containsAll(table.keySet()) || !"BASE_TABLE".equals(table.get("type"))) {
            return null;
        }
        List<Total> columns = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Object each : Json.array(node.get("select_list"))) {
            Map<String, Object> call = Json.object(each);
            Total total = CALL_KEYS.containsAll(call.keySet()) && "FUNCTION".equals(call.get("class"))
                    && ORDER_KEYS.containsAll(Json.object(call.get("order_bys")).keySet()) ? total(call) : null;
            String alias = Json.string(call.get("alias"));
            // Two columns of one name are told apart by a number, but not where the statement stands inside of another.
            if (total == null || !names.add(SqlTokens.fold(alias.isEmpty() ? total + "()" : alias))) {
                return null;
            }
            columns.add(total);
        }
        return columns.isEmpty() ? null : new Totals(columns, node.containsKey("where_clause"));
    }

    private static Total total(Map<String, Object> call) {
        if (Json.array(Json.object(call.get("qualified_name")).get("path")).size() != 1) {
            return null;
        }
        List<?> arguments = Json.array(call.get("arguments"));
        return switch (SqlTokens.fold(Json.string(call.get("function_name")))) {
            case "count_star" -> arguments.isEmpty() ? Total.COUNT : null;
            case "min" -> isTime(arguments) ? Total.FIRST : null;
            case "max" -> isTime(arguments) ? Total.LAST : null;
            default -> null;
        };
    }

    private static boolean isTime(List<?> arguments) {
        if (arguments.size() != 1) {
            return false;
        }
        Map<String, Object> argument = Json.object(arguments.getFirst());
        Map<String, Object> column = Json.object(argument.get("expression"));
        List<?> names = Json.array(column.get("column_names"));
        return ARGUMENT_KEYS.containsAll(argument.keySet()) && COLUMN_KEYS.containsAll(column.keySet())
                && "COLUMN_REF".equals(column.get("class")) && !names.isEmpty()
                && SqlTokens.fold(Json.string(names.getLast())).equals("time");
    }

    /// The statement that gives the answer.
    ///
    /// @param range which of the table's rows count
    /// @param named the statement itself over no rows; it names the columns
    /// @param scan gives a relation with the rows of files, for those that lie across the range's ends
    String answer(TableView view, TimeRange range, String named, Function<List<DataFile>, String> scan) {
        long count = 0;
        long first = Long.MAX_VALUE;
        long last = Long.MIN_VALUE;
        List<DataFile> partial = new ArrayList<>();
        for (DataFile file : view.files()) {
            if (file.rowCount() == 0 || file.minMicros() > range.max() || file.maxMicros() < range.min()) {
                continue;
            }
            if (range.holds(file.minMicros()) && range.holds(file.maxMicros())) {
                count += file.rowCount();
                first = Math.min(first, file.minMicros());
                last = Math.max(last, file.maxMicros());
            } else {
                partial.add(file);
            }
        }
        boolean needsTimes = !range.equals(TimeRange.ALL) || columns.contains(Total.FIRST) || columns.contains(Total.LAST);
        for (ColumnBatch batch : view.hot()) {
            if (!needsTimes) {
                count += batch.rowCount();
                continue;
            }
            long[] times = batch.epochMicros();
            int rows = batch.rowCount();
            for (int row = 0; row < rows; row++) {
                long micros = times[row];
                if (micros >= range.min() && micros <= range.max()) {
                    count++;
                    first = Math.min(first, micros);
                    last = Math.max(last, micros);
                }
            }
        }
        StringBuilder sql = new StringBuilder("SELECT * FROM (").append(named).append("\nLIMIT 0) UNION ALL SELECT ");
        String separator = "";
        for (Total column : columns) {
            sql.append(separator);
            switch (column) {
                case COUNT -> sql.append(count).append(partial.isEmpty() ? "" : " + count(*)");
                case FIRST -> extreme(sql, count, first, partial.isEmpty() ? "" : "least", "min(\"time\")");
                case LAST -> extreme(sql, count, last, partial.isEmpty() ? "" : "greatest", "max(\"time\")");
            }
            separator = ", ";
        }
        if (!partial.isEmpty()) {
            sql.append(" FROM ").append(scan.apply(partial)).append(" WHERE \"time\" >= ");
            instant(sql, Math.max(range.min(), partial.stream().mapToLong(DataFile::minMicros).min().orElseThrow()));
            sql.append(" AND \"time\" <= ");
            instant(sql, Math.min(range.max(), partial.stream().mapToLong(DataFile::maxMicros).max().orElseThrow()));
        }
        return sql.toString();
    }

    /// @param join the function that joins the known extreme with that of the rows to be read, or empty when there are none
    private static void extreme(StringBuilder sql, long count, long micros, String join, String read) {
        if (count == 0) {
            sql.append(join.isEmpty() ? "NULL" : read);
        } else if (join.isEmpty()) {
            instant(sql, micros);
        } else {
            sql.append(join).append('(');
            instant(sql, micros);
            sql.append(", ").append(read).append(')');
        }
    }

    private static void instant(StringBuilder sql, long micros) {
        sql.append("make_timestamptz(").append(micros).append("::BIGINT)");
    }
}
