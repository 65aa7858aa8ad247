package io.arc.runtime.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ArcPlugin;
import io.arc.runtime.config.ConfigurationInputs;
import io.arc.runtime.config.Machine;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One broken plugin of every sort, compiled here. Each stops the start with a sentence that names its directory, the jar, key
/// or class, and the reason; not enabled, none does.
final class BrokenPluginsTest {
    private static final Machine MACHINE = new Machine(2, 1L << 30, 4L << 30);
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);
    private static final CounterRegistry COUNTERS = (plugin, name, unit, doc) -> value -> { };

    @TempDir
    private Path directory;

    private TestPlugins build;
    private Path plugins;
    private final Map<String, String> environment = new HashMap<>(Map.of("ARC_INGEST_COMPRESSION", "none"));

    @BeforeEach
    void installAStore() throws IOException {
        build = new TestPlugins(directory.resolve("scratch"));
        plugins = directory.resolve("plugins");
        Files.createDirectories(plugins);
        build.jar().descriptor(TestPlugins.descriptor("storage-local")).service(PluginKind.STORAGE, "broken.Store")
                .classes(TestPlugins.storeSource("Store", "local", "")).write(plugins.resolve("storage-local/store.jar"));
    }

    private Installation read() {
        return read(new PluginLoader());
    }

    private Installation read(PluginLoader loader) {
        return Installation.read(ConfigurationInputs.of(environment, Map.of(), directory), MACHINE, loader);
    }

    /// The one sentence about the broken plugin in the directory `bad`; also shows that it is only a warning when the lists of
    /// the configuration leave it out.
    private String sentence() {
        List<String> problems;
        try (Installation installation = read()) {
            problems = installation.problems();
            assertThat(installation.infos()).filteredOn(info -> info.directory().equals("bad")).singleElement()
                    .satisfies(info -> assertThat(info.status()).isEqualTo(PluginInfo.Status.BROKEN))
                    .satisfies(info -> assertThat(problems).allMatch(problem -> problem.endsWith(info.detail())));
        }
        assertThat(problems).as("problems").singleElement().asString().startsWith("plugin directory " + plugins.resolve("bad")
                + ": ");
        requireOnlyAWarningWhenNotEnabled();
        return problems.getFirst();
    }

    private void requireOnlyAWarningWhenNotEnabled() {
        environment.putAll(Map.of("ARC_PLUGINS_PROTOCOLS", "other", "ARC_PLUGINS_COMPRESSORS", "other", "ARC_PLUGINS_REWRITERS",
                "other"));
        try (Installation installation = read()) {
            assertThat(installation.problems()).as("problems with other plugins enabled")
                    .allMatch(problem -> problem.contains("names 'other'")).hasSize(3);
        }
        List.of("PROTOCOLS", "COMPRESSORS", "REWRITERS").forEach(kind -> environment.remove("ARC_PLUGINS_" + kind));
    }

    private void writeProtocol(String descriptor, String name, String extra) {
        build.jar().descriptor(descriptor).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", name, "/test", extra)).write(plugins.resolve("bad/bad.jar"));
    }

    @Test
    void aDirectoryWithoutJars() throws IOException {
        Files.createDirectories(plugins.resolve("bad"));
        assertThat(sentence()).contains("holds no jar");
    }

    @Test
    void aJarThatIsNone() throws IOException {
        Files.createDirectories(plugins.resolve("bad"));
        Files.writeString(plugins.resolve("bad/bad.jar"), "this is no zip file");
        assertThat(sentence()).contains("bad.jar is not a readable jar");
    }

    @Test
    void aJarThatIsCutShort() throws IOException {
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "");
        byte[] whole = Files.readAllBytes(plugins.resolve("bad/bad.jar"));
        Files.write(plugins.resolve("bad/bad.jar"), java.util.Arrays.copyOf(whole, whole.length / 2));
        assertThat(sentence()).contains("bad.jar is not a readable jar", "copy it again");
    }

    @Test
    void noDescriptor() {
        build.jar().service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "bad", "/test", "")).write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("no jar of it holds arc-plugin.properties");
    }

    @Test
    void twoDescriptors() {
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "");
        build.jar().descriptor(TestPlugins.descriptor("bad")).write(plugins.resolve("bad/bad-older.jar"));
        assertThat(sentence()).contains("bad-older.jar and bad.jar both hold arc-plugin.properties");
    }

    @Test
    void anUnknownLineInTheDescriptor() {
        writeProtocol(TestPlugins.descriptor("bad") + "discription=x\n", "bad", "");
        assertThat(sentence()).contains("bad.jar", "line 7: 'discription' is unknown; the lines are name, ",
                "; did you mean 'description'?");
    }

    @Test
    void aMissingLineInTheDescriptor() {
        writeProtocol(TestPlugins.descriptor("bad").replace("java=25", ""), "bad", "");
        assertThat(sentence()).contains("has no line 'java=...'");
    }

    @Test
    void aRepeatedEmptyOrMalformedLineInTheDescriptor() {
        writeProtocol(TestPlugins.descriptor("bad") + "java=25\n", "bad", "");
        assertThat(sentence()).contains("'java' is there twice");
        writeProtocol(TestPlugins.descriptor("bad").replace("version=1.2.3", "version="), "bad", "");
        assertThat(sentence()).contains("'version' has no value");
        writeProtocol(TestPlugins.descriptor("Bad Name"), "bad", "");
        assertThat(sentence()).contains("name=Bad Name is not of the form");
        writeProtocol(TestPlugins.descriptor("bad").replace("java=25", "java=twenty"), "bad", "");
        assertThat(sentence()).contains("java=twenty is not a Java version");
        writeProtocol(TestPlugins.descriptor("bad").replace("arc.spi=1.0", "arc.spi=1"), "bad", "");
        assertThat(sentence()).contains("arc.spi=1 is not of the form major.minor");
    }

    @Test
    void theWrongMajorOfTheSpi() {
        writeProtocol(TestPlugins.descriptor("bad").replace("arc.spi=1.0", "arc.spi=2.0"), "bad", "");
        assertThat(sentence()).contains("bad.jar is made for SPI 2.0 and this server has SPI 1.0");
    }

    @Test
    void aMinorOfTheSpiAboveOurs() {
        writeProtocol(TestPlugins.descriptor("bad").replace("arc.spi=1.0", "arc.spi=1.7"), "bad", "");
        assertThat(sentence()).contains("bad.jar needs SPI 1.7 and this server has SPI 1.0; update the server");
        try (Installation newer = read(new PluginLoader(ArcPlugin.class.getClassLoader(), new SpiVersion(1, 7), 25))) {
            assertThat(newer.problems()).as("with a newer server").isEmpty();
        }
    }

    @Test
    void aNewerJava() {
        writeProtocol(TestPlugins.descriptor("bad").replace("java=25", "java=99"), "bad", "");
        assertThat(sentence()).contains("bad.jar needs Java 99 and this server runs on Java " + Runtime.version().feature());
    }

    @Test
    void classesOfANewerJavaThanTheDescriptorSays() throws IOException {
        Path jar = plugins.resolve("bad/bad.jar");
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "");
        TestPlugins.Jar patched = build.jar().descriptor(TestPlugins.descriptor("bad"))
                .service(PluginKind.PROTOCOL, "broken.Protocol");
        Files.delete(jar);
        byte[] classFile = {(byte) 0xCA, (byte) 0xFE, (byte) 0xBA, (byte) 0xBE, 0, 0, 0, 120};
        patched.file("broken/Protocol.class", "").write(jar);
        rewrite(jar, "broken/Protocol.class", classFile);
        assertThat(sentence()).contains("bad.jar", "compiled for a newer Java");
    }

    private static void rewrite(Path jar, String entry, byte[] content) throws IOException {
        try (java.nio.file.FileSystem zip = java.nio.file.FileSystems.newFileSystem(jar)) {
            Files.write(zip.getPath(entry), content);
        }
    }

    @Test
    void noProvider() {
        build.jar().descriptor(TestPlugins.descriptor("bad"))
                .classes(TestPlugins.protocolSource("Protocol", "bad", "/test", ""))
                .write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("provides nothing", "META-INF/services/io.arc.api.spi.IngestProtocol");
    }

    @Test
    void aServiceFileWithoutAName() {
        build.jar().descriptor(TestPlugins.descriptor("bad"))
                .file("META-INF/services/io.arc.api.spi.IngestProtocol", "# none\n")
                .write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("names no class");
    }

    @Test
    void aProviderThatIsInNoJar() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "broken.Missing")
                .write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("META-INF/services/io.arc.api.spi.IngestProtocol in bad.jar",
                "broken.Missing not found");
    }

    @Test
    void aLibraryThatIsMissing() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes("package broken; public class Library { public static int version() { return 1; } }",
                        TestPlugins.protocolSource("Protocol", "bad", "/test", "private final int v = Library.version();"))
                .without("broken/Library.class").write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("bad.jar", "the class broken.Library is needed and is in no jar of the directory");
    }

    @Test
    void aSuperclassThatIsMissing() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.REWRITER, "broken.Rewriter")
                .classes("package broken; public class Parent { }",
                        TestPlugins.rewriterSource("Rewriter", "bad", 1).replace("implements", "extends Parent implements"))
                .without("broken/Parent.class").write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("bad.jar", "the class broken.Parent is needed");
    }

    @Test
    void aConstructorThatThrows() {
        writeProtocol(TestPlugins.descriptor("bad"), "bad",
                "public Protocol() { throw new IllegalStateException(\"no licence\"); }");
        assertThat(sentence()).contains("broken.Protocol", "java.lang.IllegalStateException: no licence");
    }

    @Test
    void aStaticInitialiserThatThrows() {
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "static final int X = Integer.parseInt(\"x\");");
        assertThat(sentence()).contains("bad.jar", "a static initialiser threw java.lang.NumberFormatException");
    }

    @Test
    void noPublicConstructor() {
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "public Protocol(int port) { }");
        assertThat(sentence()).contains("broken.Protocol", "a public constructor without arguments");
    }

    @Test
    void aProviderOfAnotherType() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "broken.Rewriter")
                .classes(TestPlugins.rewriterSource("Rewriter", "bad", 1)).write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("broken.Rewriter", "not a subtype");
    }

    @Test
    void aProviderFromOutside() throws Exception {
        Path foreign = build.jar().classes(TestPlugins.protocolSource("Foreign", "bad", "/test", "")
                .replace("package broken;", "package io.arc.api.foreign;")).write(directory.resolve("foreign.jar"));
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "io.arc.api.foreign.Foreign")
                .write(plugins.resolve("bad/bad.jar"));
        try (URLClassLoader server = new URLClassLoader(new URL[] {foreign.toUri().toURL()}, ArcPlugin.class.getClassLoader());
                Installation installation = read(new PluginLoader(server, SpiVersion.CURRENT, 25))) {
            assertThat(installation.problems()).singleElement().asString()
                    .contains("bad.jar names io.arc.api.foreign.Foreign, which comes from outside the plugin");
        }
    }

    @Test
    void theServersClassesAreNotThere() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL,
                "io.arc.runtime.plugin.BrokenPluginsTest").write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("io.arc.runtime.plugin.BrokenPluginsTest not found");
    }

    @Test
    void aBadName() {
        writeProtocol(TestPlugins.descriptor("bad"), "Bad Name", "");
        assertThat(sentence()).contains("broken.Protocol calls itself 'Bad Name'");
    }

    @Test
    void aDescriptionThatThrowsOrReturnsNothing() {
        writeProtocol(TestPlugins.descriptor("bad"), "bad",
                "public List<ConfigKey<?>> configKeys() { throw new UnsupportedOperationException(); }");
        assertThat(sentence()).contains("broken.Protocol.configKeys() failed: java.lang.UnsupportedOperationException");
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "public List<ConfigKey<?>> configKeys() { return null; }");
        assertThat(sentence()).contains("broken.Protocol.configKeys() failed", "it returned null");
    }

    @Test
    void aDefaultLevelOutsideItsRange() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.COMPRESSOR, "broken.Codec")
                .classes(TestPlugins.compressorSource("Codec", "bad", 9)).write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("default level 9 outside its own range 1 to 3");
    }

    @Test
    void aKeyThatTheServerHas() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.STORAGE, "broken.Store")
                .classes(TestPlugins.storeSource("Store", "bad", "")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "bad", "/test", """
                        public List<ConfigKey<?>> configKeys() {
                            return List.of(ConfigKey.string("a", "", "x"), ConfigKey.string("a", "", "x"));
                        }
                        """)).write(plugins.resolve("bad/bad.jar"));
        assertThat(sentence()).contains("its key protocol.bad.a is the same as protocol.bad.a");
    }

    @Test
    void aNameThatIsTaken() {
        build.jar().descriptor(TestPlugins.descriptor("protocol-a")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "same", "/a", "")).write(plugins.resolve("a/a.jar"));
        writeProtocol(TestPlugins.descriptor("bad"), "same", "");
        assertThat(sentence()).contains("the protocol 'same' is provided by " + plugins.resolve("a") + " too");
        environment.put("ARC_PLUGINS_PROTOCOLS", "same");
        try (Installation installation = read()) {
            assertThat(installation.problems()).as("with the name enabled").hasSize(1);
        }
    }

    @Test
    void aPluginThatIsThereTwice() {
        build.jar().descriptor(TestPlugins.descriptor("same")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "a", "/a", "")).write(plugins.resolve("a/a.jar"));
        writeProtocol(TestPlugins.descriptor("same"), "b", "");
        assertThat(sentence()).contains("the plugin 'same' is in " + plugins.resolve("a") + " too");
    }

    @Test
    void aRouteThatIsTaken() {
        build.jar().descriptor(TestPlugins.descriptor("protocol-a")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "a", "/test", "")).write(plugins.resolve("a/a.jar"));
        writeProtocol(TestPlugins.descriptor("bad"), "bad", "");
        try (Installation installation = read()) {
            assertThat(installation.problems()).singleElement().asString().contains(plugins.resolve("bad").toString(),
                    "the protocol 'bad' serves /test, which " + plugins.resolve("a") + " serves already");
        }
        environment.put("ARC_PLUGINS_PROTOCOLS", "a");
        try (Installation installation = read()) {
            assertThat(installation.problems()).as("with one of them enabled").isEmpty();
        }
    }

    @Test
    void routesThatCannotBeAskedFor() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "bad", "test", "")).write(plugins.resolve("bad/bad.jar"));
        try (Installation installation = read()) {
            assertThat(installation.problems()).singleElement().asString().contains("asking the protocol 'bad' for its routes",
                    "an endpoint's path starts with a slash");
        }
    }

    @Test
    void everyPluginThatFailsToOpenIsNamedAndTheOthersAreClosed() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "bad", "/test", "").replace("open(PluginContext context) {",
                        "open(PluginContext context) { if (true) throw new IllegalStateException(\"port 1 is taken\");"))
                .write(plugins.resolve("bad/bad.jar"));
        build.jar().descriptor(TestPlugins.descriptor("rewriter-null")).service(PluginKind.REWRITER, "broken.Rewriter")
                .classes(TestPlugins.rewriterSource("Rewriter", "null", 1)
                .replace("return query -> Rewrite.UNCHANGED;", "return null;"))
                .write(plugins.resolve("null/null.jar"));
        build.jar().descriptor(TestPlugins.descriptor("storage-local")).service(PluginKind.STORAGE, "broken.Store")
                .classes(TestPlugins.storeSource("Store", "local", "").replace("public void delete(",
                        "public void close() { System.setProperty(\"arc.test.closed\", \"yes\"); } public void delete("))
                .write(plugins.resolve("storage-local/store.jar"));
        System.clearProperty("arc.test.closed");
        Installation installation = read();
        assertThat(installation.problems()).isEmpty();
        assertThatThrownBy(() -> installation.open(CLOCK, COUNTERS)).isInstanceOfSatisfying(ArcException.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.PLUGIN);
            assertThat(failure.getMessage()).contains(
                    plugins.resolve("bad") + ": the protocol 'bad' cannot be opened: "
                            + "java.lang.IllegalStateException: port 1 is taken",
                    plugins.resolve("null") + ": the rewriter 'null' cannot be opened", "open() returned null");
        });
        assertThat(System.getProperty("arc.test.closed")).as("the store that had been opened is closed").isEqualTo("yes");
        System.clearProperty("arc.test.closed");
    }

    @Test
    void aKeyThatHasToBeSetIsNamedWithItsEnvironmentName() {
        build.jar().descriptor(TestPlugins.descriptor("bad")).service(PluginKind.PROTOCOL, "broken.Protocol")
                .classes(TestPlugins.protocolSource("Protocol", "bad", "/test", """
                        static final ConfigKey<String> KEY = ConfigKey.optionalString("address", "x");
                        public List<ConfigKey<?>> configKeys() { return List.of(KEY); }
                        """).replace("open(PluginContext context) {", "open(PluginContext context) { context.config(KEY);"))
                .write(plugins.resolve("bad/bad.jar"));
        assertThatThrownBy(() -> read().open(CLOCK, COUNTERS)).isInstanceOf(ArcException.class)
                .hasMessageContaining("protocol.bad.address has to be set", "ARC_PROTOCOL_BAD_ADDRESS");
    }

    @Test
    void aMisspeltKeyOfAPluginIsRefusedWithTheNearest() {
        writeProtocol(TestPlugins.descriptor("bad"), "bad", """
                public List<ConfigKey<?>> configKeys() { return List.of(ConfigKey.string("separator", ",", "x")); }
                """);
        environment.put("ARC_PROTOCOL_BAD_SEPERATOR", ";");
        try (Installation installation = read()) {
            assertThat(installation.problems()).singleElement().asString().contains("ARC_PROTOCOL_BAD_SEPERATOR",
                    "did you mean ARC_PROTOCOL_BAD_SEPARATOR?");
        }
    }

    @Test
    void listsAndChoicesThatNobodyProvides() {
        environment.put("ARC_STORAGE_BACKEND", "locl");
        environment.put("ARC_PLUGINS_PROTOCOLS", "mspack");
        environment.put("ARC_INGEST_COMPRESSION", "zst");
        build.jar().descriptor(TestPlugins.descriptor("compressor-zstd")).service(PluginKind.COMPRESSOR, "broken.Codec")
                .classes(TestPlugins.compressorSource("Codec", "zstd", 1)).write(plugins.resolve("zstd/zstd.jar"));
        try (Installation installation = read()) {
            assertThat(installation.problems()).containsExactlyInAnyOrder(
                    "storage.backend = 'locl': no plugin in " + plugins
                    + " provides this store; installed: local; did you mean "
                            + "'local'?",
                    "plugins.protocols names 'mspack', which no plugin in " + plugins + " provides; none is installed",
                    "ingest.compression = 'zst': no plugin in " + plugins
                    + " provides this compressor; installed: zstd; 'none' "
                            + "stores uncompressed; did you mean 'zstd'?");
        }
        environment.put("ARC_INGEST_COMPRESSION", "zstd");
        environment.put("ARC_PLUGINS_COMPRESSORS", "");
        environment.remove("ARC_PLUGINS_PROTOCOLS");
        environment.put("ARC_STORAGE_BACKEND", "local");
        try (Installation installation = read()) {
            assertThat(installation.problems()).isEmpty();
        }
    }

    @Test
    void aPluginDirectoryThatIsNotThere() {
        environment.put("ARC_PLUGINS_DIRECTORY", directory.resolve("nowhere").toString());
        try (Installation installation = read()) {
            assertThat(installation.problems()).anySatisfy(problem -> assertThat(problem).contains(
                    directory.resolve("nowhere").toString(), "does not exist"));
            assertThatThrownBy(installation::requireSound).isInstanceOf(ArcException.class);
        }
    }
}
