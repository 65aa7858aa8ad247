package io.arc.runtime.query;

import java.util.List;
import java.util.Objects;

/// A statement that DuckDB's parser and the allow-list have accepted, with what has to be replaced in its text before it runs.
/// Immutable; kept in the parser's cache.
///
/// @param sql the UTF-8 text that the positions count in
/// @param syntaxTree DuckDB's tree as JSON
/// @param tables the mentions of stored tables, by position
/// @param qualifiers the places where a column is written `database.table.column`, by position
/// @param dependsOnNow whether it calls a function of the current time or a random one, so that its constants differ from
///     one run to the next
/// @param explain how it is explained, or null when it is run
/// @param totals what it asks of one table as a whole, or null when it asks for anything else
record Statement(byte[] sql, String syntaxTree, List<TableMention> tables, List<Qualifier> qualifiers, boolean dependsOnNow,
        Explain explain, Totals totals) {
    Statement {
        Objects.requireNonNull(sql, "sql");
        tables = List.copyOf(tables);
        qualifiers = List.copyOf(qualifiers);
    }

    Statement explained(Explain how) {
        return new Statement(sql, syntaxTree, tables, qualifiers, dependsOnNow, how, how == null ? totals : null);
    }

    /// One mention of a table.
    ///
    /// @param start the first byte of the name
    /// @param end behind the name's last byte
    /// @param path the name's parts: table, or database and table
    /// @param alias what has to be added behind the name, or null where the statement gives an alias itself
    record TableMention(int start, int end, List<String> path, String alias) {
        TableMention {
            path = List.copyOf(path);
        }
    }

    /// The bytes `[start, end)` are `database.table` in front of a column, and become `alias`.
    record Qualifier(int start, int end, String alias) {}

    /// @param analyze whether the statement is run and measured
    /// @param json whether the answer is DuckDB's JSON instead of text
    record Explain(boolean analyze, boolean json) {}
}
