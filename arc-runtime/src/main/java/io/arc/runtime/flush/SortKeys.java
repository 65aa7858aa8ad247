package io.arc.runtime.flush;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Utf8Block;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Sorts rows that are in time order by configured columns too, for tables whose queries filter by a tag. Off unless
/// configured, so written for clearness: one comparable number a row and key, then stable sorts from the last key to the
/// first. Absent values come last; a key that no batch has changes nothing.
final class SortKeys {
    private SortKeys() {}

    /// Sorts `order[from, to)`.
    static void sort(List<ColumnBatch> batches, int[] order, int from, int to, List<String> keys) {
        for (String key : keys.reversed()) {
            if (batches.stream().anyMatch(batch -> find(batch, key) != null)) {
                sortBy(ranks(batches, key), order, from, to);
            }
        }
    }

    private static void sortBy(long[] ranks, int[] order, int from, int to) {
        Integer[] boxed = new Integer[to - from];
        for (int i = from; i < to; i++) {
            boxed[i - from] = order[i];
        }
        Arrays.sort(boxed, Comparator.comparingLong(row -> ranks[row]));
        for (int i = from; i < to; i++) {
            order[i] = boxed[i - from];
        }
    }

    private static long[] ranks(List<ColumnBatch> batches, String key) {
        int rowCount = batches.stream().mapToInt(ColumnBatch::rowCount).sum();
        long[] ranks = new long[rowCount];
        boolean fractions = batches.stream().anyMatch(batch -> find(batch, key) instanceof DoubleColumn);
        Map<String, Long> textRanks = textRanks(batches, key);
        int row = 0;
        for (ColumnBatch batch : batches) {
            Column column = find(batch, key);
            for (int r = 0; r < batch.rowCount(); r++, row++) {
                ranks[row] = column == null || !column.validity().isPresent(r) ? Long.MAX_VALUE : switch (column) {
                    case LongColumn longs -> fractions ? sortable(longs.values()[r]) : longs.values()[r];
                    case DoubleColumn doubles -> sortable(doubles.values()[r]);
                    case BooleanColumn booleans -> booleans.values()[r] ? 1 : 0;
                    case Utf8Column texts -> textRanks.get(texts.values().string(r));
                    case DictionaryColumn texts -> textRanks.get(texts.dictionary().string(texts.codes()[r]));
                };
            }
        }
        return ranks;
    }

    /// Doubles as longs of the same order: negative ones have all but their sign flipped.
    private static long sortable(double value) {
        long bits = Double.doubleToLongBits(value);
        return bits ^ bits >> 63 & Long.MAX_VALUE;
    }

    private static Map<String, Long> textRanks(List<ColumnBatch> batches, String key) {
        Map<String, Long> ranks = new HashMap<>();
        for (ColumnBatch batch : batches) {
            switch (find(batch, key)) {
                case Utf8Column texts -> {
                    for (int r = 0; r < batch.rowCount(); r++) {
                        ranks.put(texts.values().string(r), 0L);
                    }
                }
                case DictionaryColumn texts -> {
                    Utf8Block dictionary = texts.dictionary();
                    for (int r = 0; r < batch.rowCount(); r++) {
                        if (texts.validity().isPresent(r)) {
                            ranks.put(dictionary.string(texts.codes()[r]), 0L);
                        }
                    }
                }
                case LongColumn _, DoubleColumn _, BooleanColumn _ -> { }
                case null -> { }
            }
        }
        List<String> sorted = ranks.keySet().stream().sorted().toList();
        for (int rank = 0; rank < sorted.size(); rank++) {
            ranks.put(sorted.get(rank), (long) rank);
        }
        return ranks;
    }

    private static Column find(ColumnBatch batch, String name) {
        for (Column column : batch.columns()) {
            if (column.name().equals(name)) {
                return column;
            }
        }
        return null;
    }
}
