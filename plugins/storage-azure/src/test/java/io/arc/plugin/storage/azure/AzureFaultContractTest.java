package io.arc.plugin.storage.azure;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.Azurite;
import io.arc.testkit.Fault;
import io.arc.testkit.ObjectStoreFaultContract;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

final class AzureFaultContractTest extends ObjectStoreFaultContract {
    private String container;

    @Override
    protected InetSocketAddress emptyBackend() {
        container = Containers.create();
        return Containers.azurite().address();
    }

    @Override
    protected ObjectStore openThrough(int port, Duration timeout) {
        return Containers.open(Containers.settings(container, Map.of("endpoint", "http://127.0.0.1:" + port + "/"
                + Azurite.ACCOUNT,
                "request_timeout", timeout.toMillis() + "ms", "connect_timeout", timeout.toMillis() + "ms")));
    }

    @Override
    protected byte[] unavailableReply() {
        return error(503, "ServerBusy", "The server is busy.");
    }

    @Override
    protected Optional<byte[]> expiredReply() {
        return Optional.of(error(403, "AuthenticationFailed", "Signature not valid in the specified time frame."));
    }

    @Override
    protected int largeObjectBytes() {
        return 2 * Containers.SINGLE_PUT_BYTES;
    }

    /// As the service writes it: the code also in a header.
    static byte[] error(int status, String code, String message) {
        byte[] plain = Fault.reply(status, code, "application/xml", "<?xml version=\"1.0\" encoding=\"utf-8\"?><Error><Code>"
                + code
                + "</Code><Message>" + message + "</Message></Error>");
        return new String(plain, StandardCharsets.UTF_8).replaceFirst("\r\n", "\r\nx-ms-error-code: " + code + "\r\n")
                .getBytes(StandardCharsets.UTF_8);
    }
}
