package io.arc.plugin.storage.gcs;

import com.google.api.gax.retrying.ResultRetryAlgorithm;
import com.google.api.gax.retrying.TimedAttemptSettings;
import com.google.cloud.storage.StorageRetryStrategy;
import java.io.Serializable;

/// Nothing is tried a second time. Stateless.
final class NoRetry implements StorageRetryStrategy {
    private static final long serialVersionUID = 1;

    @Override
    public ResultRetryAlgorithm<?> getIdempotentHandler() {
        return new Never();
    }

    @Override
    public ResultRetryAlgorithm<?> getNonidempotentHandler() {
        return new Never();
    }

    /// Goes with an object that the library declares serializable.
    private record Never() implements ResultRetryAlgorithm<Object>, Serializable {
        @Override
        public TimedAttemptSettings createNextAttempt(Throwable failure, Object response, TimedAttemptSettings previous) {
            return null;
        }

        @Override
        public boolean shouldRetry(Throwable failure, Object response) {
            return false;
        }
    }
}
