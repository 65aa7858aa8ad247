package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;

/// Booleans.
final class BooleanSource extends SourceColumn {
    private final boolean[][] parts;
    private final ChunkScratch scratch;
    private final ColumnStatistics<BooleanBounds> statistics = new ColumnStatistics<>(BooleanBounds::new, false);

    BooleanSource(String name, Column[] columns, ChunkScratch scratch) {
        super(name, columns);
        this.scratch = scratch;
        parts = new boolean[columns.length][];
        for (int b = 0; b < columns.length; b++) {
            if (columns[b] instanceof BooleanColumn part) {
                parts[b] = part.values();
            }
        }
    }

    @Override
    ColumnStatistics<BooleanBounds> statistics() {
        return statistics;
    }

    @Override
    int fillPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values) {
        readPresence(rows, from, maxTo, presence);
        boolean[] stage = scratch.booleans();
        if (rows.isScattered()) {
            gather(parts, rows.batchOf(), rows.rowOf(), from, maxTo, stage);
        } else {
            copyRuns(rows, from, maxTo, stage);
        }
        if (!presence.isAllPresent()) {
            compact(stage, presence.words(), presence.rowCount());
        }
        statistics.page().addAll(stage, presence.presentCount());
        values.putBooleans(stage, presence.presentCount());
        return maxTo;
    }

    private void copyRuns(RowMap rows, int from, int to, boolean[] stage) {
        int position = from;
        for (int run = rows.runAt(from); position < to; run++) {
            int end = Math.min(to, rows.runStart(run + 1));
            boolean[] part = parts[rows.runBatch(run)];
            if (part != null) {
                int row = rows.runRow(run) + position - rows.runStart(run);
                System.arraycopy(part, row, stage, position - from, end - position);
            }
            position = end;
        }
    }

    private static void gather(boolean[][] parts, int[] batchOf, int[] rowOf, int from, int to, boolean[] stage) {
        for (int i = from; i < to; i++) {
            boolean[] part = parts[batchOf[i]];
            if (part != null) {
                stage[i - from] = part[rowOf[i]];
            }
        }
    }

    private static void compact(boolean[] stage, long[] present, int rowCount) {
        int to = 0;
        for (int i = 0; i < rowCount; i++) {
            stage[to] = stage[i];
            to += (int) (present[i >>> 6] >>> i & 1);
        }
    }
}
