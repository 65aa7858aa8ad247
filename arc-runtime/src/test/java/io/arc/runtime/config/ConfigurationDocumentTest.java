package io.arc.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The committed page and the shipped file say what the code says.
final class ConfigurationDocumentTest {
    private static final Path REPOSITORY = repository();

    @TempDir
    private Path directory;

    private static Path repository() {
        Path here = Path.of("").toAbsolutePath();
        while (here != null && !Files.isDirectory(here.resolve("arc-api"))) {
            here = here.getParent();
        }
        return here;
    }

    @Test
    void thePageHoldsTheServersKeysAsTheyAreDeclared() throws IOException {
        Path page = REPOSITORY.resolve("docs/configuration.md");
        String current = Files.exists(page) ? Files.readString(page) : "";
        int plugins = current.indexOf(ConfigurationDocument.PLUGIN_HEADING);
        String pluginPart = plugins < 0 ? "" : current.substring(plugins);
        if (Boolean.getBoolean("arc.regenerate")) {
            Files.writeString(page, ConfigurationDocument.serverText() + pluginPart);
            return;
        }
        assertThat(current).as("%s is out of date; run this test with -Darc.regenerate=true", page)
                .isEqualTo(ConfigurationDocument.serverText() + pluginPart);
    }

    @Test
    void everyLineOfTheShippedFileShowsADefault() throws IOException {
        String shipped = Files.readString(REPOSITORY.resolve("distribution/src/main/conf/arc.toml"));
        assertThat(TomlReader.read(shipped, "arc.toml").values()).as("keys that the shipped file sets").isEmpty();
        String uncommented = shipped.replaceAll("(?m)^# (?=[a-z_]+ = )", "");
        TomlReader.Document document = TomlReader.read(uncommented, "arc.toml");
        assertThat(document.problems()).isEmpty();
        assertThat(document.values()).hasSizeGreaterThan(25);
        Path file = Files.writeString(directory.resolve("arc.toml"), uncommented);
        Configuration plain = Configuration.load(ConfigurationInputs.of(Map.of(), Map.of(), directory));
        Configuration set = Configuration.load(ConfigurationInputs.of(Map.of("ARC_CONFIG_FILE", file.toString()), Map.of(),
                directory));
        document.values().keySet().stream().filter(name -> !name.startsWith("storage.local.")).forEach(name -> {
            Setting<?> setting = plain.declared(name).orElseThrow(() -> new AssertionError(name + " is not a key"));
            assertThat(set.origin(setting).kind()).as(name).isEqualTo(Origin.Kind.FILE);
            if (setting.equals(PluginsConfig.DIRECTORY) || setting.equals(DataConfig.DIR)) {
                assertThat(set.path(PluginsConfig.DIRECTORY)).isEqualTo(plain.path(PluginsConfig.DIRECTORY));
            } else if (!setting.equals(PluginsConfig.PROTOCOLS)) {
                assertThat(set.find(setting)).as(name).hasToString(plain.find(setting).toString());
            }
        });
        assertThat(set.problems()).allMatch(problem -> problem.contains("storage.local.path"));
    }
}
