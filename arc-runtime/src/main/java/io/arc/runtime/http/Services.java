package io.arc.runtime.http;

import io.arc.api.data.TableId;
import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.runtime.auth.Authenticator;
import io.arc.runtime.compaction.CompactionService;
import io.arc.runtime.ingest.BodyDecompressor;
import io.arc.runtime.ingest.IngestService;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.TableSource;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/// Everything that requests are answered with. Made once the server is ready.
///
/// @param ingest keeps writes
/// @param protocols the enabled wire formats by the lower-case path that they are served on
/// @param missingProtocol for a path that a well-known wire format serves which is not there, a sentence that says so
/// @param decompressor unfolds bodies
/// @param queries answers SQL
/// @param tables lists databases and tables
/// @param authenticator judges tokens; empty when authentication is off
/// @param databases makes databases
/// @param flushes writes buffered rows out on request
/// @param buffers figures of the buffers
/// @param log the write-ahead log's figures
/// @param compaction merges files; empty when it is off
/// @param defaultDatabase the database of requests that name none
/// @param queryTimeout how long a query may take, waiting included
public record Services(IngestService ingest, Map<String, ProtocolRoute> protocols,
        Function<String, Optional<String>> missingProtocol,
        BodyDecompressor decompressor, QueryEngine queries, TableSource tables, Optional<Authenticator> authenticator,
        Databases databases, Flushes flushes, Supplier<BufferFigures> buffers, Log log,
        Optional<CompactionService> compaction, String defaultDatabase, Duration queryTimeout) {
    public Services {
        Objects.requireNonNull(ingest, "ingest");
        protocols = Map.copyOf(protocols);
        Objects.requireNonNull(missingProtocol, "missingProtocol");
        Objects.requireNonNull(decompressor, "decompressor");
        Objects.requireNonNull(queries, "queries");
        Objects.requireNonNull(tables, "tables");
        Objects.requireNonNull(authenticator, "authenticator");
        Objects.requireNonNull(databases, "databases");
        Objects.requireNonNull(flushes, "flushes");
        Objects.requireNonNull(buffers, "buffers");
        Objects.requireNonNull(log, "log");
        Objects.requireNonNull(compaction, "compaction");
        Objects.requireNonNull(defaultDatabase, "defaultDatabase");
        Objects.requireNonNull(queryTimeout, "queryTimeout");
    }

    /// A wire format on one of its routes.
    public record ProtocolRoute(String protocol, Endpoint endpoint, IngestService.Decoders decoders) {}

    /// Databases that exist without rows.
    public interface Databases {
        /// @throws io.arc.api.ArcException INVALID_NAME, or CONFLICT when it exists
        void create(String name);
    }

    /// Flushing on request.
    public interface Flushes {
        /// Returns when every row that was acknowledged before the call is in a file.
        ///
        /// @throws io.arc.api.ArcException STORAGE_UNAVAILABLE naming what is not stored when the deadline has passed
        void flushAll(Duration deadline);
    }

    /// The write-ahead log.
    public interface Log {
        LogFigures figures();

        /// Deletes recovered segments that were put aside longer ago. Only called while the log is on.
        CleanUp cleanUp(Duration maxAge);

        /// What was deleted.
        record CleanUp(int files, long bytes) {}
    }

    /// Figures of the buffers.
    ///
    /// @param rowsByTable rows in memory
    public record BufferFigures(long rowsBuffered, long rowsWritten, long flushes, long errors, Map<TableId, Long> rowsByTable,
            double oldestAgeSeconds, long queueDepth, int workers, List<String> failingTables) {}
}
