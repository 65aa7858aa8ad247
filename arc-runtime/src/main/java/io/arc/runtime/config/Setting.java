package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.util.Objects;

/// One key with its place: what `arc.toml`, the environment and the system properties call it.
///
/// @param section `server`, or for a plugin its prefix, such as `storage.s3`
/// @param key type, parser, default and documentation
public record Setting<T>(String section, ConfigKey<T> key) {
    public Setting {
        Objects.requireNonNull(section, "section");
        Objects.requireNonNull(key, "key");
    }

    /// The key as `arc.toml` spells it: `server.port`.
    public String name() {
        return section + "." + key.name();
    }

    /// What spellings are compared by.
    public String folded() {
        return KeyNames.fold(name());
    }

    public String environmentName() {
        return KeyNames.environmentName(name());
    }
}
