package io.arc.plugin.storage.local;

import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import io.arc.api.spi.StorageBackend;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The storage backend `local`.
public final class LocalStorage implements StorageBackend {
    static final ConfigKey<String> PATH = new ConfigKey<>("path", "path", Function.identity(), Optional.empty(), false,
            "The folder that holds all databases. Default: storage under data.dir.");

    @Override
    public String name() {
        return "local";
    }

    @Override
    public List<ConfigKey<?>> configKeys() {
        return List.of(PATH);
    }

    @Override
    public ObjectStore open(PluginContext context) {
        Path root = context.find(PATH).map(Path::of).orElse(context.serverDataDirectory().resolve("storage"));
        return LocalObjectStore.open(root.toAbsolutePath().normalize(), context.clock());
    }
}
