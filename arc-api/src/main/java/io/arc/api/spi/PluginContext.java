package io.arc.api.spi;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.LongConsumer;

/// All that a plugin gets from the runtime. There is no static way to reach it. Thread-safe; valid until the instance that
/// was opened with it is closed.
public interface PluginContext {
    /// The key's value, or its default.
    ///
    /// @throws io.arc.api.ArcException CONFIGURATION when the key has neither; the message names it
    /// @throws IllegalArgumentException for a key that the plugin did not declare
    <T> T config(ConfigKey<T> key);

    /// The key's value or its default, empty when it has neither.
    <T> Optional<T> find(ConfigKey<T> key);

    /// A directory of the plugin's own, made on the first call, kept across restarts.
    Path dataDirectory();

    /// The server's root of all state (`data.dir`). Only for what the operator expects to find there; everything else belongs
    /// into [#dataDirectory()].
    Path serverDataDirectory();

    /// The server's clock. Tests move it by hand, so read time nowhere else.
    InstantSource clock();

    /// Registers a counter, shown in `/metrics` as `arc_plugin_{plugin}_{name}_total`. Thread-safe, cheap, and meant to be called
    /// once a request, not once a row.
    ///
    /// @param unit `bytes`, `rows`, `requests` and the like
    LongConsumer counter(String name, String unit, String doc);
}
