package io.arc.plugin.storage.gcs;

import com.google.api.client.http.HttpResponseException;
import com.google.cloud.storage.StorageException;
import io.arc.api.ErrorCode;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;

/// What a failure of the SDK means.
final class GcsFailures {
    private static final int MAX_CAUSES = 20;

    private GcsFailures() {}

    /// Whether a call that changes something may have taken effect.
    static ErrorCode ofChange(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < MAX_CAUSES && cause != null; depth++) {
            int status = status(cause);
            if (status > 0) {
                // A service that failed may have done its work before.
                return status >= 400 && status < 500 && status != 408 ? ErrorCode.STORAGE_UNAVAILABLE
                        : ErrorCode.STORAGE_OUTCOME_UNKNOWN;
            }
            // Nothing has been sent yet.
            if (cause instanceof ConnectException || cause instanceof UnknownHostException
                    || cause instanceof NoRouteToHostException) {
                return ErrorCode.STORAGE_UNAVAILABLE;
            }
            cause = cause.getCause();
        }
        return ErrorCode.STORAGE_OUTCOME_UNKNOWN;
    }

    /// The status of the service's answer, or 0 when there was none.
    private static int status(Throwable failure) {
        return switch (failure) {
            case StorageException answered -> Math.max(0, answered.getCode());
            case HttpResponseException answered -> answered.getStatusCode();
            default -> 0;
        };
    }

    static boolean isMissingObject(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < MAX_CAUSES && cause != null; depth++) {
            if (status(cause) == 404) {
                return !String.valueOf(cause.getMessage()).contains("bucket does not exist");
            }
            cause = cause.getCause();
        }
        return false;
    }

    /// Passes on mistakes of a program, which are not a store's failure.
    static void rethrowIfNotOurs(RuntimeException failure) {
        if (failure instanceof NullPointerException || failure instanceof ClassCastException
                || failure instanceof IndexOutOfBoundsException) {
            throw failure;
        }
    }

    /// One line for the operator, without the request.
    static String sentence(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < MAX_CAUSES; depth++) {
            int status = status(cause);
            if (status > 0) {
                return "the service answered " + status + ": " + firstLine(cause) + hint(status);
            }
            if (cause.getCause() == null || cause.getCause() == cause) {
                break;
            }
            cause = cause.getCause();
        }
        return cause.getClass().getSimpleName() + ": " + firstLine(cause);
    }

    private static String hint(int status) {
        return switch (status) {
            case 401, 403 -> " (check the credentials, and that they may create, get, list and delete objects)";
            case 404 -> " (create the bucket, or correct storage.gcs.bucket)";
            default -> "";
        };
    }

    private static String firstLine(Throwable failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }
}
