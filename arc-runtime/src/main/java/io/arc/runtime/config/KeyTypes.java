package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import io.arc.runtime.schedule.Schedule;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The kinds of keys that the server has and plugins do not need.
final class KeyTypes {
    /// The type word of keys that name a file or directory; [Configuration#path] resolves them.
    static final String PATH = "path";

    private KeyTypes() {}

    /// A duration that may also be a bare number of seconds, which is how earlier Arc versions wrote it.
    static ConfigKey<Duration> seconds(String name, long defaultSeconds, String doc) {
        ConfigKey<Duration> units = ConfigKey.duration(name, "0s", doc);
        Function<String, Duration> parser = text -> {
            String stripped = text.strip();
            boolean bare = !stripped.isEmpty() && stripped.chars().allMatch(c -> c >= '0' && c <= '9');
            try {
                return units.parser().apply(bare ? stripped + "s" : stripped);
            } catch (IllegalArgumentException wrong) {
                throw new IllegalArgumentException("expected a number of seconds or a duration such as 500ms, 30s or 5m",
                        wrong);
            }
        };
        return new ConfigKey<>(name, "duration", parser, Optional.of(Duration.ofSeconds(defaultSeconds)), false, doc);
    }

    /// A whole number whose default is worked out at the start.
    static ConfigKey<Long> optionalInteger(String name, long min, long max, String doc) {
        return withoutDefault(ConfigKey.integer(name, min, min, max, doc));
    }

    /// A size of at least `min` bytes whose default is worked out at the start.
    static ConfigKey<Long> optionalSize(String name, long min, String doc) {
        return withoutDefault(atLeast(min, ConfigKey.size(name, ValueText.size(min), doc)));
    }

    /// A size of at least `min` bytes.
    static ConfigKey<Long> size(String name, String defaultValue, long min, String doc) {
        return atLeast(min, ConfigKey.size(name, defaultValue, doc));
    }

    private static ConfigKey<Long> atLeast(long min, ConfigKey<Long> key) {
        return new ConfigKey<>(key.name(), key.type(), text -> {
            long bytes = key.parser().apply(text);
            if (bytes < min) {
                throw new IllegalArgumentException("expected at least " + ValueText.size(min));
            }
            return bytes;
        }, key.defaultValue(), key.secret(), key.doc() + " At least " + ValueText.size(min) + ".");
    }

    /// A cron expression.
    static ConfigKey<Schedule> schedule(String name, String defaultValue, String doc) {
        return parsed(name, "cron", Schedule::parse, Schedule.parse(defaultValue), doc);
    }

    static ConfigKey<List<String>> optionalList(String name, String doc) {
        return withoutDefault(ConfigKey.list(name, List.of(), doc));
    }

    static ConfigKey<String> path(String name, String defaultValue, String doc) {
        return new ConfigKey<>(name, PATH, Function.identity(), Optional.of(defaultValue), false, doc);
    }

    static ConfigKey<String> optionalPath(String name, String doc) {
        return new ConfigKey<>(name, PATH, Function.identity(), Optional.empty(), false, doc);
    }

    /// The same key with a stricter or richer value.
    static <T> ConfigKey<T> parsed(String name, String type, Function<String, T> parser, T defaultValue, String doc) {
        return new ConfigKey<>(name, type, parser, Optional.of(defaultValue), false, doc);
    }

    private static <T> ConfigKey<T> withoutDefault(ConfigKey<T> key) {
        return new ConfigKey<>(key.name(), key.type(), key.parser(), Optional.empty(), key.secret(), key.doc());
    }
}
