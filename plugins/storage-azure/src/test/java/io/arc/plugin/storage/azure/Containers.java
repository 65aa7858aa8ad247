package io.arc.plugin.storage.azure;

import com.azure.core.http.HttpClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.Azurite;
import io.arc.testkit.TestPluginContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/// One emulator for all tests of this JVM, and containers in it.
final class Containers {
    /// Small, so that listings have several pages without thousands of blobs.
    static final int PAGE_KEYS = 70;
    /// Small as well, so that a large object need not be one.
    static final int SINGLE_PUT_BYTES = 4 << 20;
    static final Path INSTALLED = Path.of("target", "azurite");

    private Containers() {}

    private static final class Running {
        static final Azurite AZURITE = start();

        private static Azurite start() {
            try {
                Azurite azurite = Azurite.start(INSTALLED);
                Runtime.getRuntime().addShutdownHook(new Thread(azurite::close));
                return azurite;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    static Azurite azurite() {
        return Running.AZURITE;
    }

    /// The SDK's client of a container, for what the store itself cannot do.
    static BlobContainerClient client(String container) {
        HttpClient http = new BlockingHttpClient(new Connections(Duration.ofSeconds(5), Duration.ofSeconds(60)));
        return new BlobServiceClientBuilder().endpoint(azurite().endpoint()).httpClient(http)
                .credential(new StorageSharedKeyCredential(Azurite.ACCOUNT, Azurite.KEY)).buildClient()
                .getBlobContainerClient(container);
    }

    /// A new empty container's name.
    static String create() {
        String name = "c" + UUID.randomUUID();
        client(name).create();
        return name;
    }

    /// @param more on top of container, endpoint and credentials; an empty value takes one away
    static Map<String, String> settings(String container, Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of("container", container, "account_name", Azurite.ACCOUNT,
                "account_key",
                Azurite.KEY, "endpoint", azurite().endpoint()));
        settings.putAll(more);
        settings.values().removeIf(String::isEmpty);
        return settings;
    }

    static ObjectStore open(Map<String, String> settings) {
        return AzureStorage.open(new TestPluginContext(new AzureStorage(), Path.of("unused"), settings), SINGLE_PUT_BYTES,
                PAGE_KEYS);
    }
}
