package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.util.List;

/// What the log holds and how it looks. It goes to the standard output.
public record LogConfig(Level level, Format format) {
    /// From the least to the most important.
    public enum Level {
        TRACE, DEBUG, INFO, WARN, ERROR
    }

    /// CONSOLE: a line for people. JSON: an object a line.
    public enum Format {
        CONSOLE, JSON
    }

    private static final String SECTION = "log";

    public static final Setting<Level> LEVEL = new Setting<>(SECTION, ConfigKey.choice("level", Level.class, Level.INFO,
            "The least important lines that are logged."));
    public static final Setting<Format> FORMAT = new Setting<>(SECTION, ConfigKey.choice("format", Format.class, Format.CONSOLE,
            "console: lines for people. json: one object a line, for log collectors."));

    static final List<Setting<?>> SETTINGS = List.of(LEVEL, FORMAT);

    public static LogConfig from(Configuration configuration) {
        return new LogConfig(configuration.value(LEVEL), configuration.value(FORMAT));
    }
}
