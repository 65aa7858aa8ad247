package io.arc.plugin.storage.s3;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreFaultContract;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

final class S3FaultContractTest extends ObjectStoreFaultContract {
    private String bucket;

    @Override
    protected InetSocketAddress emptyBackend() {
        bucket = TestBuckets.create();
        return TestBuckets.emulator().address();
    }

    @Override
    protected ObjectStore openThrough(int port, Duration timeout) {
        return TestBuckets.open(TestBuckets.settings(bucket, Map.of("endpoint", "http://127.0.0.1:" + port,
                "request_timeout", timeout.toMillis() + "ms", "connect_timeout", timeout.toMillis() + "ms")));
    }

    @Override
    protected byte[] unavailableReply() {
        return S3Replies.error(503, "SlowDown", "Please reduce your request rate.");
    }

    @Override
    protected Optional<byte[]> expiredReply() {
        return Optional.of(S3Replies.error(400, "ExpiredToken", "The provided token has expired."));
    }
}
