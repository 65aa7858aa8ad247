package io.arc.runtime.plugin;

import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.Compression;
import io.arc.api.spi.Health;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.IngestProtocol.Ingest;
import io.arc.api.spi.QueryRewriter;
import io.arc.api.spi.QueryRewriter.Stage;
import io.arc.api.spi.StorageBackend;
import io.arc.api.spi.StorageBackend.ObjectStore;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The open plugins. Owns them: [#close] closes every instance in the reverse order of opening, then their class loaders.
/// Thread-safe but for `close`, which is called once, after the last call on any instance has returned.
public final class LoadedPlugins implements AutoCloseable {
    private static final Logger LOG = System.getLogger(LoadedPlugins.class.getName());

    /// An open ingest protocol.
    ///
    /// @param plugin the name of the plugin that provides it
    public record LoadedProtocol(String plugin, IngestProtocol description, Ingest instance) {}

    public record LoadedStore(String plugin, StorageBackend description, ObjectStore instance) {}

    public record LoadedCompressor(String plugin, Compressor description, Compression instance) {}

    /// @param order as the rewriter gave it at the start
    public record LoadedRewriter(String plugin, QueryRewriter description, int order, Stage instance) {}

    /// How an instance is.
    ///
    /// @param name such as `storage 'local'`
    public record InstanceHealth(String plugin, String name, Health health) {}

    private final List<PluginInfo> infos;
    private final List<LoadedProtocol> protocols = new ArrayList<>();
    private final List<LoadedCompressor> compressors = new ArrayList<>();
    private final List<LoadedRewriter> rewriters = new ArrayList<>();
    private final Deque<Opened> opened = new ArrayDeque<>();
    private final List<PluginClassLoader> loaders = new ArrayList<>();
    private LoadedStore store;

    private record Opened(String plugin, String title, InContext instance) {}

    LoadedPlugins(List<PluginInfo> infos) {
        this.infos = List.copyOf(infos);
    }

    /// By name.
    public List<LoadedProtocol> protocols() {
        return List.copyOf(protocols);
    }

    /// The one store that `storage.backend` chose.
    public LoadedStore store() {
        return store;
    }

    /// The compressor that configuration calls `name`, in any case.
    public Optional<LoadedCompressor> compressor(String name) {
        return compressors.stream().filter(each -> each.description().name().equals(name.toLowerCase(Locale.ROOT))).findFirst();
    }

    public List<LoadedCompressor> compressors() {
        return List.copyOf(compressors);
    }

    /// In the order in which they run: by [QueryRewriter#order], then by name.
    public List<LoadedRewriter> rewriters() {
        return List.copyOf(rewriters);
    }

    /// Every directory under `plugins/`, those not enabled and broken ones too.
    public List<PluginInfo> infos() {
        return infos;
    }

    /// Answers from memory; in the order of opening.
    public List<InstanceHealth> health() {
        return opened.reversed().stream()
                .map(each -> new InstanceHealth(each.plugin, each.title, each.instance.health())).toList();
    }

    /// What to tell a client that POSTs to a path which a well-known protocol serves that is not here.
    ///
    /// @return empty for a path that no protocol we know of serves
    public Optional<String> missingProtocol(String path) {
        return WellKnownRoutes.protocolOf(path).filter(name -> protocols.stream()
                .noneMatch(each -> each.description().name().equals(name))).map(name -> {
                    boolean isInstalled = infos.stream().anyMatch(info -> info.provides().contains(PluginKind.PROTOCOL.word()
                            + " '" + name + "'"));
                    return "POST " + path + " is served by the plugin protocol-" + name + ", which is "
                            + (isInstalled ? "not enabled; add '" + name + "' to plugins.protocols"
                                    : "not installed; put its directory into plugins/ and restart");
                });
    }

    void add(String plugin, String title, IngestProtocol description, Ingest instance, PluginThreadContext context) {
        InContext.IngestInContext wrapped = new InContext.IngestInContext(instance, context);
        opened.push(new Opened(plugin, title, wrapped));
        protocols.add(new LoadedProtocol(plugin, description, wrapped));
    }

    void add(String plugin, String title, StorageBackend description, ObjectStore instance, PluginThreadContext context) {
        InContext.StoreInContext wrapped = new InContext.StoreInContext(instance, context);
        opened.push(new Opened(plugin, title, wrapped));
        store = new LoadedStore(plugin, description, wrapped);
    }

    void add(String plugin, String title, Compressor description, Compression instance, PluginThreadContext context) {
        InContext.CompressionInContext wrapped = new InContext.CompressionInContext(instance, context);
        opened.push(new Opened(plugin, title, wrapped));
        compressors.add(new LoadedCompressor(plugin, description, wrapped));
    }

    void add(String plugin, String title, QueryRewriter description, int order, Stage instance, PluginThreadContext context) {
        InContext.StageInContext wrapped = new InContext.StageInContext(instance, context);
        opened.push(new Opened(plugin, title, wrapped));
        rewriters.add(new LoadedRewriter(plugin, description, order, wrapped));
        rewriters.sort(Comparator.comparingInt(LoadedRewriter::order)
                .thenComparing(each -> each.description().name()));
    }

    /// Takes the loader over, to be closed after the instances.
    void own(PluginClassLoader loader) {
        if (!loaders.contains(loader)) {
            loaders.add(loader);
        }
    }

    /// A plugin that fails to close is logged and does not keep the others open.
    @Override
    public void close() {
        while (!opened.isEmpty()) {
            Opened last = opened.pop();
            try {
                last.instance.close();
            } catch (RuntimeException | LinkageError broken) {
                LOG.log(Level.WARNING, "closing the " + last.title + " of the plugin " + last.plugin + " failed", broken);
            }
        }
        for (PluginClassLoader loader : loaders.reversed()) {
            loader.close();
        }
        loaders.clear();
    }
}
