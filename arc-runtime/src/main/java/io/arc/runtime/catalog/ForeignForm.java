package io.arc.runtime.catalog;

import java.util.Objects;
import java.util.Optional;

/// How a file that another program wrote differs from Arc's own: readers cast its columns, and read it together with files of
/// the same shape only.
///
/// @param shape equal for files that store the same columns in the same types
/// @param timeUnit of a `time` that is a plain integer; empty for a timestamp
public record ForeignForm(String shape, Optional<TimeUnit> timeUnit) {
    /// What an integer `time` counts since 1970 UTC.
    public enum TimeUnit {
        SECONDS, MILLIS, MICROS, NANOS
    }

    public ForeignForm {
        Objects.requireNonNull(shape, "shape");
        Objects.requireNonNull(timeUnit, "timeUnit");
    }
}
