package io.arc.runtime.plugin;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.QueryRewriter;
import io.arc.api.spi.StorageBackend;
import io.arc.runtime.config.ArcConfig;
import io.arc.runtime.config.CompactionConfig;
import io.arc.runtime.config.Configuration;
import io.arc.runtime.config.ConfigurationProblems;
import io.arc.runtime.config.IngestConfig;
import io.arc.runtime.config.PluginsConfig;
import io.arc.runtime.config.Setting;
import io.arc.runtime.config.StorageConfig;
import io.arc.runtime.text.NearestName;
import java.lang.System.Logger.Level;
import java.lang.System.Logger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;

/// All plugins of an installation, described and not yet open. Owns their class loaders until [#open] hands those of the
/// enabled ones on. Main thread only.
final class FoundPlugins implements AutoCloseable {
    private static final Logger LOG = System.getLogger(FoundPlugins.class.getName());

    private final Path path;
    private final List<FoundPlugin> plugins;
    private final Optional<String> unlistable;

    private FoundPlugins(Path path, List<FoundPlugin> plugins, Optional<String> unlistable) {
        this.path = path;
        this.plugins = List.copyOf(plugins);
        this.unlistable = unlistable;
    }

    /// @param serverKeys what plugins' keys must not collide with
    static FoundPlugins in(Path path, PluginLoader loader, Configuration serverKeys) {
        List<FoundPlugin> plugins = new ArrayList<>();
        Optional<String> unlistable = Optional.empty();
        if (!Files.isDirectory(path)) {
            unlistable = Optional.of("the plugin directory " + path + " does not exist; plugins.directory names it");
        } else {
            try {
                for (PluginDirectory directory : PluginDirectory.scan(path)) {
                    plugins.add(loader.load(directory));
                }
            } catch (BrokenPluginException unreadable) {
                unlistable = Optional.of(unreadable.getMessage());
            }
        }
        return new FoundPlugins(path, PluginLoader.refuseCollisions(plugins, serverKeys), unlistable);
    }

    /// Exactly one plugin, for its verification.
    static FoundPlugins of(FoundPlugin plugin, Configuration serverKeys) {
        return new FoundPlugins(plugin.directory().path(), PluginLoader.refuseCollisions(List.of(plugin), serverKeys),
                Optional.empty());
    }

    List<FoundPlugin> plugins() {
        return plugins;
    }

    /// The keys of all plugins, enabled or not, so that configuring one and switching it off is no error.
    List<Setting<?>> settings() {
        List<Setting<?>> all = new ArrayList<>();
        plugins.forEach(plugin -> plugin.provided().forEach(description -> all.addAll(description.settings())));
        return all;
    }

    /// Adds everything that keeps the enabled plugins from running, and logs what is wrong with the others.
    void check(ArcConfig config, ConfigurationProblems problems) {
        unlistable.ifPresent(problems::add);
        for (String jar : PluginDirectory.strayJars(path)) {
            LOG.log(Level.WARNING, path.resolve(jar) + " is not used: a plugin's jars belong into a directory of their own in "
                    + path);
        }
        for (FoundPlugin plugin : plugins) {
            plugin.defect().ifPresent(defect -> {
                if (isBrokenEnabled(plugin, config)) {
                    problems.add(plugin.place() + ": " + defect);
                } else {
                    LOG.log(Level.WARNING, plugin.place() + " is broken and not enabled: " + defect);
                }
            });
        }
        checkList(PluginKind.PROTOCOL, config.plugins().protocols(), PluginsConfig.PROTOCOLS, problems);
        checkList(PluginKind.COMPRESSOR, config.plugins().compressors(), PluginsConfig.COMPRESSORS, problems);
        checkList(PluginKind.REWRITER, config.plugins().rewriters(), PluginsConfig.REWRITERS, problems);
        checkStore(config, problems);
        checkCompression(config, problems);
        checkRoutes(config, problems);
    }

    private void checkList(PluginKind kind, Optional<List<String>> enabled, Setting<?> setting,
            ConfigurationProblems problems) {
        for (String name : enabled.orElse(List.of())) {
            if (find(kind, name).isEmpty() && !isBroken(kind, name)) {
                problems.add(setting.name() + " names '" + name + "', which no plugin in " + path + " provides; "
                        + listed(kind) + NearestName.question(name, names(kind)));
            }
        }
    }

    private void checkStore(ArcConfig config, ConfigurationProblems problems) {
        List<String> wanted = config.storage().names();
        if (wanted.stream().allMatch(name -> find(PluginKind.STORAGE, name).isEmpty() && !isBroken(PluginKind.STORAGE, name))) {
            problems.add(StorageConfig.BACKEND.name() + " = '" + config.storage().backend() + "': no plugin in " + path
                    + " provides this store; " + listed(PluginKind.STORAGE)
                    + NearestName.question(config.storage().backend(), names(PluginKind.STORAGE)));
        }
    }

