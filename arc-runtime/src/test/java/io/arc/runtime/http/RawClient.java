package io.arc.runtime.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// One connection, byte by byte: shows what HTTP clients hide. A server that says nothing for 20 seconds fails the test.
final class RawClient implements AutoCloseable {
    private final Socket socket = new Socket();
    private final InputStream in;

    /// @param head the status line and the headers as sent
    /// @param headers by lower-case name
    record Answer(int status, String head, Map<String, String> headers, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    RawClient(int port) throws IOException {
        this(port, 0);
    }

    /// @param receiveBytes the kernel's receive buffer; 0 for its default
    RawClient(int port, int receiveBytes) throws IOException {
        if (receiveBytes > 0) {
            socket.setReceiveBufferSize(receiveBytes);
        }
        socket.setSoTimeout(20_000);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new BufferedInputStream(socket.getInputStream(), 1 << 12);
    }

    RawClient send(String text) throws IOException {
        return send(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    RawClient get(String path, String... headers) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nHost: x\r\n" + lines(headers) + "\r\n");
    }

    RawClient post(String path, byte[] body, String... headers) throws IOException {
        send("POST " + path + " HTTP/1.1\r\nHost: x\r\n" + lines(headers) + "Content-Length: " + body.length + "\r\n\r\n");
        return send(body);
    }

    RawClient post(String path, String body, String... headers) throws IOException {
        return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    private static String lines(String... headers) {
        StringBuilder lines = new StringBuilder();
        for (String header : headers) {
            lines.append(header).append("\r\n");
        }
        return lines.toString();
    }

    /// Reads the status line and headers.
    Answer head() throws IOException {
        StringBuilder head = new StringBuilder();
        Map<String, String> headers = new TreeMap<>();
        String first = line();
        head.append(first).append('\n');
        for (String line = line(); !line.isEmpty(); line = line()) {
            head.append(line).append('\n');
            int colon = line.indexOf(':');
            headers.merge(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip(),
                    (a, b) -> a + ", " + b);
        }
        return new Answer(Integer.parseInt(first.split(" ")[1]), head.toString(), headers, new byte[0]);
    }

    /// Reads a whole answer.
    ///
    /// @throws EOFException when the connection ends before the answer does
    Answer answer() throws IOException {
        Answer head = head();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if ("chunked".equals(head.headers().get("transfer-encoding"))) {
            for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
                body.write(exactly(size));
                line();
            }
            line();
        } else if (head.status() != 204 && head.status() >= 200) {
            body.write(exactly(Integer.parseInt(head.headers().getOrDefault("content-length", "0"))));
        }
        return new Answer(head.status(), head.head(), head.headers(), body.toByteArray());
    }

    private byte[] exactly(int size) throws IOException {
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("the connection ended inside a body");
        }
        return bytes;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended after '" + line + "'");
            }
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    /// Whether the server has ended the connection, with nothing more to read.
    boolean isEnded() throws IOException {
        try {
            return in.read() < 0;
        } catch (java.net.SocketException reset) {
            return true;
        }
    }

    InputStream stream() {
        return in;
    }

    /// Breaks the connection without a goodbye.
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
