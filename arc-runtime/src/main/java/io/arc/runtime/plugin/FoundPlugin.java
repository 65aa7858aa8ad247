package io.arc.runtime.plugin;

import io.arc.api.spi.ArcPlugin;
import io.arc.runtime.config.Setting;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// A plugin directory after its classes have been looked at: described, or broken with a reason. Nothing is open.
///
/// @param descriptor empty when it could not be read
/// @param announced the kinds that its jars announce, known for broken ones too
/// @param provided what it describes; empty for broken ones
/// @param names what it is known to provide; stays when a collision makes it broken
/// @param loader of its classes; empty when it never came to that
/// @param defect why it cannot be used
record FoundPlugin(PluginDirectory directory, Optional<PluginDescriptor> descriptor, Set<PluginKind> announced,
        List<Description> provided, Set<String> names, Optional<PluginClassLoader> loader, Optional<String> defect) {
    /// One thing that a plugin provides.
    ///
    /// @param settings its keys with their prefix
    record Description(PluginKind kind, String name, ArcPlugin plugin, List<Setting<?>> settings) {
        /// `protocol 'csv'`, for messages.
        String title() {
            return kind.word() + " '" + name + "'";
        }
    }

    FoundPlugin {
        announced = Set.copyOf(announced);
        provided = List.copyOf(provided);
        names = Set.copyOf(names);
    }

    static FoundPlugin sound(PluginDirectory directory, PluginDescriptor descriptor, Set<PluginKind> announced,
            List<Description> provided, PluginClassLoader loader) {
        return new FoundPlugin(directory, Optional.of(descriptor), announced, provided,
                provided.stream().map(Description::name).collect(Collectors.toSet()), Optional.of(loader), Optional.empty());
    }

    FoundPlugin broken(String reason) {
        return new FoundPlugin(directory, descriptor, announced, List.of(), names, loader, Optional.of(reason));
    }

    /// The beginning of every sentence about it.
    String place() {
        return "plugin directory " + directory.path();
    }

    /// What a list in the configuration may call it although its description cannot be asked: its directory or descriptor
    /// name, with or without the kind in front.
    Set<String> likelyNames(PluginKind kind) {
        String prefix = kind.word() + "-";
        Set<String> likely = new HashSet<>(names);
        for (String name : List.of(directory.name(), descriptor.map(PluginDescriptor::name).orElse(directory.name()))) {
            likely.add(name);
            if (name.startsWith(prefix)) {
                likely.add(name.substring(prefix.length()));
            }
        }
        return likely;
    }
}
