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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// A write on any wire format's route: body in, 204 out.
final class WriteRoute {
    private static final HeaderName DATABASE = HeaderNames.create("x-arc-database");
    private static final HeaderName ACK = HeaderNames.create("X-Arc-Ack");
    private static final HeaderName POSITION = HeaderNames.create("X-Arc-Position");

    private final ServerState state;
    private final HttpOptions options;
    private final Bodies bodies;
    private final Map<String, ProtocolFigures> figures = new ConcurrentHashMap<>();

    WriteRoute(ServerState state, HttpOptions options, Bodies bodies) {
        this.state = state;
        this.options = options;
        this.bodies = bodies;
    }

    void handle(ProtocolRoute route, ServerRequest request, ServerResponse response) {
        ProtocolFigures counters = figures.computeIfAbsent(route.protocol(), name -> ProtocolFigures.of(state.metrics(), name));
        WriteReceipt receipt;
        try {
            receipt = write(route, request, counters);
        } catch (RuntimeException failed) {
            counters.errors().increment();
            throw failed;
        }
        if (receipt.rowCount() > 0 || receipt.rejectedCount() == 0) {
            response.header(ACK, receipt.acknowledgement());
        }
        if (!receipt.position().isEmpty()) {
            response.header(POSITION, receipt.position());
        }
        if (receipt.rejectedCount() == 0) {
            response.status(Status.NO_CONTENT_204);
            Answers.bytes(request, response, new byte[0]);
        } else {
            counters.errors().increment();
            Answers.json(request, response, 400,
                    ErrorResponses.partialBody(route.endpoint().errorShape(), partial(receipt), receipt.rejectedCount()));
        }
    }

    private WriteReceipt write(ProtocolRoute route, ServerRequest request, ProtocolFigures counters) {
        Services services = state.services();
        String database = database(route.endpoint().databaseParameters(), request).orElse(services.defaultDatabase());
        try (Bodies.Share share = bodies.share()) {
            ByteSlice sent = bodies.read(request, share, options.maxPayloadBytes(), " (server.max_payload_size)");
            ByteSlice body = services.decompressor().decompress(sent, options.maxPayloadBytes());
            if (body.array() != sent.array()) {
                share.grow((long) sent.array().length + body.array().length);
            }
            if (body.length() == 0) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the body is empty; send at least one record");
            }
            WriteReceipt receipt = services.ingest().write(route.decoders(), body,
                    new RequestParameters(request.query(), database, now(state)));
            counters.stored(receipt.rowCount(), body.length(), body.array() == sent.array() ? 0 : sent.length());
            return receipt;
        } catch (ArcException refused) {
            throw ErrorResponses.worded(refused, route.endpoint().errorShape());
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

    /// The database that a request names, checked.
    ///
    /// @param parameters query parameters that may name it when the header does not
    static Optional<String> database(List<String> parameters, ServerRequest request) {
        String database = request.headers().first(DATABASE).filter(name -> !name.isBlank()).map(String::strip).orElse("");
        UriQuery query = request.query();
        for (String parameter : parameters) {
            if (database.isEmpty() && query.contains(parameter)) {
                // InfluxDB clients append a retention policy, which has no meaning here.
                String value = query.get(parameter);
                int policy = value.indexOf('/');
                database = policy < 0 ? value : value.substring(0, policy);
            }
        }
        if (database.isEmpty()) {
            return Optional.empty();
        }
        Names.database(database).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, problem);
        });
        return Optional.of(database);
    }

    static long now(ServerState state) {
        Instant instant = state.clock().instant();
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
    }

    record RequestParameters(UriQuery query, String database, long receivedMicros) implements Parameters {
        @Override
        public Optional<String> find(String name) {
            return query.contains(name) ? Optional.of(query.get(name)).filter(value -> !value.isEmpty()) : Optional.empty();
        }
    }
}
