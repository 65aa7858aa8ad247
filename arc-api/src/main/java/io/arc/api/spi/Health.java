package io.arc.api.spi;

import java.util.Objects;

/// How a plugin instance is, and why.
///
/// @param detail one sentence without secrets; empty when there is nothing to say
public record Health(Status status, String detail) {
    public static final Health UP = new Health(Status.UP, "");

    /// UP: works. DEGRADED: works with a loss worth an operator's look. DOWN: does not work now.
    public enum Status {
        UP, DEGRADED, DOWN
    }

    public Health {
        Objects.requireNonNull(status, "status");
        Objects.requireNonNull(detail, "detail");
    }
}
