package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.time.Duration;
import java.util.List;

/// The HTTP server.
///
/// @param host the address to listen on
/// @param port 0 takes any free one
/// @param maxPayloadBytes the largest request body, on the wire and after decompression
/// @param maxConcurrentRequests beyond it requests are answered 503
public record ServerConfig(String host, int port, long maxPayloadBytes, Duration readTimeout, Duration idleTimeout,
        Duration shutdownTimeout, int maxConnections, int maxConcurrentRequests) {
    private static final String SECTION = "server";

    public static final Setting<String> HOST = new Setting<>(SECTION, ConfigKey.string("host", "0.0.0.0",
            "The address to listen on. 0.0.0.0 is all of this machine's; 127.0.0.1 keeps the server to the machine."));
    public static final Setting<Long> PORT = new Setting<>(SECTION, ConfigKey.integer("port", 8000, 0, 65_535,
            "The TCP port of the HTTP server. 0 takes any free one and logs it."));
    public static final Setting<Long> MAX_PAYLOAD_SIZE = new Setting<>(SECTION, KeyTypes.size("max_payload_size", "1GB",
            1 << 10, "The largest request body, on the wire as well as after decompression. Larger ones are answered 413."));
    public static final Setting<Duration> READ_TIMEOUT = new Setting<>(SECTION, KeyTypes.seconds("read_timeout", 30,
            "How long the server waits for the next byte of a request that has begun."));
    public static final Setting<Duration> IDLE_TIMEOUT = new Setting<>(SECTION, KeyTypes.seconds("idle_timeout", 120,
            "How long a connection without a request stays open."));
    public static final Setting<Duration> SHUTDOWN_TIMEOUT = new Setting<>(SECTION, KeyTypes.seconds("shutdown_timeout", 30,
            "How long a stop waits for running requests and for buffers to be written."));
    public static final Setting<Long> MAX_CONNECTIONS = new Setting<>(SECTION, ConfigKey.integer("max_connections", 10_000, 1,
            1_000_000, "The most connections open at a time."));
    public static final Setting<Long> MAX_CONCURRENT_REQUESTS = new Setting<>(SECTION, ConfigKey.integer(
            "max_concurrent_requests", 2_000, 1, 1_000_000,
            "The most requests in work at a time; further ones are answered 503 with Retry-After."));

    static final List<Setting<?>> SETTINGS = List.of(HOST, PORT, MAX_PAYLOAD_SIZE, READ_TIMEOUT, IDLE_TIMEOUT,
            SHUTDOWN_TIMEOUT, MAX_CONNECTIONS, MAX_CONCURRENT_REQUESTS);

    public static ServerConfig from(Configuration configuration) {
        return new ServerConfig(configuration.value(HOST), Math.toIntExact(configuration.value(PORT)),
                configuration.value(MAX_PAYLOAD_SIZE), configuration.value(READ_TIMEOUT), configuration.value(IDLE_TIMEOUT),
                configuration.value(SHUTDOWN_TIMEOUT), Math.toIntExact(configuration.value(MAX_CONNECTIONS)),
                Math.toIntExact(configuration.value(MAX_CONCURRENT_REQUESTS)));
    }
}
