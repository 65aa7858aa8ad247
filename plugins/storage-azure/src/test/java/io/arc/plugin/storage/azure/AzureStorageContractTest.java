package io.arc.plugin.storage.azure;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreContract;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/// Against the vendor's emulator.
final class AzureStorageContractTest extends ObjectStoreContract {
    private String container;

    @Override
    protected ObjectStore openEmptyStore() {
        container = Containers.create();
        return open(Map.of());
    }

    @Override
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.of(open(Map.of()));
    }

    @Override
    protected Optional<ObjectStore> openUnderPrefix(String prefix) {
        return Optional.of(open(Map.of("prefix", "/" + prefix + "/")));
    }

    @Override
    protected Optional<ObjectStore> openAtMissingPlace() {
        return Optional.of(Containers.open(Containers.settings("nobody-made-this", Map.of())));
    }

    @Override
    protected Optional<ObjectStore> openWithRefusedCredentials() {
        return Optional.of(open(Map.of("account_key", Base64.getEncoder().encodeToString(new byte[64]))));
    }

    /// JavaScript's order.
    @Override
    protected boolean ordersByUtf8() {
        return false;
    }

    @Override
    protected int largeObjectBytes() {
        return Containers.SINGLE_PUT_BYTES + 12_345;
    }

    @Override
    protected int manyObjects() {
        return 3 * Containers.PAGE_KEYS + 1;
    }

    private ObjectStore open(Map<String, String> more) {
        return Containers.open(Containers.settings(container, more));
    }
}
