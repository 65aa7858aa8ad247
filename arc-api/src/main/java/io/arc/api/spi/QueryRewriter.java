package io.arc.api.spi;

import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import java.util.List;
import java.util.Objects;

/// Changes statements before they are planned: another spelling of a function, a macro, a refusal. Rewriters run by
/// ascending [#order()], ties by name, each on the parsed result of the one before; the runtime resolves tables after the
/// last, so a rewriter sees table names and never paths.
public non-sealed interface QueryRewriter extends ArcPlugin {
    int order();

    /// Called once at the start of the server, on one thread.
    Stage open(PluginContext context);

    /// The live rewriter.
    interface Stage extends PluginInstance {
        /// Pure, quick, without I/O; called from many threads at once. A replacement is parsed again and has to be read-only
        /// like any statement.
        Rewrite rewrite(ParsedQuery query);
    }

    /// A statement that the engine's parser has accepted as read-only.
    ///
    /// @param sql the statement's text, without a trailing semicolon
    /// @param syntaxTree the parser's tree as JSON, in the form of DuckDB's `json_serialize_sql`
    /// @param defaultDatabase the database of unqualified tables
    /// @param tables the tables it reads, in the order of their appearance
    record ParsedQuery(String sql, String syntaxTree, String defaultDatabase, List<TableReference> tables) {
        public ParsedQuery {
            Objects.requireNonNull(sql, "sql");
            Objects.requireNonNull(syntaxTree, "syntaxTree");
            Objects.requireNonNull(defaultDatabase, "defaultDatabase");
            tables = List.copyOf(tables);
        }
    }

    /// One mention of a table.
    ///
    /// @param position the character in the statement's text at which it starts, from 0
    record TableReference(TableId table, int position) {}

    /// What becomes of a statement.
    sealed interface Rewrite {
        Rewrite UNCHANGED = new Unchanged();

        /// See [#UNCHANGED].
        record Unchanged() implements Rewrite {}

        record Replaced(String sql) implements Rewrite {
            public Replaced {
                Objects.requireNonNull(sql, "sql");
            }
        }

        /// Refused; the client gets the message with the code's status.
        ///
        /// @param position the character of the statement that is at fault, from 0, or -1
        record Rejected(ErrorCode code, String message, int position) implements Rewrite {
            public Rejected {
                Objects.requireNonNull(code, "code");
                Objects.requireNonNull(message, "message");
            }
        }
    }
}
