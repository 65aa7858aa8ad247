package io.arc.testkit;

import io.arc.api.spi.IngestProtocol.Parameters;
import java.util.Map;
import java.util.Optional;

/// Request parameters over a map.
///
/// @param values by query parameter name
public record TestParameters(Map<String, String> values, String database, long receivedMicros) implements Parameters {
    /// The time of arrival where a test does not choose one: 2025-10-08T14:30:00Z.
    public static final long RECEIVED_MICROS = 1_759_933_800_000_000L;

    public TestParameters {
        values = Map.copyOf(values);
    }

    /// For the database `default`.
    public static TestParameters of(Map<String, String> values) {
        return new TestParameters(values, "default", RECEIVED_MICROS);
    }

    @Override
    public Optional<String> find(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
    }
}
