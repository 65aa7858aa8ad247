package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.ErrorCode.Category;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HexFormat;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;

/// Turns a failure into a status and a body. A client's mistake is told in full; of ours it learns an incident number that
/// stands in the log beside the cause.
final class ErrorResponses {
    private static final Logger LOG = System.getLogger(ErrorResponses.class.getName());

    /// @param retryAfterSeconds for failures that pass by themselves
    record Answer(int status, String body, OptionalInt retryAfterSeconds) {}

    private ErrorResponses() {}

    static Answer of(Throwable failure, ErrorShape shape) {
        if (failure instanceof ArcException known) {
            int status = status(known.code());
            String text = status == 500 ? incident(known) : known.getMessage();
            OptionalInt retry = status == 503 || status == 429 ? OptionalInt.of(retryAfterSeconds(known.code()))
                    : OptionalInt.empty();
            return new Answer(status, body(shape, known.code(), text), retry);
        }
        return new Answer(500, body(shape, ErrorCode.INTERNAL, incident(failure)), OptionalInt.empty());
    }

    static int status(ErrorCode code) {
        return switch (code.category()) {
            case BAD_REQUEST -> 400;
            case UNAUTHENTICATED -> 401;
            case FORBIDDEN -> 403;
            case NOT_FOUND -> 404;
            case CONFLICT -> 409;
            case TOO_LARGE -> 413;
            case TIMEOUT -> 504;
            case UNAVAILABLE -> 503;
            case INTERNAL -> 500;
        };
    }

    private static int retryAfterSeconds(ErrorCode code) {
        return code == ErrorCode.STORAGE_UNAVAILABLE || code == ErrorCode.STORAGE_OUTCOME_UNKNOWN ? 5 : 1;
    }

    private static String incident(Throwable failure) {
        String number = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
        LOG.log(Level.ERROR, "incident " + number, failure);
        return "internal error, incident " + number + "; the server's log has the cause";
    }

    static String body(ErrorShape shape, ErrorCode code, String text) {
        return begun(shape, code, text).endObject().toString();
    }

    /// @param dropped how many records of the request are not stored, while others are
    static String partialBody(ErrorShape shape, String text, long dropped) {
        return begun(shape, ErrorCode.PARTIAL_WRITE, text).name("dropped").value(dropped).endObject().toString();
    }

    private static Json begun(ErrorShape shape, ErrorCode code, String text) {
        Json json = new Json().object();
        // Clients of every shape tell by this that it was the token.
        boolean isAboutToken = code.category() == Category.UNAUTHENTICATED || code.category() == Category.FORBIDDEN;
        if (shape == ErrorShape.ARC || isAboutToken) {
            json.name("success").value(false);
        }
        return switch (shape) {
            case ARC -> json.name("error").value(text).name("message").value(text);
            case INFLUX_1 -> json.name("error").value(text);
            case INFLUX_2 -> json.name("code").value(influxCode(code)).name("message").value(text).name("error").value(text);
        };
    }

    /// The words by which InfluxDB's clients tell a batch that will never be taken, which they drop, from one to send again.
    static ArcException worded(ArcException refused, ErrorShape shape) {
        String words = switch (refused.code()) {
            case MALFORMED_PAYLOAD, INVALID_TIMESTAMP, INVALID_NAME -> "unable to parse: ";
            case TYPE_CONFLICT -> "field type conflict: ";
            default -> "";
        };
        return shape == ErrorShape.ARC || words.isEmpty() ? refused
                : new ArcException(refused.code(), words + refused.getMessage(), refused);
    }

    private static String influxCode(ErrorCode code) {
        return switch (code.category()) {
            case BAD_REQUEST -> "invalid";
            case UNAUTHENTICATED -> "unauthorized";
            case FORBIDDEN -> "forbidden";
            case NOT_FOUND -> "not found";
            case CONFLICT -> "conflict";
            case TOO_LARGE -> "request too large";
            case TIMEOUT, UNAVAILABLE -> "unavailable";
            case INTERNAL -> "internal error";
        };
    }
}
