package io.arc.runtime.http;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;

/// The body of a query's answer. Nothing goes out before a buffer is full: a small answer leaves whole, with its length, in
/// one packet, and a failure before then can still be told by the status. Later ones can only be told by breaking the
/// connection.
///
/// One thread. A client that is gone shows as [ClientGone].
final class AnswerStream extends OutputStream {
    private static final int BUFFER_BYTES = 1 << 15;
    private static final int MIN_COMPRESSED_BYTES = 1 << 10;
    private static final int ZSTD_LEVEL = 1;

    /// How a body is compressed.
    enum Coding {
        NONE, ZSTD, GZIP;

        /// The best one that the client takes. Quality values only tell zero from the rest.
        ///
        /// @param acceptEncoding the header's value, empty when there is none
        static Coding accepted(String acceptEncoding) {
            boolean gzip = false;
            boolean zstd = false;
            for (String part : acceptEncoding.toLowerCase(Locale.ROOT).split(",")) {
                int parameters = part.indexOf(';');
                String name = (parameters < 0 ? part : part.substring(0, parameters)).strip();
                boolean wanted = parameters < 0 || !part.substring(parameters + 1).replace(" ", "").matches("q=0(\\.0{0,3})?");
                switch (name) {
                    case "gzip", "x-gzip" -> gzip = wanted;
                    case "zstd" -> zstd = wanted;
                    default -> { }
                }
            }
            return zstd ? ZSTD : gzip ? GZIP : NONE;
        }

        private OutputStream wrap(OutputStream out) throws IOException {
            return switch (this) {
                case NONE -> out;
                case ZSTD -> new ZstdOutputStreamNoFinalizer(out, ZSTD_LEVEL);
                case GZIP -> new GZIPOutputStream(out, BUFFER_BYTES);
            };
        }

        private String token() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// The connection cannot be written any more.
    static final class ClientGone extends IOException {
        private static final long serialVersionUID = 1L;

        ClientGone(Throwable cause) {
            super("the client is gone", cause);
        }
    }

    private final ServerResponse response;
    private final Coding coding;
    private final Runnable opening;
    private final boolean head;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int length;
    private long swallowedBytes;
    private Socket socket;
    private OutputStream out;
    private boolean finished;

    /// @param opening run before the first byte leaves
    AnswerStream(ServerRequest request, ServerResponse response, Coding coding, Runnable opening) {
        this.response = response;
        this.coding = coding;
        this.opening = opening;
        this.head = Answers.isHead(request);
    }

    @Override
    public void write(int b) throws IOException {
        if (length == buffer.length) {
            drain();
        }
        buffer[length++] = (byte) b;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
        int at = offset;
        int left = count;
        while (left > 0) {
            if (length == buffer.length) {
                drain();
            }
            int step = Math.min(left, buffer.length - length);
            System.arraycopy(bytes, at, buffer, length, step);
            length += step;
            at += step;
            left -= step;
        }
    }

    /// Does nothing: what is not a buffer full can wait.
    @Override
    public void flush() {
        // Flushing rows as they come would turn them into a packet each.
    }

    /// Does nothing: whether the answer is whole only [#finish] knows.
    @Override
    public void close() {
        // A writer that fails closes its stream as well.
    }

    /// Whether bytes have left, so that the status is told.
    boolean isOpen() {
        return out != null;
    }

    /// Ends the answer as complete.
    void finish() throws IOException {
        if (head) {
            opening.run();
            Answers.length(response, swallowedBytes + length);
            response.send(new byte[0]);
            return;
        }
        if (out == null) {
            opening.run();
            byte[] body = body();
            try {
                response.send(body);
            } catch (RuntimeException gone) {
                throw new ClientGone(gone);
            }
            return;
        }
        drain();
        out.close();
        finished = true;
        socket.finish();
    }

    /// Frees what compression holds. What has not been finished stays half sent; the caller breaks the connection.
    void release() {
        if (out != null && !finished) {
            socket.cut = true;
            try {
                out.close();
            } catch (IOException impossible) {
                throw new IllegalStateException(impossible);
            }
        }
    }

    private byte[] body() throws IOException {
        byte[] plain = Arrays.copyOf(buffer, length);
        if (coding == Coding.NONE || length < MIN_COMPRESSED_BYTES) {
            return plain;
        }
        ByteArrayOutputStream packed = new ByteArrayOutputStream(length / 2);
        try (OutputStream packing = coding.wrap(packed)) {
            packing.write(plain);
        }
        response.header(HeaderNames.CONTENT_ENCODING, coding.token());
        return packed.toByteArray();
    }

    private void drain() throws IOException {
        if (head) {
            swallowedBytes += length;
            length = 0;
            return;
        }
        if (out == null) {
            opening.run();
            if (coding != Coding.NONE) {
                response.header(HeaderNames.CONTENT_ENCODING, coding.token());
            }
            socket = new Socket(response.outputStream());
            out = coding.wrap(socket);
        }
        out.write(buffer, 0, length);
        length = 0;
    }

    /// The server's stream under the compression.
    private static final class Socket extends OutputStream {
        private final OutputStream out;
        private boolean cut;

        Socket(OutputStream out) {
            this.out = out;
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int count) throws IOException {
            if (cut) {
                return;
            }
            try {
                out.write(bytes, offset, count);
            } catch (IOException | RuntimeException gone) {
                throw new ClientGone(gone);
            }
        }

        void finish() throws IOException {
            try {
                out.close();
            } catch (IOException | RuntimeException gone) {
                throw new ClientGone(gone);
            }
        }
    }
}
