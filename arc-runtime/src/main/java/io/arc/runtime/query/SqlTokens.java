package io.arc.runtime.query;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A statement cut into words, as far as the engine has to look at text itself: to peel `EXPLAIN` off, to spell out short
/// forms,
/// and to find where a name ends. What a statement means is for DuckDB's parser alone.
///
/// Works on UTF-8 bytes, because that is what the parser's positions count.
final class SqlTokens {
    enum Kind {
        WORD, QUOTED_NAME, TEXT, NUMBER, SYMBOL
    }

    /// @param start the first byte
    /// @param end behind the last byte
    record Token(Kind kind, int start, int end, String text) {
        boolean is(String word) {
            return kind == Kind.WORD && text.equalsIgnoreCase(word) || kind == Kind.SYMBOL && text.equals(word);
        }

        boolean isName() {
            return kind == Kind.WORD || kind == Kind.QUOTED_NAME;
        }

        /// The name without its quotes.
        String name() {
            return kind == Kind.QUOTED_NAME ? text.substring(1, text.length() - 1).replace("\"\"", "\"") : text;
        }
    }

    private final byte[] sql;
    private int at;

    private SqlTokens(byte[] sql) {
        this.sql = sql;
    }

    static List<Token> of(byte[] sql) {
        return of(sql, 0, Integer.MAX_VALUE);
    }

    /// At most `limit` tokens from the given byte on.
    static List<Token> of(byte[] sql, int from, int limit) {
        SqlTokens tokens = new SqlTokens(sql);
        tokens.at = from;
        List<Token> list = new ArrayList<>();
        while (list.size() < limit) {
            tokens.skipBlanksAndComments();
            if (tokens.at >= sql.length) {
                break;
            }
            list.add(tokens.next());
        }
        return list;
    }

    private Token next() {
        int start = at;
        int c = sql[at];
        Kind kind;
        if (c == '"') {
            quoted('"', false);
            kind = Kind.QUOTED_NAME;
        } else if (c == '\'') {
            quoted('\'', false);
            kind = Kind.TEXT;
        } else if ((c == 'e' || c == 'E') && peek(1) == '\'') {
            at++;
            quoted('\'', true);
            kind = Kind.TEXT;
        } else if (c == '$' && dollarTag() > 0) {
            int tag = dollarTag();
            int end = indexOf(sql, start, tag, start + tag);
            at = end < 0 ? sql.length : end + tag;
            kind = Kind.TEXT;
        } else if (isWordStart(c)) {
            while (at < sql.length && (isWordStart(sql[at]) || isDigit(sql[at]) || sql[at] == '$')) {
                at++;
            }
            kind = Kind.WORD;
        } else if (isDigit(c) || c == '.' && isDigit(peek(1))) {
            while (at < sql.length && (isWordStart(sql[at]) || isDigit(sql[at]) || sql[at] == '.')) {
                at++;
            }
            kind = Kind.NUMBER;
        } else {
            at++;
            kind = Kind.SYMBOL;
        }
        return new Token(kind, start, at, new String(sql, start, at - start, StandardCharsets.UTF_8));
    }

    private void quoted(int quote, boolean backslashes) {
        at++;
        while (at < sql.length) {
            int c = sql[at++];
            if (backslashes && c == '\\' && at < sql.length) {
                at++;
            } else if (c == quote) {
                if (at < sql.length && sql[at] == quote) {
                    at++;
                } else {
                    return;
                }
            }
        }
    }

    /// The length of `$tag$` here, or 0.
    private int dollarTag() {
        int end = at + 1;
        while (end < sql.length && (isWordStart(sql[end]) || end > at + 1 && isDigit(sql[end]))) {
            end++;
        }
        return end < sql.length && sql[end] == '$' ? end + 1 - at : 0;
    }

    private static int indexOf(byte[] bytes, int patternStart, int length, int from) {
        for (int i = from; i + length <= bytes.length; i++) {
            if (java.util.Arrays.equals(bytes, i, i + length, bytes, patternStart, patternStart + length)) {
                return i;
            }
        }
        return -1;
    }

    private void skipBlanksAndComments() {
        while (at < sql.length) {
            if (sql[at] >= 0 && sql[at] <= ' ') {
                at++;
            } else if (sql[at] == '-' && peek(1) == '-') {
                while (at < sql.length && sql[at] != '\n' && sql[at] != '\r') {
                    at++;
                }
            } else if (sql[at] == '/' && peek(1) == '*') {
                int depth = 0;
                do {
                    if (sql[at] == '/' && peek(1) == '*') {
                        depth++;
                        at += 2;
                    } else if (sql[at] == '*' && peek(1) == '/') {
                        depth--;
                        at += 2;
                    } else {
                        at++;
                    }
                } while (depth > 0 && at < sql.length);
            } else {
                return;
            }
        }
    }

    private int peek(int distance) {
        return at + distance < sql.length ? sql[at + distance] : -1;
    }

    private static boolean isWordStart(int c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c < 0;
    }

    private static boolean isDigit(int c) {
        return c >= '0' && c <= '9';
    }

    /// The lower-case form that names are compared by.
    static String fold(String name) {
        return name.toLowerCase(Locale.ROOT);
    }
}
