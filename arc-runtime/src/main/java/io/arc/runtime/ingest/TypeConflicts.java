package io.arc.runtime.ingest;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.SchemaRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Finds the row that a refused type stands in. Only on the way of a refusal, so nothing here is quick.
final class TypeConflicts {
    private TypeConflicts() {}

    /// The refusal with the number of the first row at fault, or as it is when the schema has changed meanwhile.
    ///
    /// @param batches what the schema has refused
    static ArcException located(ArcException conflict, SchemaRegistry schemas, List<ColumnBatch> batches) {
        Map<TableId, Integer> rowsBefore = new HashMap<>();
        Map<TableId, Map<String, ColumnType>> types = new HashMap<>();
        for (ColumnBatch batch : batches) {
            Map<String, ColumnType> known = types.computeIfAbsent(batch.table(), table -> typesOf(schemas, table));
            int before = rowsBefore.getOrDefault(batch.table(), 0);
            for (Column column : batch.columns()) {
                int row = firstPresent(column, batch.rowCount());
                if (row == batch.rowCount()) {
                    continue;
                }
                ColumnType held = known.getOrDefault(column.name(), column.type());
                Optional<ColumnType> joined = held.join(column.type());
                if (joined.isEmpty()) {
                    return new ArcException(ErrorCode.TYPE_CONFLICT, "row " + (before + row + 1) + " of table " + batch.table()
                            + " in this request: " + conflict.getMessage(), conflict);
                }
                known.put(column.name(), joined.get());
            }
            rowsBefore.put(batch.table(), before + batch.rowCount());
        }
        return conflict;
    }

    private static Map<String, ColumnType> typesOf(SchemaRegistry schemas, TableId table) {
        Map<String, ColumnType> types = new HashMap<>();
        schemas.find(table).ifPresent(schema -> schema.columns().stream().filter(column -> schema.isTyped(column.name()))
                .forEach(column -> types.put(column.name(), column.type())));
        return types;
    }

    private static int firstPresent(Column column, int rowCount) {
        int row = 0;
        while (row < rowCount && !column.validity().isPresent(row)) {
            row++;
        }
        return row;
    }
}
