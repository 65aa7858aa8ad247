package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import org.apache.parquet.format.Encoding;

/// Doubles, and integers that become doubles because the file's column has both. Doubles of which there are few get a
/// dictionary: measured values mostly have few decimals, and codes are shorter and quicker to read than compressed doubles.
final class DoubleSource extends SourceColumn {
    private final double[][] parts;
    private final ParquetOptions options;
    private final ChunkScratch scratch;
    private final NumberChunk dictionary;
    private final ColumnStatistics<DoubleBounds> statistics = new ColumnStatistics<>(DoubleBounds::new, true);

    DoubleSource(String name, Column[] columns, ParquetOptions options, ChunkScratch scratch) {
        super(name, columns);
        this.options = options;
        this.scratch = scratch;
        dictionary = new NumberChunk(options, scratch);
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
    void startChunk(RowMap rows) {
        super.startChunk(rows);
        dictionary.open(rows.rowCount());
        int from = 0;
        while (options.dictionary() && dictionary.isWorthMore() && from < rows.rowCount()) {
            int to = (int) Math.min(rows.rowCount(), (long) from + options.pageRows());
            read(rows, from, to, scratch.presence());
            dictionary.add(scratch.doubles(), scratch.presence().presentCount());
            from = to;
        }
        dictionary.close(options.dictionary());
    }

    @Override
    PageBytes dictionaryPageOrNull() {
        return dictionary.pageOrNull();
    }

    @Override
    int dictionaryEntries() {
        return dictionary.entries();
    }

    @Override
    Encoding encoding() {
        return dictionary.isUsed() ? Encoding.RLE_DICTIONARY : Encoding.PLAIN;
    }

    @Override
    int fillPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values) {
        if (dictionary.isUsed()) {
            readPresence(rows, from, maxTo, presence);
            int count = presence.presentCount();
            statistics.page().addAll(dictionary.values(), dictionary.codes(), dictionary.position(), count);
            dictionary.fillPage(count, values);
            return maxTo;
        }
        read(rows, from, maxTo, presence);
        statistics.page().addAll(scratch.doubles(), presence.presentCount());
        values.putDoubles(scratch.doubles(), presence.presentCount());
        return maxTo;
    }

    /// Puts the values of the rows that are present into the stage, one behind the other.
    private void read(RowMap rows, int from, int to, Presence presence) {
        readPresence(rows, from, to, presence);
        double[] stage = scratch.doubles();
        if (rows.isScattered()) {
            gather(parts, rows.batchOf(), rows.rowOf(), from, to, stage);
        } else {
            copyRuns(rows, from, to, stage);
        }
        if (!presence.isAllPresent()) {
            compact(stage, presence.words(), presence.rowCount());
        }
    }

    private void copyRuns(RowMap rows, int from, int to, double[] stage) {
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
