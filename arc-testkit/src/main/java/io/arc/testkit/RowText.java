package io.arc.testkit;

import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Batches as text, a line a row, to compare and to read: `default.cpu 1759933800000000 host#="a" up=true usage=1.5 users=3i`.
///
/// Columns by name; a tag's name ends in `#`; absent values are left out; integers end in `i`; text is in quotes with `\"`,
/// `\\` and `\n`. How text is stored, as dictionary or plain, makes no difference.
public final class RowText {
    private RowText() {}

    /// The rows of all batches, in their order.
    public static List<String> lines(List<ColumnBatch> batches) {
        List<String> lines = new ArrayList<>();
        for (ColumnBatch batch : batches) {
            List<Column> columns = batch.columns().stream().sorted(Comparator.comparing(Column::name)).toList();
            for (int row = 0; row < batch.rowCount(); row++) {
                StringBuilder line = new StringBuilder(batch.table().toString()).append(' ').append(batch.epochMicros()[row]);
                for (Column column : columns) {
                    if (column.validity().isPresent(row)) {
                        line.append(' ').append(column.name()).append(column.role() == Role.TAG ? "#=" : "=");
                        append(line, column, row);
                    }
                }
                lines.add(line.toString());
            }
        }
        return lines;
    }

    private static void append(StringBuilder line, Column column, int row) {
        switch (column) {
            case LongColumn longs -> line.append(longs.values()[row]).append('i');
            case DoubleColumn doubles -> line.append(doubles.values()[row]);
            case BooleanColumn booleans -> line.append(booleans.values()[row]);
            case Utf8Column text -> quote(line, text.values().string(row));
            case DictionaryColumn text -> quote(line, text.dictionary().string(text.codes()[row]));
        }
    }

    private static void quote(StringBuilder line, String text) {
        line.append('"').append(text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")).append('"');
    }
}
