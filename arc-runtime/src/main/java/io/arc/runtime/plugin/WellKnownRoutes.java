package io.arc.runtime.plugin;

import java.util.Map;
import java.util.Optional;

/// Which protocol serves which path in a complete installation, for the sentence of a 404. Routing itself asks the plugins.
final class WellKnownRoutes {
    private static final String LINE_PROTOCOL = "lineproto";
    private static final String MSGPACK = "msgpack";

    private static final Map<String, String> PROTOCOLS = Map.ofEntries(
            Map.entry("/write", LINE_PROTOCOL), Map.entry("/api/v1/write", LINE_PROTOCOL),
            Map.entry("/api/v2/write", LINE_PROTOCOL), Map.entry("/api/v1/write/influxdb", LINE_PROTOCOL),
            Map.entry("/api/v1/write/line-protocol", LINE_PROTOCOL), Map.entry("/write/v1/line-protocol", LINE_PROTOCOL),
            Map.entry("/write/v2/line-protocol", LINE_PROTOCOL),
            Map.entry("/api/v1/write/msgpack", MSGPACK), Map.entry("/write/v1/msgpack", MSGPACK),
            Map.entry("/write/v2/msgpack", MSGPACK), Map.entry("/api/v1/msgpack", MSGPACK),
            Map.entry("/api/v2/msgpack", MSGPACK));

    private WellKnownRoutes() {}

    static Optional<String> protocolOf(String path) {
        return Optional.ofNullable(PROTOCOLS.get(path.length() > 1 && path.endsWith("/")
                ? path.substring(0, path.length() - 1) : path));
    }
}
