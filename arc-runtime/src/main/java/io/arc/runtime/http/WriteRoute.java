package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.arc.runtime.ingest.WriteReceipt;
import io.arc.runtime.ingest.WriteReceipt.Rejection;
import io.arc.runtime.partition.Names;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/// A write on any wire format's route: body in, 204 out.
final class WriteRoute {
    private static final HeaderName DATABASE = HeaderNames.create("x-arc-database");
    private static final HeaderName ACK = HeaderNames.create("X-Arc-Ack");
    private static final HeaderName POSITION = HeaderNames.create("X-Arc-Position");
    private static final int FIRST_BYTES = 1 << 16;

    private final ServerState state;
    private final HttpOptions options;
    private final MemoryBudget bodies;

    WriteRoute(ServerState state, HttpOptions options) {
        this.state = state;
        this.options = options;
        this.bodies = new MemoryBudget(options.maxBodyBytesInFlight());
    }

    void handle(ProtocolRoute route, ServerRequest request, ServerResponse response) {
        Services services = state.services();
        String database = database(route, services, request);
        OptionalLong length = request.headers().contentLength();
        long announced = length.orElse(0);
        if (announced > options.maxPayloadBytes()) {
            throw tooLarge(announced + " bytes");
        }
        // Decompression may take as much again and more; it is charged when it is known.
        if (!bodies.tryTake(announced)) {
            throw new ArcException(ErrorCode.OVERLOADED, "requests under way fill the memory for bodies; send this again later");
        }
        WriteReceipt receipt;
        try {
            ByteSlice body = services.decompressor().decompress(read(request, length), options.maxPayloadBytes());
            if (body.length() == 0) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body is empty; send at least one record");
            }
            receipt = services.ingest().write(route.decoders(), body, new RequestParameters(request.query(), database, now()));
        } finally {
            bodies.give(announced);
        }
        response.header(ACK, receipt.acknowledgement());
        if (!receipt.position().isEmpty()) {
            response.header(POSITION, receipt.position());
        }
        if (receipt.rejectedCount() == 0) {
            response.status(Status.NO_CONTENT_204).send();
        } else {
            Gate.send(response, 400,
                    ErrorResponses.body(route.endpoint().errorShape(), ErrorCode.PARTIAL_WRITE, partial(receipt)));
        }
    }

    private static String partial(WriteReceipt receipt) {
        StringBuilder text = new StringBuilder("partial write: ");
        for (Rejection rejection : receipt.firstRejections()) {
            text.append("line ").append(rejection.record()).append(" (byte ").append(rejection.position()).append("): ")
                    .append(rejection.reason()).append("; ");
        }
        long unseen = receipt.rejectedCount() - receipt.firstRejections().size();
        if (unseen > 0) {
            text.append("and ").append(unseen).append(" more; ");
        }
        return text.append(receipt.rowCount()).append(" rows stored, dropped=").append(receipt.rejectedCount()).toString();
    }

    private static String database(ProtocolRoute route, Services services, ServerRequest request) {
        String database = request.headers().first(DATABASE).filter(name -> !name.isBlank()).map(String::strip).orElse("");
        UriQuery query = request.query();
        for (String parameter : route.endpoint().databaseParameters()) {
            if (database.isEmpty() && query.contains(parameter)) {
                // InfluxDB clients append a retention policy, which has no meaning here.
                String value = query.get(parameter);
                int policy = value.indexOf('/');
                database = policy < 0 ? value : value.substring(0, policy);
            }
        }
        if (database.isEmpty()) {
            return services.defaultDatabase();
        }
        String name = database;
        Names.database(name).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, problem);
        });
        return name;
    }

    private ByteSlice read(ServerRequest request, OptionalLong length) {
        if (!request.content().hasEntity()) {
            return ByteSlice.of(new byte[0]);
        }
        try (InputStream body = request.content().inputStream()) {
            if (length.isPresent()) {
                byte[] bytes = new byte[Math.toIntExact(length.getAsLong())];
                int read = body.readNBytes(bytes, 0, bytes.length);
                if (read < bytes.length) {
                    throw new ArcException(ErrorCode.MALFORMED_PAYLOAD,
                            "the body ended after " + read + " of " + bytes.length + " bytes");
                }
                return ByteSlice.of(bytes);
            }
            return readChunked(body);
        } catch (IOException broken) {
            throw new UncheckedIOException("the client's body could not be read to its end", broken);
        }
    }

    private ByteSlice readChunked(InputStream body) throws IOException {
        byte[] bytes = new byte[FIRST_BYTES];
        int length = 0;
        while (true) {
            int read = body.read(bytes, length, bytes.length - length);
            if (read < 0) {
                return new ByteSlice(bytes, 0, length);
            }
            length += read;
            if (length > options.maxPayloadBytes()) {
                throw tooLarge("more than " + options.maxPayloadBytes() + " bytes");
            }
            if (length == bytes.length) {
                bytes = Arrays.copyOf(bytes, (int) Math.min(2L * length, Integer.MAX_VALUE - 8));
            }
        }
    }

    private ArcException tooLarge(String what) {
        return new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the body is " + what + "; up to " + options.maxPayloadBytes()
                + " bytes are accepted (server.max_payload_size), so send smaller requests");
    }

    private long now() {
        Instant instant = state.clock().instant();
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }

    private record RequestParameters(UriQuery query, String database, long receivedMicros) implements Parameters {
        @Override
        public Optional<String> find(String name) {
            return query.contains(name) ? Optional.of(query.get(name)).filter(value -> !value.isEmpty()) : Optional.empty();
        }
    }
}
