package io.arc.plugin.storage.gcs;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.Fault;
import io.arc.testkit.GcsEmulator;
import io.arc.testkit.ObjectStoreFaultContract;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/// Against the emulator of [GcsStorageContractTest], with what is said there.
final class GcsFaultContractTest extends ObjectStoreFaultContract {
    private String bucket;

    @Override
    protected InetSocketAddress emptyBackend() {
        bucket = Buckets.create();
        return Buckets.emulator().address();
    }

    /// Without credentials, so that no request for a token is between those that are counted.
    @Override
    protected ObjectStore openThrough(int port, Duration timeout) {
        return Buckets.open(Buckets.settings(bucket, Map.of("endpoint", "http://127.0.0.1:" + port, "credentials_json", "",
                "request_timeout", timeout.toMillis() + "ms", "connect_timeout", timeout.toMillis() + "ms")));
    }

    @Override
    protected byte[] unavailableReply() {
        return error(503, "Service Unavailable", "backendError", "We encountered an internal error. Please try again.");
    }

    @Override
    protected Optional<byte[]> expiredReply() {
        return Optional.of(error(401, "Unauthorized", "authError", "Invalid Credentials"));
    }

    @Override
    protected int largeObjectBytes() {
        return 3 * Buckets.CHUNK_BYTES + 12_345;
    }

    private static byte[] error(int status, String phrase, String reason, String message) {
        return Fault.reply(status, phrase, "application/json; charset=UTF-8", GcsEmulator.errorBody(status, reason, message));
    }
}
