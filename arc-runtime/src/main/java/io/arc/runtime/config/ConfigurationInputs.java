package io.arc.runtime.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// All that a configuration is made of, taken from the process once; tests make their own.
///
/// @param home the installation's folder: what the file's relative paths and the defaults of paths start from
/// @param workingDirectory what relative paths in the environment and in system properties start from
/// @param file `arc.toml`, when one is named or the installation has one at its place
public record ConfigurationInputs(Map<String, String> environment, Map<String, String> properties, Path home,
        Path workingDirectory, Optional<Path> file) {
    /// Where `arc.toml` is: environment name and, stronger, system property.
    public static final String FILE_VARIABLE = "ARC_CONFIG_FILE";
    public static final String FILE_PROPERTY = "arc.config.file";

    /// The installation's folder, set by `bin/arc`; the working directory when it is not.
    public static final String HOME_VARIABLE = "ARC_HOME";
    public static final String HOME_PROPERTY = "arc.home";

    private static final Path USUAL_FILE = Path.of("conf", "arc.toml");

    public ConfigurationInputs {
        environment = Map.copyOf(environment);
        properties = Map.copyOf(properties);
    }

    public static ConfigurationInputs ofProcess() {
        Map<String, String> properties = new TreeMap<>();
        for (String name : System.getProperties().stringPropertyNames()) {
            properties.put(name, System.getProperty(name));
        }
        return of(System.getenv(), properties, Path.of(""));
    }

    /// Finds home and file by their names in `environment` and `properties`.
    public static ConfigurationInputs of(Map<String, String> environment, Map<String, String> properties,
            Path workingDirectory) {
        Path here = workingDirectory.toAbsolutePath().normalize();
        Optional<Path> home = named(environment, properties, HOME_PROPERTY, HOME_VARIABLE).map(here::resolve)
                .map(Path::normalize);
        Optional<Path> file = named(environment, properties, FILE_PROPERTY, FILE_VARIABLE).map(here::resolve)
                .or(() -> home.map(folder -> folder.resolve(USUAL_FILE)).filter(Files::exists));
        return new ConfigurationInputs(environment, properties, home.orElse(here), here, file);
    }

    private static Optional<String> named(Map<String, String> environment, Map<String, String> properties, String property,
            String variable) {
        String value = properties.getOrDefault(property, environment.getOrDefault(variable, ""));
        return value.isEmpty() ? Optional.empty() : Optional.of(value);
    }
}
