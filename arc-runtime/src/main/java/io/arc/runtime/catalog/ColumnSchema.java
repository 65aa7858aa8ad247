package io.arc.runtime.catalog;

import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import java.util.Objects;

/// One column of a table as queries see it. The time column is apart and has none.
public record ColumnSchema(String name, ColumnType type, Role role) {
    public ColumnSchema {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(role, "role");
    }
}
