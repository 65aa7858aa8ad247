package io.arc.plugin.msgpack;

import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.spi.IngestProtocol.Sink;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The columnar items of one body. Those of one table with the same columns, in the same order and roles, become one batch,
/// their types widened to common ones.
final class ColumnItems {
    private final SpareBuilders spare;
    private final List<ColumnBatch> items = new ArrayList<>();

    ColumnItems(SpareBuilders spare) {
        this.spare = spare;
    }

    void clear() {
        items.clear();
    }

    void add(ColumnBatch item) {
        items.add(item);
    }

    void emit(Sink sink) {
        if (items.size() == 1) {
            sink.accept(items.getFirst());
            return;
        }
        Map<Shape, List<ColumnBatch>> groups = new LinkedHashMap<>();
        for (ColumnBatch item : items) {
            groups.computeIfAbsent(new Shape(item), any -> new ArrayList<>(1)).add(item);
        }
        for (List<ColumnBatch> group : groups.values()) {
            sink.accept(group.size() == 1 ? group.getFirst() : merged(group));
        }
    }

    /// Equal for items that go together, and for no others.
    private record Shape(ColumnBatch item) {
        @Override
        public int hashCode() {
            int hash = item.table().table().hashCode();
            for (Column column : item.columns()) {
                hash = 31 * hash + column.name().hashCode() + column.role().ordinal();
            }
            return hash;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Shape(ColumnBatch that) && item.table().table().equals(that.table().table())
                    && haveSameNames(item.columns(), that.columns());
        }

        private static boolean haveSameNames(List<Column> columns, List<Column> others) {
            if (columns.size() != others.size()) {
                return false;
            }
            for (int i = 0; i < columns.size(); i++) {
                if (columns.get(i).role() != others.get(i).role() || !columns.get(i).name().equals(others.get(i).name())) {
                    return false;
                }
            }
            return true;
        }
    }

    private ColumnBatch merged(List<ColumnBatch> group) {
        ColumnBatch first = group.getFirst();
        int rows = 0;
        for (ColumnBatch item : group) {
            rows = Math.addExact(rows, item.rowCount());
        }
        long[] times = new long[rows];
        int row = 0;
        for (ColumnBatch item : group) {
            System.arraycopy(item.epochMicros(), 0, times, row, item.rowCount());
            row += item.rowCount();
        }
        List<Column> columns = new ArrayList<>(first.columns().size());
        for (int place = 0; place < first.columns().size(); place++) {
            Column column = first.columns().get(place);
            ColumnBuilder builder = spare.take(column.name(), column.role(), rows);
            for (ColumnBatch item : group) {
                builder.append(item.columns().get(place), item.rowCount(), rows);
            }
            columns.add(builder.build());
            spare.give(builder);
        }
        return new ColumnBatch(first.table(), rows, times, columns);
    }
}
