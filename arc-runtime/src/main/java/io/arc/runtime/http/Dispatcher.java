package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.runtime.http.ApiDocument.HotRoute;
import io.arc.runtime.http.ApiDocument.Input;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/// Finds the handler of a hot route by its normalised path, and passes everything else on to JAX-RS.
///
/// A table of its own rather than the routing's, because the wire formats' routes are known only once plugins are loaded, long
/// after the port is open, and because clients differ in case and trailing slashes.
final class Dispatcher implements Handler {
    private static final int MAX_RESOURCE_BODY_BYTES = 1 << 20;

    private final ServerState state;
    private final Bodies bodies;
    private final WriteRoute writes;
    private final QueryRoutes queries;
    private final List<HotRoute> documented = new ArrayList<>();
    private final Map<String, Map<String, Handler>> fixed = new HashMap<>();

    Dispatcher(ServerState state, HttpOptions options, Bodies bodies) {
        this.state = state;
        this.bodies = bodies;
        this.writes = new WriteRoute(state, options, bodies);
        this.queries = new QueryRoutes(state, bodies);
        InfluxRoutes influx = new InfluxRoutes(state, bodies);
        StatusRoutes status = new StatusRoutes(state, () -> documented);
        String json = "application/json";
        route("GET", "/ping", influx::ping, "InfluxDB", "Whether the server is there, for InfluxDB clients", Input.NONE);
        route("GET", "/query", influx::query, "InfluxDB", "SHOW DATABASES and SHOW MEASUREMENTS in InfluxQL", Input.INFLUXQL,
                json);
        route("POST", "/query", influx::query, "InfluxDB", "CREATE DATABASE in InfluxQL", Input.INFLUXQL, json);
        route("GET", "/", status::about, "Monitoring", "Name and version", Input.NONE, json);
        route("GET", "/health", status::health, "Monitoring", "Whether the process lives, and what in it does not work",
                Input.NONE, json);
        route("GET", "/ready", status::ready, "Monitoring", "Whether requests for data are answered", Input.NONE, json);
        route("GET", "/metrics", status::metrics, "Monitoring", "Every metric, in Prometheus' text form", Input.NONE,
                "text/plain", "application/openmetrics-text", json);
        route("GET", "/openapi", status::openApi, "Monitoring", "This document", Input.NONE, "application/yaml", json);
        route("GET", "/api/v1/auth/verify", status::verify, "Authentication", "What the token that is sent may do", Input.NONE,
                json);
        route("POST", "/api/v1/query", queries::json, "Query", "Runs SQL; rows as JSON, or as CSV by {\"format\":\"csv\"}",
                Input.SQL, json, "text/csv");
        route("POST", "/api/v1/query/arrow", queries::arrow, "Query", "Runs SQL; rows as an Arrow IPC stream", Input.SQL,
                "application/vnd.apache.arrow.stream");
        route("POST", "/api/v1/query/msgpack", queries::msgPack, "Query", "Runs SQL; columns as MessagePack", Input.SQL,
                "application/msgpack");
        route("POST", "/api/v1/query/stream", queries::csv, "Query", "Runs SQL; rows as CSV", Input.SQL, "text/csv");
        route("POST", "/api/v1/query/estimate", queries::estimate, "Query", "Counts the rows that a statement gives", Input.SQL,
                json);
        route("GET", "/api/v1/measurements", queries::measurements, "Query", "All tables with their files", Input.NONE, json);
        IngestStatusRoutes ingest = new IngestStatusRoutes(state);
        route("GET", "/api/v1/write/msgpack/stats", ingest::msgPackStats, "Monitoring", "Figures of writes in MessagePack",
                Input.NONE, json);
        route("GET", "/api/v1/write/msgpack/spec", ingest::msgPackSpec, "Monitoring", "How to write MessagePack", Input.NONE,
                json);
        route("GET", "/api/v1/write/line-protocol/stats", ingest::lineProtocolStats, "Monitoring",
                "Figures of writes in line protocol", Input.NONE, json);
        route("GET", "/api/v1/write/line-protocol/health", ingest::lineProtocolHealth, "Monitoring",
                "Whether line protocol is taken", Input.NONE, json);
        route("POST", "/api/v1/import/lp", new ImportRoute(state, options, bodies)::lineProtocol, "Import",
                "Stores a file of line protocol, the part 'file' of a form, all of it or nothing", Input.FILE, json);
        route("GET", "/api/v1/import/stats", ingest::importStats, "Monitoring", "Figures of imports", Input.NONE, json);
        for (String old : List.of("/write/v1/msgpack", "/write/v2/msgpack")) {
            alias("GET", old + "/stats", ingest::msgPackStats);
            alias("GET", old + "/spec", ingest::msgPackSpec);
        }
        for (String old : List.of("/write", "/api/v1/write")) {
            alias("GET", old + "/stats", ingest::bufferStats);
            alias("GET", old + "/health", ingest::lineProtocolHealth);
        }
        // A client of InfluxDB 3 turns this status into the advice to use the routes of version 2.
        alias("GET", "/api/v3/write_lp", Dispatcher::useVersion2);
        alias("POST", "/api/v3/write_lp", Dispatcher::useVersion2);
        alias("POST", "/query/arrow", queries::arrow);
        alias("POST", "/query/stream", queries::csv);
        alias("POST", "/query/estimate", queries::estimate);
        alias("GET", "/measurements", queries::measurements);
        documented.add(new HotRoute("GET", "/api/v1/query/{measurement}", "Query", "The newest rows of a table, without SQL",
                Input.NONE, List.of(json)));
    }

