package io.arc.runtime.config;

import java.util.Objects;

/// Where a value came from.
///
/// @param place as an operator would name it: `environment ARC_SERVER_PORT`, `/etc/arc/arc.toml:12`, `default`
public record Origin(Kind kind, String place) {
    /// From strongest to weakest.
    public enum Kind {
        PROPERTY, ENVIRONMENT, FILE, ALIAS, DEFAULT
    }

    static final Origin DEFAULT = new Origin(Kind.DEFAULT, "default");

    public Origin {
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(place, "place");
    }
}
