package io.arc.runtime.http;

import io.arc.runtime.http.Services.BufferFigures;
import io.arc.runtime.metrics.Metrics.Counter;
import io.arc.runtime.metrics.Metrics.Gauge;
import io.arc.runtime.metrics.Metrics.Histogram;
import io.arc.runtime.metrics.Metrics.Metric;
import io.arc.runtime.query.PoolStats;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import java.time.Duration;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// Figures of the running server, and flushing by hand.
@Path("/")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Monitoring")
public class MonitoringResource {
    private static final Duration FLUSH_DEADLINE = Duration.ofSeconds(60);

    private ServerState state;

    /// For the container's proxy.
    protected MonitoringResource() {}

    @Inject
    public MonitoringResource(ServerState state) {
        this.state = state;
    }

    @GET
    @Path("api/monitoring/buffer")
    @Operation(summary = "Rows in memory, by table, and what became of those before them")
    public String buffer() {
        return buffers(new Json()).toString();
    }

    @GET
    @Path("api/monitoring/pool")
    @Operation(summary = "Figures of the query pool")
    public String pool() {
        return pool(new Json()).toString();
    }

    @GET
    @Path("api/v1/metrics/query-pool")
    @Operation(summary = "Figures of the query pool, with a time")
    public String queryPool() {
        Json json = new Json().object().name("timestamp").value(state.clock().instant().toString()).name("pool");
        return pool(json).endObject().toString();
    }

    @GET
    @Path("api/v1/metrics")
    @Operation(summary = "Every metric as one flat object")
    public String metrics() {
        Json json = new Json().object().name("timestamp").value(state.clock().instant().toString());
        for (Metric metric : state.metrics().all()) {
            String name = metric.name().startsWith("arc_") ? metric.name().substring(4) : metric.name();
            switch (metric) {
                case Counter counter -> json.name(name).value(counter.value());
                case Gauge gauge -> json.name(name).value(gauge.value().getAsDouble());
                case Histogram histogram -> {
                    long count = 0;
                    for (long bucket : histogram.bucketCounts()) {
                        count += bucket;
                    }
                    json.name(name + "_count").value(count).name(name + "_sum").value(histogram.sumSeconds());
                }
            }
        }
        return json.endObject().toString();
    }

    @POST
    @Path("api/v1/write/line-protocol/flush")
    @Operation(summary = "Writes every buffered row to storage and returns when that is done")
    public String flush() {
        state.services().flushes().flushAll(FLUSH_DEADLINE);
        return new Json().object().name("status").value("success").name("message").value("all buffered rows are in storage")
                .endObject().toString();
    }

    @POST
    @Path("api/v1/write/flush")
    @Operation(hidden = true)
    public String flushOld() {
        return flush();
    }

    @POST
    @Path("write/flush")
    @Operation(hidden = true)
    public String flushOlder() {
        return flush();
    }

    private Json buffers(Json json) {
        return buffers(state, json);
    }

    /// Appends the figures of the buffers as an object.
    static Json buffers(ServerState state, Json json) {
        BufferFigures figures = state.services().buffers().get();
        json.object().name("total_records_buffered").value(figures.rowsBuffered()).name("total_records_written")
                .value(figures.rowsWritten()).name("total_flushes").value(figures.flushes()).name("total_errors")
                .value(figures.errors()).name("current_buffer_sizes").object();
        figures.rowsByTable().forEach((table, rows) -> json.name(table.toString()).value(rows));
        return json.endObject().name("oldest_buffer_age_seconds").value(figures.oldestAgeSeconds()).name("active_buffers")
                .value(figures.rowsByTable().size()).name("flush_queue_depth").value(figures.queueDepth()).name("flush_workers")
                .value(figures.workers()).name("failing_tables").value(String.join(", ", figures.failingTables())).endObject();
    }

    private Json pool(Json json) {
        PoolStats stats = state.services().queries().poolStats();
        json.object().name("pool_size").value(stats.poolSize()).name("active_connections").value(stats.active())
                .name("idle_connections").value(stats.idle()).name("queue_depth").value(stats.queueDepth())
                .name("avg_wait_time_ms").value(stats.averageWaitMillis()).name("avg_execution_time_ms")
                .value(stats.averageExecutionMillis()).name("total_queries_executed").value(stats.executed())
                .name("total_queries_queued").value(stats.queued()).name("total_queries_failed").value(stats.failed())
                .name("total_queries_timeout").value(stats.timedOut()).name("total_queries_cancelled").value(stats.cancelled())
                .name("total_queries_refused").value(stats.refused()).name("connections_open").value(stats.poolSize())
                .name("connections_in_use").value(stats.active()).name("connections_idle").value(stats.idle())
                .name("queries_total").value(stats.executed()).name("query_errors_total").value(stats.failed())
                .name("connections").array();
        for (PoolStats.Slot slot : stats.slots()) {
            json.object().name("connection_id").value(slot.id()).name("is_healthy").value(true).name("total_queries")
                    .value(slot.executed()).name("failed_queries").value(slot.failed()).name("avg_execution_time_ms")
                    .value(slot.averageExecutionMillis()).name("current_query").value(slot.currentQuery()).endObject();
        }
        return json.endArray().endObject();
    }
}
