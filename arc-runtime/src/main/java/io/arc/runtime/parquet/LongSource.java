package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.ColumnBatch;
import java.util.List;

/// Integers, and the time.
final class LongSource extends SourceColumn {
    private final long[][] parts;
    private final long[] stage;
    private final ColumnStatistics<LongBounds> statistics = new ColumnStatistics<>(LongBounds::new, false);

    LongSource(String name, Column[] columns, long[] stage) {
        super(name, columns);
        this.stage = stage;
        parts = new long[columns.length][];
        for (int b = 0; b < columns.length; b++) {
            if (columns[b] instanceof LongColumn part) {
                parts[b] = part.values();
            }
        }
    }

    private LongSource(String name, long[][] parts, long[] stage) {
        super(name);
        this.parts = parts;
        this.stage = stage;
    }

    static LongSource time(List<ColumnBatch> batches, long[] stage) {
        long[][] parts = new long[batches.size()][];
        for (int b = 0; b < parts.length; b++) {
            parts[b] = batches.get(b).epochMicros();
        }
        return new LongSource(ParquetEncoder.TIME, parts, stage);
    }

    @Override
    ColumnStatistics<LongBounds> statistics() {
        return statistics;
    }

    @Override
    int fillPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values) {
        readPresence(rows, from, maxTo, presence);
        if (rows.isScattered()) {
            gather(parts, rows.batchOf(), rows.rowOf(), from, maxTo, stage);
        } else {
            copyRuns(rows, from, maxTo);
        }
        if (!presence.isAllPresent()) {
            compact(stage, presence.words(), presence.rowCount());
        }
        statistics.page().addAll(stage, presence.presentCount());
        values.putLongs(stage, presence.presentCount());
        return maxTo;
    }

    private void copyRuns(RowMap rows, int from, int to) {
        int position = from;
        for (int run = rows.runAt(from); position < to; run++) {
            int end = Math.min(to, rows.runStart(run + 1));
            long[] part = parts[rows.runBatch(run)];
            if (part != null) {
                int row = rows.runRow(run) + position - rows.runStart(run);
                System.arraycopy(part, row, stage, position - from, end - position);
            }
            position = end;
        }
    }

    private static void gather(long[][] parts, int[] batchOf, int[] rowOf, int from, int to, long[] stage) {
        for (int i = from; i < to; i++) {
            long[] part = parts[batchOf[i]];
            if (part != null) {
                stage[i - from] = part[rowOf[i]];
            }
        }
    }

    private static void compact(long[] stage, long[] present, int rowCount) {
        int to = 0;
        for (int i = 0; i < rowCount; i++) {
            stage[to] = stage[i];
            to += (int) (present[i >>> 6] >>> i & 1);
        }
    }
}
