package io.arc.runtime.auth;

import java.util.Objects;
import java.util.Set;

/// Whoever a valid token stands for.
///
/// @param id of the token's row
/// @param permissions as granted; ask [#may], which knows what implies what
public record Principal(long id, String name, Set<Permission> permissions) {
    public Principal {
        Objects.requireNonNull(name, "name");
        permissions = Permission.copy(permissions);
    }

    public boolean may(Permission permission) {
        return permissions.contains(Permission.ADMIN) || permissions.contains(permission);
    }
}
