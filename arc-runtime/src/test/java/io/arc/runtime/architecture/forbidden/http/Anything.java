package io.arc.runtime.architecture.forbidden.http;

/// Something to know.
public record Anything() {}
