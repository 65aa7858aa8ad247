package io.arc.runtime.config;

import java.nio.file.Path;
import java.util.List;

/// Where the server's state is.
///
/// @param directory the one root of all state, absolute
public record DataConfig(Path directory) {
    public static final Setting<String> DIR = new Setting<>("data", KeyTypes.path("dir", "data",
            "The one root of all state: write-ahead log, catalog, local storage, caches. Other keys may point elsewhere."));

    static final List<Setting<?>> SETTINGS = List.of(DIR);

    public static DataConfig from(Configuration configuration) {
        return new DataConfig(configuration.path(DIR).orElseThrow());
    }
}
