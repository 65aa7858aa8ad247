package io.arc.runtime.config;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Which plugins run.
///
/// @param directory holds one directory a plugin, absolute
/// @param protocols the names of those enabled; empty means all that are there
/// @param compressors likewise
/// @param rewriters likewise
public record PluginsConfig(Path directory, Optional<List<String>> protocols, Optional<List<String>> compressors,
        Optional<List<String>> rewriters) {
    private static final String SECTION = "plugins";

    public static final Setting<String> DIRECTORY = new Setting<>(SECTION, KeyTypes.path("directory", "plugins",
            "Holds one directory for each plugin."));
    public static final Setting<List<String>> PROTOCOLS = new Setting<>(SECTION, KeyTypes.optionalList("protocols",
            "The ingest protocols to enable, by name. Default: all that are installed."));
    public static final Setting<List<String>> COMPRESSORS = new Setting<>(SECTION, KeyTypes.optionalList("compressors",
            "The compressors to enable, by name. Default: all that are installed."));
    public static final Setting<List<String>> REWRITERS = new Setting<>(SECTION, KeyTypes.optionalList("rewriters",
            "The query rewriters to enable, by name. Default: all that are installed."));

    static final List<Setting<?>> SETTINGS = List.of(DIRECTORY, PROTOCOLS, COMPRESSORS, REWRITERS);

    public PluginsConfig {
        protocols = protocols.map(List::copyOf);
        compressors = compressors.map(List::copyOf);
        rewriters = rewriters.map(List::copyOf);
    }

    public static PluginsConfig from(Configuration configuration) {
        return new PluginsConfig(configuration.path(DIRECTORY).orElseThrow(), configuration.find(PROTOCOLS),
                configuration.find(COMPRESSORS), configuration.find(REWRITERS));
    }
}
