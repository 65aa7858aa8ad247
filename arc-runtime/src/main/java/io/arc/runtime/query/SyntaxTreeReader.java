package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.runtime.query.SqlTokens.Token;
import io.arc.runtime.query.Statement.Qualifier;
import io.arc.runtime.query.Statement.TableMention;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Walks the tree of one statement: lets through only the kinds of nodes and the functions that were reviewed, and finds the
/// mentions of stored tables. A node of a kind it does not know is refused, whatever it may be.
final class SyntaxTreeReader {
    private static final Set<String> QUERY_NODES = Set.of("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE",
            "CTE_NODE");
    private static final Set<String> OTHER_NODES = Set.of("SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "PIVOT",
            "ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "DISTINCT_MODIFIER", "ORDER_DEFAULT", "ASCENDING",
            "DESCENDING");
    private static final Set<String> EXPRESSIONS = Set.of("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON",
            "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE", "STAR",
            "SUBQUERY",
            "TYPE", "WINDOW");
    private static final Set<String> SHOWS = Set.of("DESCRIBE", "SUMMARY");
    /// The functions whose value differs from one run of a statement to the next, also those that are written without
    /// parentheses.
    private static final Set<String> VOLATILE = Set.of("now", "today", "current_date", "current_time", "current_timestamp",
            "current_localtime", "current_localtimestamp", "localtime", "localtimestamp", "get_current_time",
            "get_current_timestamp", "transaction_timestamp", "random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7",
            "ago", "age",
            "get_current_date");
    private static final int MAX_DEPTH = 2_000;

    private final byte[] sql;
    private final FunctionList functions;
    private final List<TableMention> tables = new ArrayList<>();
    private final List<Qualifier> qualifiers = new ArrayList<>();
    private final Deque<Map<List<String>, String>> frames = new ArrayDeque<>();
    private boolean unlocated;
    private boolean dependsOnNow;
    private int depth;

    SyntaxTreeReader(byte[] sql, FunctionList functions) {
        this.sql = sql;
        this.functions = functions;
    }

    /// @param tree what `json_serialize_sql` gave
    void read(Map<String, Object> tree) {
        Map<String, Object> statement = Json.object(Json.array(tree.get("statements")).getFirst());
        visit(statement, Set.of());
    }

    List<TableMention> tables() {
        return tables;
    }

    List<Qualifier> qualifiers() {
        return qualifiers;
    }

    boolean hasUnlocatedTables() {
        return unlocated;
    }

    boolean dependsOnNow() {
        return dependsOnNow;
    }

    private void visit(Object value, Set<String> ctes) {
        if (++depth > MAX_DEPTH) {
            throw StatementParser.rejected("the statement is nested too deeply");
        }
        if (value instanceof List<?> list) {
            for (Object each : list) {
                visit(each, ctes);
            }
        } else if (value instanceof Map<?, ?>) {
            visitNode(Json.object(value), ctes);
        }
        depth--;
    }

    private void visitNode(Map<String, Object> node, Set<String> ctes) {
        Object kind = node.get("class");
        if (kind != null) {
            visitExpression(node, Json.string(kind), ctes);
            return;
        }
        String type = Json.string(node.get("type"));
        if (QUERY_NODES.contains(type)) {
            visitQuery(node, type, ctes);
        } else if (type.equals("BASE_TABLE")) {
            visitTable(node, ctes);
        } else if (type.equals("TABLE_FUNCTION")) {
            visitTableFunction(node, ctes);
        } else if (type.equals("SHOW_REF")) {
            if (!SHOWS.contains(Json.string(node.get("show_type"))) || !node.containsKey("query")) {
                if (Json.string(node.get("show_type")).equals("SHOW")) {
                    unlocated = true;
                    return;
                }
                throw StatementParser.rejected("SHOW can only be a statement of its own");
            }
            visitChildren(node, ctes);
        } else if (type.isEmpty() || OTHER_NODES.contains(type) || !looksLikeNode(node)) {
            visitChildren(node, ctes);
        } else {
            throw StatementParser.rejected("this part of SQL is not supported: " + type);
        }
    }

