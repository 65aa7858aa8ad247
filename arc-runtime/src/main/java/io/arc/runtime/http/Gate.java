package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.auth.Authenticator;
import io.arc.runtime.auth.Credential;
import io.arc.runtime.auth.Credential.Source;
import io.arc.runtime.auth.Credentials;
import io.arc.runtime.auth.Permission;
import io.arc.runtime.auth.Principal;
import io.arc.runtime.http.AccessRules.Need;
import io.arc.runtime.metrics.Metrics;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/// What every request passes, hot or JAX-RS: common headers, readiness, permission, limits, figures.
final class Gate implements Filter {
    private static final HeaderName API_KEY = HeaderNames.create("x-api-key");
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

    private static final Logger LOG = System.getLogger(Gate.class.getName());
    /// Bodies that are no writes hold a statement or a name.
    private static final long MAX_SMALL_BODY_BYTES = 4 << 20;

    private final ServerState state;
    private final Failures failures;
    private final Bodies bodies;
    private final HttpOptions options;
    private final Semaphore places;
    private final Metrics.Counter requests;
    private final Metrics.Counter successes;
    private final Metrics.Counter errors;
    private final Metrics.Histogram latency;
    private final AtomicBoolean warned = new AtomicBoolean();

    /// @param bodies closed with the server
    Gate(ServerState state, HttpOptions options, Failures failures, Bodies bodies) {
        this.state = state;
        this.options = options;
        this.failures = failures;
        this.bodies = bodies;
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
        boolean broken = true;
        try {
            try {
                serve(chain, request, response);
            } catch (RuntimeException failure) {
                failures.handle(request, response, failure);
            }
            broken = false;
        } finally {
            (!broken && response.status().code() < 400 ? successes : errors).increment();
            latency.record(System.nanoTime() - started);
        }
        if (Bodies.isTooLongToSkip(request)) {
            bodies.skipAndClose(request, response);
        }
        if (request.context().get(ClientWatch.UsedUp.class).isPresent()) {
            throw new CloseConnectionException("the connection was watched while its query ran");
        }
    }

    @Override
    public void afterStop() {
        bodies.close();
    }

    private void serve(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String method = request.prologue().method().text();
        String path = RequestPath.normalise(request.path().path());
        if (method.equals("OPTIONS")) {
            PREFLIGHT_HEADERS.forEach(response::header);
            response.status(Status.NO_CONTENT_204).send();
            return;
        }
        Set<String> writes = state.servicesIfReady().map(services -> services.protocols().keySet()).orElse(Set.of());
        Need need = AccessRules.of(method, path, writes);
        if (need == Need.PUBLIC) {
            proceed(chain, request, isWrite(path, writes));
            return;
        }
        if (!places.tryAcquire()) {
            throw new ArcException(ErrorCode.OVERLOADED, "the server works on as many requests as it may "
                    + "(server.max_concurrent_requests); send this again later");
        }
        try {
            Services services = state.services();
            // Who may write is to learn that a wire format is missing, and not that only administrators may ask.
            admit(need == Need.ADMIN && services.missingProtocol().apply(path).isPresent() ? Need.WRITE : need, services,
                    request);
            proceed(chain, request, isWrite(path, writes));
        } finally {
            places.release();
        }
    }

    private static boolean isWrite(String path, Set<String> writes) {
        return writes.contains(path) || path.startsWith("/api/v1/import/");
    }

    private void proceed(FilterChain chain, RoutingRequest request, boolean isWrite) {
        long limit = isWrite ? options.maxPayloadBytes() : MAX_SMALL_BODY_BYTES;
        long announced = request.headers().contentLength().orElse(0);
        if (announced > limit) {
            throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the body is " + announced + " bytes; up to " + limit
                    + " bytes are accepted" + (isWrite ? " (server.max_payload_size), so send smaller requests" : " here"));
        }
        chain.proceed();
    }

    private void admit(Need need, Services services, ServerRequest request) {
        if (services.authenticator().isEmpty()) {
            return;
        }
        Principal principal = authenticate(services.authenticator().get(), request);
        need.permission().ifPresent(permission -> require(principal, permission));
        request.context().register(principal);
    }

    private Principal authenticate(Authenticator authenticator, ServerRequest request) {
        Credential credential = credential(request)
                .orElseThrow(() -> new ArcException(ErrorCode.UNAUTHENTICATED, "Authentication required"));
        if (credential.source() == Source.QUERY_PARAMETER && warned.compareAndSet(false, true)) {
            LOG.log(Level.WARNING, "a client sends its token in the query parameter p, where proxies log it; it should use the "
                    + "header Authorization (told once)");
        }
        return authenticator.authenticate(credential)
                .orElseThrow(() -> new ArcException(ErrorCode.UNAUTHENTICATED, "Invalid or expired token"));
    }

    static Optional<Credential> credential(ServerRequest request) {
        return Credentials.find(request.headers().first(HeaderNames.AUTHORIZATION).orElse(""),
                request.headers().first(API_KEY).orElse(""), request.query().contains("p") ? request.query().get("p") : "");
    }

    static void require(Principal principal, Permission permission) {
        if (!principal.may(permission)) {
            throw new ArcException(ErrorCode.FORBIDDEN,
                    "Permission denied: " + permission.text() + " required");
        }
    }
}
