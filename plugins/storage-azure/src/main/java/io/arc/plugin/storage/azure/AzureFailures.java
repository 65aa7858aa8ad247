package io.arc.plugin.storage.azure;

import com.azure.core.exception.AzureException;
import com.azure.core.exception.ClientAuthenticationException;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobStorageException;
import io.arc.api.ErrorCode;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;

/// What a failure of the SDK means.
final class AzureFailures {
    private static final int MAX_CAUSES = 20;

    private AzureFailures() {}

    /// Whether a call that changes something may have taken effect.
    static ErrorCode ofChange(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = next(cause)) {
            switch (cause) {
                case BlobStorageException answered -> {
                    // An answer without a code is some gateway's, which does not know what the service did; and a service that
                    // failed may have done its work before.
                    int status = answered.getStatusCode();
                    return status < 500 && status != 408 && answered.getErrorCode() != null ? ErrorCode.STORAGE_UNAVAILABLE
                            : ErrorCode.STORAGE_OUTCOME_UNKNOWN;
                }
                // Nothing has been sent yet.
                case ConnectException _, UnknownHostException _, NoRouteToHostException _, ClientAuthenticationException _ -> {
                    return ErrorCode.STORAGE_UNAVAILABLE;
                }
                default -> {
                    // The reason may be further down.
                }
            }
        }
        return ErrorCode.STORAGE_OUTCOME_UNKNOWN;
    }

    private static Throwable next(Throwable failure) {
        return failure.getCause() == failure ? null : failure.getCause();
    }

    static boolean isMissingBlob(BlobStorageException refused) {
        return refused.getStatusCode() == 404 && !BlobErrorCode.CONTAINER_NOT_FOUND.equals(refused.getErrorCode())
                && !BlobErrorCode.CONTAINER_BEING_DELETED.equals(refused.getErrorCode());
    }

    /// Passes on mistakes of a program, which are not a store's failure.
    static void rethrowIfNotOurs(RuntimeException failure) {
        if (failure instanceof NullPointerException || failure instanceof ClassCastException
                || failure instanceof IndexOutOfBoundsException) {
            throw failure;
        }
    }

    /// One line for the operator, without the request's headers and without a signature.
    static String sentence(Throwable failure) {
        Throwable cause = failure;
        for (int depth = 0; depth < MAX_CAUSES && next(cause) != null; depth++) {
            if (cause instanceof BlobStorageException || cause instanceof ClientAuthenticationException) {
                break;
            }
            cause = next(cause);
        }
        return switch (cause) {
            case BlobStorageException answered -> "the service answered " + answered.getStatusCode()
                    + (answered.getErrorCode() == null ? "" : " " + answered.getErrorCode()) + hint(answered);
            case ClientAuthenticationException refused -> "no token could be had for this server's identity ("
                    + firstLine(refused)
                    + "); set storage.azure.account_key, .sas_token or .connection_string, or give the machine an identity";
            case AzureException other -> firstLine(other);
            default -> cause.getClass().getSimpleName() + (cause.getMessage() == null ? "" : ": " + firstLine(cause));
        };
    }

    private static String hint(BlobStorageException answered) {
        if (BlobErrorCode.CONTAINER_NOT_FOUND.equals(answered.getErrorCode())) {
            return ": create the container, or correct storage.azure.container";
        }
        return switch (answered.getStatusCode()) {
            case 401, 403 -> ": check the credentials, and that they may read, write, delete and list";
            default -> "";
        };
    }

    private static String firstLine(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        return message.lines().findFirst().orElse("").replaceAll("sig=[^&\\s]*", "sig=...");
    }
}
