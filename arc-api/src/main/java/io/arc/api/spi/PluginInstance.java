package io.arc.api.spi;

/// The live thing that `open` returns. Thread-safe unless the kind says otherwise.
public interface PluginInstance extends AutoCloseable {
    /// How the instance is. Answers from memory at once; never does I/O, never throws.
    default Health health() {
        return Health.UP;
    }

    /// Called once, after the last call on the instance has returned. Releases threads, connections and files.
    @Override
    default void close() {}
}
