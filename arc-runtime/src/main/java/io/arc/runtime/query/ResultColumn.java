package io.arc.runtime.query;

import java.util.Locale;
import java.util.Objects;

/// One column of an answer.
///
/// @param type DuckDB's name of its type, such as `BIGINT` or `DECIMAL(10,2)`
public record ResultColumn(String name, String type) {
    private static final String[] TEXT_ONLY = {"BIGNUM", "TIME", "TIME_NS", "TIME WITH TIME ZONE", "INTERVAL", "BIT",
            "GEOMETRY",
        "VARIANT", "UUID"};
    private static final String[] TEXT_ONLY_INSIDE = {"BIGNUM", "TIME,", "TIME[", "TIME)", "TIME_NS", "TIME WITH",
            "INTERVAL", "BIT",
        "GEOMETRY", "VARIANT", "UNION(", "ENUM(", "UHUGEINT"};

    public ResultColumn {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
    }

    /// What has to be done to the column before it leaves DuckDB, because its Arrow form is exotic or wrong.
    enum Form {
        /// Nothing.
        NATIVE,
        /// Sent as the text that DuckDB shows.
        TEXT,
        /// Sent as a JSON text.
        JSON
    }

    Form form() {
        String upper = type.toUpperCase(Locale.ROOT);
        if (isNested()) {
            for (String word : TEXT_ONLY_INSIDE) {
                // Also field names may contain the word; the JSON form is right for any nested value, so that does no harm.
                if (upper.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ").contains(word)) {
                    return Form.JSON;
                }
            }
            return Form.NATIVE;
        }
        for (String word : TEXT_ONLY) {
            if (upper.equals(word)) {
                return Form.TEXT;
            }
        }
        return upper.startsWith("ENUM") || upper.startsWith("UNION") || upper.startsWith("GEOMETRY") ? Form.TEXT : Form.NATIVE;
    }

    boolean isNested() {
        return type.endsWith("]") || type.startsWith("STRUCT") || type.startsWith("MAP") || type.startsWith("TUPLE");
    }
}
