package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.duckdb.SqlText;
import io.arc.runtime.query.SqlTokens.Token;
import io.arc.runtime.query.Statement.Explain;
import io.arc.runtime.text.NearestName;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Turns text into a [Statement] by DuckDB's own parser, which takes statements that only read, and refuses what the allow-list
/// does not know. Remembers the last statements. Thread-safe; the connection is the caller's.
final class StatementParser {
    private static final int MAX_CACHED_BYTES = 8 << 20;
    private static final Set<String> WORDS_AFTER_SHOW = Set.of("tables", "databases", "schemas", "all", "measurements",
            "columns");

    private final FunctionList functions;
    private final int maxSqlBytes;
    /// Guarded by itself; the longest unused first.
    private final LinkedHashMap<String, Statement> cache = new LinkedHashMap<>(64, 0.75f, true);
    private long cachedBytes;

    StatementParser(FunctionList functions, int maxSqlBytes) {
        this.functions = functions;
        this.maxSqlBytes = maxSqlBytes;
    }

    /// @throws ArcException QUERY_REJECTED with the parser's or the allow-list's reason
    Statement parse(Connection connection, String text) throws SQLException {
        String sql = strip(text);
        synchronized (cache) {
            Statement known = cache.get(sql);
            if (known != null) {
                return known;
            }
        }
        Statement statement = parseNew(connection, sql);
        long bytes = cost(statement);
        synchronized (cache) {
            Statement before = cache.put(sql, statement);
            cachedBytes += bytes - (before == null ? 0 : cost(before));
            var oldest = cache.entrySet().iterator();
            while (cachedBytes > MAX_CACHED_BYTES && oldest.hasNext()) {
                cachedBytes -= cost(oldest.next().getValue());
                oldest.remove();
            }
        }
        return statement;
    }

    private static long cost(Statement statement) {
        return 512L + 3L * statement.sql().length + 2L * statement.syntaxTree().length();
    }

    private String strip(String text) {
        if (text.isBlank()) {
            throw rejected("SQL query is required");
        }
        // A character is at least one byte, so a text of more characters is too long whatever they are.
        if (text.length() > maxSqlBytes || text.getBytes(StandardCharsets.UTF_8).length > maxSqlBytes) {
            throw rejected("SQL query exceeds maximum length (" + maxSqlBytes + " characters)");
        }
        if (text.indexOf('\0') >= 0) {
            throw rejected("the statement holds a NUL character");
        }
        return text.strip();
    }

    private Statement parseNew(Connection connection, String sql) throws SQLException {
        byte[] bytes = quoteDefault(sql.getBytes(StandardCharsets.UTF_8));
        List<Token> tokens = SqlTokens.of(bytes);
        if (tokens.isEmpty()) {
            throw rejected("SQL query is required");
        }
        int first = 0;
        Explain explain = null;
        if (tokens.getFirst().is("explain")) {
            first = 1;
            boolean analyze = false;
            boolean json = false;
            if (first < tokens.size() && (tokens.get(first).is("analyze") || tokens.get(first).is("analyse"))) {
                analyze = true;
                first++;
            }
            if (first < tokens.size() && tokens.get(first).is("(") && first + 1 < tokens.size()
                    && (tokens.get(first + 1).is("format") || tokens.get(first + 1).is("analyze"))) {
                for (; first < tokens.size() && !tokens.get(first).is(")"); first++) {
                    analyze |= tokens.get(first).is("analyze");
                    json |= tokens.get(first).is("json");
                }
                first++;
            }
            if (first >= tokens.size()) {
                throw rejected("EXPLAIN needs a statement");
            }
            explain = new Explain(analyze, json);
        }
        int last = tokens.size();
        while (last > first && tokens.get(last - 1).is(";")) {
            last--;
        }
        if (last == first) {
            throw rejected("SQL query is required");
        }
        byte[] body = java.util.Arrays.copyOfRange(bytes, tokens.get(first).start(), tokens.get(last - 1).end());
        String tree = tree(connection, body);
        SyntaxTreeReader reader = read(body, tree);
        if (reader.hasUnlocatedTables()) {
            body = spellOut(body);
            tree = tree(connection, body);
            reader = read(body, tree);
            if (reader.hasUnlocatedTables()) {
                throw rejected("this short form cannot be used here; write SELECT * FROM the table instead of TABLE or SHOW");
            }
        }
        return new Statement(body, tree, reader.tables(), reader.qualifiers(), reader.dependsOnNow(), explain,
                explain == null ? Totals.of(Json.object(Json.parse(tree))) : null);
    }

