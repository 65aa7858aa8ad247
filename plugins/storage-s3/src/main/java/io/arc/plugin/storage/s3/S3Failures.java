package io.arc.plugin.storage.s3;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.ConnectionRequestTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/// What a failure of the SDK says about the request behind it.
final class S3Failures {
    private static final int NOT_FOUND = 404;
    private static final int CONFLICT = 409;
    private static final int PRECONDITION_FAILED = 412;
    private static final int RANGE_NOT_SATISFIABLE = 416;
    private static final int REQUEST_TIMEOUT = 408;
    private static final int NOT_IMPLEMENTED = 501;

    private final S3Settings settings;

    S3Failures(S3Settings settings) {
        this.settings = settings;
    }

    /// A request that changes nothing whatever becomes of it.
    ArcException reading(String doing, SdkException failure) {
        return new ArcException(ErrorCode.STORAGE_UNAVAILABLE, sentence(doing, failure), failure);
    }

    /// A request that may change something: surely has not when the store refused it or never got it.
    ArcException changing(String doing, SdkException failure) {
        ErrorCode code = isRefusal(failure) || neverLeft(failure) ? ErrorCode.STORAGE_UNAVAILABLE
                : ErrorCode.STORAGE_OUTCOME_UNKNOWN;
        return new ArcException(code, sentence(doing, failure), failure);
    }

    private static boolean isRefusal(SdkException failure) {
        if (!(failure instanceof S3Exception answer)) {
            return false;
        }
        int status = answer.statusCode();
        boolean isStoreSpeaking = switch (code(answer)) {
            // No code: some gateway's page, which says nothing of what the store did. No upload: it may be complete by now.
            case "", "RequestTimeout", "NoSuchUpload" -> false;
            default -> true;
        };
        return isStoreSpeaking && (status >= 400 && status < 500 && status != REQUEST_TIMEOUT || status == NOT_IMPLEMENTED);
    }

    /// Whether no byte can have reached the store: no credentials, no address, no connection.
    private static boolean neverLeft(SdkException failure) {
        if (failure instanceof S3Exception) {
            return false;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException || cause instanceof UnknownHostException
                    || cause instanceof NoRouteToHostException || cause instanceof ConnectTimeoutException
                    || cause instanceof ConnectionRequestTimeoutException) {
                return true;
            }
        }
        return text(failure).contains("Unable to load credentials");
    }

    static boolean isMissing(SdkException failure) {
        return failure instanceof S3Exception answer && answer.statusCode() == NOT_FOUND && !isMissingBucket(answer);
    }

    private static boolean isMissingBucket(S3Exception answer) {
        return code(answer).equals("NoSuchBucket");
    }

    static boolean isTaken(SdkException failure) {
        return failure instanceof S3Exception answer && answer.statusCode() == PRECONDITION_FAILED;
    }

    /// Another writer of the same key was at work at the same time; ours has had no effect.
    static boolean isConflict(SdkException failure) {
        return failure instanceof S3Exception answer && answer.statusCode() == CONFLICT;
    }

    static boolean isBeyondTheEnd(SdkException failure) {
        return failure instanceof S3Exception answer && answer.statusCode() == RANGE_NOT_SATISFIABLE;
    }

    /// The store does not know the operation, a header, or a way to send a checksum.
    static boolean isNotUnderstood(SdkException failure) {
        return failure instanceof S3Exception answer && (answer.statusCode() == NOT_IMPLEMENTED || answer.statusCode() == 400
                && switch (code(answer)) {
                    case "MissingContentMD5", "InvalidRequest", "InvalidArgument", "InvalidDigest", "NotImplemented",
                            "XAmzContentSHA256Mismatch", "MalformedXML", "BadRequest", "" -> true;
                    default -> false;
                });
    }

    private static String code(S3Exception answer) {
        String code = answer.awsErrorDetails() == null ? null : answer.awsErrorDetails().errorCode();
        return code == null ? "" : code;
    }

    private String sentence(String doing, SdkException failure) {
        String reason = failure instanceof S3Exception answer ? reason(answer) : text(failure);
        return doing + " in " + settings.place() + " failed: " + reason;
    }

    private String reason(S3Exception answer) {
        String said = answer.awsErrorDetails() == null || answer.awsErrorDetails().errorMessage() == null ? ""
                : ", " + answer.awsErrorDetails().errorMessage();
        String answered = "the store answered " + answer.statusCode() + (code(answer).isEmpty() ? "" : " " + code(answer)) + said;
        String hint = switch (code(answer)) {
            case "NoSuchBucket" -> "; make the bucket, or correct storage.s3.bucket";
            case "InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "AllAccessDisabled" ->
                    "; check the credentials (storage.s3.access_key and secret_key, or the SDK's chain) and their policy";
            case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken" ->
                    "; the credentials have expired: renew storage.s3.session_token, or leave the credentials to the SDK's chain";
            case "RequestTimeTooSkewed" -> "; set this machine's clock";
            case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException" ->
                    "; check storage.s3.region (" + settings.region() + ") and storage.s3.path_style";
            case "" -> switch (answer.statusCode()) {
                case 301, 307, 400 -> "; check storage.s3.region (" + settings.region() + ") and storage.s3.path_style";
                case 401, 403 -> "; check the credentials (storage.s3.access_key and secret_key, or the SDK's chain) and their policy";
                default -> "";
            };
            default -> "";
        };
        return answered + hint;
    }

    /// The message and the first cause's, which says more than the SDK does.
    private static String text(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root == failure || root.getMessage() == null || failure.getMessage().contains(root.getMessage())
                ? String.valueOf(failure.getMessage()) : failure.getMessage() + " (" + root + ")";
    }
}
