package io.arc.runtime.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The values of one place, by folded key.
///
/// @param problems what could not be read, a sentence each
/// @param ignored names that look like ours and are none, because an orchestrator injects them
record ConfigurationSource(Origin.Kind kind, Map<String, RawValue> values, List<String> problems, List<String> ignored) {
    /// Names of ours that are no keys: for `bin/arc`, and for the clients that share the shell.
    private static final Set<String> OTHER_VARIABLES = Set.of(ConfigurationInputs.FILE_VARIABLE,
            ConfigurationInputs.HOME_VARIABLE, "ARC_JAVA_HOME", "ARC_JAVA_OPTS", "ARC_JAVA_AOT_CACHE", "ARC_TOKEN",
            "ARC_TOKEN_FILE", "ARC_URL");
    private static final Set<String> OTHER_PROPERTIES = Set.of(ConfigurationInputs.FILE_PROPERTY,
            ConfigurationInputs.HOME_PROPERTY, "arc.regenerate");
    private static final String TEST_PROPERTIES = "arc.test.";

    /// What Kubernetes and Docker set in every container beside a service whose name begins with `arc`.
    private static final Pattern SERVICE_LINK = Pattern.compile(
            "ARC_([A-Z0-9_]+_)?(SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)|PORT_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)");
    private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

    static ConfigurationSource ofProperties(Map<String, String> properties) {
        Builder builder = new Builder();
        for (Map.Entry<String, String> each : new TreeMap<>(properties).entrySet()) {
            String name = each.getKey();
            if (name.startsWith(KeyNames.PROPERTY_PREFIX) && !OTHER_PROPERTIES.contains(name)
                    && !name.startsWith(TEST_PROPERTIES)) {
                builder.add(name.substring(KeyNames.PROPERTY_PREFIX.length()),
                        RawValue.text(name, each.getValue(), "system property " + name));
            }
        }
        return builder.build(Origin.Kind.PROPERTY);
    }

    static ConfigurationSource ofEnvironment(Map<String, String> environment) {
        Builder builder = new Builder();
        for (Map.Entry<String, String> each : new TreeMap<>(environment).entrySet()) {
            String name = each.getKey();
            String value = each.getValue();
            if (!name.startsWith(KeyNames.ENVIRONMENT_PREFIX) || OTHER_VARIABLES.contains(name)) {
                continue;
            }
            if (isServiceLink(name, value)) {
                builder.ignored.add(name);
            } else {
                builder.add(name.substring(KeyNames.ENVIRONMENT_PREFIX.length()),
                        RawValue.text(name, value, "environment " + name));
            }
        }
        return builder.build(Origin.Kind.ENVIRONMENT);
    }

    /// Whether a container platform has set this, not an operator.
    static boolean isServiceLink(String name, String value) {
        return SERVICE_LINK.matcher(name).matches() || name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches();
    }

    static ConfigurationSource ofFile(Path file) {
        Builder builder = new Builder();
        try {
            TomlReader.Document document = TomlReader.read(Files.readString(file), file.toString());
            builder.problems.addAll(document.problems());
            document.values().forEach((name, value) ->
                    builder.add(name, new RawValue(name, value.text(), value.elements(), file + ":" + value.line())));
        } catch (NoSuchFileException missing) {
            builder.problems.add(file + ": the configuration file does not exist; " + ConfigurationInputs.FILE_VARIABLE
                    + " or " + ConfigurationInputs.FILE_PROPERTY + " names it");
        } catch (CharacterCodingException notUtf8) {
            builder.problems.add(file + ": the configuration file is not UTF-8");
        } catch (IOException unreadable) {
            builder.problems.add(file + ": the configuration file cannot be read: " + unreadable);
        }
        return builder.build(Origin.Kind.FILE);
    }

    private static final class Builder {
        private final Map<String, RawValue> values = new LinkedHashMap<>();
        private final List<String> problems = new ArrayList<>();
        private final List<String> ignored = new ArrayList<>();

        void add(String key, RawValue value) {
            RawValue earlier = values.putIfAbsent(KeyNames.fold(key), value);
            if (earlier != null) {
                problems.add(value.place() + ": " + value.name() + " is the same key as " + earlier.name() + " ("
                        + earlier.place() + "); keep one of them");
            }
        }

        ConfigurationSource build(Origin.Kind kind) {
            return new ConfigurationSource(kind, values, List.copyOf(problems), List.copyOf(ignored));
        }
    }
}
