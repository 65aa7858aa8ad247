package io.arc.runtime.flush;

import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.TableSchema;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Splits batches into groups that can share a file: in one group every column has one type, or integers and doubles, which
/// become doubles. Numbers never become text here: a table that has widened a column to text keeps the numbers that came
/// before in files of their own, and the query engine casts them, so that old and new rows read alike.
final class TypeGroups {
    /// Batches for one file and the columns it gets, in the order of the table's schema.
    record Group(List<ColumnBatch> batches, List<ColumnSchema> columns) {}

    private final TableSchema schema;
    private final List<Builder> builders = new ArrayList<>(1);

    private TypeGroups(TableSchema schema) {
        this.schema = schema;
    }

    static List<Group> split(TableSchema schema, List<ColumnBatch> batches) {
        TypeGroups groups = new TypeGroups(schema);
        for (ColumnBatch batch : batches) {
            groups.add(batch);
        }
        return groups.builders.stream().map(builder -> builder.build(schema)).toList();
    }

    private void add(ColumnBatch batch) {
        for (Builder builder : builders) {
            if (builder.tryAdd(batch)) {
                return;
            }
        }
        Builder fresh = new Builder();
        if (!fresh.tryAdd(batch)) {
            throw new IllegalStateException("a batch of " + batch.table() + " does not fit itself: " + schema);
        }
        builders.add(fresh);
    }

    private static final class Builder {
        private final List<ColumnBatch> batches = new ArrayList<>();
        private final Map<String, ColumnType> types = new HashMap<>();

        boolean tryAdd(ColumnBatch batch) {
            for (Column column : batch.columns()) {
                ColumnType type = types.get(column.name());
                if (type != null && common(type, column, batch).isEmpty()) {
                    return false;
                }
            }
            for (Column column : batch.columns()) {
                ColumnType type = types.get(column.name());
                if (type != null) {
                    types.put(column.name(), common(type, column, batch).orElseThrow());
                } else if (!isUntyped(column, batch)) {
                    types.put(column.name(), column.type());
                }
            }
            batches.add(batch);
            return true;
        }

        /// The type that a file can have for both; an all-absent text column says nothing about the type.
        private static Optional<ColumnType> common(ColumnType type, Column column, ColumnBatch batch) {
            if (isUntyped(column, batch)) {
                return Optional.of(type);
            }
            if (type != column.type() && (type == ColumnType.TEXT || column.type() == ColumnType.TEXT)) {
                return Optional.empty();
            }
            return type.join(column.type());
        }

        private static boolean isUntyped(Column column, ColumnBatch batch) {
            return column.type() == ColumnType.TEXT && column.validity().presentCount(batch.rowCount()) == 0;
        }

        Group build(TableSchema schema) {
            List<ColumnSchema> columns = new ArrayList<>();
            for (ColumnSchema column : schema.columns()) {
                ColumnType type = types.get(column.name());
                if (type != null) {
                    columns.add(new ColumnSchema(column.name(), type, column.role()));
                }
            }
            return new Group(batches.stream().map(this::typed).toList(), columns);
        }

        /// Without columns that say TEXT only because they hold nothing.
        private ColumnBatch typed(ColumnBatch batch) {
            List<Column> kept = batch.columns().stream()
                    .filter(column -> column.type() != ColumnType.TEXT || types.get(column.name()) == ColumnType.TEXT).toList();
            return kept.size() == batch.columns().size() ? batch
                    : new ColumnBatch(batch.table(), batch.rowCount(), batch.epochMicros(), kept);
        }
    }
}
