package io.arc.runtime.parquet;

import java.util.Objects;

/// A column besides `time` as a footer describes it.
///
/// @param summary with the type that Arc gives the column: its own where the file has it (see `exact`), the number type that
///     holds most for other numbers, TEXT for everything else, also for lists and structures
/// @param exact whether the file stores the column as Arc itself would. Otherwise a reader has to cast, and a file that is
///     read beside Arc's own must be cast too.
/// @param storedAs the type in the file, for people: `INT32`, `BYTE_ARRAY (JSON)`, `group (LIST)`
public record FooterColumn(ColumnSummary summary, boolean exact, String storedAs) {
    public FooterColumn {
        Objects.requireNonNull(summary, "summary");
        Objects.requireNonNull(storedAs, "storedAs");
    }

    public String name() {
        return summary.name();
    }
}
