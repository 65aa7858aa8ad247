package io.arc.plugin.msgpack;

import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.PluginContext;
import java.util.List;
import java.util.stream.Stream;

/// The MessagePack wire format, on its route and on those that it had before.
public final class MsgPackProtocol implements IngestProtocol {
    private static final List<String> PATHS = List.of("/api/v1/write/msgpack", "/write/v1/msgpack", "/write/v2/msgpack",
            "/api/v1/msgpack", "/api/v2/msgpack");

    @Override
    public String name() {
        return "msgpack";
    }

    @Override
    public List<Endpoint> endpoints() {
        return Stream.of(PATHS.toArray(String[]::new)).map(path -> new Endpoint(path, List.of(), ErrorShape.ARC,
                List.of("precision"), "Writes rows in MessagePack, by column or by row.")).toList();
    }

    @Override
    public Ingest open(PluginContext context) {
        return MsgPackDecoder::new;
    }
}
