package io.arc.distribution;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// One connection, byte by byte: sends what no HTTP library would and shows what each of them hides. A server that says
/// nothing for 30 seconds fails the test.
final class RawHttp implements AutoCloseable {
    private final Socket socket = new Socket();
    private final InputStream in;

    /// @param headers by lower-case name
    record Answer(int status, Map<String, String> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "");
        }
    }

    RawHttp(int port) throws IOException {
        socket.setSoTimeout(30_000);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new BufferedInputStream(socket.getInputStream());
    }

    /// One request on a connection of its own.
    static Answer exchange(int port, String head, byte[] body) throws IOException {
        try (RawHttp http = new RawHttp(port)) {
            return http.send(head, body).answer(head.startsWith("HEAD "));
        }
    }

    /// Sends a request with the length of its body.
    ///
    /// @param head request line and headers as a client sent them, one a line, without length and empty line
    RawHttp send(String head, byte[] body) throws IOException {
        write((head.strip() + "\nContent-Length: " + body.length).lines().map(String::strip).toList());
        return bytes(body);
    }

    /// Sends a request in chunks, as clients do that pack while they send.
    RawHttp sendChunked(String head, byte[] body) throws IOException {
        write((head.strip() + "\nTransfer-Encoding: chunked").lines().map(String::strip).toList());
        int half = body.length / 2;
        for (int[] part : new int[][] {{0, half}, {half, body.length - half}}) {
            if (part[1] > 0) {
                bytes((Integer.toHexString(part[1]) + "\r\n").getBytes(StandardCharsets.US_ASCII));
                socket.getOutputStream().write(body, part[0], part[1]);
                bytes("\r\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
        return bytes("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    private void write(List<String> lines) throws IOException {
        bytes((String.join("\r\n", lines) + "\r\n\r\n").getBytes(StandardCharsets.UTF_8));
    }

    RawHttp bytes(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    Answer answer() throws IOException {
        return answer(false);
    }

    /// @param toHead whether the answer has no body, whatever length it tells
    Answer answer(boolean toHead) throws IOException {
        String first = line();
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.merge(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).strip(),
                    (a, b) -> a + ", " + b);
        }
        int status = Integer.parseInt(first.split(" ")[1]);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        if (!toHead && status != 204 && status >= 200) {
            if ("chunked".equals(headers.get("transfer-encoding"))) {
                for (int size = Integer.parseInt(line(), 16); size > 0; size = Integer.parseInt(line(), 16)) {
                    body.write(exactly(size));
                    line();
                }
                line();
            } else {
                body.write(exactly(Integer.parseInt(headers.getOrDefault("content-length", "0"))));
            }
        }
        return new Answer(status, headers, body.toString(StandardCharsets.UTF_8));
    }

    private byte[] exactly(int size) throws IOException {
        byte[] bytes = in.readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("the connection ended inside a body");
        }
        return bytes;
    }

    private String line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended after '" + line + "'");
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
