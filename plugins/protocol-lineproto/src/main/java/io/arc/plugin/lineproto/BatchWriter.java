package io.arc.plugin.lineproto;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.api.spi.IngestProtocol.Sink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Turns the rows of a table into batches whose arrays belong to nobody else.
///
/// A table is one batch, its rows in the order of their lines. Only where that would take far more memory than the lines
/// did, because each names a few of very many columns, rows with the same columns are put together in batches of their own.
final class BatchWriter {
    private static final String TIME = "time";
    private static final String SUFFIX = "_value";
    /// Up to this many distinct values a tag is always stored by dictionary.
    private static final int SMALL_DICTIONARY = 4_096;
    /// What a batch and a column of it cost beside their values, in bytes.
    private static final int BATCH_COST = 256;
    private static final int COLUMN_COST = 160;
    /// Leaves the upper bits of a long to the number of a column.
    private static final int RAREST_SHIFT = 48;
    private static final long LOW_BITS = 0xFFFF_FFFFL;

    void write(TableRows table, String database, Sink sink) {
        TableId id = new TableId(database, table.name());
        String[] names = names(table);
        long cells = (long) table.rows() * table.columnCount();
        long values = 0;
        for (int i = 0; i < table.columnCount(); i++) {
            values += table.column(i).count();
        }
        if (cells <= Math.max(4 * values, table.lineBytes())) {
            Column[] columns = new Column[names.length];
            for (int i = 0; i < columns.length; i++) {
                columns[i] = whole(table.column(i), names[i], table.rows());
            }
            sink.accept(new ColumnBatch(id, table.rows(), table.copyMicros(), Arrays.asList(columns)));
        } else {
            writeApart(table, id, names, Math.toIntExact(values), sink);
        }
    }

    // Tags keep their names, then the fields do that share theirs with no tag; the others and those named `time` get the
    // suffix, once more while the name is taken.
    private static String[] names(TableRows table) {
        String[] names = new String[table.columnCount()];
        Set<String> taken = HashSet.newHashSet(names.length + 1);
        taken.add(TIME);
        for (int i = 0; i < names.length; i++) {
            ColumnRows column = table.column(i);
            if (column.isTag() && taken.add(column.name())) {
                names[i] = column.name();
            }
        }
        for (int i = 0; i < names.length; i++) {
            ColumnRows column = table.column(i);
            if (!column.isTag() && taken.add(column.name())) {
                names[i] = column.name();
            }
        }
        nameAnew(table, names, taken, true);
        nameAnew(table, names, taken, false);
        return names;
    }

    private static void nameAnew(TableRows table, String[] names, Set<String> taken, boolean tags) {
        for (int i = 0; i < names.length; i++) {
            ColumnRows column = table.column(i);
            if (names[i] == null && column.isTag() == tags) {
                String name = column.name();
                do {
                    name += SUFFIX;
                } while (!taken.add(name));
                names[i] = name;
            }
        }
    }

    private static Column whole(ColumnRows column, String name, int rows) {
        int count = column.count();
        if (column.hasGaps() || count < rows) {
            long[] places = new long[count];
            for (int i = 0; i < count; i++) {
                places[i] = (long) column.row(i) << Integer.SIZE | i;
            }
            return part(column, name, places, 0, count, 0, rows);
        }
        return switch (ColumnRows.type(column.kind())) {
            case INT64 -> new LongColumn(name, column.role(), column.copyLongs(), Validity.ALL_PRESENT);
            case FLOAT64 -> {
                double[] values = new double[count];
                for (int i = 0; i < count; i++) {
                    values[i] = Double.longBitsToDouble(column.bits(i));
                }
                yield new DoubleColumn(name, column.role(), values, Validity.ALL_PRESENT);
            }
            case BOOLEAN -> {
                boolean[] values = new boolean[count];
                for (int i = 0; i < count; i++) {
                    values[i] = column.bits(i) != 0;
                }
                yield new BooleanColumn(name, column.role(), values, Validity.ALL_PRESENT);
            }
            case TEXT -> {
                if (!column.isTag()) {
                    yield new Utf8Column(name, column.role(), new Utf8Block(column.copyTexts(), column.copyOffsets()),
                            Validity.ALL_PRESENT);
                }
                if (isDictionaryWorthIt(column, count)) {
                    yield new DictionaryColumn(name, column.role(), column.copyCodes(), column.texts().block(),
                            Validity.ALL_PRESENT);
                }
                long[] places = new long[count];
                for (int i = 0; i < count; i++) {
                    places[i] = (long) i << Integer.SIZE | i;
                }
                yield new Utf8Column(name, column.role(), text(column, places, 0, count, 0, rows), Validity.ALL_PRESENT);
            }
        };
    }

