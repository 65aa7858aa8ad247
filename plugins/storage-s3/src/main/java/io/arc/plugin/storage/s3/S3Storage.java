package io.arc.plugin.storage.s3;

import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.PluginContext;
import io.arc.api.spi.StorageBackend;
import java.util.List;

/// The storage backend `s3`, which also answers to `minio` and `ceph`.
public final class S3Storage implements StorageBackend {
    @Override
    public String name() {
        return "s3";
    }

    @Override
    public List<ConfigKey<?>> configKeys() {
        return S3Settings.KEYS;
    }

    @Override
    public ObjectStore open(PluginContext context) {
        return S3ObjectStore.open(S3Settings.from(context));
    }
}
