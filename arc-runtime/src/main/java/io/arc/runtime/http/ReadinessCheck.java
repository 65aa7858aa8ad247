package io.arc.runtime.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/// `/health/ready` in MicroProfile's form: what `/ready` says.
@Readiness
@ApplicationScoped
public class ReadinessCheck implements HealthCheck {
    private ServerState state;

    /// For the container's proxy.
    protected ReadinessCheck() {}

    @Inject
    public ReadinessCheck(ServerState state) {
        this.state = state;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("arc").status(state.notReadyReason().isEmpty());
        state.notReadyReason().ifPresent(reason -> response.withData("reason", reason));
        return response.build();
    }
}