    /// `default.cpu` with `default` in quotes: it is a reserved word, and the name of the database that everybody has.
    private static byte[] quoteDefault(byte[] bytes) {
        List<Token> tokens = SqlTokens.of(bytes);
        TextEdits edits = new TextEdits(bytes);
        boolean found = false;
        for (int i = 0; i + 1 < tokens.size(); i++) {
            Token token = tokens.get(i);
            if (token.is("default") && tokens.get(i + 1).is(".")) {
                edits.replace(token.start(), token.end(), "\"default\"");
                found = true;
            }
        }
        return found ? edits.apply() : bytes;
    }

    private SyntaxTreeReader read(byte[] body, String tree) {
        SyntaxTreeReader reader = new SyntaxTreeReader(body, functions);
        reader.read(Json.object(Json.parse(tree)));
        return reader;
    }

    /// DuckDB's tree of the one statement that the text is.
    private static String tree(Connection connection, byte[] body) throws SQLException {
        String tree;
        try (PreparedStatement statement =
                connection.prepareStatement("SELECT json_serialize_sql(?::VARCHAR, skip_null := true, "
                + "skip_empty := true, skip_default := true)")) {
            statement.setString(1, new String(body, StandardCharsets.UTF_8));
            try (ResultSet rows = statement.executeQuery()) {
                rows.next();
                tree = rows.getString(1);
            }
        }
        Map<String, Object> parsed = Json.object(Json.parse(tree));
        if (Boolean.TRUE.equals(parsed.get("error"))) {
            String message = Json.string(parsed.get("error_message"));
            if ("not implemented".equals(parsed.get("error_type"))) {
                Token start = SqlTokens.of(body, 0, 1).getFirst();
                throw rejected(start.is("pivot") || mentionsPivot(body)
                        ? "a PIVOT has to name its values here: PIVOT t ON c IN ('a', 'b') USING ..."
                        : "only statements that read are run: SELECT, WITH, FROM, VALUES, PIVOT, UNPIVOT, SHOW, DESCRIBE, "
                                + "SUMMARIZE and EXPLAIN; this one starts with " + start.text());
            }
            String position = Json.string(parsed.get("position"));
            throw rejected("Parser Error: " + message + (position.isEmpty() ? "" : " (at byte " + position + ")"));
        }
        List<?> statements = Json.array(parsed.get("statements"));
        if (statements.isEmpty()) {
            throw rejected("SQL query is required");
        }
        if (statements.size() > 1) {
            throw rejected("Multiple SQL statements are not allowed");
        }
        return tree;
    }

    private static boolean mentionsPivot(byte[] body) {
        for (Token token : SqlTokens.of(body)) {
            if (token.is("pivot")) {
                return true;
            }
        }
        return false;
    }

    /// `DESCRIBE t`, `SUMMARIZE t`, `SHOW t` and `TABLE t` written out, because the parser gives no position for their tables.
    private static byte[] spellOut(byte[] body) {
        List<Token> tokens = SqlTokens.of(body);
        TextEdits edits = new TextEdits(body);
        for (int i = 0; i + 1 < tokens.size(); i++) {
            Token word = tokens.get(i);
            boolean describe = word.is("describe") || word.is("desc") || word.is("show");
            boolean starts = i == 0 || tokens.get(i - 1).is("(") || tokens.get(i - 1).is("union") || tokens.get(i - 1).is("all")
                    || tokens.get(i - 1).is("except") || tokens.get(i - 1).is("intersect");
            Token next = tokens.get(i + 1);
            if (!starts || !next.isName() || word.is("show") && WORDS_AFTER_SHOW.contains(SqlTokens.fold(next.text()))) {
                continue;
            }
            if (word.is("table")) {
                edits.replace(word.start(), word.end(), "FROM");
            } else if ((describe || word.is("summarize")) && endsStatement(tokens, i + 1)) {
                edits.replace(word.start(), word.end(), describe ? "DESCRIBE SELECT * FROM" : "SUMMARIZE SELECT * FROM");
            }
        }
        return edits.apply();
    }

    /// Whether behind the name at `i` (with its dots) the statement or the parenthesis ends.
    private static boolean endsStatement(List<Token> tokens, int i) {
        int next = i + 1;
        while (next + 1 < tokens.size() && tokens.get(next).is(".") && tokens.get(next + 1).isName()) {
            next += 2;
        }
        return next >= tokens.size() || tokens.get(next).is(")");
    }

    static ArcException rejected(String message) {
        return new ArcException(ErrorCode.QUERY_REJECTED, message);
    }

    /// For a refused function, what to tell besides.
    static String nearest(String name, Set<String> allowed) {
        return NearestName.question(name, allowed);
    }

    /// A name of any number of parts, quoted.
    static String quote(List<String> path) {
        List<String> parts = new ArrayList<>();
        for (String part : path) {
            parts.add(SqlText.identifier(part));
        }
        return String.join(".", parts);
    }
}