    private static boolean isDictionaryWorthIt(ColumnRows column, int count) {
        int distinct = column.texts().size();
        return distinct <= count && (distinct <= SMALL_DICTIONARY || distinct <= count / 2);
    }

    /// A column from some of the values.
    ///
    /// @param places for each value its place among the rows in the upper half and its index in the lower, ascending; those
    ///     from `from` to `to` are taken
    /// @param firstPlace the place of the batch's first row
    private static Column part(ColumnRows column, String name, long[] places, int from, int to, int firstPlace, int rows) {
        Validity validity = to - from == rows ? Validity.ALL_PRESENT : Validity.allAbsent(rows);
        if (!validity.isAllPresent()) {
            long[] words = validity.words();
            for (int i = from; i < to; i++) {
                int row = row(places[i], firstPlace);
                words[row >> 6] |= 1L << row;
            }
        }
        return switch (ColumnRows.type(column.kind())) {
            case INT64 -> {
                long[] values = new long[rows];
                for (int i = from; i < to; i++) {
                    values[row(places[i], firstPlace)] = column.bits(index(places[i]));
                }
                yield new LongColumn(name, column.role(), values, validity);
            }
            case FLOAT64 -> {
                double[] values = new double[rows];
                for (int i = from; i < to; i++) {
                    values[row(places[i], firstPlace)] = Double.longBitsToDouble(column.bits(index(places[i])));
                }
                yield new DoubleColumn(name, column.role(), values, validity);
            }
            case BOOLEAN -> {
                boolean[] values = new boolean[rows];
                for (int i = from; i < to; i++) {
                    values[row(places[i], firstPlace)] = column.bits(index(places[i])) != 0;
                }
                yield new BooleanColumn(name, column.role(), values, validity);
            }
            case TEXT -> {
                if (column.isTag() && isDictionaryWorthIt(column, to - from)) {
                    int[] codes = new int[rows];
                    for (int i = from; i < to; i++) {
                        codes[row(places[i], firstPlace)] = column.code(index(places[i]));
                    }
                    yield new DictionaryColumn(name, column.role(), codes, column.texts().block(), validity);
                }
                yield new Utf8Column(name, column.role(), text(column, places, from, to, firstPlace, rows), validity);
            }
        };
    }

    private static int row(long place, int firstPlace) {
        return (int) (place >>> Integer.SIZE) - firstPlace;
    }

    private static int index(long place) {
        return (int) (place & LOW_BITS);
    }

    private static Utf8Block text(ColumnRows column, long[] places, int from, int to, int firstPlace, int rows) {
        int[] offsets = new int[rows + 1];
        int next = 0;
        int end = 0;
        for (int i = from; i < to; i++) {
            for (int row = row(places[i], firstPlace); next <= row; next++) {
                offsets[next] = end;
            }
            end = Growth.checked((long) end + column.textLength(index(places[i])));
        }
        Arrays.fill(offsets, next, rows + 1, end);
        byte[] bytes = new byte[end];
        int at = 0;
        for (int i = from; i < to; i++) {
            at = column.copyText(index(places[i]), bytes, at);
        }
        return new Utf8Block(bytes, offsets);
    }

