package io.arc.runtime.plugin;

import io.arc.api.spi.ArcPlugin;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.ConfigKey;
import io.arc.runtime.config.Configuration;
import io.arc.runtime.config.Setting;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Turns a plugin directory into descriptions, or into the reason why not. Opens nothing and never throws for a bad plugin.
final class PluginLoader {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");

    private final ClassLoader server;
    private final SpiVersion spi;
    private final int java;

    PluginLoader() {
        this(ArcPlugin.class.getClassLoader(), SpiVersion.CURRENT, Runtime.version().feature());
    }

    /// @param server where plugins' `io.arc.api` comes from
    /// @param java the feature version that the server claims to run on
    PluginLoader(ClassLoader server, SpiVersion spi, int java) {
        this.server = server;
        this.spi = spi;
        this.java = java;
    }

    FoundPlugin load(PluginDirectory directory) {
        PluginDescriptor descriptor = null;
        PluginClassLoader loader = null;
        Set<PluginKind> kinds = EnumSet.noneOf(PluginKind.class);
        try {
            PluginDirectory.Contents contents = directory.read();
            kinds = contents.kinds();
            String jar = contents.descriptorJar().getFileName().toString();
            try {
                descriptor = PluginDescriptor.parse(contents.descriptorText());
                descriptor.spi().requireLoadableBy(spi);
                descriptor.requireJava(java);
            } catch (BrokenPluginException refused) {
                throw new BrokenPluginException(jar + " " + refused.getMessage(), refused);
            }
            if (kinds.isEmpty()) {
                throw new BrokenPluginException("provides nothing: no jar of it holds META-INF/services/"
                        + PluginKind.PROTOCOL.service().getName() + " or a file for another kind of plugin there");
            }
            loader = new PluginClassLoader(descriptor.name(), directory.jars(), server);
            List<FoundPlugin.Description> provided = new ArrayList<>();
            for (PluginKind kind : kinds) {
                provided.addAll(describe(kind, loader, jar));
            }
            return FoundPlugin.sound(directory, descriptor, kinds, provided, loader);
        } catch (BrokenPluginException broken) {
            return new FoundPlugin(directory, Optional.ofNullable(descriptor), kinds.isEmpty() ? directory.announcedKinds()
                    : kinds,
                    List.of(), Set.of(), Optional.ofNullable(loader), Optional.of(broken.getMessage()));
        }
    }

    private static List<FoundPlugin.Description> describe(PluginKind kind, PluginClassLoader loader, String jar)
            throws BrokenPluginException {
        List<FoundPlugin.Description> provided = new ArrayList<>();
        for (ArcPlugin plugin : new PluginThreadContext(loader).call(() -> new Providers(kind, loader, jar)).plugins()) {
            provided.add(describe(kind, plugin, loader));
        }
        if (provided.isEmpty()) {
            throw new BrokenPluginException(Providers.file(kind) + " in " + jar + " names no class");
        }
        return provided;
    }

    /// The instances that a service file names, or what went wrong with them; a constructor cannot throw through `call`.
    private static final class Providers {
        private final List<ArcPlugin> plugins = new ArrayList<>();
        private BrokenPluginException defect;

        Providers(PluginKind kind, PluginClassLoader loader, String jar) {
            try {
                for (ServiceLoader.Provider<? extends ArcPlugin> provider
                        : (Iterable<ServiceLoader.Provider<? extends ArcPlugin>>) providers(kind, loader)::iterator) {
                    if (provider.type().getClassLoader() != loader) {
                        throw new BrokenPluginException(file(kind) + " in " + jar + " names " + provider.type().getName()
                                + ", which comes from outside the plugin; a plugin provides its own classes only");
                    }
                    plugins.add(provider.get());
                }
            } catch (BrokenPluginException broken) {
                defect = broken;
            } catch (ServiceConfigurationError broken) {
                defect = new BrokenPluginException(file(kind) + " in " + jar + ": " + reason(kind, broken), broken);
            } catch (LinkageError broken) {
                defect = new BrokenPluginException(file(kind) + " in " + jar + ": " + linkage(broken), broken);
            }
        }

        private static Stream<ServiceLoader.Provider<? extends ArcPlugin>> providers(PluginKind kind,
                PluginClassLoader loader) {
            return ServiceLoader.<ArcPlugin>load(widen(kind.service()), loader).stream().map(each -> each);
        }

        @SuppressWarnings("unchecked") // A ServiceLoader of a subtype gives nothing but ArcPlugins.
        private static Class<ArcPlugin> widen(Class<? extends ArcPlugin> service) {
            return (Class<ArcPlugin>) service;
        }

        List<ArcPlugin> plugins() throws BrokenPluginException {
            if (defect != null) {
                throw defect;
            }
            return plugins;
        }

        static String file(PluginKind kind) {
            return "META-INF/services/" + kind.service().getName();
        }

