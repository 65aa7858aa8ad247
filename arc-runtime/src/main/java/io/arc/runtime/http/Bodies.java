package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.runtime.buffer.MemoryBudget;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.OptionalLong;

/// Reads requests' bodies: whole, within a limit, within the memory for bodies, and not for ever. Thread-safe.
final class Bodies implements AutoCloseable {
    private static final int FIRST_BYTES = 1 << 16;
    /// What is read of a body that nobody wants, so that the client gets to read the answer.
    private static final int MAX_DRAINED_BYTES = 1 << 22;

    /// A body whose reading has begun. A second stream of it cannot be had.
    private record Begun(InputStream body) {}

    private final StallGuard stalls;
    private final MemoryBudget memory;

    Bodies(HttpOptions options) {
        this.stalls = new StallGuard(options.readTimeout());
        this.memory = new MemoryBudget(options.maxBodyBytesInFlight());
    }

    /// The memory that one request's body takes, until it is closed. One thread.
    final class Share implements AutoCloseable {
        private long bytes;

        /// @param total what the request takes altogether now
        /// @throws ArcException OVERLOADED when there is not so much
        void grow(long total) {
            long more = total - bytes;
            if (more <= 0) {
                return;
            }
            if (!memory.tryTake(more)) {
                throw new ArcException(ErrorCode.OVERLOADED,
                        "requests under way fill the memory for bodies; send this again later");
            }
            bytes = total;
        }

        @Override
        public void close() {
            memory.give(bytes);
            bytes = 0;
        }
    }

    Share share() {
        return new Share();
    }

    /// @param share charged with what is read
    /// @param maxBytes the most that the body may have
    /// @param setting what an operator changes to allow more
    /// @throws ArcException PAYLOAD_TOO_LARGE before anything is read when the length is announced, MALFORMED_PAYLOAD for a
    ///     body that ends early
    /// @throws CloseConnectionException when the client stops sending
    ByteSlice read(ServerRequest request, Share share, long maxBytes, String setting) {
        OptionalLong announced = request.headers().contentLength();
        if (announced.orElse(0) > maxBytes) {
            throw tooLarge(announced.getAsLong() + " bytes", maxBytes, setting);
        }
        if (!request.content().hasEntity()) {
            return ByteSlice.of(new byte[0]);
        }
        share.grow(announced.orElse(0));
        StallGuard.Watch watch = stalls.watch();
        try {
            // Never closed: closing reads on to the end.
            InputStream body = request.content().inputStream();
            request.context().register(new Begun(body));
            ByteSlice read = announced.isPresent() ? readExactly(body, Math.toIntExact(announced.getAsLong()), watch)
                    : readAll(body, share, watch, maxBytes, setting);
            watch.end();
            return read;
        } catch (ArcException known) {
            throw known;
        } catch (IOException | RuntimeException broken) {
            String why = watch.end() ? "a body stopped arriving" : "a body broke off";
            throw new CloseConnectionException(why, broken);
        } finally {
            watch.close();
        }
    }

    /// The same for a body that someone else reads: with the first byte that is asked for, all of it is taken.
    InputStream guarded(InputStream body, int maxBytes) {
        return new InputStream() {
            private InputStream taken;

            private InputStream taken() {
                if (taken == null) {
                    taken = Bodies.this.taken(body, maxBytes);
                }
                return taken;
            }

            @Override
            public int read() throws IOException {
                return taken().read();
            }

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                return taken().read(bytes, offset, length);
            }

            @Override
            public int available() throws IOException {
                return taken == null ? 0 : taken.available();
            }
        };
    }

    private InputStream taken(InputStream body, int maxBytes) {
        StallGuard.Watch watch = stalls.watch();
        try (Share share = share()) {
            ByteSlice read = readAll(body, share, watch, maxBytes, "");
            return new ByteArrayInputStream(read.array(), read.offset(), read.length());
        } catch (ArcException known) {
            throw known;
        } catch (IOException | RuntimeException broken) {
            String why = watch.end() ? "a body stopped arriving" : "a body broke off";
            throw new CloseConnectionException(why, broken);
        } finally {
            watch.close();
        }
    }

    private static ByteSlice readExactly(InputStream body, int length, StallGuard.Watch watch) throws IOException {
        byte[] bytes = new byte[length];
        int read = 0;
        while (read < length) {
            int step = body.read(bytes, read, length - read);
            if (step < 0) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body ended after " + read + " of " + length
                        + " bytes");
            }
            watch.progressed();
            read += step;
        }
        // Reading on to the end tells the server under us that the next request begins here.
        if (body.read() >= 0) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body has more than the announced " + length + " bytes");
        }
        return ByteSlice.of(bytes);
    }

    private static ByteSlice readAll(InputStream body, Share share, StallGuard.Watch watch, long maxBytes, String setting)
            throws IOException {
        byte[] bytes = new byte[FIRST_BYTES];
        share.grow(bytes.length);
        int length = 0;
        while (true) {
            int read = body.read(bytes, length, bytes.length - length);
            if (read < 0) {
                return new ByteSlice(bytes, 0, length);
            }
            watch.progressed();
            length += read;
            if (length > maxBytes) {
                throw tooLarge("more than " + maxBytes + " bytes", maxBytes, setting);
            }
            if (length == bytes.length) {
                int larger = (int) Math.min(2L * length, Integer.MAX_VALUE - 8);
                share.grow(larger);
                bytes = Arrays.copyOf(bytes, larger);
            }
        }
    }

    private static ArcException tooLarge(String what, long maxBytes, String setting) {
        return new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the body is " + what + "; up to " + maxBytes
                + " bytes are accepted"
                + setting + ", so send smaller requests");
    }

    /// Whether an answer that leaves this request's body unread has to end the connection.
    static boolean isTooLongToSkip(ServerRequest request) {
        return request.content().hasEntity() && !request.content().consumed()
                && (expectsContinue(request) || request.headers().contentLength().orElse(Long.MAX_VALUE) > FIRST_BYTES);
    }

    private static boolean expectsContinue(ServerRequest request) {
        return request.headers().contains(HeaderNames.EXPECT);
    }

    /// Reads on for a while after such an answer, and ends the connection. Closing at once would make the client's kernel
    /// throw the answer away.
    ///
    /// @throws CloseConnectionException always
    void skipAndClose(ServerRequest request, ServerResponse response) {
        if (!expectsContinue(request) && response.isSent()) {
            StallGuard.Watch watch = stalls.watch();
            try {
                InputStream body = request.context().get(Begun.class).map(Begun::body)
                        .orElseGet(() -> request.content().inputStream());
                byte[] scratch = new byte[FIRST_BYTES];
                int skipped = 0;
                while (skipped < MAX_DRAINED_BYTES) {
                    int read = body.read(scratch);
                    if (read < 0) {
                        break;
                    }
                    skipped += read;
                }
            } catch (IOException | RuntimeException broken) {
                throw new CloseConnectionException("the unread body broke off", broken);
            } finally {
                watch.close();
            }
        }
        throw new CloseConnectionException("the body is left unread");
    }

    @Override
    public void close() {
        stalls.close();
    }
}
