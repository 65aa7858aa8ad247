package io.arc.runtime.recovery;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import io.arc.runtime.catalog.ForeignForm;
import io.arc.runtime.catalog.ForeignForm.TimeUnit;
import io.arc.runtime.parquet.ColumnSummary;
import io.arc.runtime.parquet.ColumnSummary.Bounds;
import io.arc.runtime.parquet.FooterColumn;
import io.arc.runtime.parquet.FooterTime;
import io.arc.runtime.parquet.ParquetFooter;
import io.arc.runtime.partition.DataKey;
import io.arc.runtime.partition.Names;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/// Turns one object of storage into the catalog's description of it. Thread-safe.
final class FileReading {
    /// Plain, or annotated as a number and not as a date, a time of day or a decimal.
    private static final Pattern INTEGER = Pattern.compile("INT(32|64)( \\((INT_|INTEGER|UINT_).*\\))?");

    private final ObjectStore store;
    private final TimeProbe probe;
    private final int maxColumns;
    private final ReentrantLock probing = new ReentrantLock();

    FileReading(ObjectStore store, TimeProbe probe, int maxColumns) {
        this.store = store;
        this.probe = probe;
        this.maxColumns = maxColumns;
    }

    /// What came of an object.
    sealed interface Outcome {
        record Read(FoundFile file) implements Outcome {}

        record Passed(PassedOver object) implements Outcome {}
    }

    /// Says that no table can take the file.
    private static final class Refusal extends Exception {
        Refusal(String reason) {
            super(reason);
        }
    }

    /// @throws ArcException when the store fails, as opposed to the object
    Outcome read(ObjectInfo object, DataKey key) {
        try {
            ParquetFooter footer = ParquetFooter.read(object.key(), object.size(),
                    (position, target) -> store.read(object.key(), position, target));
            return new Outcome.Read(describe(object, key, footer));
        } catch (Refusal refused) {
            return passed(object, PassedOver.Kind.REFUSED, refused.getMessage());
        } catch (IllegalArgumentException damaged) {
            return passed(object, PassedOver.Kind.DAMAGED, damaged.getMessage());
        } catch (ArcException failed) {
            if (failed.code() == ErrorCode.CORRUPT_DATA) {
                return passed(object, PassedOver.Kind.DAMAGED, failed.getMessage());
            }
            if (failed.code() == ErrorCode.OBJECT_MISSING) {
                return passed(object, PassedOver.Kind.LEFT, "it was deleted while storage was read");
            }
            throw failed;
        }
    }

    private static Outcome passed(ObjectInfo object, PassedOver.Kind kind, String reason) {
        return new Outcome.Passed(new PassedOver(object.key(), kind, reason));
    }

    private FoundFile describe(ObjectInfo object, DataKey key, ParquetFooter footer) throws Refusal {
        Optional<FileOrigin> origin = FileOrigin.parse(footer.properties());
        if (origin.isPresent() && !origin.get().columns().isEmpty()
                && origin.get().columns().size() != footer.columns().size()) {
            throw new IllegalArgumentException("its footer places " + origin.get().columns().size() + " columns, and it has "
                    + footer.columns().size());
        }
        requireTakeable(footer);
        FooterTime time = footer.time().orElseThrow(() -> new Refusal("it has no column 'time'"));
        Times times = times(object, time);
        Optional<ForeignForm> form = footer.shape().isEmpty() ? Optional.empty()
                : Optional.of(new ForeignForm(footer.shape(), times.unit()));
        DataFile file = new DataFile(key.table(), object.key(), object.size(), footer.rowCount(), times.minMicros(),
                times.maxMicros(), origin.map(FileOrigin::level).orElse(0), origin.map(FileOrigin::coverage)
                .orElse(List.of()),
                footer.columns().stream().map(FileReading::stats).toList(), object.modifiedMicros(), form);
        return new FoundFile(file, origin);
    }

