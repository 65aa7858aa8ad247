package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Finds the handler of a hot route by its normalised path, and passes everything else on to JAX-RS.
///
/// A table of its own rather than the routing's, because the wire formats' routes are known only once plugins are loaded, long
/// after the port is open, and because clients differ in case and trailing slashes.
final class Dispatcher implements Handler {
    private final ServerState state;
    private final WriteRoute writes;
    private final QueryRoutes queries;
    private final Map<String, Map<String, Handler>> fixed = new HashMap<>();

    Dispatcher(ServerState state, HttpOptions options) {
        this.state = state;
        this.writes = new WriteRoute(state, options);
        this.queries = new QueryRoutes(state);
        InfluxRoutes influx = new InfluxRoutes(state);
        StatusRoutes status = new StatusRoutes(state);
        route("GET", "/ping", influx::ping);
        route("GET", "/query", influx::query);
        route("POST", "/query", influx::query);
        route("GET", "/", status::about);
        route("GET", "/health", status::health);
        route("GET", "/ready", status::ready);
        route("POST", "/api/v1/query", queries::json);
        route("POST", "/api/v1/query/arrow", queries::arrow);
        route("POST", "/api/v1/query/msgpack", queries::msgPack);
        route("POST", "/api/v1/query/stream", queries::csv);
        route("POST", "/api/v1/query/estimate", queries::estimate);
        route("POST", "/query/arrow", queries::arrow);
        route("POST", "/query/stream", queries::csv);
        route("POST", "/query/estimate", queries::estimate);
        route("GET", "/api/v1/measurements", queries::measurements);
        route("GET", "/measurements", queries::measurements);
    }

    private void route(String method, String path, Handler handler) {
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
                notAllowed(String.join(", ", new TreeSet<>(handlers.keySet())), sent, path, response);
                return;
            }
            handler.handle(request, response);
            return;
        }
        if (state.notReadyReason().isEmpty() && serveProtocol(path, method, request, response)) {
            return;
        }
        if (method.equals("GET") && (path.startsWith("/api/v1/query/") || path.startsWith("/query/"))) {
            queries.table(RequestPath.lastSegment(request.path().path()), request, response);
            return;
        }
        response.next();
    }

    private boolean serveProtocol(String path, String method, ServerRequest request, ServerResponse response) {
        Services services = state.services();
        ProtocolRoute route = services.protocols().get(path);
        if (route != null) {
            if (method.equals("POST")) {
                writes.handle(route, request, response);
            } else {
                notAllowed("POST", method, path, response);
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

    private static void notAllowed(String allowed, String method, String path, ServerResponse response) {
        response.header(HeaderNames.ALLOW, allowed);
        String text = method + " is not possible on " + path + "; use " + allowed;
        Gate.send(response, 405,
                ErrorResponses.body(ErrorShape.ARC, ErrorCode.NOT_FOUND, text));
    }
}
