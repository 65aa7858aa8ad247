package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.util.Objects;

/// A file's column `time` as its footer describes it.
///
/// @param nullCount rows without a time; -1 where the file does not say
/// @param micros the least and the greatest time in microseconds since 1970, inclusive, as `Longs`; NONE where the footer does
///     not tell. Nanoseconds are rounded outwards.
/// @param storedAs the type in the file, for people
public record FooterTime(Kind kind, long nullCount, Bounds micros, String storedAs) {
    /// How the file stores times. LOCAL ones do not say which zone they mean.
    public enum Kind {
        /// As Arc stores them.
        MICROS_UTC,
        MICROS_LOCAL, MILLIS_UTC, MILLIS_LOCAL, NANOS_UTC, NANOS_LOCAL,
        /// The old twelve-byte timestamp; its statistics cannot be used.
        INT96,
        /// Not a timestamp: text, a number, a date.
        OTHER
    }

    public FooterTime {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(micros, "micros");
        Objects.requireNonNull(storedAs, "storedAs");
    }
}
