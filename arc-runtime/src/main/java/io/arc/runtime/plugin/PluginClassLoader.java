package io.arc.runtime.plugin;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.List;

/// The classes of one plugin. It sees the JDK's platform, `io.arc.api` of the server, and the jars of its directory; nothing
/// else of the server and nothing of another plugin, so plugins may bring any version of any library.
final class PluginClassLoader extends URLClassLoader {
    /// What plugins share with the server.
    private static final String SHARED = "io.arc.api.";

    static {
        registerAsParallelCapable();
    }

    private final ClassLoader server;

    /// @param server where `io.arc.api` comes from
    PluginClassLoader(String name, List<Path> jars, ClassLoader server) {
        super("plugin-" + name, jars.stream().map(PluginClassLoader::url).toArray(URL[]::new),
                ClassLoader.getPlatformClassLoader());
        this.server = server;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        return name.startsWith(SHARED) ? server.loadClass(name) : super.loadClass(name, resolve);
    }

    @Override
    public void close() {
        try {
            super.close();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Override
    public String toString() {
        return getName();
    }

    private static URL url(Path jar) {
        try {
            return jar.toUri().toURL();
        } catch (MalformedURLException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
