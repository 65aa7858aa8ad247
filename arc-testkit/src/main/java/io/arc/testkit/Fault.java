package io.arc.testkit;

import java.nio.charset.StandardCharsets;
import java.util.Objects;

/// What a [FaultProxy] does to one request. All but [Pass] and the slow ones end its connection.
public sealed interface Fault {
    /// Nothing.
    record Pass() implements Fault {}

    /// The connection is reset before the backend hears of the request.
    record Refuse() implements Fault {}

    /// The connection is closed in an orderly way before the backend hears of the request, as an idle one is.
    record CloseBefore() implements Fault {}

    /// The backend gets the head and so many bytes of the body; then both connections are reset.
    record ResetRequest(long bodyBytes) implements Fault {}

    /// The request is taken and nobody answers; the backend never hears of it and the connection stays open.
    record StallRequest() implements Fault {}

    /// The body trickles to the backend.
    record SlowRequest(int bytesPerSecond) implements Fault {}

    /// The backend carries the request out; its reply is thrown away and the connection reset.
    record LoseReply() implements Fault {}

    /// The backend carries the request out; so many bytes of the reply, head included, arrive before the connection is reset.
    record ResetReply(long bytes) implements Fault {}

    /// The backend carries the request out; the reply's head arrives, then half of the body, then an orderly end.
    record TruncateReply() implements Fault {}

    /// The backend carries the request out; so many bytes of the reply arrive, then nothing, and the connection stays open.
    record StallReply(long bytes) implements Fault {}

    /// The backend carries the request out; the reply trickles.
    record SlowReply(int bytesPerSecond) implements Fault {}

    /// The backend never hears of the request, which is read and answered with these bytes.
    record Answer(byte[] reply) implements Fault {
        public Answer {
            Objects.requireNonNull(reply, "reply");
        }
    }

    /// The backend carries the request out; its reply is replaced by these bytes.
    record AnswerAfter(byte[] reply) implements Fault {
        public AnswerAfter {
            Objects.requireNonNull(reply, "reply");
        }
    }

    /// An HTTP/1.1 reply, for [Answer] and [AnswerAfter].
    ///
    /// @param reason the words behind the status
    static byte[] reply(int status, String reason, String contentType, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return ("HTTP/1.1 " + status + " " + reason + "\r\nContent-Type: " + contentType + "\r\nContent-Length: " + bytes.length
                + "\r\nConnection: close\r\n\r\n" + body).getBytes(StandardCharsets.UTF_8);
    }
}
