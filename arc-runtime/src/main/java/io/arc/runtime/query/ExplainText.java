package io.arc.runtime.query;

import io.arc.runtime.duckdb.SqlText;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Tells DuckDB's plan without what is Arc's own business: names of files and internal functions, the planned text.
final class ExplainText {
    private static final Set<String> HIDDEN = Set.of("Filename(s)", "query_name", "query", "Text", "File Filters");
    private static final Set<String> PLUMBING = Set.of("children", "extra_info", "name", "operator_name", "operator_type");

    private ExplainText() {}

    /// The statement whose answer is the explanation: columns `explain_key` and `explain_value`, one row.
    static String answer(String tree, Statement.Explain explain) {
        Object plan = Json.parse(tree);
        StringBuilder text = new StringBuilder();
        if (explain.json()) {
            json(plan, text);
        } else {
            for (Object node : plan instanceof List<?> list ? list : List.of(plan)) {
                node(Json.object(node), 0, text);
            }
        }
        return "SELECT " + SqlText.literal(explain.analyze() ? "analyzed_plan" : "physical_plan") + " AS explain_key, "
                + SqlText.literal(text.toString()) + " AS explain_value";
    }

    private static void node(Map<String, Object> node, int depth, StringBuilder text) {
        String indent = "  ".repeat(depth);
        String name = "";
        for (String key : List.of("name", "operator_name", "operator_type")) {
            if (name.isEmpty()) {
                name = Json.string(node.get(key));
            }
        }
        text.append(indent).append(name.isEmpty() ? "QUERY" : QueryErrors.clean(name).strip()).append('\n');
        properties(Json.object(node.get("extra_info")), indent, text);
        properties(node, indent, text);
        for (Object child : Json.array(node.get("children"))) {
            node(Json.object(child), depth + 1, text);
        }
    }

    private static void properties(Map<String, Object> properties, String indent, StringBuilder text) {
        for (Map.Entry<String, Object> each : properties.entrySet()) {
            if (HIDDEN.contains(each.getKey()) || PLUMBING.contains(each.getKey()) || each.getValue() instanceof Map) {
                continue;
            }
            StringBuilder value = new StringBuilder();
            String separator = "";
            for (Object part : each.getValue() instanceof List<?> list ? list
                    : java.util.Collections.singletonList(each.getValue())) {
                value.append(separator).append(scalar(part));
                separator = ", ";
            }
            if (!value.isEmpty()) {
                text.append(indent).append("  ").append(each.getKey()).append(": ").append(value).append('\n');
            }
        }
    }

    private static String scalar(Object value) {
        return switch (value) {
            case null -> "";
            case String string -> QueryErrors.clean(string).replace("\n", " ");
            case Json.Number(String digits) -> digits;
            default -> value.toString();
        };
    }

    private static void json(Object value, StringBuilder text) {
        switch (value) {
            case Map<?, ?> map -> {
                text.append('{');
                String separator = "";
                for (Map.Entry<String, Object> each : Json.object(map).entrySet()) {
                    if (!HIDDEN.contains(each.getKey())) {
                        text.append(separator);
                        json(each.getKey(), text);
                        text.append(':');
                        json(each.getValue(), text);
                        separator = ",";
                    }
                }
                text.append('}');
            }
            case List<?> list -> {
                text.append('[');
                String separator = "";
                for (Object each : list) {
                    text.append(separator);
                    json(each, text);
                    separator = ",";
                }
                text.append(']');
            }
            case String string -> {
                ByteOutput quoted = new ByteOutput(64);
                ColumnReader.quoted(QueryErrors.clean(string), quoted);
                text.append(new String(quoted.bytes, 0, quoted.size, java.nio.charset.StandardCharsets.UTF_8));
            }
            case Json.Number(String digits) -> text.append(digits);
            case null -> text.append("null");
            default -> text.append(value);
        }
    }
}
