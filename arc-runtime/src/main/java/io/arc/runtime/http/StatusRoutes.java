package io.arc.runtime.http;

import io.arc.api.spi.Health;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;

/// Is the server alive, ready, and well? Answers from memory, without a token, also when everything else is overloaded.
final class StatusRoutes {
    private final ServerState state;

    StatusRoutes(ServerState state) {
        this.state = state;
    }

    void about(ServerRequest request, ServerResponse response) {
        Gate.send(response, 200, new Json().object().name("name").value("arc").name("version").value(state.version())
                .name("health").value("/health").name("openapi").value("/openapi").endObject().toString());
    }

    /// 200 as long as the process lives; what does not work is named in `components`.
    void health(ServerRequest request, ServerResponse response) {
        Json json = new Json().object();
        Map<String, Health> components = state.components();
        Optional<String> trouble = components.entrySet().stream()
                .filter(component -> component.getValue().status() != Health.Status.UP)
                .map(component -> component.getKey() + " is " + component.getValue().status().name().toLowerCase(java.util.Locale.ROOT)
                        + ": " + component.getValue().detail())
                .reduce((a, b) -> a + "; " + b);
        times(json.name("status").value("ok").name("name").value("arc")).name("version").value(state.version())
                .name("message").value(trouble.orElse("ready for queries and writes")).name("components").object();
        components.forEach((name, health) -> json.name(name).object().name("status")
                .value(health.status().name().toLowerCase(java.util.Locale.ROOT)).name("detail").value(health.detail()).endObject());
        Gate.send(response, 200, json.endObject().endObject().toString());
    }

    void ready(ServerRequest request, ServerResponse response) {
        Optional<String> reason = state.notReadyReason();
        Json json = new Json().object().name("status").value(reason.isEmpty() ? "ready" : "not_ready");
        times(json);
        reason.ifPresent(text -> json.name("reason").value(text));
        reason.ifPresent(text -> response.header(HeaderNames.RETRY_AFTER, "1"));
        Gate.send(response, reason.isEmpty() ? 200 : 503, json.endObject().toString());
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
