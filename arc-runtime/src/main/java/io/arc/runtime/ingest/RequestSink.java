package io.arc.runtime.ingest;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.runtime.ingest.WriteReceipt.Rejection;
import io.arc.runtime.partition.Names;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Collects what one body decodes to and checks every name in it. One request, one thread.
final class RequestSink implements Sink {
    private static final int SHOWN_REJECTIONS = 10;

    private final IngestOptions options;
    private final List<ColumnBatch> batches = new ArrayList<>(4);
    private final List<Rejection> firstRejections = new ArrayList<>(0);
    private final Map<String, Optional<String>> problems = new HashMap<>(4);
    private final Predicate<String> wanted;
    private long rejectedCount;
    private long rowCount;

    /// @param wanted the tables whose rows are kept, by name; those of others are checked and forgotten
    RequestSink(IngestOptions options, Predicate<String> wanted) {
        this.options = options;
        this.wanted = wanted;
    }

    @Override
    public void accept(ColumnBatch batch) {
        if (batch.rowCount() == 0) {
            return;
        }
        tableNameProblem(batch.table().table()).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, problem);
        });
        ColumnBatch named = options.sanitizeNames() ? sanitized(batch) : batch;
        checkUnique(named);
        if (!wanted.test(named.table().table())) {
            return;
        }
        batches.add(named);
        rowCount += named.rowCount();
    }

    @Override
    public Optional<String> tableNameProblem(String table) {
        return options.sanitizeNames() && !table.isEmpty() ? Optional.empty()
                : problems.computeIfAbsent(table, Names::table);
    }

    private static ColumnBatch sanitized(ColumnBatch batch) {
        TableId table = batch.table();
        String name = Names.sanitizeTable(table.table());
        return name.equals(table.table()) ? batch
                : new ColumnBatch(new TableId(table.database(), name), batch.rowCount(), batch.epochMicros(), batch.columns());
    }

    /// The rest of a column's name is the schema's business; this alone it does not see in columns that it knows.
    private static void checkUnique(ColumnBatch batch) {
        Set<String> names = HashSet.newHashSet(batch.columns().size());
        for (Column column : batch.columns()) {
            if (!names.add(column.name())) {
                throw new ArcException(ErrorCode.MALFORMED_PAYLOAD,
                        "column '" + column.name() + "' comes twice in one batch of table " + batch.table());
            }
        }
    }

    @Override
    public void reject(long record, int position, String reason) {
        rejectedCount++;
        if (firstRejections.size() < SHOWN_REJECTIONS) {
            firstRejections.add(new Rejection(record, position, reason));
        }
    }

    List<ColumnBatch> batches() {
        return batches;
    }

    long rowCount() {
        return rowCount;
    }

    long rejectedCount() {
        return rejectedCount;
    }

    List<Rejection> firstRejections() {
        return firstRejections;
    }
}
