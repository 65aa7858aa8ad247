package io.arc.api.spi;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// One declared configuration key: all that the runtime needs to read it, check it, print it and document it.
///
/// @param name lower case words joined by `_`, without the plugin's prefix: the key `bucket` of the storage backend `s3` is
///     `storage.s3.bucket` in `arc.toml` and `ARC_STORAGE_S3_BUCKET` in the environment
/// @param type the word that documentation shows: `string`, `integer`, `size`, `duration`, `boolean`, `list`, or the choices
/// @param parser turns the text into a value; throws IllegalArgumentException with a sentence saying what is allowed
/// @param defaultValue the value when the key is not set; empty means optional without a default
/// @param secret never printed, logged or shown
/// @param doc one or two sentences for the operator, with the unit
public record ConfigKey<T>(String name, String type, Function<String, T> parser, Optional<T> defaultValue, boolean secret,
        String doc) {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]*");
    private static final Pattern SIZE = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)\\s*([a-z]*)");
    private static final Pattern DURATION = Pattern.compile("([0-9]+)\\s*(us|ms|s|m|h|d)");

    public ConfigKey {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a configuration key is named by " + NAME + ", not '" + name + "'");
        }
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(parser, "parser");
        Objects.requireNonNull(defaultValue, "defaultValue");
        Objects.requireNonNull(doc, "doc");
    }

    public static ConfigKey<String> string(String name, String defaultValue, String doc) {
        return new ConfigKey<>(name, "string", Function.identity(), Optional.of(defaultValue), false, doc);
    }

    /// Text without a default: [PluginContext#find] is empty when it is not set.
    public static ConfigKey<String> optionalString(String name, String doc) {
        return new ConfigKey<>(name, "string", Function.identity(), Optional.empty(), false, doc);
    }

    public static ConfigKey<String> secret(String name, String doc) {
        return new ConfigKey<>(name, "string", Function.identity(), Optional.empty(), true, doc);
    }

    public static ConfigKey<Boolean> bool(String name, boolean defaultValue, String doc) {
        return new ConfigKey<>(name, "boolean", ConfigKey::parseBoolean, Optional.of(defaultValue), false, doc);
    }

    public static ConfigKey<Long> integer(String name, long defaultValue, long min, long max, String doc) {
        return new ConfigKey<>(name, "integer", text -> parseInteger(text, min, max), Optional.of(defaultValue), false, doc);
    }

    /// A number of bytes, written `8MiB`, `512MB`, `1GB` (all 1024-based) or as a bare count.
    public static ConfigKey<Long> size(String name, String defaultValue, String doc) {
        return new ConfigKey<>(name, "size", ConfigKey::parseSize, Optional.of(parseSize(defaultValue)), false, doc);
    }

    /// A span of time, written `500ms`, `5s`, `10m`, `2h`, `7d`.
    public static ConfigKey<Duration> duration(String name, String defaultValue, String doc) {
        return new ConfigKey<>(name, "duration", ConfigKey::parseDuration, Optional.of(parseDuration(defaultValue)), false, doc);
    }

    /// One of an enum's constants, in lower case.
    public static <E extends Enum<E>> ConfigKey<E> choice(String name, Class<E> type, E defaultValue, String doc) {
        String choices = Arrays.stream(type.getEnumConstants()).map(each -> each.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(" | "));
        return new ConfigKey<>(name, choices, text -> parseChoice(type, choices, text), Optional.of(defaultValue), false, doc);
    }

    /// Comma-separated words; blanks around them are dropped, empty text is the empty list.
    public static ConfigKey<List<String>> list(String name, List<String> defaultValue, String doc) {
        return new ConfigKey<>(name, "list", ConfigKey::parseList, Optional.of(List.copyOf(defaultValue)), false, doc);
    }

    private static Boolean parseBoolean(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true", "on", "yes", "1" -> true;
            case "false", "off", "no", "0" -> false;
            default -> throw new IllegalArgumentException("expected true or false");
        };
    }

    private static Long parseInteger(String text, long min, long max) {
        try {
            long value = Long.parseLong(text.strip());
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            // Falls through to the one message that fits both mistakes.
        }
        throw new IllegalArgumentException("expected a whole number from " + min + " to " + max);
    }

    private static Long parseSize(String text) {
        Matcher matcher = SIZE.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            int shift = switch (matcher.group(2)) {
                case "", "b" -> 0;
                case "k", "kb", "kib" -> 10;
                case "m", "mb", "mib" -> 20;
                case "g", "gb", "gib" -> 30;
                case "t", "tb", "tib" -> 40;
                default -> -1;
            };
            double bytes = shift < 0 ? -1 : Double.parseDouble(matcher.group(1)) * (1L << shift);
            if (bytes >= 0 && bytes < 0x1p62) {
                return (long) bytes;
            }
        }
        throw new IllegalArgumentException("expected a size such as 64MiB or 1GB");
    }

    private static Duration parseDuration(String text) {
        Matcher matcher = DURATION.matcher(text.strip().toLowerCase(Locale.ROOT));
        if (matcher.matches()) {
            try {
                long amount = Long.parseLong(matcher.group(1));
                return switch (matcher.group(2)) {
                    case "us" -> Duration.ofNanos(Math.multiplyExact(amount, 1000));
                    case "ms" -> Duration.ofMillis(amount);
                    case "s" -> Duration.ofSeconds(amount);
                    case "m" -> Duration.ofMinutes(amount);
                    case "h" -> Duration.ofHours(amount);
                    default -> Duration.ofDays(amount);
                };
            } catch (ArithmeticException | NumberFormatException tooLarge) {
                // Falls through to the message.
            }
        }
        throw new IllegalArgumentException("expected a duration such as 500ms, 5s or 2h");
    }

    private static <E extends Enum<E>> E parseChoice(Class<E> type, String choices, String text) {
        for (E each : type.getEnumConstants()) {
            if (each.name().equalsIgnoreCase(text.strip().replace('-', '_'))) {
                return each;
            }
        }
        throw new IllegalArgumentException("expected one of " + choices);
    }

    private static List<String> parseList(String text) {
        return Arrays.stream(text.split(",")).map(String::strip).filter(word -> !word.isEmpty()).toList();
    }
}
