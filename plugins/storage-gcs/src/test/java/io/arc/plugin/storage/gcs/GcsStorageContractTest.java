package io.arc.plugin.storage.gcs;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.GcsEmulator;
import io.arc.testkit.ObjectStoreContract;
import java.util.Map;
import java.util.Optional;

/// Against an emulator of our own, because none that can be had enforces preconditions: that the real service lets one creator
/// of a key win is its documentation's word, and no test here has asked it.
final class GcsStorageContractTest extends ObjectStoreContract {
    private String bucket;

    @Override
    protected ObjectStore openEmptyStore() {
        bucket = Buckets.create();
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
        return Optional.of(Buckets.open(Buckets.settings("nobody-made-this", Map.of())));
    }

    /// An account that nobody knows there.
    @Override
    protected Optional<ObjectStore> openWithRefusedCredentials() {
        try (GcsEmulator other = GcsEmulator.start()) {
            return Optional.of(open(Map.of("credentials_json", other.serviceAccountKey().replace(other.endpoint(),
                    Buckets.emulator().endpoint()))));
        }
    }

    @Override
    protected int largeObjectBytes() {
        return 3 * Buckets.CHUNK_BYTES + 12_345;
    }

    @Override
    protected int manyObjects() {
        return 3 * Buckets.PAGE_KEYS + 1;
    }

    private ObjectStore open(Map<String, String> more) {
        return Buckets.open(Buckets.settings(bucket, more));
    }
}