    private void route(String method, String path, Handler handler, String tag, String summary, Input input,
            String... answers) {
        documented.add(new HotRoute(method, path, tag, summary, input, List.of(answers)));
        alias(method, path, handler);
    }

    /// A route that is kept for old clients and not told of.
    private void alias(String method, String path, Handler handler) {
        fixed.computeIfAbsent(path, absent -> new HashMap<>()).put(method, handler);
    }

    /// Every fixed route as `METHOD path`; for the test that holds them against [AccessRules].
    Set<String> routes() {
        Set<String> names = new TreeSet<>();
        fixed.forEach((path, handlers) -> handlers.keySet().forEach(method -> names.add(method + " " + path)));
        return names;
    }

    @Override
    public void handle(ServerRequest request, ServerResponse response) throws Exception {
        String path = RequestPath.normalise(request.path().path());
        String sent = request.prologue().method().text();
        String method = sent.equals("HEAD") ? "GET" : sent;
        Map<String, Handler> handlers = fixed.get(path);
        if (handlers != null) {
            Handler handler = handlers.get(method);
            if (handler == null) {
                notAllowed(String.join(", ", new TreeSet<>(handlers.keySet())), request, response);
                return;
            }
            handler.handle(request, response);
            return;
        }
        // What is not public has passed the gate when there were services. If there are none any more, because the server has begun to
        // stop, that is the answer, and not that there is no such route: a client would throw its rows away.
        if (AccessRules.of(method, path, Set.of()) != AccessRules.Need.PUBLIC && serveProtocol(path, method, request, response)) {
            return;
        }
        if (method.equals("GET") && isTableRoute(path)) {
            queries.table(RequestPath.lastSegment(request.path().path()), request, response);
            return;
        }
        // Those behind us read the path themselves; a spelling that they could take for another route stops here.
        if (!RequestPath.isCanonical(request.path().rawPath(), path)) {
            throw new ArcException(ErrorCode.NOT_FOUND, Failures.cannot(request));
        }
        request.streamFilter(body -> bodies.guarded(body, MAX_RESOURCE_BODY_BYTES));
        response.next();
    }

    private static boolean isTableRoute(String path) {
        return Stream.of("/api/v1/query/", "/query/")
                .anyMatch(prefix -> path.startsWith(prefix) && path.indexOf('/', prefix.length()) < 0);
    }

    private boolean serveProtocol(String path, String method, ServerRequest request, ServerResponse response) {
        Services services = state.services();
        ProtocolRoute route = services.protocols().get(path);
        if (route != null) {
            if (method.equals("POST")) {
                writes.handle(route, request, response);
            } else {
                notAllowed("POST", request, response);
            }
            return true;
        }
        if (method.equals("POST")) {
            services.missingProtocol().apply(path).ifPresent(sentence -> {
                throw new ArcException(ErrorCode.NOT_FOUND, sentence);
            });
        }
        return false;
    }

    private static void useVersion2(ServerRequest request, ServerResponse response) {
        Answers.json(request, response, 405, ErrorResponses.body(ErrorShape.INFLUX_2, ErrorCode.NOT_FOUND,
                "writes of InfluxDB 3 are not served; send this to /api/v2/write"));
    }

    private static void notAllowed(String allowed, ServerRequest request, ServerResponse response) {
        response.header(HeaderNames.ALLOW, allowed);
        String text = request.prologue().method().text() + " is not possible on " + request.path().path() + "; use " + allowed;
        Answers.json(request, response, 405, ErrorResponses.body(ErrorShape.ARC, ErrorCode.NOT_FOUND, text));
    }
}
