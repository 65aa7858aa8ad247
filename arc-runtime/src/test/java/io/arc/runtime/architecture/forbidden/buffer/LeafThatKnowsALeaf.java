package io.arc.runtime.architecture.forbidden.buffer;

import io.arc.runtime.architecture.forbidden.parquet.RoomThatKnowsHttp;
import java.sql.Connection;

/// What [io.arc.runtime.architecture.ArchitectureTest] has to find: a leaf that knows another, and a library of another room.
public record LeafThatKnowsALeaf(RoomThatKnowsHttp other, Connection database) {}
