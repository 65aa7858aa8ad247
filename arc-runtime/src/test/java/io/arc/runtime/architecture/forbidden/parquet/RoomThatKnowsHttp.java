package io.arc.runtime.architecture.forbidden.parquet;

import io.arc.runtime.architecture.forbidden.http.Anything;

/// What [io.arc.runtime.architecture.ArchitectureTest] has to find.
public record RoomThatKnowsHttp(Anything other) {}
