package io.arc.runtime.config;

import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// The settings whose values came from one kind of place, for MicroProfile Config. Immutable.
final class EffectiveConfigSource implements ConfigSource {
    /// Above the 400 of MicroProfile's own system properties.
    private static final int LOWEST_ORDINAL = 410;

    private final Origin.Kind kind;
    private final Map<String, String> values;

    EffectiveConfigSource(Origin.Kind kind, Map<String, String> values) {
        this.kind = kind;
        this.values = Map.copyOf(values);
    }

    @Override
    public Set<String> getPropertyNames() {
        return values.keySet();
    }

    @Override
    public Map<String, String> getProperties() {
        return values;
    }

    @Override
    public String getValue(String name) {
        return values.get(name);
    }

    @Override
    public String getName() {
        return switch (kind) {
            case PROPERTY -> "arc system properties";
            case ENVIRONMENT -> "arc environment";
            case FILE -> "arc.toml";
            case ALIAS -> "arc aliases";
            case DEFAULT -> "arc defaults";
        };
    }

    @Override
    public int getOrdinal() {
        return LOWEST_ORDINAL + Origin.Kind.DEFAULT.compareTo(kind);
    }
}
