package io.arc.runtime.http;

import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.metrics.Metrics.Counter;
import io.arc.runtime.metrics.Metrics.Gauge;
import io.arc.runtime.metrics.Metrics.Histogram;
import io.arc.runtime.metrics.Metrics.Metric;
import java.nio.charset.StandardCharsets;
import java.util.function.Predicate;

/// Writes our metrics in Prometheus' text format 0.0.4, or in OpenMetrics 1.0, which differ in how a counter's family is
/// called and in the end mark. MicroProfile's registry cannot: it renames counters and has no buckets.
final class PrometheusText {
    private static final String END = "# EOF\n";
    private static final String TOTAL = "_total";

    private PrometheusText() {}

    /// Puts our metrics behind others.
    ///
    /// @param others a document in the same format
    static byte[] append(byte[] others, Metrics metrics, Predicate<String> wanted, boolean openMetrics) {
        StringBuilder text = new StringBuilder(new String(others, StandardCharsets.UTF_8));
        boolean ended = text.length() >= END.length() && text.lastIndexOf(END) == text.length() - END.length();
        if (ended) {
            text.setLength(text.length() - END.length());
        }
        if (!text.isEmpty() && text.charAt(text.length() - 1) != '\n') {
            text.append('\n');
        }
        metrics.all().stream().filter(metric -> wanted.test(metric.name())).forEach(metric -> write(metric, openMetrics, text));
        if (openMetrics) {
            text.append(END);
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static void write(Metric metric, boolean openMetrics, StringBuilder text) {
        String name = metric.name();
        switch (metric) {
            case Counter counter -> {
                String family = openMetrics && name.endsWith(TOTAL) ? name.substring(0, name.length() - TOTAL.length()) : name;
                head(family, "counter", metric.doc(), openMetrics, text);
                text.append(name).append(' ').append(counter.value()).append('\n');
            }
            case Gauge gauge -> {
                head(name, "gauge", metric.doc(), openMetrics, text);
                text.append(name).append(' ').append(number(gauge.value().getAsDouble())).append('\n');
            }
            case Histogram histogram -> {
                head(name, "histogram", metric.doc(), openMetrics, text);
                double[] bounds = histogram.boundsSeconds();
                long[] counts = histogram.bucketCounts();
                long below = 0;
                for (int i = 0; i < counts.length; i++) {
                    below += counts[i];
                    text.append(name).append("_bucket{le=\"").append(i < bounds.length ? number(bounds[i]) : "+Inf")
                            .append("\"} ")
                            .append(below).append('\n');
                }
                text.append(name).append("_sum ").append(number(histogram.sumSeconds())).append('\n');
                text.append(name).append("_count ").append(below).append('\n');
            }
        }
    }

    private static void head(String family, String type, String doc, boolean openMetrics, StringBuilder text) {
        String help = doc.replace("\\", "\\\\").replace("\n", "\\n");
        text.append("# HELP ").append(family).append(' ').append(openMetrics ? help.replace("\"", "\\\"") : help).append('\n');
        text.append("# TYPE ").append(family).append(' ').append(type).append('\n');
    }

    private static String number(double value) {
        if (Double.isNaN(value)) {
            return "NaN";
        }
        return Double.isInfinite(value) ? value > 0 ? "+Inf" : "-Inf" : Double.toString(value);
    }
}
