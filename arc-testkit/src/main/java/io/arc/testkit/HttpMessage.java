package io.arc.testkit;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The head of an HTTP/1.1 message and the way to pass its body on, byte for byte. Knows just enough of the protocol to see
/// where a message ends.
///
/// @param head as it came, with the empty line
/// @param firstLine the request line or status line
/// @param fields by lower-case name; the last of several counts
record HttpMessage(byte[] head, String firstLine, Map<String, String> fields) {
    private static final int MAX_HEAD_BYTES = 1 << 20;
    private static final int BUFFER_BYTES = 1 << 16;

    /// Where bytes go; may refuse or delay them.
    interface Drain {
        void write(byte[] bytes, int offset, int length) throws IOException;
    }

    /// @return empty when the stream ends before a message begins
    static Optional<HttpMessage> read(InputStream in) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream(1024);
        int last = 0;
        while (true) {
            int next = in.read();
            if (next < 0) {
                if (head.size() == 0) {
                    return Optional.empty();
                }
                throw new EOFException("the stream ends within a head");
            }
            head.write(next);
            last = last << 8 | next;
            if (last == 0x0D0A0D0A) {
                return Optional.of(of(head.toByteArray()));
            }
            if (head.size() > MAX_HEAD_BYTES) {
                throw new IOException("a head is larger than " + MAX_HEAD_BYTES + " bytes");
            }
        }
    }

    private static HttpMessage of(byte[] head) {
        String[] lines = new String(head, StandardCharsets.ISO_8859_1).split("\r\n");
        Map<String, String> fields = new TreeMap<>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon > 0) {
                fields.put(lines[i].substring(0, colon).strip().toLowerCase(Locale.ROOT), lines[i].substring(colon + 1).strip());
            }
        }
        return new HttpMessage(head, lines[0], fields);
    }

    /// The `index`-th word of the first line, empty when it has fewer.
    String word(int index) {
        String[] words = firstLine.split(" ", 3);
        return index < words.length ? words[index] : "";
    }

    int status() {
        return Integer.parseInt(word(1));
    }

    boolean expectsContinue() {
        return fields.getOrDefault("expect", "").equalsIgnoreCase("100-continue");
    }

    boolean isLast() {
        return fields.getOrDefault("connection", "").equalsIgnoreCase("close");
    }

    private boolean isChunked() {
        return fields.getOrDefault("transfer-encoding", "").toLowerCase(Locale.ROOT).endsWith("chunked");
    }

    /// The announced length of the body, -1 when none is.
    long length() {
        return Long.parseLong(fields.getOrDefault("content-length", "-1"));
    }

    /// Passes a request's body on, framing included.
    void passRequestBody(InputStream in, Drain out) throws IOException {
        if (isChunked()) {
            passChunks(in, out);
        } else if (length() > 0) {
            pass(in, length(), out);
        }
    }

    /// Passes a reply's body on.
    ///
    /// @param toHead whether the request was a HEAD, whose reply announces a body that does not come
    /// @return false when the body ended with the connection
    boolean passReplyBody(InputStream in, boolean toHead, Drain out) throws IOException {
        int status = status();
        if (toHead || status == 204 || status == 304) {
            return true;
        }
        if (isChunked()) {
            passChunks(in, out);
            return true;
        }
        if (length() >= 0) {
            pass(in, length(), out);
            return true;
        }
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            out.write(buffer, 0, count);
        }
        return false;
    }

    private static void passChunks(InputStream in, Drain out) throws IOException {
        while (true) {
            byte[] line = passLine(in, out);
            String size = new String(line, StandardCharsets.ISO_8859_1).split(";")[0].strip();
            long length = Long.parseLong(size, 16);
            if (length == 0) {
                // Trailers, up to the empty line.
                while (passLine(in, out).length > 2) {
                    continue;
                }
                return;
            }
            pass(in, length + 2, out);
        }
    }

    private static byte[] passLine(InputStream in, Drain out) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream(32);
        int next;
        do {
            next = in.read();
            if (next < 0) {
                throw new EOFException("the stream ends within a chunk");
            }
            line.write(next);
        } while (next != '\n');
        out.write(line.toByteArray(), 0, line.size());
        return line.toByteArray();
    }

    private static void pass(InputStream in, long length, Drain out) throws IOException {
        byte[] buffer = new byte[BUFFER_BYTES];
        long left = length;
        while (left > 0) {
            int count = in.read(buffer, 0, (int) Math.min(left, buffer.length));
            if (count < 0) {
                throw new EOFException(left + " bytes of a body are missing");
            }
            out.write(buffer, 0, count);
            left -= count;
        }
    }

    static Drain to(OutputStream out) {
        return (bytes, offset, length) -> {
            out.write(bytes, offset, length);
            out.flush();
        };
    }
}
