package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.HttpException;
import io.helidon.http.RequestException;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.ErrorHandler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// Answers whatever a handler, a resource or the server under us throws.
final class Failures implements ErrorHandler<Throwable> {
    private static final Logger LOG = System.getLogger(Failures.class.getName());

    private final ServerState state;

    Failures(ServerState state) {
        this.state = state;
    }

    @Override
    public void handle(ServerRequest request, ServerResponse response, Throwable failure) {
        if (response.isSent() || isConnection(failure)) {
            // The status is out, or nobody is there to read it; only a broken connection can tell the client now.
            LOG.log(Level.DEBUG, "an answer broke off", failure);
            throw failure instanceof CloseConnectionException closing ? closing
                    : new CloseConnectionException("an answer broke off", failure);
        }
        response.headers().remove(HeaderNames.CONTENT_LENGTH);
        if (Bodies.isTooLongToSkip(request)) {
            response.header(HeaderValues.CONNECTION_CLOSE);
        }
        ErrorShape shape = shape(request);
        switch (failure) {
            case ArcException known -> Answers.failure(request, response, known, shape);
            case HttpException http when http.getCause() instanceof ArcException known ->
                    Answers.failure(request, response, known, shape);
            case HttpException http -> {
                http.headers().forEach(response::header);
                status(request, response, http.status().code(), http.getMessage(), shape);
            }
            case RequestException refused -> {
                response.header(HeaderValues.CONNECTION_CLOSE);
                status(request, response, refused.status().code(), refused.getMessage(), shape);
            }
            default -> Answers.failure(request, response, failure, shape);
        }
    }

    private static boolean isConnection(Throwable failure) {
        return failure instanceof CloseConnectionException || failure instanceof ServerConnectionException
                || failure instanceof UncheckedIOException;
    }

    private static void status(ServerRequest request, ServerResponse response, int status, String message, ErrorShape shape) {
        if (status >= 500) {
            Answers.failure(request, response, new IllegalStateException(message), shape);
            return;
        }
        String text = switch (status) {
            case 404 -> cannot(request);
            case 405 -> request.prologue().method().text() + " is not possible on " + request.path().path();
            case 413 -> "the body is larger than the server accepts (server.max_payload_size); send smaller requests";
            default -> message == null ? "the request is refused with status " + status : message;
        };
        ErrorCode code = switch (status) {
            case 404, 405 -> ErrorCode.NOT_FOUND;
            case 413 -> ErrorCode.PAYLOAD_TOO_LARGE;
            default -> ErrorCode.INVALID_PARAMETER;
        };
        Answers.json(request, response, status, ErrorResponses.body(shape, code, text));
    }

    /// Clients tell by the first word that a feature is not there.
    static String cannot(ServerRequest request) {
        return "Cannot " + request.prologue().method().text() + " " + request.path().path();
    }

    private ErrorShape shape(ServerRequest request) {
        return state.servicesIfReady().map(services -> services.protocols().get(RequestPath.normalise(request.path().path())))
                .map(route -> route.endpoint().errorShape()).orElse(ErrorShape.ARC);
    }
}