    private void checkCompression(ArcConfig config, ConfigurationProblems problems) {
        config.ingest().compression()
                .ifPresent(name -> checkCompression(IngestConfig.COMPRESSION.name(), name, config, problems));
        config.compaction().compression().filter(name -> !name.equals("none"))
                .ifPresent(name -> checkCompression(CompactionConfig.COMPRESSION.name(), name, config, problems));
    }

    private void checkCompression(String key, String name, ArcConfig config, ConfigurationProblems problems) {
        boolean isThere = find(PluginKind.COMPRESSOR, name).isPresent();
        if (isThere && !isEnabled(PluginKind.COMPRESSOR, name, config)) {
            problems.add(key + " = '" + name + "': this compressor is not enabled; add it to "
                    + PluginsConfig.COMPRESSORS.name());
        } else if (!isThere && !isBroken(PluginKind.COMPRESSOR, name)) {
            problems.add(key + " = '" + name + "': no plugin in " + path
                    + " provides this compressor; " + listed(PluginKind.COMPRESSOR) + "; 'none' stores uncompressed"
                    + NearestName.question(name, names(PluginKind.COMPRESSOR)));
        }
    }

    private void checkRoutes(ArcConfig config, ConfigurationProblems problems) {
        Map<String, FoundPlugin> routes = new HashMap<>();
        for (FoundPlugin plugin : plugins) {
            for (FoundPlugin.Description each : plugin.provided()) {
                if (each.plugin() instanceof IngestProtocol protocol && isEnabled(each, config)) {
                    try {
                        for (IngestProtocol.Endpoint endpoint : inContextOf(plugin).call(protocol::endpoints)) {
                            ReservedPaths.problem(endpoint.path()).ifPresent(problem -> problems.add(plugin.place() + ": the "
                                    + each.title() + " cannot serve its route: " + problem));
                            FoundPlugin other = routes.putIfAbsent(endpoint.path(), plugin);
                            if (other != null) {
                                problems.add(plugin.place() + ": the " + each.title() + " serves " + endpoint.path()
                                        + ", which " + other.directory().path() + " serves already; enable one of them by "
                                        + PluginsConfig.PROTOCOLS.name());
                            }
                        }
                    } catch (RuntimeException | LinkageError broken) {
                        problems.add(plugin.place() + ": asking the " + each.title() + " for its routes failed: "
                                + BrokenPluginException.text(broken));
                    }
                }
            }
        }
    }

    /// Opens what is enabled. Afterwards this object owns nothing any more.
    ///
    /// @throws ArcException PLUGIN with a sentence for every plugin that failed; the others are closed again
    LoadedPlugins open(Configuration configuration, ArcConfig config, InstantSource clock, CounterRegistry counters) {
        LoadedPlugins loaded = new LoadedPlugins(infos(config));
        List<String> failures = new ArrayList<>();
        // Writers come last, so that they never see a server without a store.
        for (PluginKind kind : List.of(PluginKind.COMPRESSOR, PluginKind.STORAGE, PluginKind.REWRITER, PluginKind.PROTOCOL)) {
            for (FoundPlugin plugin : plugins) {
                for (FoundPlugin.Description each : plugin.provided()) {
                    if (each.kind() == kind && isEnabled(each, config)) {
                        loaded.own(plugin.loader().orElseThrow());
                        open(plugin, each, new RuntimePluginContext(each, configuration, config.data().directory(), clock,
                                counters), loaded).ifPresent(failures::add);
                    }
                }
            }
        }
        for (FoundPlugin plugin : plugins) {
            if (plugin.provided().stream().noneMatch(each -> isEnabled(each, config))) {
                plugin.loader().ifPresent(PluginClassLoader::close);
            }
        }
        if (!failures.isEmpty()) {
            loaded.close();
            throw new ArcException(ErrorCode.PLUGIN, "The server cannot start with these plugins:\n  "
                    + String.join("\n  ", failures));
        }
        return loaded;
    }

