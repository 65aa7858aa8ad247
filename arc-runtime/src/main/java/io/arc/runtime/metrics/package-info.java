/// What the server counts and measures, without any metrics library: rooms get a [io.arc.runtime.metrics.Metrics] by
/// constructor and keep the counters they make. The http room alone shows them to the outside. A leaf; any thread.
package io.arc.runtime.metrics;
