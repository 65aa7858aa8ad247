package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.runtime.auth.Authenticator;
import io.arc.runtime.auth.Credential;
import io.arc.runtime.auth.Credentials;
import io.arc.runtime.auth.Permission;
import io.arc.runtime.auth.Principal;
import io.arc.runtime.http.AccessRules.Need;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.arc.runtime.metrics.Metrics;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Semaphore;

/// What every request passes, hot or JAX-RS: common headers, readiness, permission, error answers, figures.
final class Gate implements Filter {
    private static final Logger LOG = System.getLogger(Gate.class.getName());

    private static final HeaderName API_KEY = HeaderNames.create("x-api-key");
    private static final Header JSON = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");
    private static final List<Header> COMMON_HEADERS = List.of(
            HeaderValues.createCached("X-Frame-Options", "DENY"),
            HeaderValues.createCached("X-Content-Type-Options", "nosniff"),
            HeaderValues.createCached("X-XSS-Protection", "1; mode=block"),
            HeaderValues.createCached("Referrer-Policy", "strict-origin-when-cross-origin"),
            HeaderValues.createCached("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
            HeaderValues.createCached("Content-Security-Policy", "default-src 'none'"),
            HeaderValues.createCached("Access-Control-Allow-Origin", "*"),
            HeaderValues.createCached("Access-Control-Expose-Headers",
                    "X-Arc-Ack, X-Arc-Position, X-Arc-Query-ID, X-Arc-Cache, Retry-After"));
    private static final List<Header> PREFLIGHT_HEADERS = List.of(
            HeaderValues.createCached("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,OPTIONS"),
            HeaderValues.createCached("Access-Control-Allow-Headers", "Origin, Content-Type, Accept, Authorization, x-api-key, "
                    + "x-arc-database, x-arc-measurement, x-arc-priority, x-arc-after, Content-Encoding"),
            HeaderValues.createCached("Access-Control-Max-Age", "86400"));

    private final ServerState state;
    private final Semaphore places;
    private final Metrics.Counter requests;
    private final Metrics.Counter successes;
    private final Metrics.Counter errors;
    private final Metrics.Histogram latency;

    Gate(ServerState state, HttpOptions options) {
        this.state = state;
        this.places = new Semaphore(options.maxConcurrentRequests());
        Metrics metrics = state.metrics();
        this.requests = metrics.counter("arc_http_requests_total", "requests", "HTTP requests.");
        this.successes = metrics.counter("arc_http_requests_success_total", "requests", "HTTP requests answered below 400.");
        this.errors = metrics.counter("arc_http_requests_error_total", "requests", "HTTP requests answered with 400 or above.");
        this.latency = metrics.histogram("arc_http_latency_seconds", "How long HTTP requests took.");
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        long started = System.nanoTime();
        requests.increment();
        COMMON_HEADERS.forEach(response::header);
        try {
            serve(chain, request, response);
        } catch (HttpException refusedByServer) {
            fail(request, response, refusedByServer);
        } catch (RuntimeException failure) {
            fail(request, response, failure);
        }
        (response.status().code() < 400 ? successes : errors).increment();
        latency.record(System.nanoTime() - started);
    }

    private void serve(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String method = request.prologue().method().text();
        String path = RequestPath.normalise(request.path().path());
        if (method.equals("OPTIONS")) {
            PREFLIGHT_HEADERS.forEach(response::header);
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        boolean ready = state.notReadyReason().isEmpty();
        Need need = AccessRules.of(method, path, ready ? state.services().protocols().keySet() : Set.of());
        if (need == Need.PUBLIC) {
            chain.proceed();
            return;
        }
        if (!places.tryAcquire()) {
            throw new ArcException(ErrorCode.OVERLOADED, "the server works on as many requests as it may "
                    + "(server.max_concurrent_requests); send this again later");
        }
        try {
            admit(need, state.services(), request);
            chain.proceed();
        } finally {
            places.release();
        }
    }

    private static void admit(Need need, Services services, ServerRequest request) {
        if (services.authenticator().isEmpty()) {
            return;
        }
        Principal principal = authenticate(services.authenticator().get(), request);
        need.permission().ifPresent(permission -> require(principal, permission));
        request.context().register(principal);
    }

    private static Principal authenticate(Authenticator authenticator, ServerRequest request) {
        Credential credential = Credentials.find(request.headers().first(HeaderNames.AUTHORIZATION).orElse(""),
                request.headers().first(API_KEY).orElse(""), request.query().contains("p") ? request.query().get("p") : "")
                .orElseThrow(() -> new ArcException(ErrorCode.UNAUTHENTICATED, "Authentication required"));
        return authenticator.authenticate(credential)
                .orElseThrow(() -> new ArcException(ErrorCode.UNAUTHENTICATED, "Invalid or expired token"));
    }

    static void require(Principal principal, Permission permission) {
        if (!principal.may(permission)) {
            throw new ArcException(ErrorCode.FORBIDDEN,
                    "Permission denied: " + permission.text() + " required");
        }
    }

    private void fail(ServerRequest request, ServerResponse response, RuntimeException failure) {
        if (response.isSent()) {
            // The status is out; only a broken connection can tell the client now.
            LOG.log(Level.DEBUG, "an answer broke off", failure);
            throw failure;
        }
        response.headers().remove(HeaderNames.CONTENT_LENGTH);
        ErrorShape shape = shape(request);
        if (failure instanceof HttpException http && !(failure.getCause() instanceof ArcException)) {
            int status = http.status().code();
            String path = request.path().path();
            String text = switch (status) {
                case 404 -> "Cannot " + request.prologue().method().text() + " " + path;
                case 405 -> request.prologue().method().text() + " is not possible on " + path;
                case 413 -> "the body is larger than the server accepts (server.max_payload_size); send smaller requests";
                default -> http.getMessage() == null ? http.status().reasonPhrase() : http.getMessage();
            };
            http.headers().forEach(response::header);
            send(response, status, ErrorResponses.body(shape, code(status), text));
            return;
        }
        RuntimeException cause = failure.getCause() instanceof ArcException known ? known : failure;
        ErrorResponses.Answer answer = ErrorResponses.of(cause, shape);
        answer.retryAfterSeconds().ifPresent(seconds -> response.header(HeaderNames.RETRY_AFTER, Integer.toString(seconds)));
        send(response, answer.status(), answer.body());
    }

    private ErrorShape shape(ServerRequest request) {
        if (state.notReadyReason().isPresent()) {
            return ErrorShape.ARC;
        }
        ProtocolRoute route = state.services().protocols().get(RequestPath.normalise(request.path().path()));
        return route == null ? ErrorShape.ARC : route.endpoint().errorShape();
    }

    private static ErrorCode code(int status) {
        return switch (status) {
            case 404, 405 -> ErrorCode.NOT_FOUND;
            case 413 -> ErrorCode.PAYLOAD_TOO_LARGE;
            default -> status < 500 ? ErrorCode.INVALID_PARAMETER : ErrorCode.INTERNAL;
        };
    }

    static void send(ServerResponse response, int status, String json) {
        response.status(Status.create(status)).header(JSON).send(json.getBytes(StandardCharsets.UTF_8));
    }
}
