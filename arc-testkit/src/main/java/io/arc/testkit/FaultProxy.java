package io.arc.testkit;

import io.arc.testkit.HttpMessage.Drain;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/// A TCP proxy on a free port of the loopback address that passes plain HTTP/1.1 on to a backend and breaks it as a script
/// says, request by request. Thread-safe. Every connection has a virtual thread of its own.
public final class FaultProxy implements AutoCloseable {
    private final InetSocketAddress backend;
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final AtomicLong numbers = new AtomicLong();
    private final AtomicInteger injected = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);
    private volatile Script script = request -> new Fault.Pass();
    private volatile ServerSocket listener;

    /// A request that the proxy has seen.
    ///
    /// @param number from 1, in the order of arrival
    /// @param target path and query, as sent
    public record Request(long number, String method, String target) {}

    /// Decides what happens to a request. Called from many threads.
    @FunctionalInterface
    public interface Script {
        Fault faultFor(Request request);
    }

    private FaultProxy(InetSocketAddress backend, ServerSocket listener) {
        this.backend = backend;
        this.listener = listener;
        this.port = listener.getLocalPort();
        accept(listener);
    }

    /// @param backend where requests go; need not answer yet
    public static FaultProxy before(InetSocketAddress backend) {
        return new FaultProxy(Objects.requireNonNull(backend, "backend"), listen(0));
    }

    private static ServerSocket listen(int port) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 128);
            return socket;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    public int port() {
        return port;
    }

    /// `127.0.0.1:port`.
    public String authority() {
        return InetAddress.getLoopbackAddress().getHostAddress() + ":" + port;
    }

    /// Replaces the script for all requests from now on.
    public void script(Script next) {
        script = Objects.requireNonNull(next, "next");
    }

    /// Passes everything on.
    public void pass() {
        script = request -> new Fault.Pass();
    }

    /// Breaks every request that the filter takes.
    public void failAll(Predicate<Request> which, Fault fault) {
        script = request -> which.test(request) ? fault : new Fault.Pass();
    }

    /// Breaks the first request that the filter takes and passes everything else on.
    public void failOnce(Predicate<Request> which, Fault fault) {
        AtomicBoolean done = new AtomicBoolean();
        script = request -> which.test(request) && done.compareAndSet(false, true) ? fault : new Fault.Pass();
    }

    /// All requests whose heads have arrived, also the broken ones.
    public List<Request> requests() {
        return List.copyOf(requests);
    }

    public void forgetRequests() {
        requests.clear();
    }

    /// How many requests have been broken so far.
    public int injected() {
        return injected.get();
    }

    /// Refuses connections and resets the open ones, until [#comeBack].
    public void goDown() {
        close(listener);
        sockets.forEach(FaultProxy::reset);
    }

    public void comeBack() {
        if (listener.isClosed()) {
            listener = listen(port);
            accept(listener);
        }
    }

    @Override
    public void close() {
        closed.countDown();
        close(listener);
        sockets.forEach(FaultProxy::reset);
    }

    private void accept(ServerSocket from) {
        Thread.ofVirtual().name("fault-proxy-accept").start(() -> {
            while (true) {
                try {
                    Socket client = from.accept();
                    sockets.add(client);
                    if (from.isClosed()) {
                        reset(client);
                    }
                    Thread.ofVirtual().name("fault-proxy").start(() -> serve(client));
                } catch (IOException ended) {
                    return;
                }
            }
        });
    }

    private void serve(Socket client) {
        Socket server = new Socket();
        sockets.add(server);
        try {
            pass(client, server);
            close(client);
            close(server);
        } catch (CutException cut) {
            reset(client);
            reset(server);
        } catch (IOException broken) {
            // Either side has gone; closing the other tells it.
            close(client);
            close(server);
        } finally {
            sockets.remove(client);
            sockets.remove(server);
        }
    }

    private void pass(Socket client, Socket server) throws IOException {
        client.setTcpNoDelay(true);
        server.setTcpNoDelay(true);
        InputStream fromClient = new BufferedInputStream(client.getInputStream(), 1 << 16);
        InputStream fromServer = null;
        boolean goesOn = true;
        while (goesOn) {
            Optional<HttpMessage> request = HttpMessage.read(fromClient);
            if (request.isEmpty()) {
                return;
            }
            Request seen = new Request(numbers.incrementAndGet(), request.get().word(0), request.get().word(1));
            requests.add(seen);
            Fault fault = script.faultFor(seen);
            if (!(fault instanceof Fault.Pass)) {
                injected.incrementAndGet();
            }
            if (fromServer == null && needsBackend(fault)) {
                server.connect(backend);
                fromServer = new BufferedInputStream(server.getInputStream(), 1 << 16);
            }
            goesOn = new Exchange(request.get(), client, fromClient, server, fromServer).run(fault);
        }
    }

    private static boolean needsBackend(Fault fault) {
        return switch (fault) {
            case Fault.Refuse _, Fault.CloseBefore _, Fault.StallRequest _, Fault.Answer _ -> false;
            case Fault.Pass _, Fault.ResetRequest _, Fault.SlowRequest _, Fault.LoseReply _, Fault.ResetReply _,
                    Fault.TruncateReply _, Fault.StallReply _, Fault.SlowReply _, Fault.AnswerAfter _ -> true;
        };
    }

    /// Says that both connections are to be reset.
    private static final class CutException extends IOException {
        CutException() {
            super("cut on purpose");
        }
    }

    private final class Exchange {
        private final HttpMessage request;
        private final Socket client;
        private final InputStream fromClient;
        private final Socket server;
        private final InputStream fromServer;

        Exchange(HttpMessage request, Socket client, InputStream fromClient, Socket server, InputStream fromServer) {
            this.request = request;
            this.client = client;
            this.fromClient = fromClient;
            this.server = server;
            this.fromServer = fromServer;
        }

        /// @return whether the connection serves another request
        boolean run(Fault fault) throws IOException {
            return switch (fault) {
                case Fault.Pass _ -> forward(upstream()) && reply(downstream());
                case Fault.Refuse _ -> throw new CutException();
                case Fault.CloseBefore _ -> false;
                case Fault.ResetRequest reset -> {
                    forward(limited(upstream(), reset.bodyBytes(), CutException::new));
                    throw new CutException();
                }
                case Fault.StallRequest _ -> stall();
                case Fault.SlowRequest slow -> forward(slowed(upstream(), slow.bytesPerSecond())) && reply(downstream());
                case Fault.LoseReply _ -> {
                    requireForwarded();
                    reply(nowhere());
                    throw new CutException();
                }
                case Fault.ResetReply reset -> {
                    requireForwarded();
                    reply(limited(downstream(), reset.bytes(), CutException::new));
                    throw new CutException();
                }
                case Fault.TruncateReply _ -> {
                    requireForwarded();
                    truncate();
                    yield false;
                }
                case Fault.StallReply stalling -> {
                    requireForwarded();
                    try {
                        reply(limited(downstream(), stalling.bytes(), EOFException::new));
                    } catch (EOFException reached) {
                        // As far as it goes.
                    }
                    yield stall();
                }
                case Fault.SlowReply slow -> forward(upstream()) && reply(slowed(downstream(), slow.bytesPerSecond()));
                case Fault.Answer answer -> {
                    if (!request.expectsContinue()) {
                        request.passRequestBody(fromClient, nowhere());
                    }
                    client.getOutputStream().write(answer.reply());
                    yield endOrderly();
                }
                case Fault.AnswerAfter answer -> {
                    requireForwarded();
                    reply(nowhere());
                    client.getOutputStream().write(answer.reply());
                    yield endOrderly();
                }
            };
        }

        /// Sends the request on.
        ///
        /// @return false when the backend has answered without wanting the body; the answer has been passed on then
        private boolean forward(Drain body) throws IOException {
            server.getOutputStream().write(request.head());
            if (request.expectsContinue()) {
                HttpMessage interim = HttpMessage.read(fromServer).orElseThrow(CutException::new);
                client.getOutputStream().write(interim.head());
                if (interim.status() >= 200) {
                    interim.passReplyBody(fromServer, false, downstream());
                    endOrderly();
                    return false;
                }
            }
            try {
                request.passRequestBody(fromClient, body);
            } catch (CutException cut) {
                throw cut;
            } catch (SocketException early) {
                // The backend may have answered before it had read everything.
            }
            return true;
        }

        private void requireForwarded() throws IOException {
            if (!forward(upstream())) {
                throw new CutException();
            }
        }

        /// @return whether both sides keep the connection
        private boolean reply(Drain out) throws IOException {
            while (true) {
                HttpMessage reply = HttpMessage.read(fromServer).orElseThrow(() -> new EOFException("no reply"));
                out.write(reply.head(), 0, reply.head().length);
                if (reply.status() >= 200) {
                    boolean goesOn = reply.passReplyBody(fromServer, isHead(), out);
                    return goesOn && !reply.isLast() && !request.isLast();
                }
            }
        }

        private void truncate() throws IOException {
            HttpMessage reply = HttpMessage.read(fromServer).orElseThrow(() -> new EOFException("no reply"));
            boolean hasBody = !isHead() && reply.length() != 0;
            // A reply without a body is cut in its head.
            int headBytes = hasBody ? reply.head().length : reply.head().length / 2;
            client.getOutputStream().write(reply.head(), 0, headBytes);
            if (hasBody) {
                long half = reply.length() > 0 ? reply.length() / 2 : 1;
                try {
                    reply.passReplyBody(fromServer, false, limited(downstream(), half, EOFException::new));
                } catch (EOFException reached) {
                    // As far as it goes.
                }
            }
            endOrderly();
        }

        private boolean isHead() {
            return request.word(0).equals("HEAD");
        }

        private Drain upstream() throws IOException {
            return HttpMessage.to(server.getOutputStream());
        }

        private Drain downstream() throws IOException {
            return HttpMessage.to(client.getOutputStream());
        }

        private static Drain nowhere() {
            return (bytes, offset, length) -> { };
        }

        /// Keeps the connection until the client gives up.
        private boolean stall() throws IOException {
            fromClient.transferTo(OutputStream.nullOutputStream());
            return false;
        }

        /// Ends our side and lets the client read all before the connection goes.
        private boolean endOrderly() throws IOException {
            OutputStream out = client.getOutputStream();
            out.flush();
            client.shutdownOutput();
            fromClient.transferTo(OutputStream.nullOutputStream());
            return false;
        }
    }

    private interface Ending {
        IOException thrown();
    }

    private static Drain limited(Drain out, long bytes, Ending ending) {
        long[] left = {bytes};
        return (buffer, offset, length) -> {
            int fitting = (int) Math.min(left[0], length);
            if (fitting > 0) {
                out.write(buffer, offset, fitting);
            }
            left[0] -= fitting;
            if (fitting < length) {
                throw ending.thrown();
            }
        };
    }

    private Drain slowed(Drain out, int bytesPerSecond) {
        long pauseMillis = Math.max(1, 1_000 / bytesPerSecond);
        return (buffer, offset, length) -> {
            for (int i = 0; i < length; i++) {
                out.write(buffer, offset + i, 1);
                try {
                    if (closed.await(pauseMillis, TimeUnit.MILLISECONDS)) {
                        throw new CutException();
                    }
                } catch (InterruptedException ended) {
                    Thread.currentThread().interrupt();
                    throw new CutException();
                }
            }
        };
    }

    /// Closes so that the other side gets a reset instead of an end.
    private static void reset(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
        } catch (IOException gone) {
            // Closed already.
        }
        close(socket);
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception gone) {
            // Closed already.
        }
    }
}
