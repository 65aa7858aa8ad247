package io.arc.plugin.rewriter.time;

import io.arc.api.spi.QueryRewriter.ParsedQuery;
import io.arc.api.spi.QueryRewriter.Rewrite;
import io.arc.api.spi.QueryRewriter.Stage;
import io.arc.api.spi.QueryRewriter.TableReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/// Turns `date_trunc('hour', time)` into the same call on a timestamp without a zone, and back: equal in UTC, and quick.
///
/// Only where `time` surely is the time column of a stored table: in a SELECT whose FROM has stored tables alone. Only
/// where the value is shown, grouped or ordered; a condition stays as it is, because the engine can turn it into a range
/// of times. A column that has no alias gets its old name as one.
final class UtcCalls implements Stage {
    private static final Set<String> FUNCTIONS = Set.of("date_trunc", "datetrunc", "time_bucket");
    /// Decades, centuries and millennia before Christ begin elsewhere without a zone, so they are left alone.
    private static final Set<String> UNITS = Set.of("microsecond", "microseconds", "millisecond", "milliseconds", "second",
            "seconds", "minute", "minutes", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "quarter",
            "quarters", "year", "years");
    private static final Set<String> CALL_KEYS = Set.of("class", "type", "alias", "query_location", "query_location_length",
            "function_name", "order_bys", "arguments", "qualified_name");
    private static final Set<String> COLUMN_KEYS = Set.of("class", "type", "alias", "query_location", "query_location_length",
            "column_names");
    private static final Set<String> TABLE_KEYS = Set.of("type", "alias", "query_location", "query_location_length", "sample",
            "catalog_name", "schema_name", "table_name", "qualified_name");
    private static final Set<String> PLACES = Set.of("select_list", "group_expressions", "having", "qualify", "modifiers");
    private static final String BEFORE = "coalesce(make_timestamptz(epoch_us(";
    private static final String AFTER = "))";
    private static final String BEFORE_TIME = "make_timestamp(epoch_us(";

    @Override
    public Rewrite rewrite(ParsedQuery query) {
        String folded = query.sql().toLowerCase(Locale.ROOT);
        if (query.tables().isEmpty() || FUNCTIONS.stream().noneMatch(folded::contains)) {
            return Rewrite.UNCHANGED;
        }
        byte[] sql = query.sql().getBytes(StandardCharsets.UTF_8);
        Set<Long> stored = new HashSet<>();
        for (TableReference reference : query.tables()) {
            stored.add((long) query.sql().substring(0, reference.position()).getBytes(StandardCharsets.UTF_8).length);
        }
        List<Insertion> insertions = new ArrayList<>();
        try {
            new Walk(sql, stored, insertions).visit(JsonTree.parse(query.syntaxTree()));
        } catch (IllegalArgumentException notUnderstood) {
            // A tree of another form than this version knows: the statement is right as it is.
            return Rewrite.UNCHANGED;
        }
        return insertions.isEmpty() ? Rewrite.UNCHANGED : new Rewrite.Replaced(Insertion.apply(sql, insertions));
    }

    /// One statement's walk.
    ///
    /// @param stored the bytes at which names of stored tables start
    private record Walk(byte[] sql, Set<Long> stored, List<Insertion> insertions) {
        void visit(Object value) {
            if (value instanceof List<?> list) {
                list.forEach(this::visit);
            } else if (value instanceof Map<?, ?> node) {
                if ("SELECT_NODE".equals(node.get("type"))) {
                    rewriteSelect(JsonTree.object(node));
                }
                node.values().forEach(this::visit);
            }
        }

        private void rewriteSelect(Map<String, Object> select) {
            Set<String> tables = new HashSet<>();
            if (!areStored(JsonTree.object(select.get("from_table")), tables)) {
                return;
            }
            List<Call> calls = new ArrayList<>();
            for (Object each : JsonTree.array(select.get("select_list"))) {
                Map<String, Object> item = JsonTree.object(each);
                boolean named = !JsonTree.text(item.get("alias")).isEmpty();
                Call call = call(item, tables);
                if (call != null) {
                    if (!named && call.name() == null) {
                        return;
                    }
                    calls.add(named ? call.withoutName() : call);
                    continue;
                }
                List<Call> inside = new ArrayList<>();
                collect(item, tables, inside);
                boolean hidesTime = "time".equalsIgnoreCase(JsonTree.text(item.get("alias"))) && !isTime(item, tables);
                if (hidesTime || !named && !inside.isEmpty()) {
                    return;
                }
                inside.forEach(found -> calls.add(found.withoutName()));
            }
            for (String place : PLACES) {
                if (!place.equals("select_list")) {
                    List<Call> inside = new ArrayList<>();
                    collect(select.get(place), tables, inside);
                    inside.forEach(found -> calls.add(found.withoutName()));
                }
            }
            for (Call call : calls) {
                insertions.add(new Insertion(call.start(), BEFORE));
                insertions.add(new Insertion(call.timeStart(), BEFORE_TIME));
                insertions.add(new Insertion(call.timeEnd(), AFTER));
                String time = new String(sql, call.timeStart(), call.timeEnd() - call.timeStart(), StandardCharsets.UTF_8);
                // The infinite instants have no microseconds and are their own hour, day and bucket.
                String after = AFTER + ", " + time + ")";
                insertions.add(new Insertion(call.end(), call.name() == null ? after
                        : after + " AS \"" + call.name().replace("\"", "\"\"") + '"'));
            }
        }

