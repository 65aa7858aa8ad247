package io.arc.runtime.metrics;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;

/// Every metric of one server, by name. Thread-safe. Making a metric twice gives the same one, so that several parts may
/// count into it; making it as another kind is a defect and throws IllegalStateException.
public final class Metrics {
    private final Map<String, Metric> metrics = new ConcurrentSkipListMap<>();

    /// A metric's name in Prometheus form (`arc_...`), its unit (`bytes`, `rows`, `seconds`, or empty) and what it means.
    public sealed interface Metric permits Counter, Gauge, Histogram {
        String name();

        String unit();

        String doc();
    }

    /// Only ever grows. The name ends in `_total`.
    public static final class Counter implements Metric {
        private final String name;
        private final String unit;
        private final String doc;
        private final LongAdder value = new LongAdder();

        private Counter(String name, String unit, String doc) {
            this.name = name;
            this.unit = unit;
            this.doc = doc;
        }

        public void add(long amount) {
            value.add(amount);
        }

        public void increment() {
            value.increment();
        }

        public long value() {
            return value.sum();
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String unit() {
            return unit;
        }

        @Override
        public String doc() {
            return doc;
        }
    }

    /// A value that is looked up when it is shown.
    public record Gauge(String name, String unit, String doc, DoubleSupplier value) implements Metric {}

    /// Counts of durations in fixed buckets.
    public static final class Histogram implements Metric {
        private static final double[] BOUNDS_SECONDS = {.001, .005, .01, .025, .05, .1, .25, .5, 1};

        private final String name;
        private final String doc;
        private final LongAdder[] buckets = new LongAdder[BOUNDS_SECONDS.length + 1];
        private final LongAdder sumNanos = new LongAdder();

        private Histogram(String name, String doc) {
            this.name = name;
            this.doc = doc;
            for (int i = 0; i < buckets.length; i++) {
                buckets[i] = new LongAdder();
            }
        }

        public void record(long nanos) {
            double seconds = nanos / 1e9;
            int bucket = 0;
            while (bucket < BOUNDS_SECONDS.length && seconds > BOUNDS_SECONDS[bucket]) {
                bucket++;
            }
            buckets[bucket].increment();
            sumNanos.add(nanos);
        }

        /// The upper bounds of all buckets but the last, which has none. A copy.
        public double[] boundsSeconds() {
            return BOUNDS_SECONDS.clone();
        }

        /// How many durations fell into each bucket alone (not cumulated); one entry more than there are bounds.
        public long[] bucketCounts() {
            long[] counts = new long[buckets.length];
            for (int i = 0; i < counts.length; i++) {
                counts[i] = buckets[i].sum();
            }
            return counts;
        }

        public double sumSeconds() {
            return sumNanos.sum() / 1e9;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String unit() {
            return "seconds";
        }

        @Override
        public String doc() {
            return doc;
        }
    }

    public Counter counter(String name, String unit, String doc) {
        Objects.requireNonNull(doc, "doc");
        return kind(Counter.class, metrics.computeIfAbsent(name, absent -> new Counter(name, unit, doc)));
    }

    public Histogram histogram(String name, String doc) {
        return kind(Histogram.class, metrics.computeIfAbsent(name, absent -> new Histogram(name, doc)));
    }

    /// @param value read on any thread whenever the metrics are shown; quick, without I/O
    public void gauge(String name, String unit, String doc, DoubleSupplier value) {
        if (metrics.putIfAbsent(name, new Gauge(name, unit, doc, value)) != null) {
            throw new IllegalStateException("gauge " + name + " is made twice");
        }
    }

    /// All metrics, by name. A live view.
    public Collection<Metric> all() {
        return Collections.unmodifiableCollection(metrics.values());
    }

    private static <M extends Metric> M kind(Class<M> type, Metric metric) {
        if (!type.isInstance(metric)) {
            throw new IllegalStateException("metric " + metric.name() + " exists as another kind");
        }
        return type.cast(metric);
    }
}
