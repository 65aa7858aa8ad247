package io.arc.runtime.plugin;

import java.util.List;

/// A plugin as `bin/arc plugins` and administration show it.
///
/// @param directory its name under `plugins/`
/// @param name by its descriptor; the directory's when that is unreadable
/// @param provides such as `protocol 'csv'`
/// @param detail why it is broken or not enabled; empty for enabled ones
public record PluginInfo(String directory, String name, String version, String description, List<String> provides,
        Status status, String detail) {
    public enum Status {
        ENABLED, DISABLED, BROKEN
    }

    public PluginInfo {
        provides = List.copyOf(provides);
    }
}
