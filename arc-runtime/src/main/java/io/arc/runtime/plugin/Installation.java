package io.arc.runtime.plugin;

import io.arc.runtime.config.ArcConfig;
import io.arc.runtime.config.Configuration;
import io.arc.runtime.config.ConfigurationInputs;
import io.arc.runtime.config.ConfigurationProblems;
import io.arc.runtime.config.Machine;
import io.arc.runtime.config.PluginsConfig;
import java.time.InstantSource;
import java.util.List;

/// An installation as its configuration and its plugin directories describe it, checked together and not yet running. This
/// is what the server's start and the commands that only look share.
///
/// Owns the plugins' class loaders until [#open]; close it when it is not opened. Main thread only.
public final class Installation implements AutoCloseable {
    private final Configuration configuration;
    private final ArcConfig config;
    private final FoundPlugins plugins;
    private final ConfigurationProblems problems = new ConfigurationProblems();

    private Installation(Configuration configuration, ArcConfig config, FoundPlugins plugins) {
        this.configuration = configuration;
        this.config = config;
        this.plugins = plugins;
        ArcConfig.check(configuration, problems);
        plugins.check(config, problems);
    }

    /// Reads everything; throws for nothing that is wrong with it. See [#requireSound].
    public static Installation read(ConfigurationInputs inputs, Machine machine) {
        return read(inputs, machine, new PluginLoader());
    }

    static Installation read(ConfigurationInputs inputs, Machine machine, PluginLoader loader) {
        Configuration server = Configuration.load(inputs);
        FoundPlugins plugins = FoundPlugins.in(PluginsConfig.from(server).directory(), loader, server);
        Configuration configuration = server.declaring(plugins.settings());
        return new Installation(configuration, ArcConfig.from(configuration, machine), plugins);
    }

    /// @throws io.arc.api.ArcException CONFIGURATION, listing everything that is wrong
    public void requireSound() {
        problems.throwIfAny();
    }

    /// Everything that is wrong, a sentence each.
    public List<String> problems() {
        return problems.sentences();
    }

    /// All settings, the plugins' too.
    public Configuration configuration() {
        return configuration;
    }

    public ArcConfig config() {
        return config;
    }

    public List<PluginInfo> infos() {
        return plugins.infos(config);
    }

    /// Opens the enabled plugins; this object needs no closing afterwards.
    ///
    /// @throws io.arc.api.ArcException CONFIGURATION when something is wrong, PLUGIN when a plugin fails to open
    public LoadedPlugins open(InstantSource clock, CounterRegistry counters) {
        if (!problems.isEmpty()) {
            plugins.close();
        }
        requireSound();
        return plugins.open(configuration, config, clock, counters);
    }

    @Override
    public void close() {
        plugins.close();
    }
}
