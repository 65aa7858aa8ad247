package io.arc.plugin.storage.gcs;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.GcsEmulator;
import io.arc.testkit.TestPluginContext;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// One emulator for all tests of this JVM, and a bucket of its own for each.
final class Buckets {
    /// Small, so that listings have several pages without thousands of objects.
    static final int PAGE_KEYS = 70;
    /// The smallest that the service takes, so that a large object need not be one.
    static final int CHUNK_BYTES = 256 << 10;

    private static final GcsEmulator EMULATOR = GcsEmulator.start();
    private static final AtomicInteger COUNT = new AtomicInteger();

    private Buckets() {}

    static GcsEmulator emulator() {
        return EMULATOR;
    }

    /// A new empty bucket's name.
    static String create() {
        String name = "bucket-" + COUNT.incrementAndGet();
        EMULATOR.createBucket(name);
        return name;
    }

    /// @param more on top of bucket, endpoint and credentials; an empty value takes one away
    static Map<String, String> settings(String bucket, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of("bucket", bucket, "endpoint", EMULATOR.endpoint(),
                "credentials_json",
                EMULATOR.serviceAccountKey()));
        settings.putAll(more);
        settings.values().removeIf(String::isEmpty);
        return settings;
    }

    static ObjectStore open(Map<String, String> settings) {
        return GcsStorage.open(new TestPluginContext(new GcsStorage(), Path.of("unused"), settings), PAGE_KEYS, CHUNK_BYTES);
    }
}
