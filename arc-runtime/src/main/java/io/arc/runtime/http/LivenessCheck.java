package io.arc.runtime.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;

/// `/health/live` in MicroProfile's form: up as long as the process answers; parts that do not work are named, since a restart
/// would not mend a store that is away.
@Liveness
@ApplicationScoped
public class LivenessCheck implements HealthCheck {
    private ServerState state;

    /// For the container's proxy.
    protected LivenessCheck() {}

    @Inject
    public LivenessCheck(ServerState state) {
        this.state = state;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("arc").up();
        state.components().forEach((name, health) -> response.withData(name, health.status() + " " + health.detail()));
        return response.build();
    }
}
