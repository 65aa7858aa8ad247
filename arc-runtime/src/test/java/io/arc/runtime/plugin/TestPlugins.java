package io.arc.runtime.plugin;

import io.arc.api.spi.ArcPlugin;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/// Writes plugins: compiles sources against `io.arc.api` and packs them into jars, right or wrong as a test asks.
final class TestPlugins {
    /// How a source of [#protocolSource] opens, for tests to replace.
    static final String OPENED =
            "return new Ingest() { public Decoder newDecoder() { return (body, parameters, sink) -> { }; } };";

    private final Path scratch;
    private int compilations;

    /// @param scratch for class files
    TestPlugins(Path scratch) {
        this.scratch = scratch;
    }

    static String descriptor(String name) {
        return """
                # a comment
                name=%s
                version=1.2.3
                description=A plugin of the tests.
                arc.spi=1.0
                java=25
                """.formatted(name);
    }

    /// A protocol whose answers the arguments give; `extra` are more members.
    static String protocolSource(String className, String name, String path, String extra) {
        return """
                package broken;
                import io.arc.api.spi.*;
                import java.util.List;
                public class %1$s implements IngestProtocol {
                    public String name() { return "%2$s"; }
                    public List<Endpoint> endpoints() { return List.of(new Endpoint("%3$s", "A test.")); }
                    public Ingest open(PluginContext context) {
                        %5$s
                    }
                    %4$s
                }
                """.formatted(className, name, path, extra, OPENED);
    }

    /// A store that holds nothing.
    static String storeSource(String className, String name, String extra) {
        return """
                package broken;
                import io.arc.api.spi.*;
                import java.util.*;
                public class %1$s implements StorageBackend {
                    public String name() { return "%2$s"; }
                    public ObjectStore open(PluginContext context) {
                        return new ObjectStore() {
                            public Set<Capability> capabilities() { return Set.of(); }
                            public boolean put(String key, Body body, PutMode mode) { return true; }
                            public long read(String key, long position, java.lang.foreign.MemorySegment target) { return 0; }
                            public Optional<ObjectInfo> find(String key) { return Optional.empty(); }
                            public void list(String prefix, String after, java.util.function.Consumer<ObjectInfo> each) { }
                            public void delete(Collection<String> keys) { }
                        };
                    }
                    %3$s
                }
                """.formatted(className, name, extra);
    }

    static String compressorSource(String className, String name, int defaultLevel) {
        return """
                package broken;
                import io.arc.api.spi.*;
                import java.lang.foreign.MemorySegment;
                public class %1$s implements Compressor {
                    public String name() { return "%2$s"; }
                    public Codec codec() { return Codec.SNAPPY; }
                    public int minLevel() { return 1; }
                    public int maxLevel() { return 3; }
                    public int defaultLevel() { return %3$d; }
                    public Compression open(PluginContext context) {
                        return new Compression() {
                            public BlockCompressor newCompressor(int level) {
                                return new BlockCompressor() {
                                    public int maxCompressedLength(int length) { return length; }
                                    public int compress(MemorySegment in, MemorySegment out) {
                                        out.copyFrom(in);
                                        return (int) in.byteSize();
                                    }
                                };
                            }
                            public BlockDecompressor newDecompressor() {
                                return (in, out) -> {
                                    out.copyFrom(in);
                                    return (int) in.byteSize();
                                };
                            }
                        };
                    }
                }
                """.formatted(className, name, defaultLevel);
    }

    static String rewriterSource(String className, String name, int order) {
        return """
                package broken;
                import io.arc.api.spi.*;
                public class %1$s implements QueryRewriter {
                    public String name() { return "%2$s"; }
                    public int order() { return %3$d; }
                    public Stage open(PluginContext context) { return query -> Rewrite.UNCHANGED; }
                }
                """.formatted(className, name, order);
    }

    /// A jar under construction.
    final class Jar {
        private final Map<String, byte[]> entries = new LinkedHashMap<>();

        Jar descriptor(String text) {
            return file(PluginDescriptor.FILE, text);
        }

        Jar file(String name, String text) {
            entries.put(name, text.getBytes(StandardCharsets.UTF_8));
            return this;
        }

        Jar service(PluginKind kind, String... classNames) {
            return file("META-INF/services/" + kind.service().getName(), String.join("\n", classNames) + "\n");
        }

        /// Compiles sources together, against `io.arc.api` and the given jars.
        Jar classes(List<Path> classPath, String... sources) {
            entries.putAll(compile(classPath, sources));
            return this;
        }

        Jar classes(String... sources) {
            return classes(List.of(), sources);
        }

        Jar without(String entry) {
            if (entries.remove(entry) == null) {
                throw new IllegalArgumentException("there is no " + entry + " in " + entries.keySet());
            }
            return this;
        }

        Path write(Path jar) {
            try {
                Files.createDirectories(jar.getParent());
                try (OutputStream file = Files.newOutputStream(jar); JarOutputStream out = new JarOutputStream(file)) {
                    for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
                        out.putNextEntry(new ZipEntry(entry.getKey()));
                        out.write(entry.getValue());
                        out.closeEntry();
                    }
                }
                return jar;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
    }

    Jar jar() {
        return new Jar();
    }

    private Map<String, byte[]> compile(List<Path> classPath, String... sources) {
        try {
            Path output = Files.createDirectories(scratch.resolve("classes-" + ++compilations));
            List<JavaFileObject> units = new ArrayList<>();
            for (String source : sources) {
                units.add(source(source));
            }
            List<String> path = new ArrayList<>(List.of(Path.of(ArcPlugin.class.getProtectionDomain().getCodeSource()
                    .getLocation().toURI()).toString()));
            classPath.forEach(jar -> path.add(jar.toString()));
            JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
            StringWriter messages = new StringWriter();
            try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
                boolean compiled = compiler.getTask(messages, files, null, List.of("-d", output.toString(), "-cp",
                        String.join(java.io.File.pathSeparator, path), "-proc:none"), null, units).call();
                if (!compiled) {
                    throw new IllegalArgumentException("a test plugin does not compile:\n" + messages);
                }
            }
            Map<String, byte[]> classes = new LinkedHashMap<>();
            try (Stream<Path> found = Files.walk(output)) {
                for (Path file : found.filter(Files::isRegularFile).sorted().toList()) {
                    classes.put(output.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
            return classes;
        } catch (IOException | URISyntaxException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static JavaFileObject source(String text) {
        String packageName = text.replaceFirst("(?s).*?package ([a-z0-9.]+);.*", "$1");
        String className = text.replaceFirst("(?s).*?(?:class|interface) ([A-Z][A-Za-z0-9]*).*", "$1");
        return new SimpleJavaFileObject(URI.create("string:///" + packageName.replace('.', '/') + "/" + className + ".java"),
                JavaFileObject.Kind.SOURCE) {
            @Override
            public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                return text;
            }
        };
    }
}
