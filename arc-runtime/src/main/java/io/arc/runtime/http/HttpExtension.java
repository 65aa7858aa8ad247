package io.arc.runtime.http;

import static jakarta.interceptor.Interceptor.Priority.LIBRARY_BEFORE;

import io.helidon.microprofile.server.ServerCdiExtension;
import io.helidon.webserver.http.HttpRouting;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.enterprise.inject.spi.AfterBeanDiscovery;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.enterprise.inject.spi.Extension;
import java.util.Objects;

/// Carries what the server was constructed with into the CDI container, which makes the JAX-RS resources, and puts the gate
/// and the hot routes before JAX-RS on the routing.
public final class HttpExtension implements Extension {
    private final HttpOptions options;
    private final ServerState state;

    HttpExtension(HttpOptions options, ServerState state) {
        this.options = Objects.requireNonNull(options, "options");
        this.state = Objects.requireNonNull(state, "state");
    }

    void addBeans(@Observes AfterBeanDiscovery discovery) {
        discovery.<ServerState>addBean().types(ServerState.class, Object.class).scope(jakarta.inject.Singleton.class)
                .createWith(context -> state);
    }

    void route(@Observes @Priority(LIBRARY_BEFORE) @Initialized(ApplicationScoped.class) Object started, BeanManager beans) {
        HttpRouting.Builder routing = beans.getExtension(ServerCdiExtension.class).serverRoutingBuilder();
        Bodies bodies = new Bodies(options);
        Failures failures = new Failures(state);
        routing.addFilter(new Gate(state, options, failures, bodies));
        routing.error(Throwable.class, failures);
        routing.any(new Dispatcher(state, options, bodies));
    }
}