    /// Objects inside constants and types have a `type` too, which is an object or sits beside a `value`.
    private static boolean looksLikeNode(Map<String, Object> node) {
        return !(node.get("type") instanceof Map) && !node.containsKey("is_null") && !node.containsKey("value");
    }

    private void visitChildren(Map<String, Object> node, Set<String> ctes) {
        for (Map.Entry<String, Object> child : node.entrySet()) {
            if (child.getValue() instanceof Map || child.getValue() instanceof List) {
                visit(child.getValue(), ctes);
            }
        }
    }

    private void visitQuery(Map<String, Object> node, String type, Set<String> outer) {
        Set<String> ctes = new HashSet<>(outer);
        for (Object entry : Json.array(Json.object(node.get("cte_map")).get("map"))) {
            Map<String, Object> pair = Json.object(entry);
            visit(pair.get("value"), ctes);
            ctes.add(SqlTokens.fold(Json.string(pair.get("key"))));
        }
        Map<List<String>, String> frame = new LinkedHashMap<>();
        if (type.equals("SELECT_NODE")) {
            collectFrame(node.get("from_table"), ctes, frame);
        }
        frames.push(frame);
        for (Map.Entry<String, Object> child : node.entrySet()) {
            if (child.getKey().equals("cte_map") || !(child.getValue() instanceof Map || child.getValue() instanceof List)) {
                continue;
            }
            if (type.equals("RECURSIVE_CTE_NODE") || type.equals("CTE_NODE")) {
                Set<String> withItself = new HashSet<>(ctes);
                String name = SqlTokens.fold(Json.string(node.get("cte_name")));
                withItself.add(name);
                withItself.add("recurring." + name);
                boolean own = child.getKey().equals("right") || child.getKey().equals("child");
                visit(child.getValue(), own ? withItself : ctes);
            } else {
                visit(child.getValue(), ctes);
            }
        }
        frames.pop();
    }

    /// The tables of one FROM clause that have no alias, and the name under which each is known there: its own, or a longer one
    /// when two databases' tables of one name meet.
    private void collectFrame(Object from, Set<String> ctes, Map<List<String>, String> frame) {
        List<Map<String, Object>> found = new ArrayList<>();
        collectTables(from, found);
        for (Map<String, Object> table : found) {
            List<String> path = path(table);
            if (!Json.string(table.get("alias")).isEmpty() || isCte(path, ctes)) {
                continue;
            }
            String name = path.getLast();
            boolean clash = false;
            for (Map<String, Object> other : found) {
                String otherName = Json.string(other.get("alias")).isEmpty() ? path(other).getLast()
                        : Json.string(other.get("alias"));
                clash |= other != table && otherName.equalsIgnoreCase(name) && !path(other).equals(path);
            }
            frame.put(path, clash ? String.join(".", path) : name);
        }
    }

    private static void collectTables(Object from, List<Map<String, Object>> found) {
        Map<String, Object> node = Json.object(from);
        switch (Json.string(node.get("type"))) {
            case "BASE_TABLE" -> found.add(node);
            case "JOIN" -> {
                collectTables(node.get("left"), found);
                collectTables(node.get("right"), found);
            }
            case "PIVOT" -> collectTables(node.get("source"), found);
            default -> {
                // Anything else brings no bare table into this FROM clause.
            }
        }
    }

    private static List<String> path(Map<String, Object> table) {
        List<String> path = new ArrayList<>();
        for (Object part : Json.array(Json.object(table.get("qualified_name")).get("path"))) {
            path.add(Json.string(part));
        }
        return path;
    }

    private static boolean isCte(List<String> path, Set<String> ctes) {
        return path.size() == 1 && ctes.contains(SqlTokens.fold(path.getFirst()))
                || path.size() == 2 && ctes.contains(SqlTokens.fold(path.getFirst() + "." + path.getLast()));
    }

