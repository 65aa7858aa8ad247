package io.arc.plugin.storage.azure;

import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreContract;
import io.arc.testkit.TestPluginContext;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/// Against the vendor's emulator.
final class AzureStorageContractTest extends ObjectStoreContract {
    /// Small, so that listings have several pages without thousands of blobs.
    private static final int PAGE_KEYS = 70;

    @TempDir
    private static Path data;
    private static Azurite azurite;

    @TempDir
    private Path directory;
    private String container;

    @BeforeAll
    static void start() throws Exception {
        azurite = Azurite.start(data);
    }

    @AfterAll
    static void stop() throws Exception {
        if (azurite != null) {
            azurite.close();
        }
    }

    @Override
    protected ObjectStore openEmptyStore() {
        container = "c" + UUID.randomUUID();
        new BlobServiceClientBuilder().endpoint(azurite.endpoint()).httpClient(new JdkHttpClientBuilder().build())
                .credential(new StorageSharedKeyCredential(Azurite.ACCOUNT, Azurite.KEY)).buildClient()
                .createBlobContainer(container);
        return open();
    }

    @Override
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.of(open());
    }

    @Override
    protected int largeObjectBytes() {
        return AzureObjectStore.MAX_SINGLE_PUT_BYTES + 12_345;
    }

    @Override
    protected int manyObjects() {
        return 3 * PAGE_KEYS + 1;
    }

    private ObjectStore open() {
        AzureStorage storage = new AzureStorage();
        return AzureStorage.open(new TestPluginContext(storage, directory, Map.of("container", container, "account_name",
                Azurite.ACCOUNT, "account_key", Azurite.KEY, "endpoint", azurite.endpoint(), "prefix", "/some/where/")), PAGE_KEYS);
    }
}