    /// @return the failure
    static Optional<String> open(FoundPlugin plugin, FoundPlugin.Description each, RuntimePluginContext server,
            LoadedPlugins loaded) {
        PluginThreadContext context = inContextOf(plugin);
        String name = plugin.descriptor().orElseThrow().name();
        String title = each.title();
        try {
            switch (each.plugin()) {
                case IngestProtocol protocol ->
                        loaded.add(name, title, protocol, opened(() -> context.call(() -> protocol.open(server))), context);
                case StorageBackend backend ->
                        loaded.add(name, title, backend, opened(() -> context.call(() -> backend.open(server))), context);
                case Compressor compressor ->
                        loaded.add(name, title, compressor, opened(() -> context.call(() -> compressor.open(server))), context);
                case QueryRewriter rewriter -> {
                    int order = context.call(rewriter::order);
                    loaded.add(name, title, rewriter, order, opened(() -> context.call(() -> rewriter.open(server))), context);
                }
            }
            return Optional.empty();
        } catch (ArcException refused) {
            return Optional.of(plugin.place() + ": the " + title + " cannot be opened: " + refused.getMessage());
        } catch (RuntimeException | LinkageError broken) {
            LOG.log(Level.DEBUG, "opening the " + title + " failed", broken);
            return Optional.of(plugin.place() + ": the " + title + " cannot be opened: " + BrokenPluginException.text(broken));
        }
    }

    private static <T> T opened(Supplier<T> open) {
        return Objects.requireNonNull(open.get(), "open() returned null");
    }

    private static PluginThreadContext inContextOf(FoundPlugin plugin) {
        return new PluginThreadContext(plugin.loader().orElseThrow());
    }

    /// For `bin/arc plugins`.
    List<PluginInfo> infos(ArcConfig config) {
        return plugins.stream().map(plugin -> {
            boolean isEnabled = plugin.provided().stream().anyMatch(each -> isEnabled(each, config));
            PluginInfo.Status status = plugin.defect().isPresent() ? PluginInfo.Status.BROKEN
                    : isEnabled ? PluginInfo.Status.ENABLED : PluginInfo.Status.DISABLED;
            String detail = plugin.defect().orElse(isEnabled ? "" : "not enabled by the configuration");
            return new PluginInfo(plugin.directory().name(),
                    plugin.descriptor().map(PluginDescriptor::name).orElse(plugin.directory().name()),
                    plugin.descriptor().map(PluginDescriptor::version).orElse("unknown"),
                    plugin.descriptor().map(PluginDescriptor::description).orElse(""),
                    plugin.provided().stream().map(FoundPlugin.Description::title).toList(), status, detail);
        }).toList();
    }

    private Optional<FoundPlugin.Description> find(PluginKind kind, String name) {
        return plugins.stream().flatMap(plugin -> plugin.provided().stream())
                .filter(each -> each.kind() == kind && each.name().equals(name)).findFirst();
    }

    private Set<String> names(PluginKind kind) {
        Set<String> names = new TreeSet<>();
        plugins.forEach(plugin -> plugin.provided().stream().filter(each -> each.kind() == kind)
                .forEach(each -> names.add(each.name())));
        return names;
    }

    private String listed(PluginKind kind) {
        Set<String> names = names(kind);
        return names.isEmpty() ? "none is installed" : "installed: " + String.join(", ", names);
    }

    private boolean isEnabled(FoundPlugin.Description each, ArcConfig config) {
        return isEnabled(each.kind(), each.name(), config);
    }

    private boolean isEnabled(PluginKind kind, String name, ArcConfig config) {
        return switch (kind) {
            case PROTOCOL -> isListed(config.plugins().protocols(), name);
            case COMPRESSOR -> isListed(config.plugins().compressors(), name);
            case REWRITER -> isListed(config.plugins().rewriters(), name);
            // The name as it is configured comes before the one that it is a synonym of.
            case STORAGE -> config.storage().names().stream().filter(wanted -> find(kind, wanted).isPresent()).findFirst()
                    .filter(name::equals).isPresent();
        };
    }

    private static boolean isListed(Optional<List<String>> enabled, String name) {
        return enabled.isEmpty() || enabled.get().contains(name);
    }

    /// Whether a broken plugin would be enabled if it worked, as far as one can tell.
    private boolean isBrokenEnabled(FoundPlugin plugin, ArcConfig config) {
        Set<PluginKind> kinds = plugin.announced().isEmpty() ? Set.of(PluginKind.values()) : plugin.announced();
        return kinds.stream().anyMatch(kind -> plugin.likelyNames(kind).stream().anyMatch(name -> switch (kind) {
            case PROTOCOL -> isListed(config.plugins().protocols(), name);
            case COMPRESSOR -> isListed(config.plugins().compressors(), name);
            case REWRITER -> isListed(config.plugins().rewriters(), name);
            case STORAGE -> config.storage().names().contains(name);
        }));
    }

    /// Whether a name that nothing provides belongs to a plugin that is reported as broken anyway.
    private boolean isBroken(PluginKind kind, String name) {
        return plugins.stream().anyMatch(plugin -> plugin.defect().isPresent() && plugin.likelyNames(kind).contains(name));
    }

    @Override
    public void close() {
        plugins.forEach(plugin -> plugin.loader().ifPresent(PluginClassLoader::close));
    }
}
