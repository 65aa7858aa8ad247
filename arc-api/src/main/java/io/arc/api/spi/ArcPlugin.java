package io.arc.api.spi;

import java.util.List;

/// A plugin's stateless description. The kinds are closed, so that the runtime's switch over them is exhaustive.
///
/// An instance only describes: public no-argument constructor, no state, no I/O, no threads. It is found by
/// `java.util.ServiceLoader` under the name of its kind's interface.
public sealed interface ArcPlugin permits IngestProtocol, StorageBackend, Compressor, QueryRewriter {
    /// The name that configuration uses: `[a-z][a-z0-9-]*`, unique within its kind.
    String name();

    /// Every key the plugin reads, by its short name. A key that is set under this plugin's prefix and not declared here
    /// stops the start, with the nearest declared one in the message.
    default List<ConfigKey<?>> configKeys() {
        return List.of();
    }
}
