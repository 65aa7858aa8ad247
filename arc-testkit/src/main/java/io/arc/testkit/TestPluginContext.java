package io.arc.testkit;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ArcPlugin;
import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;

/// A [PluginContext] over a map, a directory and a clock that the test moves. Thread-safe.
public final class TestPluginContext implements PluginContext {
    private static final Instant START = Instant.parse("2025-10-08T14:30:00Z");

    private final Map<String, String> settings;
    private final Set<String> declared = new HashSet<>();
    private final Path directory;
    private final AtomicReference<Instant> now = new AtomicReference<>(START);
    private final Map<String, LongAdder> counters = new ConcurrentHashMap<>();

    /// @param plugin whose keys may be read
    /// @param directory stands for `data.dir`
    /// @param settings by the keys' short names, as an operator would write them
    /// @throws IllegalArgumentException for a setting that the plugin does not declare
    public TestPluginContext(ArcPlugin plugin, Path directory, Map<String, String> settings) {
        this.settings = Map.copyOf(settings);
        this.directory = directory;
        plugin.configKeys().forEach(key -> declared.add(key.name()));
        settings.keySet().forEach(this::requireDeclared);
    }

    private void requireDeclared(String name) {
        if (!declared.contains(name)) {
            throw new IllegalArgumentException("the plugin does not declare the key '" + name + "'");
        }
    }

    @Override
    public <T> T config(ConfigKey<T> key) {
        return find(key).orElseThrow(() -> new ArcException(ErrorCode.CONFIGURATION, "the key '" + key.name()
                + "' has to be set"));
    }

    @Override
    public <T> Optional<T> find(ConfigKey<T> key) {
        requireDeclared(key.name());
        String text = settings.get(key.name());
        if (text == null) {
            return key.defaultValue();
        }
        try {
            return Optional.of(key.parser().apply(text));
        } catch (IllegalArgumentException wrong) {
            throw new ArcException(ErrorCode.CONFIGURATION, key.name() + " = '" + text + "': " + wrong.getMessage(), wrong);
        }
    }

    @Override
    public Path dataDirectory() {
        try {
            return Files.createDirectories(directory.resolve("plugin"));
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    @Override
    public Path serverDataDirectory() {
        return directory;
    }

    @Override
    public InstantSource clock() {
        return now::get;
    }

    /// Moves the clock forward.
    public void advance(Duration duration) {
        now.updateAndGet(before -> before.plus(duration));
    }

    @Override
    public LongConsumer counter(String name, String unit, String doc) {
        return counters.computeIfAbsent(name, any -> new LongAdder())::add;
    }

    /// What a counter stands at; 0 for one that was never registered.
    public long count(String name) {
        LongAdder counter = counters.get(name);
        return counter == null ? 0 : counter.sum();
    }
}
