package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Where finished files go.
///
/// @param backend as configured, in lower case
public record StorageConfig(String backend) {
    /// Names of stores that are served by another one's plugin.
    private static final Map<String, String> SYNONYMS = Map.of("minio", "s3", "ceph", "s3", "azblob", "azure");

    public static final Setting<String> BACKEND = new Setting<>("storage", ConfigKey.string("backend", "local",
            "Where finished files go: the name of a storage plugin. minio and ceph mean s3, azblob means azure."));

    static final List<Setting<?>> SETTINGS = List.of(BACKEND);

    public static StorageConfig from(Configuration configuration) {
        return new StorageConfig(configuration.value(BACKEND).strip().toLowerCase(Locale.ROOT));
    }

    /// The plugin names that fit, the best first: a plugin called as configured, then the one that it is a synonym of.
    public List<String> names() {
        String synonym = SYNONYMS.get(backend);
        return synonym == null ? List.of(backend) : List.of(backend, synonym);
    }
}
