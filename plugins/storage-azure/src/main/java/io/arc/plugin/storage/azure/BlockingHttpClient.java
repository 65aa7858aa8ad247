package io.arc.plugin.storage.azure;

import com.azure.core.http.HttpClient;
import com.azure.core.http.HttpHeader;
import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.HttpHeaders;
import com.azure.core.http.HttpMethod;
import com.azure.core.http.HttpRequest;
import com.azure.core.http.HttpResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.nio.ByteBuffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/// Sends the SDK's requests in the thread that asks, body and answer included. Thread-safe.
///
/// The SDK's own transports read bodies in threads of theirs, which memory of one thread does not allow, and the one on the
/// JDK's asynchronous client has been seen to wait for ever.
final class BlockingHttpClient implements HttpClient, AutoCloseable {
    private static final int BUFFER_BYTES = 64 << 10;

    private final Connections connections;

    BlockingHttpClient(Connections connections) {
        this.connections = connections;
    }

    /// This thread waits for no answer any more.
    void done() {
        connections.done();
    }

    @Override
    public Mono<HttpResponse> send(HttpRequest request) {
        return Mono.fromCallable(() -> exchange(request));
    }

    @Override
    public HttpResponse sendSync(HttpRequest request, Context context) {
        try {
            return exchange(request);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private HttpResponse exchange(HttpRequest request) throws IOException {
        HttpURLConnection connection = connections.open(request.getUrl());
        connection.setRequestMethod(request.getHttpMethod().toString());
        connection.setUseCaches(false);
        for (HttpHeader header : request.getHeaders()) {
            connection.setRequestProperty(header.getName(), header.getValue());
        }
        if (request.getHttpMethod() == HttpMethod.PUT || request.getHttpMethod() == HttpMethod.POST) {
            send(request, connection);
        }
        int status = connection.getResponseCode();
        if (status < 0) {
            throw new IOException("what answered does not speak HTTP");
        }
        HttpHeaders headers = new HttpHeaders();
        connection.getHeaderFields().forEach((name, values) -> {
            if (name != null) {
                headers.set(HttpHeaderName.fromString(name), values);
            }
        });
        InputStream body = status < 400 ? connection.getInputStream() : connection.getErrorStream();
        return new Answer(request, status, headers, body == null ? new ByteArrayInputStream(new byte[0]) : body);
    }

    /// With its length told before, so that nothing sends it a second time in silence.
    private static void send(HttpRequest request, HttpURLConnection connection) throws IOException {
        BinaryData body = request.getBodyAsBinaryData();
        String announced = request.getHeaders().getValue(HttpHeaderName.CONTENT_LENGTH);
        connection.setDoOutput(true);
        if (body == null) {
            connection.setFixedLengthStreamingMode(0);
            connection.getOutputStream().close();
            return;
        }
        if (announced == null) {
            connection.setChunkedStreamingMode(0);
        } else {
            connection.setFixedLengthStreamingMode(Long.parseLong(announced));
        }
        try (InputStream in = body.toStream()) {
            OutputStream out = connection.getOutputStream();
            byte[] buffer = new byte[BUFFER_BYTES];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                out.write(buffer, 0, count);
            }
            out.close();
        } catch (IOException failed) {
            // A body that ends early must not be taken for whole, nor its connection be used again.
            connection.disconnect();
            throw failed;
        }
    }

    @Override
    public void close() {
        connections.close();
    }

    private static final class Answer extends HttpResponse {
        private final int status;
        private final HttpHeaders headers;
        private final InputStream body;

        Answer(HttpRequest request, int status, HttpHeaders headers, InputStream body) {
            super(request);
            this.status = status;
            this.headers = headers;
            this.body = body;
        }

        @Override
        public int getStatusCode() {
            return status;
        }

        @Override
        @Deprecated
        public String getHeaderValue(String name) {
            return headers.getValue(HttpHeaderName.fromString(name));
        }

        @Override
        public String getHeaderValue(HttpHeaderName name) {
            return headers.getValue(name);
        }

        @Override
        public HttpHeaders getHeaders() {
            return headers;
        }

        @Override
        public Flux<ByteBuffer> getBody() {
            byte[] buffer = new byte[BUFFER_BYTES];
            return Flux.<ByteBuffer>generate(sink -> {
                try {
                    int count = body.read(buffer);
                    if (count < 0) {
                        sink.complete();
                    } else {
                        // Whoever takes it may keep it.
                        sink.next(ByteBuffer.wrap(Arrays.copyOf(buffer, count)));
                    }
                } catch (IOException failed) {
                    sink.error(failed);
                }
            }).doFinally(any -> close());
        }

        @Override
        public InputStream getBodyAsInputStreamSync() {
            return body;
        }

        @Override
        public BinaryData getBodyAsBinaryData() {
            return BinaryData.fromStream(body);
        }

        @Override
        public Mono<byte[]> getBodyAsByteArray() {
            return Mono.fromCallable(() -> {
                try (body) {
                    return body.readAllBytes();
                }
            });
        }

        @Override
        public Mono<String> getBodyAsString() {
            return getBodyAsString(StandardCharsets.UTF_8);
        }

        @Override
        public Mono<String> getBodyAsString(Charset charset) {
            return getBodyAsByteArray().map(bytes -> new String(bytes, charset));
        }

        @Override
        public void close() {
            try {
                body.close();
            } catch (IOException ended) {
                // It has ended one way or the other.
            }
        }
    }
}
