package io.arc.runtime.http;

import io.helidon.common.GenericType;
import io.helidon.common.buffers.DataReader;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http.spi.Sink;

/// Sees a client that goes away while its answer is being computed, which nobody else would: between requests nothing reads
/// the socket.
///
/// From some time on a thread of its own reads ahead. It cannot be stopped without closing the connection, so that a
/// connection once watched serves no further request: [Gate] closes it after the answer. Short queries are never watched.
///
/// Asked on any thread; made and closed by the one that serves the request.
final class ClientWatch {
    /// What [Gate] finds in the request's context when the connection is used up.
    record UsedUp() {}

    private static final GenericType<Line> LINE = GenericType.create(Line.class);
    private static final long PATIENCE_NANOS = 1_000_000_000L;

    private final ServerRequest request;
    private final ConnectionContext connection;
    private final long started = System.nanoTime();
    private boolean watching;
    private boolean answering;
    private volatile boolean gone;

    ClientWatch(ServerRequest request, ServerResponse response) {
        this.request = request;
        this.connection = response.<Line>sink(LINE).connection();
    }

    /// Whether the client is known to be gone. Starts the watching when it is time.
    boolean isGone() {
        if (!gone && System.nanoTime() - started > PATIENCE_NANOS) {
            watch();
        }
        return gone;
    }

    private synchronized void watch() {
        if (watching || answering) {
            return;
        }
        watching = true;
        request.context().register(new UsedUp());
        DataReader reader = connection.dataReader();
        Thread.ofVirtual().name("arc-http-watch").start(() -> {
            try {
                reader.ensureAvailable();
            } catch (DataReader.InsufficientDataAvailableException | CloseConnectionException end) {
                gone = true;
            } catch (RuntimeException broken) {
                gone = true;
            }
        });
    }

    /// From here on writing tells of a lost client.
    ///
    /// @return whether the connection ends with this answer
    synchronized boolean answer() {
        answering = true;
        return watching;
    }

    /// How to get at a request's connection: Helidon shows it to those who provide sinks.
    ///
    /// @param connection the one that the response goes to
    record Line(ConnectionContext connection) implements Sink<Object> {
        @Override
        public Sink<Object> emit(Object ignored) {
            throw new UnsupportedOperationException("this sink shows a connection and takes nothing");
        }

        @Override
        public void close() {
            // Nothing was opened.
        }
    }
}
