package io.arc.runtime.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.runtime.metrics.Metrics.Counter;
import io.arc.runtime.metrics.Metrics.Gauge;
import io.arc.runtime.metrics.Metrics.Histogram;
import io.arc.runtime.metrics.Metrics.Metric;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private final Metrics metrics = new Metrics();

    @Test
    void aNameIsOneMetric() {
        Counter counter = metrics.counter("arc_a_total", "rows", "A.");
        counter.add(3);
        assertThat(metrics.counter("arc_a_total", "", "other")).isSameAs(counter);
        assertThat(counter.value()).isEqualTo(3);
        assertThat(counter.unit()).isEqualTo("rows");
        assertThat(counter.doc()).isEqualTo("A.");
        Histogram histogram = metrics.histogram("arc_b_seconds", "B.");
        assertThat(metrics.histogram("arc_b_seconds", "B.")).isSameAs(histogram);
    }

    @Test
    void aNameKeepsItsKind() {
        metrics.counter("arc_a_total", "", "A.");
        metrics.gauge("arc_g", "", "G.", () -> 1);
        assertThatThrownBy(() -> metrics.histogram("arc_a_total", "")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> metrics.counter("arc_g", "", "")).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> metrics.gauge("arc_g", "", "", () -> 2)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("arc_g");
    }

    @Test
    void allIsLiveAndSorted() {
        var all = metrics.all();
        metrics.counter("arc_b_total", "", "B.");
        metrics.gauge("arc_c", "bytes", "C.", () -> 7);
        metrics.histogram("arc_a_seconds", "A.");
        assertThat(all).extracting(Metric::name).containsExactly("arc_a_seconds", "arc_b_total", "arc_c");
        assertThat(all.stream().filter(Gauge.class::isInstance).map(gauge -> ((Gauge) gauge).value().getAsDouble()))
                .containsExactly(7.0);
        assertThatThrownBy(all::clear).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void durationsFallIntoTheirBuckets() {
        Histogram histogram = metrics.histogram("arc_h_seconds", "H.");
        double[] bounds = histogram.boundsSeconds();
        for (double bound : bounds) {
            histogram.record(Math.round(bound * 1e9));
            histogram.record(Math.round(bound * 1e9) + 1);
        }
        long[] counts = histogram.bucketCounts();
        assertThat(counts).hasSize(bounds.length + 1);
        assertThat(counts[0]).as("a bound is inside its bucket").isEqualTo(1);
        for (int i = 1; i < bounds.length; i++) {
            assertThat(counts[i]).isEqualTo(2);
        }
        assertThat(counts[bounds.length]).isEqualTo(1);
        double sum = 0;
        for (double bound : bounds) {
            sum += 2 * bound + 1e-9;
        }
        assertThat(histogram.sumSeconds()).isCloseTo(sum, org.assertj.core.data.Offset.offset(1e-9));
        bounds[0] = 99;
        assertThat(histogram.boundsSeconds()[0]).isEqualTo(0.001);
    }

    @Test
    void nothingIsLostBetweenThreads() throws Exception {
        int threads = 8;
        int each = 20_000;
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                running.add(executor.submit(() -> {
                    for (int i = 0; i < each; i++) {
                        metrics.counter("arc_a_total", "", "A.").increment();
                        metrics.histogram("arc_b_seconds", "B.").record(1);
                    }
                }));
            }
            for (Future<?> one : running) {
                one.get();
            }
        }
        assertThat(metrics.counter("arc_a_total", "", "A.").value()).isEqualTo((long) threads * each);
        assertThat(metrics.histogram("arc_b_seconds", "B.").bucketCounts()[0]).isEqualTo((long) threads * each);
    }
}
