package io.arc.runtime.plugin;

import java.util.function.LongConsumer;

/// Where plugins' counters go; the metrics room has the real one.
@FunctionalInterface
public interface CounterRegistry {
    /// Registers a counter, or gives the one that the plugin registered under this name before.
    ///
    /// @param plugin the plugin's own name, such as `msgpack`
    /// @param unit `bytes`, `rows`, `requests` and the like
    /// @return adds to the counter; thread-safe
    LongConsumer counter(String plugin, String name, String unit, String doc);
}
