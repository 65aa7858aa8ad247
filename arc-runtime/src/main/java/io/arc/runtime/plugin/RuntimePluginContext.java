package io.arc.runtime.plugin;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import io.arc.runtime.config.Configuration;
import io.arc.runtime.config.Setting;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongConsumer;

/// What one plugin sees of the server.
///
/// @param root `data.dir`
record RuntimePluginContext(FoundPlugin.Description description, Configuration configuration, Path root, InstantSource clock,
        CounterRegistry counters) implements PluginContext {
    @Override
    public <T> T config(ConfigKey<T> key) {
        return find(key).orElseThrow(() -> {
            Setting<?> setting = setting(key);
            return new ArcException(ErrorCode.CONFIGURATION, setting.name() + " has to be set for the " + description.title()
                    + ", in arc.toml or as " + setting.environmentName() + " in the environment");
        });
    }

    @Override
    public <T> Optional<T> find(ConfigKey<T> key) {
        return configuration.find(setting(key));
    }

    @SuppressWarnings("unchecked") // Keys are compared by name; the declared one made the value.
    private <T> Setting<T> setting(ConfigKey<T> key) {
        for (Setting<?> setting : description.settings()) {
            if (setting.key().name().equals(key.name())) {
                return (Setting<T>) setting;
            }
        }
        throw new IllegalArgumentException("the " + description.title() + " does not declare the key " + key.name());
    }

    @Override
    public Path dataDirectory() {
        Path directory = root.resolve("plugins").resolve(description.kind().word() + "-" + description.name());
        try {
            if (!Files.isDirectory(directory)) {
                Files.createDirectories(directory,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            }
            return directory;
        } catch (IOException failed) {
            throw new ArcException(ErrorCode.PLUGIN, "the directory " + directory + " of the " + description.title()
                    + " cannot be made: " + BrokenPluginException.text(failed), failed);
        }
    }

    @Override
    public Path serverDataDirectory() {
        return root;
    }

    @Override
    public LongConsumer counter(String name, String unit, String doc) {
        return counters.counter(description.name(), name, unit, doc);
    }
}
