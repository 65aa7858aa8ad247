package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.helidon.Main;
import io.helidon.common.mapper.MapperManager;
import io.helidon.microprofile.server.ServerCdiExtension;
import jakarta.enterprise.inject.se.SeContainer;
import jakarta.enterprise.inject.se.SeContainerInitializer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.spi.ConfigProviderResolver;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// The running HTTP server. One at a time in a JVM, because CDI has one container.
public final class HttpServer implements AutoCloseable {
    private static final int OWN_ORDINAL = 1000;

    static {
        keepMappers();
    }

    private final SeContainer container;

    private HttpServer(SeContainer container) {
        this.container = container;
    }

    /// Opens the port and answers from then on; what needs [ServerState#services] answers 503 until these are there.
    ///
    /// @param sources what MicroProfile Config shows to the libraries inside; the server's own settings come from `options`
    /// @throws ArcException CONFIGURATION when the address cannot be used
    public static HttpServer start(HttpOptions options, ServerState state, List<ConfigSource> sources) {
        requireFreePort(options);
        ClassLoader loader = HttpServer.class.getClassLoader();
        ConfigProviderResolver resolver = ConfigProviderResolver.instance();
        Config config = resolver.getBuilder().forClassLoader(loader).withSources(new Settings(options))
                .withSources(sources.toArray(ConfigSource[]::new)).build();
        resolver.registerConfig(config, loader);
        SeContainer container;
        try {
            container = SeContainerInitializer.newInstance().setClassLoader(loader)
                    .addExtensions(new HttpExtension(options, state))
                            .addBeanClasses(MonitoringResource.class, QueryResource.class,
                            DatabaseResource.class, LogResource.class, VersionedLogResource.class, CompactionResource.class,
                            ShortCompactionResource.class,
                            ResourceFailures.class, ReadinessCheck.class, LivenessCheck.class)
                    .initialize();
        } catch (RuntimeException failed) {
            resolver.releaseConfig(config);
            throw failed;
        }
        // Helidon logs a port that it cannot open, and goes on without.
        if (!container.getBeanManager().getExtension(ServerCdiExtension.class).started()) {
            container.close();
            throw cannotOpen(options, "see the log");
        }
        return new HttpServer(container);
    }

    /// Without this Helidon searches its registry and builds a new set of mappers whenever it reads a header as a number: three
    /// times a request, a fifth of all the processor time of a server that takes rows at full speed.
    @SuppressWarnings("removal")
    private static void keepMappers() {
        MapperManager.global(MapperManager.create());
    }

    /// Has an action done when the JVM is told to end. Helidon's own shutdown hook does it: beside that, in another hook, closing a
    /// server would end with an error in the log, because the container asks for a hook while it closes and the JVM takes no more.
    public static void atShutdown(Runnable action) {
        Main.addShutdownHandler(action::run);
    }

    /// Tries the port before the container is made, so that the common mistake is told at once and in a sentence.
    private static void requireFreePort(HttpOptions options) {
        InetSocketAddress address = options.host().isEmpty() ? new InetSocketAddress(options.port())
                : new InetSocketAddress(options.host(), options.port());
        if (address.isUnresolved()) {
            throw new ArcException(ErrorCode.CONFIGURATION, "server.host = '" + options.host() + "' is neither an address nor a "
                    + "known name: set one of this machine's, or 0.0.0.0 for all of them (ARC_SERVER_HOST)");
        }
        try (ServerSocket probe = new ServerSocket()) {
            probe.setReuseAddress(true);
            probe.bind(address);
        } catch (IOException taken) {
            throw cannotOpen(options, taken.getMessage());
        }
    }

    private static ArcException cannotOpen(HttpOptions options, String reason) {
        return new ArcException(ErrorCode.CONFIGURATION, "port " + options.port() + (options.host().isEmpty() ? ""
                : " on " + options.host()) + " cannot be opened (" + reason + "): stop what uses it, or set server.port or "
                + "server.host (ARC_SERVER_PORT, ARC_SERVER_HOST)");
    }

    /// The port that is open.
    public int port() {
        return container.getBeanManager().getExtension(ServerCdiExtension.class).port();
    }

    /// Accepts nothing more, lets requests under way end within the grace period, and returns.
    @Override
    public void close() {
        container.close();
    }

    /// Helidon reads its own settings by these names.
    private static final class Settings implements ConfigSource {
        private final Map<String, String> values = new HashMap<>();

        Settings(HttpOptions options) {
            values.put("mp.initializer.allow", "true");
            values.put("mp.initializer.no-warn", "true");
            values.put("server.host", options.host().isEmpty() ? "0.0.0.0" : options.host());
            values.put("server.port", Integer.toString(options.port()));
            values.put("server.max-tcp-connections", Integer.toString(options.maxConnections()));
            values.put("server.idle-connection-timeout", options.idleTimeout().toString());
            values.put("server.shutdown-grace-period", options.shutdownGrace().toString());
            values.put("server.connection-options.tcp-no-delay", "true");
            values.put("server.protocols.http_1_1.max-headers-size", "16384");
            values.put("mp.openapi.scan.disable", "false");
            values.put("metrics.rest-request.enabled", "false");
            values.put("features.print-details", "false");
        }

        @Override
        public Set<String> getPropertyNames() {
            return values.keySet();
        }

        @Override
        public String getValue(String name) {
            return values.get(name);
        }

        @Override
        public String getName() {
            return "arc http";
        }

        @Override
        public int getOrdinal() {
            return OWN_ORDINAL;
        }
    }
}
