package io.arc.testkit;

import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.IngestProtocol.Sink;
import java.util.Optional;

/// Counts and forgets, so that a measurement sees the decoder alone. One thread.
public final class CountingSink implements Sink {
    private long rows;
    private long rejected;

    @Override
    public void accept(ColumnBatch batch) {
        rows += batch.rowCount();
    }

    @Override
    public Optional<String> tableNameProblem(String table) {
        return Optional.empty();
    }

    @Override
    public void reject(long record, int position, String reason) {
        rejected++;
    }

    public long rows() {
        return rows;
    }

    public long rejected() {
        return rejected;
    }
}
