package io.arc.api.spi;

import io.arc.api.data.ColumnBatch;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// A wire format for writes: says on which routes it is served and turns request bodies into column batches.
///
/// The runtime reads, limits and decompresses bodies, authenticates, checks names and schema, logs and stores. A protocol
/// only decodes.
public non-sealed interface IngestProtocol extends ArcPlugin {
    /// The routes to serve with POST. A route that another enabled protocol has taken already stops the start.
    List<Endpoint> endpoints();

    /// Called once at the start of the server, on one thread.
    Ingest open(PluginContext context);

    /// One route.
    ///
    /// @param path absolute, without a trailing slash, such as `/api/v1/write/msgpack`
    /// @param databaseParameters query parameters that may name the database, the first one set wins; the header
    ///     `x-arc-database` always comes before them and the default database after
    /// @param errorShape the JSON that clients of this route expect with an error
    /// @param parameters what the route reads, for OpenAPI: query parameter names such as `precision`
    /// @param doc one sentence for OpenAPI
    record Endpoint(String path, List<String> databaseParameters, ErrorShape errorShape, List<String> parameters, String doc) {
        public Endpoint {
            if (!path.startsWith("/") || path.endsWith("/")) {
                throw new IllegalArgumentException("an endpoint's path starts with a slash and does not end in one: " + path);
            }
            databaseParameters = List.copyOf(databaseParameters);
            Objects.requireNonNull(errorShape, "errorShape");
            parameters = List.copyOf(parameters);
            Objects.requireNonNull(doc, "doc");
        }

        public Endpoint(String path, String doc) {
            this(path, List.of(), ErrorShape.ARC, List.of(), doc);
        }
    }

    /// How an error is written. ARC: `{"success":false,"error":text,"message":text}`. INFLUX_1: `{"error":text}`.
    /// INFLUX_2: `{"code":word,"message":text,"error":text}`.
    enum ErrorShape {
        ARC, INFLUX_1, INFLUX_2
    }

    /// The live protocol. Thread-safe.
    interface Ingest extends PluginInstance {
        /// A new decoder. The runtime keeps idle ones and reuses them.
        Decoder newDecoder();
    }

    /// Used by one thread at a time, by different ones after each other; may keep scratch memory between calls. Keeps
    /// neither the body nor an emitted array.
    interface Decoder {
        /// Decodes a whole, decompressed body into batches, any number of which may belong to one table.
        ///
        /// On a throw nothing of the body is stored, whatever the sink has taken already.
        ///
        /// @throws io.arc.api.ArcException MALFORMED_PAYLOAD, INVALID_TIMESTAMP, INVALID_PARAMETER or TYPE_CONFLICT, with a
        ///     message saying what is wrong and where. Nothing else may escape, whatever the bytes are.
        void decode(ByteSlice body, Parameters parameters, Sink sink);
    }

    /// What came with the body.
    interface Parameters {
        /// The query parameter's value, percent-decoded; empty when it is absent or has an empty value.
        Optional<String> find(String name);

        /// The database that the request is for, already checked.
        String database();

        /// When the request arrived, in microseconds since 1970 UTC: the time of rows that bring none.
        long receivedMicros();
    }

    /// Where decoded rows go. Called on the decoding thread only.
    interface Sink {
        /// Takes a batch over, with its arrays. An empty batch is ignored.
        ///
        /// @throws io.arc.api.ArcException INVALID_NAME for a table or column name against the rules; let it pass through
        void accept(ColumnBatch batch);

        /// What is wrong with a table's name, in a clause such as `holds '.'`; empty when it is fine. For protocols that
        /// reject single records: an unchecked bad name makes [#accept] refuse the whole request.
        Optional<String> tableNameProblem(String table);

        /// One bad record of an otherwise good body. The others are stored and the client is told, unless the server is
        /// configured to refuse such bodies whole.
        ///
        /// @param record the record's number, from 1; a line number in line formats
        /// @param position the byte it starts at
        /// @param reason what is wrong, in a clause
        void reject(long record, int position, String reason);
    }
}
