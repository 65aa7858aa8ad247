package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.arc.runtime.ingest.WriteReceipt;
import io.arc.runtime.metrics.Metrics.Counter;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Files of line protocol, sent as a form's part `file`, plain or compressed. All of a file is stored, or nothing; 200 means
/// that its rows are in the storage, or at the least in the log and safe there when the storage does not answer.
final class ImportRoute {
    private static final Logger LOG = System.getLogger(ImportRoute.class.getName());
    private static final String LINE_PROTOCOL = "/api/v1/write/line-protocol";
    private static final int MAX_FILE_BYTES = 500 << 20;
    private static final Duration FLUSH_DEADLINE = Duration.ofSeconds(120);

    private final ServerState state;
    private final HttpOptions options;
    private final Bodies bodies;
    private final Counter requests;
    private final Counter records;
    private final Counter errors;

    ImportRoute(ServerState state, HttpOptions options, Bodies bodies) {
        this.state = state;
        this.options = options;
        this.bodies = bodies;
        this.requests = state.metrics().counter("arc_import_requests_total", "requests", "Imported files.");
        this.records = state.metrics().counter("arc_import_records_total", "rows", "Rows of imported files.");
        this.errors = state.metrics().counter("arc_import_errors_total", "requests",
                "Files whose import was refused or failed.");
    }

    void lineProtocol(ServerRequest request, ServerResponse response) {
        long started = System.nanoTime();
        try {
            String result = imported(request, started);
            requests.increment();
            Answers.json(request, response, 200, result);
        } catch (ArcException refused) {
            errors.increment();
            throw refused;
        }
    }

    private String imported(ServerRequest request, long started) {
        Services services = state.services();
        ProtocolRoute route = services.protocols().get(LINE_PROTOCOL);
        if (route == null) {
            throw new ArcException(ErrorCode.NOT_FOUND, services.missingProtocol().apply(LINE_PROTOCOL)
                    .orElse("no enabled plugin reads line protocol"));
        }
        String database = WriteRoute.database(List.of("db"), request).orElseThrow(() -> new ArcException(
                ErrorCode.INVALID_PARAMETER, "an import needs a database: send the header x-arc-database or the parameter db"));
        Optional<String> only = parameter(request, "measurement");
        Set<String> tables = new TreeSet<>();
        WriteReceipt receipt;
        try (Bodies.Share share = bodies.share()) {
            ByteSlice form = bodies.read(request, share, options.maxPayloadBytes(), " (server.max_payload_size)");
            ByteSlice file = MultipartForm.part(form, request.headers().first(HeaderNames.CONTENT_TYPE).orElse(""), "file")
                    .orElseThrow(() -> new ArcException(ErrorCode.MALFORMED_PAYLOAD,
                            "the form (multipart/form-data) has no part named 'file'; send the file as that"));
            if (file.length() == 0) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "the file is empty; send at least one record");
            }
            long limit = Math.min(MAX_FILE_BYTES, options.maxPayloadBytes());
            if (file.length() > limit) {
                throw new ArcException(ErrorCode.PAYLOAD_TOO_LARGE, "the file is " + file.length() + " bytes; up to " + limit
                        + " bytes are accepted, so send it in parts");
            }
            ByteSlice lines = services.decompressor().decompress(file, limit);
            if (lines.array() != form.array()) {
                share.grow((long) form.array().length + lines.array().length);
            }
            receipt = services.ingest().writeWhole(route.decoders(), lines,
                    new WriteRoute.RequestParameters(request.query(), database, WriteRoute.now(state)), table -> {
                        boolean wanted = only.isEmpty() || only.get().equals(table);
                        if (wanted) {
                            tables.add(table);
                        }
                        return wanted;
                    });
        }
        if (receipt.rowCount() == 0) {
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "nothing was imported: the file has no record"
                    + only.map(table -> " of measurement '" + table + "'").orElse(""));
        }
        records.add(receipt.rowCount());
        store(services, receipt);
        Json json = new Json().object().name("status").value("ok").name("result").object().name("database").value(database)
                .name("measurements").array();
        tables.forEach(json::value);
        return json.endArray().name("rows_imported").value(receipt.rowCount()).name("precision")
                .value(parameter(request, "precision").orElse("ns")).name("duration_ms")
                .value((System.nanoTime() - started) / 1_000_000).endObject().endObject().toString();
    }

    /// A failure now would make the client send all of it again, although nothing is lost when the log has it.
    private static void store(Services services, WriteReceipt receipt) {
        try {
            services.flushes().flushAll(FLUSH_DEADLINE);
        } catch (ArcException notYet) {
            if (!receipt.acknowledgement().equals("synced")) {
                throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "the rows are accepted and not in the storage yet: "
                        + notYet.getMessage(), notYet);
            }
            LOG.log(Level.WARNING, "an import of {0} rows is in the log and not in the storage yet: {1}", receipt.rowCount(),
                    notYet.getMessage());
        }
    }

    private static Optional<String> parameter(ServerRequest request, String name) {
        return request.query().contains(name) ? Optional.of(request.query().get(name)).filter(value -> !value.isEmpty())
                : Optional.empty();
    }
}
