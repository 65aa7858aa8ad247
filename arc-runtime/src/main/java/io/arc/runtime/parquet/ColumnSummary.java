package io.arc.runtime.parquet;

import io.arc.api.data.ColumnType;
import java.util.Objects;

/// What a file holds of one column besides `time`.
///
/// @param nullCount rows without a value; -1 where the file does not say
public record ColumnSummary(String name, ColumnType type, long nullCount, Bounds bounds) {
    public ColumnSummary {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(bounds, "bounds");
    }

    /// The least and the greatest value that is not null, inclusive.
    public sealed interface Bounds {
        /// Nothing is known, or every value is null or NaN.
        Bounds NONE = new None();

        /// See [#NONE].
        record None() implements Bounds {}

        record Longs(long min, long max) implements Bounds {}

        /// NaN is left out of the bounds. A zero `min` is -0.0 and a zero `max` is 0.0.
        ///
        /// @param hasNan whether NaN occurs, or may occur, beside the bounds
        record Doubles(double min, double max, boolean hasNan) implements Bounds {}

        record Booleans(boolean min, boolean max) implements Bounds {}

        /// By UTF-8 bytes, unsigned. At most [#MAX_TEXT_BYTES] long: `min` may be cut short, `max` may be cut and its last
        /// character raised; both still bound.
        record Texts(String min, String max) implements Bounds {}

        /// Longer text is cut in statistics.
        int MAX_TEXT_BYTES = 64;
    }
}
