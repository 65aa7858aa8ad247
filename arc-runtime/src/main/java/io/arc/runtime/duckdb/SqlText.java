package io.arc.runtime.duckdb;

/// Puts names and values into SQL text. The only place that does.
public final class SqlText {
    private SqlText() {}

    /// A quoted identifier.
    public static String identifier(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /// A quoted text literal. A NUL character cannot be written between quotes, so a text with one becomes an expression.
    public static String literal(String text) {
        if (text.indexOf('\0') < 0) {
            return '\'' + text.replace("'", "''") + '\'';
        }
        StringBuilder expression = new StringBuilder("concat(");
        int start = 0;
        while (true) {
            int nul = text.indexOf('\0', start);
            String part = nul < 0 ? text.substring(start) : text.substring(start, nul);
            expression.append('\'').append(part.replace("'", "''")).append('\'');
            if (nul < 0) {
                return expression.append(')').toString();
            }
            expression.append(", chr(0), ");
            start = nul + 1;
        }
    }
}
