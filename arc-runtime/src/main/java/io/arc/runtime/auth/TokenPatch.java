package io.arc.runtime.auth;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/// What to change of a token; empty parts stay as they are.
public record TokenPatch(Optional<String> name, Optional<String> description, Optional<Set<Permission>> permissions,
        Expiry expiry) {
    public TokenPatch {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(description, "description");
        Objects.requireNonNull(permissions, "permissions");
        Objects.requireNonNull(expiry, "expiry");
    }

    /// What becomes of the token's end.
    public sealed interface Expiry {
        /// It stays.
        record Unchanged() implements Expiry {}

        /// The token never expires.
        record Never() implements Expiry {}

        /// @param life from now, positive
        record After(Duration life) implements Expiry {
            public After {
                Lifetimes.requirePositive(life);
            }
        }
    }
}
