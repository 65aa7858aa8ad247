package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.runtime.auth.Authenticator;
import io.arc.runtime.auth.Permission;
import io.arc.runtime.auth.Principal;
import io.arc.runtime.http.ApiDocument.HotRoute;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpMediaType;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// Is the server alive, ready, and well? Answers from memory, without a token, also when everything else is overloaded.
final class StatusRoutes {
    private final ServerState state;
    private final Supplier<List<HotRoute>> routes;

    /// @param routes the hot routes, asked for with each OpenAPI document
    StatusRoutes(ServerState state, Supplier<List<HotRoute>> routes) {
        this.state = state;
        this.routes = routes;
    }

    /// Helidon's metrics with ours behind them; for those who take JSON and nothing else, ours as one flat object. Helidon
    /// answers GET alone, so that a HEAD ends here.
    void metrics(ServerRequest request, ServerResponse response) {
        if (request.headers().first(HeaderNames.ACCEPT).filter("application/json"::equals).isPresent()) {
            Answers.json(request, response, 200, new MonitoringResource(state).metrics());
            return;
        }
        if (Answers.isHead(request)) {
            response.status(Status.OK_200).send();
            return;
        }
        List<String> scopes = request.query().all("scope", List::of);
        List<String> names = request.query().all("name", List::of);
        boolean wanted = scopes.isEmpty() || scopes.contains("application");
        if (scopes.equals(List.of("application"))
                || wanted && state.metrics().all().stream().anyMatch(metric -> names.contains(metric.name()))) {
            // Helidon has nothing of that, and would say 404.
            response.status(Status.OK_200).header(HeaderNames.CONTENT_TYPE, "text/plain; version=0.0.4");
            Answers.bytes(request, response, PrometheusText.append(new byte[0], state.metrics(),
                    name -> names.isEmpty() || names.contains(name), false));
            return;
        }
        Answers.edited(response, others -> {
            String type = response.headers().contentType().map(HttpMediaType::text).orElse("");
            boolean openMetrics = type.startsWith("application/openmetrics-text");
            return openMetrics || type.startsWith("text/plain") ? PrometheusText.append(others, state.metrics(),
                    name -> wanted && (names.isEmpty() || names.contains(name)), openMetrics) : others;
        });
        response.next();
    }

    void openApi(ServerRequest request, ServerResponse response) {
        if (Answers.isHead(request)) {
            response.status(Status.OK_200).send();
            return;
        }
        Collection<ProtocolRoute> protocols = state.servicesIfReady().map(services -> services.protocols().values())
                .orElseGet(List::of);
        Answers.edited(response, document -> {
            String type = response.headers().contentType().map(HttpMediaType::text).orElse("");
            return response.status().code() == 200
                    ? ApiDocument.complete(document, type.contains("json"), state.version(), routes.get(), protocols)
                            : document;
        });
        response.next();
    }

    /// Tells a client what its token may do. Judges by itself, since it is open to all.
    void verify(ServerRequest request, ServerResponse response) {
        Authenticator authenticator = state.services().authenticator()
                .orElseThrow(() -> new ArcException(ErrorCode.NOT_FOUND, Failures.cannot(request)));
        Optional<Principal> principal = Gate.credential(request).flatMap(authenticator::authenticate);
        if (principal.isEmpty()) {
            Answers.json(request, response, 401, new Json().object().name("valid").value(false).name("error")
                    .value("Invalid or expired token").name("message").value("Invalid or expired token").endObject()
                            .toString());
            return;
        }
        Json json = new Json().object().name("valid").value(true).name("token_info").object().name("id")
                .value(principal.get().id()).name("name").value(principal.get().name());
        permissions(json, principal.get()).name("enabled").value(true).endObject();
        Answers.json(request, response, 200, permissions(json, principal.get()).endObject().toString());
    }

    private static Json permissions(Json json, Principal principal) {
        json.name("permissions").array();
        for (Permission permission : Permission.values()) {
            if (principal.may(permission)) {
                json.value(permission.text());
            }
        }
        return json.endArray();
    }

    void about(ServerRequest request, ServerResponse response) {
        Answers.json(request, response, 200, new Json().object().name("name").value("arc").name("version")
                .value(state.version())
                .name("health").value("/health").name("openapi").value("/openapi").endObject().toString());
    }

    /// 200 as long as the process lives; what does not work is named in `components`.
    void health(ServerRequest request, ServerResponse response) {
        Json json = new Json().object();
        Map<String, Health> components = state.components();
        Optional<String> trouble = Stream.concat(state.notReadyReason().stream(), components.entrySet().stream()
                .filter(component -> component.getValue().status() != Health.Status.UP)
                .map(component -> component.getKey() + " is " + component.getValue().status().name().toLowerCase(Locale.ROOT)
                        + ": " + component.getValue().detail()))
                .reduce((a, b) -> a + "; " + b);
        times(json.name("status").value("ok").name("name").value("arc")).name("version").value(state.version())
                .name("message").value(trouble.orElse("ready for queries and writes")).name("components").object();
        components.forEach((name, health) -> json.name(name).object().name("status")
                .value(health.status().name().toLowerCase(Locale.ROOT)).name("detail").value(health.detail()).endObject());
        Answers.json(request, response, 200, json.endObject().endObject().toString());
    }

    void ready(ServerRequest request, ServerResponse response) {
        Optional<String> reason = state.notReadyReason();
        Json json = new Json().object().name("status").value(reason.isEmpty() ? "ready" : "not_ready");
        times(json);
        reason.ifPresent(text -> json.name("reason").value(text));
        reason.ifPresent(text -> response.header(HeaderNames.RETRY_AFTER, "1"));
        Answers.json(request, response, reason.isEmpty() ? 200 : 503, json.endObject().toString());
    }

    private Json times(Json json) {
        Instant now = state.clock().instant();
        Duration up = Duration.between(state.startedAt(), now);
        return json.name("time").value(now.truncatedTo(ChronoUnit.SECONDS).toString()).name("uptime").value(words(up))
                .name("uptime_sec").value(Math.round(up.toMillis() / 100.0) / 10.0);
    }

    private static String words(Duration up) {
        StringBuilder text = new StringBuilder();
        if (up.toHours() > 0) {
            text.append(up.toHours()).append('h');
        }
        if (up.toMinutes() > 0) {
            text.append(up.toMinutesPart()).append('m');
        }
        return text.append(up.toSecondsPart()).append('s').toString();
    }
}
