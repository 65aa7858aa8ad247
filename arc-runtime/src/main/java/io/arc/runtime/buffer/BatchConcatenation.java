package io.arc.runtime.buffer;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns several small batches of one table into one. Rows keep their order; a column that a batch lacks is absent in its
/// rows. Text loses its dictionary, which for so few rows saves little; where it saves much, the batches stay apart.
final class BatchConcatenation {
    /// Texts of a column up to this many bytes are merged whatever they took before.
    private static final long FREE_TEXT_BYTES = 1 << 16;

    private BatchConcatenation() {}

    /// @return empty when the batches stay apart, because a column has different types in two of them or a dictionary holds
    ///     much more text than it takes
    static Optional<ColumnBatch> concatenate(List<ColumnBatch> batches) {
        int rowCount = 0;
        Map<String, Column> firsts = new LinkedHashMap<>();
        for (ColumnBatch batch : batches) {
            rowCount = Math.addExact(rowCount, batch.rowCount());
            for (Column column : batch.columns()) {
                Column first = firsts.putIfAbsent(column.name(), column);
                if (first != null && (first.type() != column.type() || first.role() != column.role())) {
                    return Optional.empty();
                }
            }
        }
        for (Column first : firsts.values()) {
            if (first.type() == ColumnType.TEXT && unfolds(first.name(), batches)) {
                return Optional.empty();
            }
        }
        long[] times = new long[rowCount];
        int row = 0;
        for (ColumnBatch batch : batches) {
            System.arraycopy(batch.epochMicros(), 0, times, row, batch.rowCount());
            row += batch.rowCount();
        }
        List<Column> columns = new ArrayList<>(firsts.size());
        for (Column first : firsts.values()) {
            columns.add(column(first, batches, rowCount));
        }
        return Optional.of(new ColumnBatch(batches.getFirst().table(), rowCount, times, columns));
    }

    /// Whether the column's text would take more than twice of what it takes now.
    private static boolean unfolds(String name, List<ColumnBatch> batches) {
        long before = 0;
        long after = 0;
        for (ColumnBatch batch : batches) {
            Column part = find(batch, name);
            if (part == null) {
                continue;
            }
            before += part.retainedBytes();
            for (int row = 0; row < batch.rowCount(); row++) {
                after += textLength(part, row);
            }
        }
        return after > Math.max(FREE_TEXT_BYTES, 2 * before) || after > Integer.MAX_VALUE - 8;
    }

    private static int textLength(Column part, int row) {
        if (!part.validity().isPresent(row)) {
            return 0;
        }
        return switch (part) {
            case Utf8Column text -> text.values().length(row);
            case DictionaryColumn text -> text.dictionary().length(text.codes()[row]);
            case LongColumn _, DoubleColumn _, BooleanColumn _ -> throw new IllegalStateException(part.name());
        };
    }

    private static Column column(Column model, List<ColumnBatch> batches, int rowCount) {
        ColumnType type = model.type();
        Validity validity = validity(model.name(), batches, rowCount);
        return switch (type) {
            case INT64 -> {
                long[] values = new long[rowCount];
                int row = 0;
                for (ColumnBatch batch : batches) {
                    if (find(batch, model.name()) instanceof LongColumn part) {
                        System.arraycopy(part.values(), 0, values, row, batch.rowCount());
                    }
                    row += batch.rowCount();
                }
                yield new LongColumn(model.name(), model.role(), values, validity);
            }
            case FLOAT64 -> {
                double[] values = new double[rowCount];
                int row = 0;
                for (ColumnBatch batch : batches) {
                    if (find(batch, model.name()) instanceof DoubleColumn part) {
                        System.arraycopy(part.values(), 0, values, row, batch.rowCount());
                    }
                    row += batch.rowCount();
                }
                yield new DoubleColumn(model.name(), model.role(), values, validity);
            }
            case BOOLEAN -> {
                boolean[] values = new boolean[rowCount];
                int row = 0;
                for (ColumnBatch batch : batches) {
                    if (find(batch, model.name()) instanceof BooleanColumn part) {
                        System.arraycopy(part.values(), 0, values, row, batch.rowCount());
                    }
                    row += batch.rowCount();
                }
                yield new BooleanColumn(model.name(), model.role(), values, validity);
            }
            case TEXT -> text(model, batches, rowCount, validity);
        };
    }

    private static Column text(Column model, List<ColumnBatch> batches, int rowCount, Validity validity) {
        int[] offsets = new int[rowCount + 1];
        int row = 0;
        for (ColumnBatch batch : batches) {
            Column part = find(batch, model.name());
            for (int r = 0; r < batch.rowCount(); r++, row++) {
                int length = part == null ? 0 : textLength(part, r);
                offsets[row + 1] = Math.addExact(offsets[row], length);
            }
        }
        byte[] bytes = new byte[offsets[rowCount]];
        row = 0;
        for (ColumnBatch batch : batches) {
            Column part = find(batch, model.name());
            for (int r = 0; r < batch.rowCount(); r++, row++) {
                int length = offsets[row + 1] - offsets[row];
                if (length > 0) {
                    Utf8Block block = part instanceof DictionaryColumn text ? text.dictionary() : ((Utf8Column) part).values();
                    int index = part instanceof DictionaryColumn text ? text.codes()[r] : r;
                    System.arraycopy(block.bytes(), block.offsets()[index], bytes, offsets[row], length);
                }
            }
        }
        return new Utf8Column(model.name(), model.role(), new Utf8Block(bytes, offsets), validity);
    }

    private static Validity validity(String name, List<ColumnBatch> batches, int rowCount) {
        boolean allPresent = true;
        for (ColumnBatch batch : batches) {
            Column part = find(batch, name);
            allPresent &= part != null && part.validity().isAllPresent();
        }
        if (allPresent) {
            return Validity.ALL_PRESENT;
        }
        Validity validity = Validity.allAbsent(rowCount);
        int row = 0;
        for (ColumnBatch batch : batches) {
            Column part = find(batch, name);
            for (int r = 0; r < batch.rowCount(); r++, row++) {
                if (part != null && part.validity().isPresent(r)) {
                    validity.words()[row >> 6] |= 1L << row;
                }
            }
        }
        return validity;
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
