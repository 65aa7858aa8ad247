package io.arc.runtime.http;

import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.UnaryOperator;

/// Sends answers that are whole before they go out.
final class Answers {
    private static final Header JSON = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, "application/json");

    private Answers() {}

    static void json(ServerRequest request, ServerResponse response, int status, String json) {
        response.status(Status.create(status)).header(JSON);
        bytes(request, response, json.getBytes(StandardCharsets.UTF_8));
    }

    static void failure(ServerRequest request, ServerResponse response, Throwable failure, ErrorShape shape) {
        ErrorResponses.Answer answer = ErrorResponses.of(failure, shape);
        answer.retryAfterSeconds().ifPresent(seconds -> response.header(HeaderNames.RETRY_AFTER, Integer.toString(seconds)));
        json(request, response, answer.status(), answer.body());
    }

    /// Status and content type are set. A HEAD gets the length and no body.
    static void bytes(ServerRequest request, ServerResponse response, byte[] body) {
        try {
            if (isHead(request)) {
                length(response, body.length);
                response.send(new byte[0]);
            } else {
                response.send(body);
            }
        } catch (UncheckedIOException | ServerConnectionException gone) {
            throw new CloseConnectionException("the client left before its answer", gone);
        }
    }

    static void length(ServerResponse response, long bytes) {
        response.header(HeaderValues.create(HeaderNames.CONTENT_LENGTH, Long.toString(bytes)));
    }

    static boolean isHead(ServerRequest request) {
        return request.prologue().method().equals(Method.HEAD);
    }

    /// Lets someone else answer, and changes the body before it goes out.
    static void edited(ServerResponse response, UnaryOperator<byte[]> edit) {
        response.streamFilter(out -> new Collector(out, edit));
    }

    /// The server under us closes a stream only after it has been written without a failure.
    private static final class Collector extends ByteArrayOutputStream {
        private final OutputStream out;
        private final UnaryOperator<byte[]> edit;
        private boolean closed;

        Collector(OutputStream out, UnaryOperator<byte[]> edit) {
            this.out = out;
            this.edit = edit;
        }

        @Override
        public void close() throws IOException {
            if (!closed) {
                closed = true;
                out.write(edit.apply(toByteArray()));
                out.close();
            }
        }
    }
}
