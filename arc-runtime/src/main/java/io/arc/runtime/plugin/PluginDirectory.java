package io.arc.runtime.plugin;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/// A directory under `plugins/` and its jars. Files other than jars are nobody's business.
///
/// @param jars sorted by name
record PluginDirectory(Path path, List<Path> jars) {
    private static final String SERVICES = "META-INF/services/";
    private static final int MAX_DESCRIPTOR_BYTES = 64 * 1024;

    /// What the jars say without a class being loaded.
    ///
    /// @param descriptorJar the jar that holds the descriptor
    record Contents(String descriptorText, Path descriptorJar, Set<PluginKind> kinds) {}

    /// All plugin directories of an installation, by name; hidden ones are left out.
    ///
    /// @throws BrokenPluginException when the directory cannot be listed
    static List<PluginDirectory> scan(Path plugins) throws BrokenPluginException {
        List<PluginDirectory> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(plugins, Files::isDirectory)) {
            for (Path entry : entries) {
                if (!entry.getFileName().toString().startsWith(".")) {
                    found.add(of(entry));
                }
            }
        } catch (IOException unreadable) {
            throw new BrokenPluginException(plugins + " cannot be listed: " + BrokenPluginException.text(unreadable),
                    unreadable);
        }
        found.sort((a, b) -> a.path.compareTo(b.path));
        return found;
    }

    /// Jars that lie directly in `plugins/`, where nothing loads them.
    static List<String> strayJars(Path plugins) {
        try {
            return jarsIn(plugins).stream().map(jar -> jar.getFileName().toString()).toList();
        } catch (IOException unreadable) {
            return List.of();
        }
    }

    static PluginDirectory of(Path path) throws BrokenPluginException {
        try {
            return new PluginDirectory(path, jarsIn(path));
        } catch (IOException unreadable) {
            throw new BrokenPluginException(path + " cannot be listed: " + BrokenPluginException.text(unreadable), unreadable);
        }
    }

    String name() {
        return path.getFileName().toString();
    }

    /// The kinds that readable jars announce, for plugins whose description cannot be loaded.
    Set<PluginKind> announcedKinds() {
        Set<PluginKind> kinds = EnumSet.noneOf(PluginKind.class);
        for (Path jar : jars) {
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                addKinds(zip, kinds);
            } catch (IOException unreadable) {
                // Whoever reads the contents reports it.
            }
        }
        return kinds;
    }

    Contents read() throws BrokenPluginException {
        if (jars.isEmpty()) {
            throw new BrokenPluginException("holds no jar; the plugin's jar and all jars it needs belong there");
        }
        String descriptor = null;
        Path descriptorJar = null;
        Set<PluginKind> kinds = EnumSet.noneOf(PluginKind.class);
        for (Path jar : jars) {
            try (ZipFile zip = new ZipFile(jar.toFile())) {
                addKinds(zip, kinds);
                ZipEntry entry = zip.getEntry(PluginDescriptor.FILE);
                if (entry == null) {
                    continue;
                }
                if (descriptor != null) {
                    throw new BrokenPluginException(descriptorJar.getFileName() + " and " + jar.getFileName() + " both hold "
                            + PluginDescriptor.FILE + "; each plugin needs a directory of its own, and old jars have to go");
                }
                descriptor = text(zip, entry);
                descriptorJar = jar;
            } catch (IOException broken) {
                throw new BrokenPluginException(jar.getFileName() + " is not a readable jar ("
                        + BrokenPluginException.text(broken) + "); copy it again", broken);
            }
        }
        if (descriptor == null) {
            throw new BrokenPluginException("no jar of it holds " + PluginDescriptor.FILE
                    + ", which a plugin's own jar has at its root");
        }
        return new Contents(descriptor, descriptorJar, kinds);
    }

    private static void addKinds(ZipFile zip, Set<PluginKind> kinds) {
        for (PluginKind kind : PluginKind.values()) {
            if (zip.getEntry(SERVICES + kind.service().getName()) != null) {
                kinds.add(kind);
            }
        }
    }

    private static String text(ZipFile zip, ZipEntry entry) throws IOException {
        try (InputStream in = zip.getInputStream(entry)) {
            return new String(in.readNBytes(MAX_DESCRIPTOR_BYTES), StandardCharsets.UTF_8);
        }
    }

    private static List<Path> jarsIn(Path directory) throws IOException {
        List<Path> jars = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.jar")) {
            for (Path entry : entries) {
                if (Files.isRegularFile(entry)) {
                    jars.add(entry.toAbsolutePath());
                }
            }
        }
        jars.sort(null);
        return jars;
    }
}
