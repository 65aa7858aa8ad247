package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.sql.SQLException;
import java.util.regex.Pattern;

/// Turns what DuckDB says into what a client may read: the sentence, without excerpts of the planned text, paths and internal
/// names.
final class QueryErrors {
    private static final Pattern CLIENTS =
            Pattern.compile("(?s)^(Parser|Syntax|Binder|Catalog|Conversion|Invalid Input|Invalid Type|"
            + "Out of Range|Mismatch Type|Not implemented|Permission|Expression|Dependency|Parameter Not Resolved|"
            + "Parameter Not Allowed|Decimal|Division By Zero|Type) Error: .*");
    /// Sentences about a file name the file, by its whole path.
    private static final Pattern DATA_FILE = Pattern.compile("['\"]/[^'\"]*\\.parquet['\"]");
    private static final Pattern INTERNAL_WORDS =
            Pattern.compile("(?i)_arc_[a-z_0-9]*|read_parquet|(?<![A-Za-z0-9])/[^\\s\"',)]*/[^\\s\"',)]*");

    private QueryErrors() {}

    /// Whether the driver has lost the engine's own words: it does, when a streamed statement fails on its first rows.
    static boolean isMute(SQLException e) {
        return e.getMessage() != null && e.getMessage().contains("Invalid result set");
    }

    /// For a query whose DuckDB has become unusable.
    static ArcException lost(SQLException cause) {
        return new ArcException(ErrorCode.NOT_READY, "the query engine met a defect and starts anew; send the query again", cause);
    }

    /// Whether DuckDB may be unusable after the failure.
    static boolean isDefect(Throwable failure) {
        return failure instanceof ArcException known
                && (known.code() == ErrorCode.NOT_READY || known.code() == ErrorCode.INTERNAL);
    }

    static ArcException translate(SQLException e) {
        String message = e.getMessage() == null ? "" : e.getMessage();
        String text = clean(message);
        if (message.startsWith("FATAL Error") || message.contains("database has been invalidated")) {
            return lost(e);
        }
        if (message.startsWith("Out of Memory Error")) {
            return new ArcException(ErrorCode.OVERLOADED,
                    "the query needs more memory than the server may use; narrow it, or raise "
                    + "the query memory limit", e);
        }
        if (message.startsWith("IO Error") || DATA_FILE.matcher(message).find()) {
            return new ArcException(ErrorCode.INTERNAL, "the query failed in the engine: a data file could not be read", e);
        }
        if (CLIENTS.matcher(message).matches()) {
            return new ArcException(ErrorCode.QUERY_REJECTED, text, e);
        }
        return new ArcException(ErrorCode.INTERNAL, "the query failed in the engine: " + text, e);
    }

    static String clean(String message) {
        int excerpt = message.indexOf("\n\nLINE ");
        String sentence = excerpt < 0 ? message : message.substring(0, excerpt);
        int stack = sentence.indexOf("\n\tat ");
        if (stack >= 0) {
            sentence = sentence.substring(0, stack);
        }
        return INTERNAL_WORDS.matcher(sentence).replaceAll("...").strip();
    }
}
