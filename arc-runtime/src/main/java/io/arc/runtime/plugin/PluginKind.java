package io.arc.runtime.plugin;

import io.arc.api.spi.ArcPlugin;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.QueryRewriter;
import io.arc.api.spi.StorageBackend;

/// The kinds of plugins, with what configuration and messages call them.
public enum PluginKind {
    PROTOCOL(IngestProtocol.class), STORAGE(StorageBackend.class), COMPRESSOR(Compressor.class), REWRITER(QueryRewriter.class);

    private final Class<? extends ArcPlugin> service;

    PluginKind(Class<? extends ArcPlugin> service) {
        this.service = service;
    }

    /// The interface that `META-INF/services` names.
    public Class<? extends ArcPlugin> service() {
        return service;
    }

    /// The first part of its keys: `protocol` in `protocol.csv.separator`.
    public String word() {
        return switch (this) {
            case PROTOCOL -> "protocol";
            case STORAGE -> "storage";
            case COMPRESSOR -> "compressor";
            case REWRITER -> "rewriter";
        };
    }

    static PluginKind of(ArcPlugin plugin) {
        return switch (plugin) {
            case IngestProtocol protocol -> PROTOCOL;
            case StorageBackend backend -> STORAGE;
            case Compressor compressor -> COMPRESSOR;
            case QueryRewriter rewriter -> REWRITER;
        };
    }
}
