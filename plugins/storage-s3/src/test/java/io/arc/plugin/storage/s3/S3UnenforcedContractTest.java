package io.arc.plugin.storage.s3;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreContract;
import java.util.Map;
import java.util.Optional;

/// The same store as older clones are: without conditional writes, and with checksums as AWS has them.
final class S3UnenforcedContractTest extends ObjectStoreContract {
    private String bucket;

    @Override
    protected ObjectStore openEmptyStore() {
        bucket = TestBuckets.create();
        return open();
    }

    /// The emulator sorts by UTF-16.
    @Override
    protected boolean ordersByUtf8() {
        return false;
    }

    @Override
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.of(open());
    }

    private ObjectStore open() {
        return TestBuckets.open(TestBuckets.settings(bucket, Map.of("conditional_writes", "off", "checksums", "on",
                "prefix", "deep/folder")));
    }
}
