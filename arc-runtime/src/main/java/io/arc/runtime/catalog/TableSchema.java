package io.arc.runtime.catalog;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnType;
import io.arc.api.data.TableId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// A table's columns besides `time`, in the order of their first arrival. Columns are only ever added and widened, so any
/// later schema of a table can read the files of any earlier one. Immutable.
///
/// A column that has arrived without any value so far is TEXT and not typed yet: its first value decides the type.
public final class TableSchema {
    public static final TableSchema EMPTY = new TableSchema(List.of());

    private final List<ColumnSchema> columns;
    private final Map<String, ColumnSchema> byName;
    private final Set<String> untyped;

    /// A schema whose columns are all typed.
    ///
    /// @throws IllegalArgumentException for two columns of one name
    public TableSchema(List<ColumnSchema> columns) {
        this(columns, Set.of());
    }

    /// @param untyped names of the TEXT columns that had no value so far
    public TableSchema(List<ColumnSchema> columns, Set<String> untyped) {
        this.columns = List.copyOf(columns);
        this.untyped = Set.copyOf(untyped);
        Map<String, ColumnSchema> map = HashMap.newHashMap(columns.size());
        for (ColumnSchema column : columns) {
            if (map.put(column.name(), column) != null) {
                throw new IllegalArgumentException("two columns named " + column.name());
            }
        }
        this.byName = map;
        for (String name : untyped) {
            ColumnSchema column = map.get(name);
            if (column == null || column.type() != ColumnType.TEXT) {
                throw new IllegalArgumentException("only a TEXT column can be without a type: " + name);
            }
        }
    }

    public List<ColumnSchema> columns() {
        return columns;
    }

    public Optional<ColumnSchema> find(String name) {
        return Optional.ofNullable(byName.get(name));
    }

    /// Whether a value has decided the column's type. False for a column that is not there, too.
    public boolean isTyped(String name) {
        return byName.containsKey(name) && !untyped.contains(name);
    }

    /// For the hot path of [SchemaRegistry].
    boolean isUntyped(String name) {
        return untyped.contains(name);
    }

    /// For the hot path of [SchemaRegistry]: null when there is no such column.
    ColumnSchema columnOrNull(String name) {
        return byName.get(name);
    }

    /// The least schema that holds the columns of both: this one's first, then what only the other has, in its order. Types
    /// widen by [ColumnType#join]; a column without a type takes the other's. Joining in any order gives the same types.
    ///
    /// @param table for the message
    /// @return this very object when the other brings nothing new
    /// @throws ArcException TYPE_CONFLICT when two types have no common one
    TableSchema join(TableSchema other, TableId table) {
        if (other == this) {
            return this;
        }
        List<ColumnSchema> joined = new ArrayList<>(columns);
        Set<String> stillUntyped = new HashSet<>(untyped);
        boolean changed = false;
        for (int i = 0; i < columns.size(); i++) {
            ColumnSchema ours = columns.get(i);
            ColumnSchema theirs = other.byName.get(ours.name());
            if (theirs == null || other.untyped.contains(ours.name())) {
                continue;
            }
            boolean firstType = stillUntyped.remove(ours.name());
            ColumnType type = firstType ? theirs.type() : joinTypes(ours, theirs.type(), table);
            if (firstType || type != ours.type()) {
                joined.set(i, new ColumnSchema(ours.name(), type, ours.role()));
                changed = true;
            }
        }
        for (ColumnSchema theirs : other.columns) {
            if (!byName.containsKey(theirs.name())) {
                joined.add(theirs);
                if (other.untyped.contains(theirs.name())) {
                    stillUntyped.add(theirs.name());
                }
                changed = true;
            }
        }
        return changed ? new TableSchema(joined, stillUntyped) : this;
    }

    private static ColumnType joinTypes(ColumnSchema ours, ColumnType theirs, TableId table) {
        return ours.type().join(theirs).orElseThrow(() -> new ArcException(ErrorCode.TYPE_CONFLICT, "Column '" + ours.name()
                + "' of table " + table + " holds " + ours.type() + " and cannot take " + theirs
                + ". Send " + ours.type() + " values, or use another column name."));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TableSchema that && columns.equals(that.columns) && untyped.equals(that.untyped);
    }

    @Override
    public int hashCode() {
        return columns.hashCode();
    }

    @Override
    public String toString() {
        return untyped.isEmpty() ? columns.toString() : columns + " without a type: " + untyped;
    }
}