        /// Whether a FROM has stored tables alone; their names are put into `names`, in lower case.
        private boolean areStored(Map<String, Object> from, Set<String> names) {
            return switch (JsonTree.text(from.get("type"))) {
                case "BASE_TABLE" -> {
                    String alias = JsonTree.text(from.get("alias"));
                    names.add((alias.isEmpty() ? JsonTree.text(from.get("table_name")) : alias).toLowerCase(Locale.ROOT));
                    yield TABLE_KEYS.containsAll(from.keySet()) && stored.contains(JsonTree.number(from.get("query_location")));
                }
                case "JOIN" -> areStored(JsonTree.object(from.get("left")), names)
                        && areStored(JsonTree.object(from.get("right")), names);
                default -> false;
            };
        }

        private void collect(Object value, Set<String> tables, List<Call> calls) {
            if (value instanceof List<?> list) {
                list.forEach(each -> collect(each, tables, calls));
            } else if (value instanceof Map<?, ?> node && !"SUBQUERY".equals(node.get("class"))) {
                Call call = call(JsonTree.object(node), tables);
                if (call != null) {
                    calls.add(call);
                } else {
                    node.values().forEach(each -> collect(each, tables, calls));
                }
            }
        }

        private static boolean isTime(Map<String, Object> column, Set<String> tables) {
            List<?> path = JsonTree.array(column.get("column_names"));
            return "COLUMN_REF".equals(column.get("class")) && COLUMN_KEYS.containsAll(column.keySet())
                    && (path.size() == 1 || path.size() == 2
                            && tables.contains(JsonTree.text(path.getFirst()).toLowerCase(Locale.ROOT)))
                    && JsonTree.text(path.getLast()).equalsIgnoreCase("time");
        }

        /// The node as a call that can be made quick, or null.
        private Call call(Map<String, Object> node, Set<String> tables) {
            String function = JsonTree.text(node.get("function_name"));
            List<?> arguments = JsonTree.array(node.get("arguments"));
            if (!"FUNCTION".equals(node.get("class")) || !FUNCTIONS.contains(function.toLowerCase(Locale.ROOT))
                    || arguments.size() != 2 || !CALL_KEYS.containsAll(node.keySet())
                    || JsonTree.object(node.get("order_bys")).containsKey("orders")) {
                return null;
            }
            Map<String, Object> unit = JsonTree.object(JsonTree.object(arguments.get(0)).get("expression"));
            Map<String, Object> time = JsonTree.object(JsonTree.object(arguments.get(1)).get("expression"));
            int start = position(node.get("query_location"));
            int end = start + position(node.get("query_location_length"));
            int timeStart = position(time.get("query_location"));
            int timeEnd = timeStart + position(time.get("query_location_length"));
            String unitText = function.equalsIgnoreCase("time_bucket") || "CONSTANT".equals(unit.get("class")) ? constant(unit)
                    : null;
            if (!isTime(time, tables) || unitText == null || start < 0 || timeStart <= start || timeEnd >= end
                    || end > sql.length || sql[end - 1] != ')') {
                return null;
            }
            if (!function.equalsIgnoreCase("time_bucket")
                    && !UNITS.contains(unitText.replace("'", "").toLowerCase(Locale.ROOT))) {
                return null;
            }
            // How the engine would quote a table's name is not known here.
            boolean bare = JsonTree.array(time.get("column_names")).size() == 1;
            String column = bare ? '"' + JsonTree.text(JsonTree.array(time.get("column_names")).getFirst()) + '"' : null;
            return new Call(start, end, timeStart, timeEnd,
                    column == null ? null : function + "(" + unitText + ", " + column + ")");
        }

        private int position(Object value) {
            long position = JsonTree.number(value);
            return position > sql.length ? -1 : (int) position;
        }

        /// A constant expression as the engine writes it in a column's name, or null for any other expression.
        private static String constant(Map<String, Object> expression) {
            switch (JsonTree.text(expression.get("class"))) {
                case "CONSTANT" -> {
                    Map<String, Object> literal = JsonTree.object(expression.get("literal"));
                    String text = JsonTree.text(literal.get("text"));
                    return switch (JsonTree.text(literal.get("kind"))) {
                        case "STRING" -> '\'' + text.replace("'", "''") + '\'';
                        case "INTEGER" -> text;
                        default -> null;
                    };
                }
                case "CAST" -> {
                    String child = constant(JsonTree.object(expression.get("child")));
                    String type = JsonTree.text(JsonTree.object(expression.get("type_expr")).get("type_name"));
                    return child == null || !type.matches("[A-Z]+") || expression.containsKey("try_cast") ? null
                            : "CAST(" + child + " AS " + type + ")";
                }
                case "FUNCTION" -> {
                    List<?> arguments = JsonTree.array(expression.get("arguments"));
                    String child = arguments.size() != 1 ? null
                            : constant(JsonTree.object(JsonTree.object(arguments.getFirst()).get("expression")));
                    String function = JsonTree.text(expression.get("function_name"));
                    return child == null || !function.matches("to_[a-z]+|trunc") ? null : function + "(" + child + ")";
                }
                default -> {
                    return null;
                }
            }
        }
    }

    /// A call to be changed: bytes `[start, end)`, its second argument at `[timeStart, timeEnd)`.
    ///
    /// @param name what its column is called, or null when nobody sees it or it is not known
    private record Call(int start, int end, int timeStart, int timeEnd, String name) {
        Call withoutName() {
            return new Call(start, end, timeStart, timeEnd, null);
        }
    }
}
