package io.arc.runtime.parquet;

import io.arc.api.data.Column;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.ColumnBatch;
import java.util.List;
import org.apache.parquet.format.Encoding;

/// Integers, and the time.
///
/// Integers of which there are few get a dictionary. Otherwise a page holds the differences of neighbours where that takes
/// less room, as it does for times in order and for counters, and the integers as they are where it does not.
final class LongSource extends SourceColumn {
    private final long[][] parts;
    private final ParquetOptions options;
    private final ChunkScratch scratch;
    private final boolean mayRepeat;
    private final ColumnStatistics<LongBounds> statistics = new ColumnStatistics<>(LongBounds::new, false);
    private final NumberChunk dictionary;
    private boolean deltasPay;
    private Encoding encoding = Encoding.PLAIN;

    LongSource(String name, Column[] columns, ParquetOptions options, ChunkScratch scratch) {
        super(name, columns);
        this.options = options;
        this.scratch = scratch;
        mayRepeat = options.dictionary();
        dictionary = new NumberChunk(options, scratch);
        parts = new long[columns.length][];
        for (int b = 0; b < columns.length; b++) {
            if (columns[b] instanceof LongColumn part) {
                parts[b] = part.values();
            }
        }
    }

    private LongSource(long[][] parts, ParquetOptions options, ChunkScratch scratch) {
        super(ParquetEncoder.TIME);
        this.parts = parts;
        this.options = options;
        this.scratch = scratch;
        mayRepeat = false;
        dictionary = new NumberChunk(options, scratch);
    }

    static LongSource time(List<ColumnBatch> batches, ParquetOptions options, ChunkScratch scratch) {
        long[][] parts = new long[batches.size()][];
        for (int b = 0; b < parts.length; b++) {
            parts[b] = batches.get(b).epochMicros();
        }
        return new LongSource(parts, options, scratch);
    }

    @Override
    ColumnStatistics<LongBounds> statistics() {
        return statistics;
    }

    @Override
    void startChunk(RowMap rows) {
        super.startChunk(rows);
        deltasPay = true;
        dictionary.open(rows.rowCount());
        int from = 0;
        while (mayRepeat && dictionary.isWorthMore() && from < rows.rowCount()) {
            int to = (int) Math.min(rows.rowCount(), (long) from + options.pageRows());
            read(rows, from, to, scratch.presence());
            dictionary.add(scratch.longs(), scratch.presence().presentCount());
            from = to;
        }
        dictionary.close(mayRepeat);
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
        return encoding;
    }

    @Override
    int fillPage(RowMap rows, int from, int maxTo, Presence presence, PageBytes values) {
        if (dictionary.isUsed()) {
            readPresence(rows, from, maxTo, presence);
            int count = presence.presentCount();
            statistics.page().addAll(dictionary.values(), dictionary.codes(), dictionary.position(), count);
            dictionary.fillPage(count, values);
            encoding = Encoding.RLE_DICTIONARY;
            return maxTo;
        }
        read(rows, from, maxTo, presence);
        int count = presence.presentCount();
        long[] stage = scratch.longs();
        statistics.page().addAll(stage, count);
        if (deltasPay && count > 0) {
            scratch.deltas().put(values, stage, count);
            deltasPay = values.size() <= 6L * count;
            if (deltasPay) {
                encoding = Encoding.DELTA_BINARY_PACKED;
                return maxTo;
            }
            values.clear();
        }
        values.putLongs(stage, count);
        encoding = Encoding.PLAIN;
        return maxTo;
    }

    /// Puts the values of the rows that are present into the stage, one behind the other.
    private void read(RowMap rows, int from, int to, Presence presence) {
        readPresence(rows, from, to, presence);
        long[] stage = scratch.longs();
        if (rows.isScattered()) {
            gather(parts, rows.batchOf(), rows.rowOf(), from, to, stage);
        } else {
            copyRuns(rows, from, to, stage);
        }
        if (!presence.isAllPresent()) {
            compact(stage, presence.words(), presence.rowCount());
        }
    }

    private void copyRuns(RowMap rows, int from, int to, long[] stage) {
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