    private void visitTable(Map<String, Object> node, Set<String> ctes) {
        visitChildren(node, ctes);
        List<String> path = path(node);
        if (path.isEmpty() || isCte(path, ctes)) {
            return;
        }
        if (node.containsKey("at_clause")) {
            throw StatementParser.rejected("AT (VERSION or TIMESTAMP) is not supported: a table has no earlier versions");
        }
        int start = Json.integer(node.get("query_location"), -1);
        if (start <= 0) {
            unlocated = true;
            return;
        }
        List<Token> tokens = SqlTokens.of(sql, start, 2 * path.size() - 1);
        for (int i = 0; i < tokens.size(); i++) {
            Token token = tokens.get(i);
            boolean fits = i % 2 == 1 ? token.is(".") : token.isName() && token.name().equals(path.get(i / 2));
            if (!fits) {
                if (token.kind() == SqlTokens.Kind.TEXT) {
                    throw StatementParser.rejected("a text where a table belongs: Arc reads its own tables only, not files");
                }
                throw StatementParser.rejected("cannot read the table name at byte " + start);
            }
        }
        if (path.size() > 2) {
            throw StatementParser.rejected("the table name " + String.join(".", path) + " has more than two parts; write "
                    + "database.table");
        }
        String alias = Json.string(node.get("alias"));
        Map<List<String>, String> frame = frames.peek();
        tables.add(new TableMention(start, tokens.getLast().end(), path,
                alias.isEmpty() ? frame == null ? path.getLast() : frame.getOrDefault(path, path.getLast()) : null));
    }

    private void visitTableFunction(Map<String, Object> node, Set<String> ctes) {
        Map<String, Object> call = Json.object(node.get("function"));
        String name = SqlTokens.fold(Json.string(call.get("function_name")));
        if (!functions.tables().contains(name)) {
            throw refusedFunction(name, functions.tables());
        }
        for (Map.Entry<String, Object> child : node.entrySet()) {
            if (!child.getKey().equals("function")) {
                visit(child.getValue(), ctes);
            }
        }
        visitChildren(call, ctes);
    }

    private void visitExpression(Map<String, Object> node, String kind, Set<String> ctes) {
        if (kind.equals("PARAMETER")) {
            throw StatementParser.rejected("the statement has a parameter (? or $1), for which there is no value; write "
                    + "the value");
        }
        if (kind.equals("DEFAULT")) {
            throw StatementParser.rejected("DEFAULT has no meaning in a statement that reads");
        }
        if (!EXPRESSIONS.contains(kind)) {
            throw StatementParser.rejected("this part of SQL is not supported: " + kind);
        }
        if (kind.equals("FUNCTION") || kind.equals("WINDOW")) {
            String name = SqlTokens.fold(Json.string(node.get("function_name")));
            if (!functions.expressions().contains(name)) {
                throw refusedFunction(name, functions.expressions());
            }
            dependsOnNow |= VOLATILE.contains(name);
        } else if (kind.equals("COLUMN_REF")) {
            visitColumn(node, Json.array(node.get("column_names")));
        } else if (kind.equals("STAR")) {
            visitColumn(node, Json.array(node.get("relation_path")));
        }
        visitChildren(node, ctes);
    }

    private void visitColumn(Map<String, Object> node, List<?> names) {
        if (names.size() == 1) {
            dependsOnNow |= VOLATILE.contains(SqlTokens.fold(Json.string(names.getFirst())));
        }
        int start = Json.integer(node.get("query_location"), -1);
        if (names.size() < 3 || start <= 0) {
            return;
        }
        String database = Json.string(names.get(0));
        String table = Json.string(names.get(1));
        List<Token> tokens = SqlTokens.of(sql, start, 3);
        if (tokens.size() < 3 || !tokens.get(0).isName() || !tokens.get(1).is(".") || !tokens.get(2).isName()) {
            return;
        }
        for (Map<List<String>, String> frame : frames) {
            for (Map.Entry<List<String>, String> known : frame.entrySet()) {
                List<String> path = known.getKey();
                if (path.size() == 2 && path.get(0).equalsIgnoreCase(database) && path.get(1).equalsIgnoreCase(table)) {
                    qualifiers.add(new Qualifier(start, tokens.get(2).end(), known.getValue()));
                    return;
                }
            }
        }
    }

    private static ArcException refusedFunction(String name, Set<String> allowed) {
        return StatementParser.rejected("the function " + name + " is not available"
                + StatementParser.nearest(name, allowed));
    }
}
