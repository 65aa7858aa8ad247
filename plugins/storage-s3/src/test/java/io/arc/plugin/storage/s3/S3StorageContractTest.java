package io.arc.plugin.storage.s3;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreContract;
import java.util.Map;
import java.util.Optional;

final class S3StorageContractTest extends ObjectStoreContract {
    private String bucket;

    @Override
    protected ObjectStore openEmptyStore() {
        bucket = TestBuckets.create();
        return open(bucket, Map.of());
    }

    /// The emulator sorts by UTF-16.
    @Override
    protected boolean ordersByUtf8() {
        return false;
    }

    @Override
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.of(open(bucket, Map.of()));
    }

    @Override
    protected Optional<ObjectStore> openUnderPrefix(String prefix) {
        return Optional.of(open(bucket, Map.of("prefix", "/" + prefix + "/")));
    }

    @Override
    protected Optional<ObjectStore> openAtMissingPlace() {
        return Optional.of(open("nobody-made-this", Map.of()));
    }

    @Override
    protected Optional<ObjectStore> openWithRefusedCredentials() {
        return Optional.of(open(bucket, Map.of("secret_key", "wrong")));
    }

    private static ObjectStore open(String bucket, Map<String, String> more) {
        return TestBuckets.open(TestBuckets.settings(bucket, more));
    }
}
