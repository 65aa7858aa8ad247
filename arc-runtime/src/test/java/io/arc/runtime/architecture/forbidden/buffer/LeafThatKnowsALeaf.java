package io.arc.runtime.architecture.forbidden.buffer;

import io.arc.runtime.architecture.forbidden.parquet.RoomThatKnowsHttp;

/// What [io.arc.runtime.architecture.ArchitectureTest] has to find.
public record LeafThatKnowsALeaf(RoomThatKnowsHttp other) {}