        private static String reason(PluginKind kind, ServiceConfigurationError broken) {
            Throwable cause = broken.getCause();
            if (cause instanceof LinkageError missing) {
                return linkage(missing);
            }
            String message = String.valueOf(broken.getMessage()).replace(kind.service().getName() + ": ", "");
            if (cause instanceof NoSuchMethodException) {
                return message + "; a plugin's class has a public constructor without arguments";
            }
            if (cause != null) {
                return message + ": " + BrokenPluginException.text(cause);
            }
            return message + (message.endsWith("not found") ? " in any jar of the directory" : "");
        }

        private static String linkage(LinkageError broken) {
            return switch (broken) {
                case NoClassDefFoundError missing when missing.getMessage() != null && !missing.getMessage().contains(" ") ->
                        "the class " + missing.getMessage().replace('/', '.')
                                + " is needed and is in no jar of the directory; a plugin brings all its libraries";
                case UnsupportedClassVersionError newer -> "its classes are compiled for a newer Java than it says: "
                        + newer.getMessage();
                case ExceptionInInitializerError thrown when thrown.getCause() != null -> "a static initialiser threw "
                        + BrokenPluginException.text(thrown.getCause());
                default -> BrokenPluginException.text(broken);
            };
        }
    }

    private static FoundPlugin.Description describe(PluginKind kind, ArcPlugin plugin, PluginClassLoader loader)
            throws BrokenPluginException {
        String type = plugin.getClass().getName();
        PluginThreadContext context = new PluginThreadContext(loader);
        String name = ask(type + ".name()", () -> context.call(plugin::name));
        if (!NAME.matcher(name).matches()) {
            throw new BrokenPluginException(type + " calls itself '" + name + "'; a plugin's name is of the form " + NAME);
        }
        if (plugin instanceof Compressor compressor) {
            ask(type + ".codec()", () -> context.call(compressor::codec));
            int level = ask(type + ".defaultLevel()", () -> context.call(compressor::defaultLevel));
            int min = ask(type + ".minLevel()", () -> context.call(compressor::minLevel));
            int max = ask(type + ".maxLevel()", () -> context.call(compressor::maxLevel));
            if (level < min || level > max) {
                throw new BrokenPluginException(type + " has the default level " + level + " outside its own range " + min
                        + " to " + max);
            }
        }
        List<Setting<?>> settings = new ArrayList<>();
        for (ConfigKey<?> key : ask(type + ".configKeys()", () -> context.call(plugin::configKeys))) {
            settings.add(new Setting<>(kind.word() + "." + name, key));
        }
        return new FoundPlugin.Description(kind, name, plugin, List.copyOf(settings));
    }

    private static <T> T ask(String what, Supplier<T> question) throws BrokenPluginException {
        try {
            return Objects.requireNonNull(question.get(), "it returned null");
        } catch (RuntimeException | LinkageError broken) {
            throw new BrokenPluginException(what + " failed: " + BrokenPluginException.text(broken), broken);
        }
    }

    /// Marks plugins as broken whose names or keys collide with those of the server or of a plugin before them.
    static List<FoundPlugin> refuseCollisions(List<FoundPlugin> plugins, Configuration serverKeys) {
        Map<String, FoundPlugin> names = new HashMap<>();
        Map<String, String> keys = new HashMap<>();
        List<FoundPlugin> checked = new ArrayList<>();
        for (FoundPlugin plugin : plugins) {
            Optional<String> collision = collision(plugin, names, keys, serverKeys);
            checked.add(collision.map(plugin::broken).orElse(plugin));
        }
        return checked;
    }

    private static Optional<String> collision(FoundPlugin plugin, Map<String, FoundPlugin> names, Map<String, String> keys,
            Configuration serverKeys) {
        if (plugin.descriptor().isPresent()) {
            FoundPlugin other = names.putIfAbsent("plugin '" + plugin.descriptor().get().name() + "'", plugin);
            if (other != null) {
                return Optional.of("the plugin '" + plugin.descriptor().get().name() + "' is in " + other.directory().path()
                        + " too; remove one of them");
            }
        }
        for (FoundPlugin.Description description : plugin.provided()) {
            FoundPlugin other = names.putIfAbsent(description.title(), plugin);
            if (other != null) {
                return Optional.of("the " + description.title() + " is provided by " + other.directory().path()
                        + " too; names are unique within a kind, so remove one of them");
            }
            for (Setting<?> setting : description.settings()) {
                Optional<String> taken = serverKeys.declared(setting.name()).map(key -> "the server's " + key.name());
                String before = taken.orElse(keys.putIfAbsent(setting.folded(), setting.name()));
                if (before != null) {
                    return Optional.of("its key " + setting.name() + " is the same as " + before);
                }
            }
        }
        return Optional.empty();
    }
}
