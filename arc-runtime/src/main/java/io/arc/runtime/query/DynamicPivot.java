package io.arc.runtime.query;

import io.arc.runtime.duckdb.SqlText;
import io.arc.runtime.query.SqlTokens.Token;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `PIVOT t ON c USING sum(v)` does not say which columns it gives: DuckDB runs it as two statements, the first of which
/// stores the
/// values of `c`. Here it becomes `PIVOT t ON c IN ('a', 'b') USING sum(v)`, with the values asked for beforehand in the same
/// moment of the catalog. Only a statement that begins with PIVOT; the result goes through the parser and the allow-list like
/// any other.
final class DynamicPivot {
    /// One expression behind ON that does not name its values.
    ///
    /// @param start its first byte
    /// @param end the byte behind it
    /// @param wrapped whether it needs parentheses in front of IN
    record Open(int start, int end, boolean wrapped, String valuesSql) {}

    private final byte[] sql;
    private final List<Open> open;

    private DynamicPivot(byte[] sql, List<Open> open) {
        this.sql = sql;
        this.open = open;
    }

    /// The pivot that the text is, or empty when it is none or names all its values.
    static Optional<DynamicPivot> of(String text) {
        byte[] sql = text.getBytes(StandardCharsets.UTF_8);
        List<Token> tokens = SqlTokens.of(sql);
        if (tokens.isEmpty() || !tokens.getFirst().is("pivot")) {
            return Optional.empty();
        }
        int on = -1;
        int depth = 0;
        List<Open> open = new ArrayList<>();
        int elementStart = -1;
        boolean named = false;
        for (int i = 1; i <= tokens.size(); i++) {
            Token token = i < tokens.size() ? tokens.get(i) : null;
            depth += token == null ? 0 : token.is("(") || token.is("[") || token.is("{") ? 1
                    : token.is(")") || token.is("]") || token.is("}") ? -1 : 0;
            if (depth != 0) {
                continue;
            }
            if (on < 0) {
                if (token != null && token.is("on")) {
                    on = i;
                    elementStart = i + 1;
                }
                continue;
            }
            boolean ends = token == null || token.is(",") || token.is("using") || token.is("group") || token.is("order")
                    || token.is("limit") || token.is(";");
            if (!ends) {
                named |= token.is("in");
                continue;
            }
            if (i > elementStart && !named) {
                String source = slice(sql, tokens.get(1).start(), tokens.get(on - 1).end());
                String element = slice(sql, tokens.get(elementStart).start(), tokens.get(i - 1).end());
                boolean wrapped = i - elementStart > 1 && !tokens.get(i - 1).is(")");
                open.add(new Open(tokens.get(elementStart).start(), tokens.get(i - 1).end(), wrapped, "SELECT DISTINCT CAST("
                        + element + " AS VARCHAR) AS v FROM " + source
                        + " WHERE (" + element + ") IS NOT NULL ORDER BY v"));
            }
            if (token == null || !token.is(",")) {
                break;
            }
            elementStart = i + 1;
            named = false;
        }
        return open.isEmpty() ? Optional.empty() : Optional.of(new DynamicPivot(sql, open));
    }

    private static String slice(byte[] sql, int start, int end) {
        return new String(sql, start, end - start, StandardCharsets.UTF_8);
    }

    /// The expressions whose values have to be asked for, in their order.
    List<Open> open() {
        return open;
    }

    /// The statement with the values in it.
    ///
    /// @param values for each of [#open]
    String with(List<List<String>> values) {
        TextEdits edits = new TextEdits(sql);
        for (int i = 0; i < open.size(); i++) {
            if (values.get(i).isEmpty()) {
                throw StatementParser.rejected("the PIVOT has no columns to give: what stands behind ON has no value");
            }
            Open each = open.get(i);
            if (each.wrapped()) {
                edits.replace(each.start(), each.start(), "(");
            }
            edits.replace(each.end(), each.end(), (each.wrapped() ? ") IN (" : " IN (") + String.join(", ",
                    values.get(i).stream()
                    .map(SqlText::literal).toList()) + ")");
        }
        return new String(edits.apply(), StandardCharsets.UTF_8);
    }
}
