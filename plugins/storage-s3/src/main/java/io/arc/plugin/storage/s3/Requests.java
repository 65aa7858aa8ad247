package io.arc.plugin.storage.s3;

import io.arc.api.ArcException;
import java.util.function.Supplier;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;

/// Sends requests by the SDK, whose parsers let exceptions of other libraries through when an answer is cut short.
final class Requests {
    private Requests() {}

    /// @throws SdkException for every failure of the request
    static <T> T send(Supplier<T> request) {
        try {
            return request.get();
        } catch (SdkException | ArcException known) {
            throw known;
        } catch (RuntimeException unreadable) {
            throw SdkClientException.create("the store's answer cannot be understood: " + unreadable.getMessage(), unreadable);
        }
    }
}
