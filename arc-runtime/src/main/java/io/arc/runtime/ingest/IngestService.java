package io.arc.runtime.ingest;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Ingest;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.ingest.WriteReceipt.Rejection;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.wal.Journal;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/// The way of a write request through the server. Thread-safe; blocks the calling (virtual) thread until the rows are as
/// durable as the journal promises, and readable.
///
/// A request is all or nothing: everything is decoded and checked before anything is logged, one log frame carries all of
/// it, and it becomes visible at once per table.
public final class IngestService {
    private final SchemaRegistry schemas;
    private final Journal journal;
    private final Buffers buffers;
    private final MemoryBudget memory;
    private final IngestOptions options;
    private final Metrics.Counter records;
    private final Metrics.Counter bytes;
    private final Metrics.Counter requests;
    private final Metrics.Counter errors;

    public IngestService(SchemaRegistry schemas, Journal journal, Buffers buffers, MemoryBudget memory, IngestOptions options,
            Metrics metrics) {
        this.schemas = Objects.requireNonNull(schemas, "schemas");
        this.journal = Objects.requireNonNull(journal, "journal");
        this.buffers = Objects.requireNonNull(buffers, "buffers");
        this.memory = Objects.requireNonNull(memory, "memory");
        this.options = Objects.requireNonNull(options, "options");
        this.records = metrics.counter("arc_ingest_records_total", "rows", "Rows that were acknowledged.");
        this.bytes = metrics.counter("arc_ingest_bytes_total", "bytes", "Bytes of decompressed bodies that were acknowledged.");
        this.requests = metrics.counter("arc_ingest_batches_total", "requests", "Write requests that were acknowledged.");
        this.errors = metrics.counter("arc_ingest_errors_total", "requests", "Write requests that failed or were refused.");
    }

    /// A protocol's decoders, kept for reuse. Make one for each protocol and pass it to [#write].
    public static final class Decoders {
        private final Ingest protocol;
        private final Queue<Decoder> idle = new ConcurrentLinkedQueue<>();

        public Decoders(Ingest protocol) {
            this.protocol = Objects.requireNonNull(protocol, "protocol");
        }

        private Decoder take() {
            Decoder decoder = idle.poll();
            return decoder == null ? protocol.newDecoder() : decoder;
        }
    }

    /// Decodes and keeps a body.
    ///
    /// @param body decompressed; not touched after the return
    /// @throws ArcException for a body that is refused whole, of which nothing is kept; OVERLOADED when memory or the log's
    ///     backlog is used up; STORAGE_OUTCOME_UNKNOWN or STORAGE_UNAVAILABLE when the log failed
    public WriteReceipt write(Decoders decoders, ByteSlice body, Parameters parameters) {
        return write(decoders, body, parameters, table -> true, options.refusePartial());
    }

    /// The same for a body of which a single bad record refuses all.
    ///
    /// @param wanted the tables whose rows are kept, by name; asked once for each batch
    public WriteReceipt writeWhole(Decoders decoders, ByteSlice body, Parameters parameters, Predicate<String> wanted) {
        return write(decoders, body, parameters, wanted, true);
    }

    private WriteReceipt write(Decoders decoders, ByteSlice body, Parameters parameters, Predicate<String> wanted,
            boolean refusePartial) {
        try {
            RequestSink sink = decode(decoders, body, parameters, wanted);
            if (sink.rejectedCount() > 0 && refusePartial) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, refusal(sink));
            }
            String position = sink.batches().isEmpty() ? "" : keep(sink.batches());
            records.add(sink.rowCount());
            bytes.add(body.length());
            requests.increment();
            if (sink.rejectedCount() > 0) {
                errors.increment();
            }
            return new WriteReceipt(sink.rowCount(), sink.rejectedCount(), sink.firstRejections(),
                    journal.ackLevel().name().toLowerCase(Locale.ROOT), position);
        } catch (RuntimeException | Error failed) {
            errors.increment();
            throw failed;
        }
    }

    private RequestSink decode(Decoders decoders, ByteSlice body, Parameters parameters, Predicate<String> wanted) {
        RequestSink sink = new RequestSink(options, wanted);
        Decoder decoder = decoders.take();
        // A decoder that failed unexpectedly may be in any state and is not used again.
        try {
            decoder.decode(body, parameters, sink);
        } catch (ArcException refused) {
            decoders.idle.add(decoder);
            throw refused;
        }
        decoders.idle.add(decoder);
        return sink;
    }

    private String keep(List<ColumnBatch> batches) {
        long retained = 0;
        for (ColumnBatch batch : batches) {
            retained += batch.retainedBytes();
        }
        if (!memory.tryTake(retained)) {
            throw new ArcException(ErrorCode.OVERLOADED, "the rows that wait to be written to storage fill "
                    + memory.usedBytes() + " of " + memory.limitBytes()
                    + " bytes (ingest.memory_limit); send this again later");
        }
        Acknowledgement acknowledgement;
        try {
            admit(batches);
            acknowledgement = new Acknowledgement(buffers, batches);
            journal.append(batches, acknowledgement);
        } catch (RuntimeException | Error notKept) {
            memory.give(retained);
            throw notKept;
        }
        try {
            return acknowledgement.await();
        } catch (ArcException failed) {
            memory.give(retained);
            throw failed;
        }
    }

    private void admit(List<ColumnBatch> batches) {
        try {
            schemas.admitAll(batches);
        } catch (ArcException refused) {
            if (refused.code() != ErrorCode.TYPE_CONFLICT) {
                throw refused;
            }
            throw TypeConflicts.located(refused, schemas, batches);
        }
    }

    private static String refusal(RequestSink sink) {
        StringBuilder text = new StringBuilder("nothing was stored, because ").append(sink.rejectedCount())
                .append(sink.rejectedCount() == 1 ? " record is bad" : " records are bad");
        for (Rejection rejection : sink.firstRejections()) {
            text.append("; record ").append(rejection.record()).append(": ").append(rejection.reason());
        }
        return text.toString();
    }

    /// Turns the journal's callback into a wait. The buffers get the rows on the journal's thread, so in the order of the log,
    /// which is what lets a flush say by two numbers per writer what it covers.
    private static final class Acknowledgement implements Journal.Commit {
        private final Buffers buffers;
        private final List<ColumnBatch> batches;
        private final Thread waiter = Thread.currentThread();
        private volatile String position;
        private volatile ArcException failure;

        Acknowledgement(Buffers buffers, List<ColumnBatch> batches) {
            this.buffers = buffers;
            this.batches = batches;
        }

        @Override
        public void committed(String writer, long sequence) {
            try {
                buffers.append(writer, sequence, batches);
                position = writer + ":" + sequence;
            } catch (RuntimeException defect) {
                failure = new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN,
                        "the rows are in the log and could not be made readable; they come back with the next start", defect);
            }
            LockSupport.unpark(waiter);
        }

        @Override
        public void failed(ArcException cause) {
            failure = cause;
            LockSupport.unpark(waiter);
        }

        /// Not ended by an interrupt: the rows are on their way and nobody could say where.
        String await() {
            boolean interrupted = false;
            while (position == null && failure == null) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            if (failure != null) {
                throw new ArcException(failure.code(), failure.getMessage(), failure);
            }
            return position;
        }
    }
}
