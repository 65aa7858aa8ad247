package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Parameters;
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
import java.time.Instant;
import java.util.Optional;

/// A write on any wire format's route: body in, 204 out.
final class WriteRoute {
    private static final HeaderName DATABASE = HeaderNames.create("x-arc-database");
    private static final HeaderName ACK = HeaderNames.create("X-Arc-Ack");
    private static final HeaderName POSITION = HeaderNames.create("X-Arc-Position");

    private final ServerState state;
    private final HttpOptions options;
    private final Bodies bodies;

    WriteRoute(ServerState state, HttpOptions options, Bodies bodies) {
        this.state = state;
        this.options = options;
        this.bodies = bodies;
    }

    void handle(ProtocolRoute route, ServerRequest request, ServerResponse response) {
        Services services = state.services();
        String database = database(route, services, request);
        WriteReceipt receipt;
        try (Bodies.Share share = bodies.share()) {
            ByteSlice sent = bodies.read(request, share, options.maxPayloadBytes(), " (server.max_payload_size)");
            ByteSlice body = services.decompressor().decompress(sent, options.maxPayloadBytes());
            if (body.array() != sent.array()) {
                share.grow((long) sent.array().length + body.array().length);
            }
            if (body.length() == 0) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body is empty; send at least one record");
            }
            receipt = services.ingest().write(route.decoders(), body, new RequestParameters(request.query(), database, now()));
        }
        response.header(ACK, receipt.acknowledgement());
        if (!receipt.position().isEmpty()) {
            response.header(POSITION, receipt.position());
        }
        if (receipt.rejectedCount() == 0) {
            response.status(Status.NO_CONTENT_204);
            Answers.bytes(request, response, new byte[0]);
        } else {
            Answers.json(request, response, 400,
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
