package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class FaultProxyTest {
    private static final String REPLY = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789";

    private ServerSocket backend;
    private FaultProxy proxy;
    /// The bodies that the backend has got whole.
    private final List<String> got = new CopyOnWriteArrayList<>();

    @BeforeEach
    void start() throws IOException {
        backend = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(() -> {
            while (!backend.isClosed()) {
                try {
                    Socket client = backend.accept();
                    Thread.ofVirtual().start(() -> serve(client));
                } catch (IOException closed) {
                    return;
                }
            }
        });
        proxy = FaultProxy.before(new InetSocketAddress(backend.getInetAddress(), backend.getLocalPort()));
    }

    private void serve(Socket client) {
        try (client) {
            while (true) {
                Optional<HttpMessage> request = HttpMessage.read(client.getInputStream());
                if (request.isEmpty()) {
                    return;
                }
                if (request.get().expectsContinue()) {
                    client.getOutputStream().write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                }
                ByteArrayOutputStream body = new ByteArrayOutputStream();
                request.get().passRequestBody(client.getInputStream(), HttpMessage.to(body));
                got.add(body.toString(StandardCharsets.US_ASCII));
                client.getOutputStream().write(REPLY.getBytes(StandardCharsets.US_ASCII));
            }
        } catch (IOException broken) {
            // As the proxy wants it.
        }
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        backend.close();
    }

    private static String request(String body) {
        return "PUT /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    /// What comes back until the connection ends, or nothing comes for a while.
    private String send(String bytes) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            socket.setSoTimeout(300);
            socket.getOutputStream().write(bytes.getBytes(StandardCharsets.US_ASCII));
            return readAll(socket.getInputStream());
        }
    }

    private static String readAll(InputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            for (int next = in.read(); next >= 0; next = in.read()) {
                all.write(next);
            }
            return all + "|end";
        } catch (SocketTimeoutException silence) {
            return all + "|silence";
        } catch (SocketException reset) {
            return all + "|reset";
        }
    }

    @Test
    void passesRequestsOnOneConnectionOn() throws IOException {
        String chunked = "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n";
        assertThat(send(request("one") + chunked + request(""))).isEqualTo(REPLY + REPLY + REPLY + "|silence");
        assertThat(got).containsExactly("one", "3;x=y\r\nabc\r\n0\r\nTrailer: 1\r\n\r\n", "");
        assertThat(proxy.requests()).containsExactly(new FaultProxy.Request(1, "PUT", "/a?b"),
                new FaultProxy.Request(2, "PUT", "/c"), new FaultProxy.Request(3, "PUT", "/a?b"));
        assertThat(proxy.injected()).isZero();
    }

    @Test
    void passesInterimAnswersOn() throws IOException {
        String expecting = "PUT /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nab";
        assertThat(send(expecting)).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n" + REPLY + "|silence");
        assertThat(got).containsExactly("ab");
    }

    @Test
    void faultsBeforeTheEffectKeepTheRequestFromTheBackend() throws IOException {
        assertThat(under(new Fault.Refuse())).isEqualTo("|reset");
        assertThat(under(new Fault.CloseBefore())).isEqualTo("|end");
        assertThat(under(new Fault.ResetRequest(2))).isEqualTo("|reset");
        assertThat(under(new Fault.StallRequest())).isEqualTo("|silence");
        assertThat(under(new Fault.SlowRequest(1))).isEqualTo("|silence");
        assertThat(under(new Fault.Answer(Fault.reply(503, "No", "text/plain", "x")))).startsWith("HTTP/1.1 503 No\r\n")
                .endsWith("\r\n\r\nx|end");
        assertThat(got).isEmpty();
        assertThat(proxy.injected()).isEqualTo(6);
    }

    @Test
    void faultsAfterTheEffectComeWithIt() throws IOException {
        assertThat(under(new Fault.LoseReply())).isEqualTo("|reset");
        assertThat(got).hasSize(1);
        assertThat(under(new Fault.ResetReply(4))).isIn("HTTP|reset", "|reset");
        assertThat(got).hasSize(2);
        assertThat(under(new Fault.TruncateReply())).isEqualTo(REPLY.substring(0, REPLY.length() - 5) + "|end");
        assertThat(got).hasSize(3);
        assertThat(under(new Fault.StallReply(20))).isEqualTo(REPLY.substring(0, 20) + "|silence");
        assertThat(got).hasSize(4);
        assertThat(under(new Fault.SlowReply(1))).isEqualTo("H|silence");
        assertThat(got).hasSize(5);
        assertThat(under(new Fault.AnswerAfter(Fault.reply(500, "Broken", "text/plain", "")))).startsWith("HTTP/1.1 500 Broken");
        assertThat(got).hasSize(6);
    }

    private String under(Fault fault) throws IOException {
        proxy.failOnce(any -> true, fault);
        String answer = send(request("body"));
        proxy.failAll(any -> false, fault);
        return answer;
    }

    @Test
    void goesDownAndComesBack() throws IOException {
        try (Socket open = new Socket(InetAddress.getLoopbackAddress(), proxy.port())) {
            open.setSoTimeout(1_000);
            open.getOutputStream().write(request("x").getBytes(StandardCharsets.US_ASCII));
            assertThat(new String(open.getInputStream().readNBytes(REPLY.length()), StandardCharsets.US_ASCII)).isEqualTo(REPLY);
            proxy.goDown();
            assertThat(readAll(open.getInputStream())).isEqualTo("|reset");
        }
        assertThatThrownBy(() -> send(request("x"))).isInstanceOf(ConnectException.class);
        proxy.comeBack();
        assertThat(send(request("x"))).isEqualTo(REPLY + "|silence");
    }
}