    private static void writeApart(TableRows table, TableId id, String[] names, int values, Sink sink) {
        int rows = table.rows();
        // The columns of each row, one row after the other: those of row r from starts[r] on.
        int[] starts = new int[rows + 1];
        int[] rarest = new int[rows];
        long[] signatures = new long[rows];
        for (int c = 0; c < names.length; c++) {
            ColumnRows column = table.column(c);
            long mark = ByteText.mix(c + 1L, names.length);
            for (int i = 0; i < column.count(); i++) {
                int row = column.row(i);
                if (starts[row + 1]++ == 0 || column.count() < table.column(rarest[row]).count()) {
                    rarest[row] = c;
                }
                signatures[row] += mark;
            }
        }
        for (int row = 0; row < rows; row++) {
            starts[row + 1] += starts[row];
            signatures[row] = (long) rarest[row] << RAREST_SHIFT | signatures[row] >>> Long.SIZE - RAREST_SHIFT;
        }
        int[] columnsOfRows = new int[values];
        int[] next = Arrays.copyOf(starts, rows);
        for (int c = 0; c < names.length; c++) {
            ColumnRows column = table.column(c);
            for (int i = 0; i < column.count(); i++) {
                columnsOfRows[next[column.row(i)]++] = c;
            }
        }

        // Rows with equal columns become neighbours, in the order of their lines among each other, and so do those that
        // share their rarest column.
        long[] distinct = signatures.clone();
        Arrays.sort(distinct);
        long[] order = new long[rows];
        for (int row = 0; row < rows; row++) {
            order[row] = (long) firstIndex(distinct, signatures[row]) << Integer.SIZE | row;
        }
        Arrays.sort(order);
        int[] placeOfRow = new int[rows];
        for (int place = 0; place < rows; place++) {
            placeOfRow[index(order[place])] = place;
        }

        int[] ends = ends(order, starts, columnsOfRows, names.length);
        List<List<Column>> columns = new ArrayList<>(ends.length);
        for (int batch = 0; batch < ends.length; batch++) {
            columns.add(new ArrayList<>());
        }
        for (int c = 0; c < names.length; c++) {
            ColumnRows column = table.column(c);
            long[] places = new long[column.count()];
            for (int i = 0; i < places.length; i++) {
                places[i] = (long) placeOfRow[column.row(i)] << Integer.SIZE | i;
            }
            Arrays.sort(places);
            for (int from = 0; from < places.length;) {
                int batch = batchOf(ends, (int) (places[from] >>> Integer.SIZE));
                int first = batch == 0 ? 0 : ends[batch - 1];
                int to = from;
                while (to < places.length && (int) (places[to] >>> Integer.SIZE) < ends[batch]) {
                    to++;
                }
                columns.get(batch).add(part(column, names[c], places, from, to, first, ends[batch] - first));
                from = to;
            }
        }
        for (int batch = 0; batch < ends.length; batch++) {
            int first = batch == 0 ? 0 : ends[batch - 1];
            long[] micros = new long[ends[batch] - first];
            for (int i = 0; i < micros.length; i++) {
                micros[i] = table.micros(index(order[first + i]));
            }
            sink.accept(new ColumnBatch(id, micros.length, micros, columns.set(batch, List.of())));
        }
    }

    private static int firstIndex(long[] sorted, long value) {
        int low = 0;
        int high = sorted.length - 1;
        while (low < high) {
            int middle = low + high >>> 1;
            if (sorted[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static int batchOf(int[] ends, int place) {
        int found = Arrays.binarySearch(ends, place + 1);
        return found < 0 ? -found - 1 : found;
    }

    // Where the batches end: groups of rows with equal columns, put together while that saves memory.
    private static int[] ends(long[] order, int[] starts, int[] columnsOfRows, int columnCount) {
        int[] ends = new int[order.length];
        int count = 0;
        int[] batchOfColumn = new int[columnCount];
        int batchColumns = 0;
        int batchStart = 0;
        for (int from = 0; from < order.length;) {
            int to = from + 1;
            while (to < order.length && order[to] >>> Integer.SIZE == order[from] >>> Integer.SIZE) {
                to++;
            }
            int row = index(order[from]);
            int width = starts[row + 1] - starts[row];
            int added = 0;
            for (int i = starts[row]; i < starts[row + 1]; i++) {
                if (batchOfColumn[columnsOfRows[i]] != count + 1) {
                    added++;
                }
            }
            long together = cost(batchColumns + added, to - batchStart);
            long apart = cost(batchColumns, from - batchStart) + cost(width, to - from);
            if (from > 0 && together > apart) {
                ends[count++] = from;
                batchStart = from;
                batchColumns = 0;
                added = width;
            }
            for (int i = starts[row]; i < starts[row + 1]; i++) {
                batchOfColumn[columnsOfRows[i]] = count + 1;
            }
            batchColumns += added;
            from = to;
        }
        ends[count++] = order.length;
        return Arrays.copyOf(ends, count);
    }

    private static long cost(int columns, int rows) {
        return BATCH_COST + columns * (COLUMN_COST + 8L * rows);
    }
}
