package io.arc.runtime.auth;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// All that may be shown of a token.
///
/// @param permissions as granted, without those that [Permission#ADMIN] implies
/// @param expiresAt from this instant on it is worth nothing; empty: never
/// @param enabled false once it was revoked
public record TokenInfo(long id, String name, String description, Set<Permission> permissions, Instant createdAt,
        Optional<Instant> lastUsedAt, Optional<Instant> expiresAt, boolean enabled) {
    public TokenInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(description, "description");
        permissions = Permission.copy(permissions);
        Objects.requireNonNull(createdAt, "createdAt");
        Objects.requireNonNull(lastUsedAt, "lastUsedAt");
        Objects.requireNonNull(expiresAt, "expiresAt");
    }

    boolean isUsable(Instant now) {
        return enabled && (expiresAt.isEmpty() || now.isBefore(expiresAt.get()));
    }

    boolean isUsableAdmin(Instant now) {
        return isUsable(now) && permissions.contains(Permission.ADMIN);
    }
}
