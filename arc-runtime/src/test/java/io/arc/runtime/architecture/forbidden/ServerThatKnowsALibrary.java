package io.arc.runtime.architecture.forbidden;

import java.sql.Connection;

/// What [io.arc.runtime.architecture.ArchitectureTest] has to find: the root wires rooms and knows no library.
public record ServerThatKnowsALibrary(Connection database) {}
