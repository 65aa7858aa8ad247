package io.arc.runtime.catalog;

import io.arc.api.data.ColumnType;
import java.util.Objects;

/// What a data file holds of one column.
///
/// @param type the type in the file, which the table's schema may have widened since
public record ColumnStats(String name, ColumnType type, long nullCount, Bounds bounds) {
    public ColumnStats {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(bounds, "bounds");
    }

    /// The least and the greatest value that is not null, inclusive.
    public sealed interface Bounds {
        /// Nothing is known, or every value is null.
        Bounds NONE = new None();

        /// See [#NONE].
        record None() implements Bounds {}

        record Longs(long min, long max) implements Bounds {}

        /// NaN is left out: a file with `hasNan` may hold NaN beside the bounds, which SQL orders above every number.
        record Doubles(double min, double max, boolean hasNan) implements Bounds {}

        record Booleans(boolean min, boolean max) implements Bounds {}

        /// By UTF-8 bytes. `min` may be cut short, `max` may be cut and its last character raised; both still bound.
        record Texts(String min, String max) implements Bounds {}
    }
}
