package io.arc.runtime.http;

import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// What writers ask about the wire formats: figures, health, and how to write.
final class IngestStatusRoutes {
    private final ServerState state;

    IngestStatusRoutes(ServerState state) {
        this.state = state;
    }

    void msgPackStats(ServerRequest request, ServerResponse response) {
        ProtocolFigures figures = ProtocolFigures.of(state.metrics(), "msgpack");
        long decoded = figures.requests().value();
        long errors = figures.errors().value();
        Json json = new Json().object().name("decoder").object().name("total_decoded").value(decoded).name("total_records")
                .value(figures.records().value()).name("total_errors").value(errors).name("error_rate")
                .value(decoded + errors == 0 ? 0 : (double) errors / (decoded + errors)).endObject().name("buffer");
        Answers.json(request, response, 200, MonitoringResource.buffers(state, json).endObject().toString());
    }

    void msgPackSpec(ServerRequest request, ServerResponse response) {
        Json json = new Json().object().name("protocol").value("MessagePack").name("endpoint").value("/api/v1/write/msgpack")
                .name("method").value("POST").name("content_type").value("application/msgpack").name("compression").array()
                .value("none").value("gzip").value("zstd").endArray().name("headers").object().name("x-arc-database")
                .value("the database; " + state.services().defaultDatabase() + " without it").endObject().name("body").object()
                .name("by_column").value("{m: table, columns: {time: [...], name: [...]}}").name("by_row")
                .value("{m: table, t: time, tags: {name: text}, fields: {name: value}}").name("several")
                .value("[item, ...] or {batch: [item, ...]}").endObject().name("time")
                .value("seconds, milliseconds, microseconds or nanoseconds since 1970 UTC, told by the magnitude; or the "
                        + "parameter precision says which").name("success").value(204).endObject();
        Answers.json(request, response, 200, json.toString());
    }

    void lineProtocolStats(ServerRequest request, ServerResponse response) {
        Json json = lineProtocol(new Json().object().name("status").value("success").name("stats"));
        Answers.json(request, response, 200, json.endObject().toString());
    }

    private Json lineProtocol(Json json) {
        ProtocolFigures figures = ProtocolFigures.of(state.metrics(), "lineproto");
        return json.object().name("total_requests").value(figures.requests().value()).name("total_records")
                .value(figures.records().value()).name("total_bytes").value(figures.bytes().value()).name("total_bytes_gzipped")
                .value(figures.packedBytes().value()).name("total_errors").value(figures.errors().value()).endObject();
    }

    void lineProtocolHealth(ServerRequest request, ServerResponse response) {
        Json json = new Json().object().name("status").value("healthy").name("service").value("line_protocol_writer");
        Answers.json(request, response, 200, lineProtocol(json.name("stats")).endObject().toString());
    }

    /// Of the time when one route told all.
    void bufferStats(ServerRequest request, ServerResponse response) {
        Json json = new Json().object().name("status").value("success").name("buffer_stats");
        Answers.json(request, response, 200, MonitoringResource.buffers(state, json).name("timestamp")
                .value(state.clock().instant().toString()).endObject().toString());
    }

    void importStats(ServerRequest request, ServerResponse response) {
        Json json = new Json().object().name("status").value("success").name("stats").object();
        for (String name : new String[] {"requests", "records", "errors"}) {
            json.name("total_" + name).value(state.metrics().counter("arc_import_" + name + "_total", "", "").value());
        }
        Answers.json(request, response, 200, json.endObject().endObject().toString());
    }
}