    private void requireTakeable(ParquetFooter footer) throws Refusal {
        if (footer.rowCount() == 0) {
            throw new Refusal("it holds no rows");
        }
        if (footer.columns().size() > maxColumns) {
            throw new Refusal("it has " + footer.columns().size() + " columns, and a table may have " + maxColumns
                    + " (ingest.max_columns)");
        }
        Set<String> names = new HashSet<>();
        for (FooterColumn column : footer.columns()) {
            Optional<String> problem = Names.column(column.name());
            if (problem.isPresent()) {
                throw new Refusal(problem.get());
            }
            if (!names.add(column.name())) {
                throw new Refusal("it has two columns '" + column.name() + "'");
            }
        }
    }

    private record Times(long minMicros, long maxMicros, Optional<TimeUnit> unit) {}

    private Times times(ObjectInfo object, FooterTime time) throws Refusal {
        boolean integer = time.kind() == FooterTime.Kind.OTHER;
        if (integer && !INTEGER.matcher(time.storedAs()).matches()) {
            throw new Refusal("its column 'time' is " + time.storedAs() + ", neither a timestamp nor an integer");
        }
        TimeProbe.Bounds bounds;
        if (!integer && time.nullCount() == 0 && time.micros() instanceof Bounds.Longs(long min, long max)) {
            bounds = new TimeProbe.Bounds(min, max, 0);
        } else {
            bounds = probe(object, integer);
        }
        if (bounds.nulls() != 0) {
            throw new Refusal(bounds.nulls() + " of its rows have no time");
        }
        if (!integer) {
            return new Times(bounds.min(), bounds.max(), Optional.empty());
        }
        TimeUnit unit = unit(Math.max(Math.abs(Math.max(bounds.min(), -Long.MAX_VALUE)), Math.abs(bounds.max())));
        try {
            return new Times(micros(bounds.min(), unit, false), micros(bounds.max(), unit, true), Optional.of(unit));
        } catch (ArithmeticException beyond) {
            throw new Refusal("its times from " + bounds.min() + " to " + bounds.max() + " are beyond what Arc can store");
        }
    }

    private TimeProbe.Bounds probe(ObjectInfo object, boolean integer) {
        probing.lock();
        try {
            return probe.read(object.key(), object.size(), integer);
        } finally {
            probing.unlock();
        }
    }

    /// By size, as the write path takes numbers without a unit: the present is a number of ten digits in seconds, of thirteen
    /// in milliseconds, and so on.
    private static TimeUnit unit(long magnitude) {
        if (magnitude < 10_000_000_000L) {
            return TimeUnit.SECONDS;
        }
        if (magnitude < 10_000_000_000_000L) {
            return TimeUnit.MILLIS;
        }
        return magnitude < 10_000_000_000_000_000L ? TimeUnit.MICROS : TimeUnit.NANOS;
    }

    private static long micros(long value, TimeUnit unit, boolean up) {
        return switch (unit) {
            case SECONDS -> Math.multiplyExact(value, 1_000_000L);
            case MILLIS -> Math.multiplyExact(value, 1_000L);
            case MICROS -> value;
            case NANOS -> up ? Math.ceilDiv(value, 1_000L) : Math.floorDiv(value, 1_000L);
        };
    }

    private static ColumnStats stats(FooterColumn column) {
        ColumnSummary summary = column.summary();
        ColumnStats.Bounds bounds = switch (summary.bounds()) {
            case Bounds.None _ -> ColumnStats.Bounds.NONE;
            case Bounds.Longs longs -> new ColumnStats.Bounds.Longs(longs.min(), longs.max());
            case Bounds.Doubles doubles -> new ColumnStats.Bounds.Doubles(doubles.min(), doubles.max(), doubles.hasNan());
            case Bounds.Booleans booleans -> new ColumnStats.Bounds.Booleans(booleans.min(), booleans.max());
            case Bounds.Texts texts -> new ColumnStats.Bounds.Texts(texts.min(), texts.max());
        };
        return new ColumnStats(summary.name(), summary.type(), summary.nullCount(), bounds);
    }
}
