package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// Writes a value as an operator would, so that the key's parser reads the same value back.
final class ValueText {
    private static final String[] SIZE_UNITS = {"", "KB", "MB", "GB", "TB"};

    private ValueText() {}

    static <T> String of(ConfigKey<T> key, T value) {
        return switch (value) {
            case Long bytes when key.type().equals("size") -> size(bytes);
            case Duration duration -> duration(duration);
            case List<?> words -> words.stream().map(Object::toString).collect(Collectors.joining(", "));
            case Enum<?> constant -> constant.name().toLowerCase(Locale.ROOT);
            default -> value.toString();
        };
    }

    static String size(long bytes) {
        long amount = bytes;
        int unit = 0;
        while (amount > 0 && amount % 1024 == 0 && unit < SIZE_UNITS.length - 1) {
            amount /= 1024;
            unit++;
        }
        return amount + SIZE_UNITS[unit];
    }

    private static String duration(Duration duration) {
        if (duration.isZero()) {
            return "0s";
        }
        if (duration.toNanos() % 1_000_000 != 0) {
            return duration.toNanos() / 1000 + "us";
        }
        return duration.toMillis() % 1000 != 0 ? duration.toMillis() + "ms" : duration.toSeconds() + "s";
    }
}
