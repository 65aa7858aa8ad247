package io.arc.runtime.plugin;

import io.arc.runtime.text.NearestName;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// The content of `arc-plugin.properties`: what is known of a plugin before any of its classes is loaded.
///
/// @param name of the distribution unit, such as `storage-s3`; unique in an installation
/// @param java the lowest Java feature version that runs it
record PluginDescriptor(String name, String version, String description, SpiVersion spi, int java) {
    /// At the root of exactly one jar of the plugin's directory.
    static final String FILE = "arc-plugin.properties";

    private static final List<String> LINES = List.of("name", "version", "description", "arc.spi", "java");
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");
    private static final Pattern JAVA = Pattern.compile("[0-9]{1,4}");

    static PluginDescriptor parse(String text) throws BrokenPluginException {
        Map<String, String> values = new LinkedHashMap<>();
        int number = 0;
        for (String line : text.lines().map(String::strip).toList()) {
            number++;
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int equals = line.indexOf('=');
            String key = equals < 0 ? line : line.substring(0, equals).strip();
            if (!LINES.contains(key)) {
                throw new BrokenPluginException(FILE + ", line " + number + ": '" + key + "' is unknown; the lines are "
                        + String.join(", ", LINES) + NearestName.question(key, LINES));
            }
            String value = equals < 0 ? "" : line.substring(equals + 1).strip();
            if (value.isEmpty()) {
                throw new BrokenPluginException(FILE + ", line " + number + ": '" + key + "' has no value");
            }
            if (values.put(key, value) != null) {
                throw new BrokenPluginException(FILE + ", line " + number + ": '" + key + "' is there twice");
            }
        }
        for (String key : LINES) {
            if (!values.containsKey(key)) {
                throw new BrokenPluginException(FILE + " has no line '" + key + "=...'");
            }
        }
        if (!NAME.matcher(values.get("name")).matches()) {
            throw new BrokenPluginException(FILE + ": name=" + values.get("name") + " is not of the form " + NAME);
        }
        if (!JAVA.matcher(values.get("java")).matches()) {
            throw new BrokenPluginException(FILE + ": java=" + values.get("java") + " is not a Java version such as 25");
        }
        return new PluginDescriptor(values.get("name"), values.get("version"), values.get("description"),
                SpiVersion.parse(values.get("arc.spi")), Integer.parseInt(values.get("java")));
    }

    void requireJava(int running) throws BrokenPluginException {
        if (java > running) {
            throw new BrokenPluginException("needs Java " + java + " and this server runs on Java " + running
                    + "; start the server with a newer JDK, or use an older release of the plugin");
        }
    }
}
