package io.arc.plugin.storage.s3;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.S3Emulator;
import io.arc.testkit.TestPluginContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// One emulator for all tests of this JVM, and a bucket of its own for each.
final class TestBuckets {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private TestBuckets() {}

    private static final class Running {
        static final S3Emulator EMULATOR = start();

        private static S3Emulator start() {
            try {
                Path folder = Files.createTempDirectory("arc-s3-emulator");
                S3Emulator emulator = S3Emulator.start(folder);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    emulator.close();
                    remove(folder);
                }));
                return emulator;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    static S3Emulator emulator() {
        return Running.EMULATOR;
    }

    /// A new empty bucket's name.
    static String create() {
        String name = "bucket-" + COUNT.incrementAndGet();
        emulator().createBucket(name);
        return name;
    }

    /// @param more on top of bucket, endpoint and credentials
    static Map<String, String> settings(String bucket, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of("bucket", bucket, "endpoint", emulator().endpoint(),
                "access_key", S3Emulator.ACCESS_KEY, "secret_key", S3Emulator.SECRET_KEY, "multipart_threshold", "5MiB",
                "part_size", "5MiB"));
        settings.putAll(more);
        return settings;
    }

    static ObjectStore open(Map<String, String> settings) {
        S3Storage storage = new S3Storage();
        return storage.open(new TestPluginContext(storage, Path.of("unused"), settings));
    }

    private static void remove(Path folder) {
        try (java.util.stream.Stream<Path> all = Files.walk(folder)) {
            all.sorted(java.util.Comparator.reverseOrder()).forEach(each -> each.toFile().delete());
        } catch (IOException left) {
            // A temporary folder stays.
        }
    }
}
