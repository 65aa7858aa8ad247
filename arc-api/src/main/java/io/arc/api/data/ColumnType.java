package io.arc.api.data;

import java.util.Optional;

/// The types a stored column can have. The time column is apart: always microseconds since 1970 UTC.
public enum ColumnType {
    /// 64-bit signed integer; Parquet INT64, SQL BIGINT.
    INT64,
    /// IEEE 754 double; Parquet DOUBLE, SQL DOUBLE.
    FLOAT64,
    /// Parquet BOOLEAN, SQL BOOLEAN.
    BOOLEAN,
    /// UTF-8; Parquet BYTE_ARRAY annotated as string, SQL VARCHAR.
    TEXT;

    /// The narrowest type that can hold the values of both: INT64 widens to FLOAT64, anything but a mixture of BOOLEAN with
    /// numbers widens to TEXT.
    ///
    /// @return empty for BOOLEAN with a number: turning a metric into text because one client sends a flag would break
    ///     every aggregate on it, so the write is refused instead
    public Optional<ColumnType> join(ColumnType other) {
        if (this == other) {
            return Optional.of(this);
        }
        if (this == TEXT || other == TEXT) {
            return Optional.of(TEXT);
        }
        if (this == BOOLEAN || other == BOOLEAN) {
            return Optional.empty();
        }
        return Optional.of(FLOAT64);
    }
}
