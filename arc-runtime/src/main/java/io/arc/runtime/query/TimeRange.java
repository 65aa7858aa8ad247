package io.arc.runtime.query;

/// The instants of `[min, max]`, in microseconds since 1970 UTC, both included.
record TimeRange(long min, long max) {
    static final TimeRange ALL = new TimeRange(Long.MIN_VALUE, Long.MAX_VALUE);

    boolean holds(long micros) {
        return micros >= min && micros <= max;
    }

    /// The rows that meet the condition, when it says nothing but a range of times; else null.
    static TimeRange of(FileFilter condition) {
        return switch (condition) {
            case FileFilter.Time(FileFilter.Comparison comparison, long micros) -> switch (comparison) {
                case EQUAL -> new TimeRange(micros, micros);
                case LESS -> micros == Long.MIN_VALUE ? null : new TimeRange(Long.MIN_VALUE, micros - 1);
                case LESS_OR_EQUAL -> new TimeRange(Long.MIN_VALUE, micros);
                case GREATER -> micros == Long.MAX_VALUE ? null : new TimeRange(micros + 1, Long.MAX_VALUE);
                case GREATER_OR_EQUAL -> new TimeRange(micros, Long.MAX_VALUE);
            };
            case FileFilter.And and -> {
                TimeRange all = ALL;
                for (FileFilter part : and.parts()) {
                    TimeRange one = of(part);
                    if (one == null) {
                        yield null;
                    }
                    all = new TimeRange(Math.max(all.min, one.min), Math.min(all.max, one.max));
                }
                yield all;
            }
            // A scan of several filters is an alternative of one.
            case FileFilter.Or or -> or.parts().size() == 1 ? of(or.parts().getFirst()) : null;
            case FileFilter.Unknown _, FileFilter.Value _, FileFilter.IsNull _ -> null;
        };
    }
}
