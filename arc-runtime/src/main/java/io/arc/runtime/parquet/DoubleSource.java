package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;

/// Doubles, and integers that become doubles because the file's column has both.
final class DoubleSource extends SourceColumn {
    private final double[][] parts;
    private final double[] stage;
    private final ColumnStatistics<DoubleBounds> statistics = new ColumnStatistics<>(DoubleBounds::new, true);

    DoubleSource(String name, Column[] columns, double[] stage) {
        super(name, columns);
        this.stage = stage;
        parts = new double[columns.length][];
        for (int b = 0; b < columns.length; b++) {
            if (columns[b] instanceof DoubleColumn part) {
                parts[b] = part.values();
            } else if (columns[b] instanceof LongColumn part) {
                parts[b] = widen(part.values());
            }
        }
    }

    private static double[] widen(long[] values) {
        double[] widened = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            widened[i] = values[i];
        }
        return widened;
    }

    @Override
    ColumnStatistics<DoubleBounds> statistics() {
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
        values.putDoubles(stage, presence.presentCount());
        return maxTo;
    }

    private void copyRuns(RowMap rows, int from, int to) {
        int position = from;
        for (int run = rows.runAt(from); position < to; run++) {
            int end = Math.min(to, rows.runStart(run + 1));
            double[] part = parts[rows.runBatch(run)];
            if (part != null) {
                int row = rows.runRow(run) + position - rows.runStart(run);
                System.arraycopy(part, row, stage, position - from, end - position);
            }
            position = end;
        }
    }

    private static void gather(double[][] parts, int[] batchOf, int[] rowOf, int from, int to, double[] stage) {
        for (int i = from; i < to; i++) {
            double[] part = parts[batchOf[i]];
            if (part != null) {
                stage[i - from] = part[rowOf[i]];
            }
        }
    }

    private static void compact(double[] stage, long[] present, int rowCount) {
        int to = 0;
        for (int i = 0; i < rowCount; i++) {
            stage[to] = stage[i];
            to += (int) (present[i >>> 6] >>> i & 1);
        }
    }
}
