package io.arc.runtime.plugin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.Health;
import io.arc.api.spi.IngestProtocol;
import io.arc.runtime.config.ConfigurationInputs;
import io.arc.runtime.config.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sound plugins, compiled here: what they see, what they do not see, and how they end.
final class LoadedPluginsTest {
    private static final Machine MACHINE = new Machine(2, 1L << 30, 4L << 30);
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2025-10-08T14:30:00Z"));

    @TempDir
    private Path directory;

    private TestPlugins build;
    private Path plugins;
    private final List<String> counted = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>(Map.of("ARC_INGEST_COMPRESSION", "none"));

    @BeforeEach
    void installAStore() {
        build = new TestPlugins(directory.resolve("scratch"));
        plugins = directory.resolve("plugins");
        write("storage-local", PluginKind.STORAGE, "broken.Store", TestPlugins.storeSource("Store", "local", ""));
    }

    private void write(String name, PluginKind kind, String className, String... sources) {
        build.jar().descriptor(TestPlugins.descriptor(name)).service(kind, className).classes(sources)
                .write(plugins.resolve(name).resolve(name + ".jar"));
    }

    private Installation read() {
        return Installation.read(ConfigurationInputs.of(environment, Map.of(), directory), MACHINE);
    }

    private LoadedPlugins open() {
        return read().open(CLOCK, (plugin, name, unit, doc) -> value -> counted.add(plugin + "." + name + "." + unit + "="
                + value));
    }

    @Test
    void everyKindIsOpenedAndFoundByItsName() {
        write("protocol-csv", PluginKind.PROTOCOL, "broken.Csv", TestPlugins.protocolSource("Csv", "csv", "/csv", ""));
        write("compressor-fast", PluginKind.COMPRESSOR, "broken.Fast", TestPlugins.compressorSource("Fast", "fast", 2));
        write("rewriter-late", PluginKind.REWRITER, "broken.Late", TestPlugins.rewriterSource("Late", "late", 9));
        write("rewriter-b", PluginKind.REWRITER, "broken.B", TestPlugins.rewriterSource("B", "b", 1));
        write("rewriter-a", PluginKind.REWRITER, "broken.A", TestPlugins.rewriterSource("A", "a", 1));
        environment.put("ARC_INGEST_COMPRESSION", "FAST");
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.protocols()).singleElement().satisfies(csv -> {
                assertThat(csv.plugin()).isEqualTo("protocol-csv");
                assertThat(csv.description().name()).isEqualTo("csv");
            });
            assertThat(loaded.store().description().name()).isEqualTo("local");
            assertThat(loaded.store().instance().find("any")).isEmpty();
            assertThat(loaded.compressor("Fast")).isPresent();
            assertThat(loaded.compressor("slow")).isEmpty();
            assertThat(loaded.rewriters().stream().map(each -> each.description().name())).containsExactly("a", "b", "late");
            assertThat(loaded.health()).hasSize(6).allMatch(each -> each.health().equals(Health.UP));
            assertThat(loaded.infos().stream().map(PluginInfo::name)).containsExactly("compressor-fast", "protocol-csv",
                    "rewriter-a", "rewriter-b", "rewriter-late", "storage-local");
            assertThat(loaded.infos().getFirst()).isEqualTo(new PluginInfo("compressor-fast", "compressor-fast", "1.2.3",
                    "A plugin of the tests.", List.of("compressor 'fast'"), PluginInfo.Status.ENABLED, ""));
        }
    }

    @Test
    void onlyWhatIsListedIsOpened() {
        write("protocol-a", PluginKind.PROTOCOL, "broken.A", TestPlugins.protocolSource("A", "a", "/a", ""));
        write("protocol-b", PluginKind.PROTOCOL, "broken.B", TestPlugins.protocolSource("B", "b", "/b", ""));
        write("storage-other", PluginKind.STORAGE, "broken.Other", TestPlugins.storeSource("Other", "other", ""));
        environment.put("ARC_PLUGINS_PROTOCOLS", "b");
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.protocols().stream().map(each -> each.description().name())).containsExactly("b");
            assertThat(loaded.infos()).filteredOn(info -> info.status() == PluginInfo.Status.DISABLED)
                    .extracting(PluginInfo::name).containsExactly("protocol-a", "storage-other");
        }
    }

    @Test
    void pluginsWithConflictingLibrariesWorkSideBySide() {
        for (int version = 1; version <= 2; version++) {
            String name = "v" + version;
            // The same class with another signature, in a jar of its own, as two releases of a library have it.
            String library = version == 1 ? "package lib; public class Library { public static int answer() { return 1; } }"
                    : "package lib; public class Library { public static String answer() { return \"two\"; } }";
            Path libraryJar = build.jar().classes(library).write(plugins.resolve(name).resolve("library-" + version + ".jar"));
            build.jar().descriptor(TestPlugins.descriptor(name)).service(PluginKind.PROTOCOL, "broken.Protocol")
                    .classes(List.of(libraryJar), TestPlugins.protocolSource("Protocol", name, "/" + name, "")
                    .replace("A test.",
                            "\" + lib.Library.answer() + \"")).write(plugins.resolve(name).resolve("plugin.jar"));
        }
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.protocols().stream().map(each -> each.description().endpoints().getFirst().doc()))
                    .containsExactly("1", "two");
        }
    }

    @Test
    void aPluginSeesTheJdkAndTheApiAndNothingOfTheServer() {
        write("protocol-probe", PluginKind.PROTOCOL, "broken.Probe", TestPlugins.protocolSource("Probe", "probe", "/probe", """
                static String find(String name) {
                    try {
                        return Class.forName(name).getClassLoader() == Probe.class.getClassLoader() ? "own" : "shared";
                    } catch (ClassNotFoundException missing) {
                        return "missing";
                    }
                }
                """).replace("A test.", String.join(" ", "\" + find(\"java.sql.Connection\")",
                        "+ find(\"io.arc.api.ArcException\")",
                        "+ find(\"io.arc.runtime.plugin.PluginLoader\")", "+ find(\"org.junit.jupiter.api.Test\")",
                        "+ find(\"broken.Probe\")", "+ Probe.class.getClassLoader() + \"")));
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.protocols().getFirst().description().endpoints().getFirst().doc())
                    .isEqualTo("sharedsharedmissingmissingownplugin-protocol-probe");
        }
    }

    @Test
    void callsRunWithThePluginsContextClassLoader() {
        write("protocol-probe", PluginKind.PROTOCOL, "broken.Probe", TestPlugins.protocolSource("Probe", "probe", "/probe", """
                static void check(String where) {
                    if (Thread.currentThread().getContextClassLoader() != Probe.class.getClassLoader()) {
                        throw new IllegalStateException("wrong context class loader in " + where);
                    }
                }
                public Probe() { check("constructor"); }
                """).replace(TestPlugins.OPENED, """
                check("open");
                return new Ingest() {
                    public Decoder newDecoder() {
                        check("newDecoder");
                        return (body, parameters, sink) -> { check("decode"); sink.reject(1, 0, "seen"); };
                    }
                    public Health health() { check("health"); return new Health(Health.Status.DEGRADED, "seen"); }
                    public void close() { check("close"); System.setProperty("arc.test.context", "closed"); }
                };
                """));
        ClassLoader before = Thread.currentThread().getContextClassLoader();
        List<String> rejected = new ArrayList<>();
        try (LoadedPlugins loaded = open()) {
            loaded.protocols().getFirst().instance().newDecoder().decode(ByteSlice.of(new byte[0]), null, new Sink(rejected));
            assertThat(loaded.health()).anyMatch(each -> each.health().detail().equals("seen"));
        }
        assertThat(rejected).containsExactly("seen");
        assertThat(System.clearProperty("arc.test.context")).isEqualTo("closed");
        assertThat(Thread.currentThread().getContextClassLoader()).isSameAs(before);
    }

    private record Sink(List<String> rejected) implements IngestProtocol.Sink {
        @Override
        public void accept(io.arc.api.data.ColumnBatch batch) {
            throw new AssertionError("nothing is emitted");
        }

        @Override
        public Optional<String> tableNameProblem(String table) {
            return Optional.empty();
        }

        @Override
        public void reject(long record, int position, String reason) {
            rejected.add(reason);
        }
    }

    @Test
    void instancesAreClosedInReverseOrderAndOneThatFailsHindersNone() throws ClassNotFoundException {
        String closing = """
                return new Ingest() {
                    public Decoder newDecoder() { return null; }
                    public void close() {
                        System.setProperty("arc.test.order", System.getProperty("arc.test.order", "") + name());
                        throw new IllegalStateException("will not close");
                    }
                };
                """;
        for (String name : List.of("a", "b")) {
            write("protocol-" + name, PluginKind.PROTOCOL, "broken.P", TestPlugins.protocolSource("P", name, "/" + name,
                    "static class Early { } static class Late { }")
                    .replace(TestPlugins.OPENED, closing));
        }
        LoadedPlugins loaded = open();
        ClassLoader loader = loaded.protocols().getFirst().description().getClass().getClassLoader();
        assertThat(loader.loadClass("broken.P$Early")).isNotNull();
        loaded.close();
        assertThat(System.clearProperty("arc.test.order")).isEqualTo("ba");
        assertThatThrownBy(() -> loader.loadClass("broken.P$Late")).as("a class not loaded before the loader was closed")
                .isInstanceOf(ClassNotFoundException.class);
    }

    @Test
    void healthThatThrowsIsDown() {
        write("protocol-ill", PluginKind.PROTOCOL, "broken.Ill", TestPlugins.protocolSource("Ill", "ill", "/ill", "")
                .replace("new Ingest() {",
                        "new Ingest() { public Health health() { throw new IllegalStateException(\"ill\"); }"));
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.health()).filteredOn(each -> each.name().equals("protocol 'ill'")).singleElement()
                    .satisfies(each -> {
                assertThat(each.health().status()).isEqualTo(Health.Status.DOWN);
                assertThat(each.health().detail()).contains("java.lang.IllegalStateException: ill");
            });
        }
    }

    @Test
    void thePluginsContextGivesItsKeysDirectoriesClockAndCounters() {
        write("protocol-probe", PluginKind.PROTOCOL, "broken.Probe", TestPlugins.protocolSource("Probe", "probe", "/probe", """
                static final ConfigKey<String> SEPARATOR = ConfigKey.string("separator", ",", "x");
                static final ConfigKey<String> PLACE = new ConfigKey<>("place", "path", java.util.function.Function.identity(),
                        java.util.Optional.empty(), false, "x");
                static final ConfigKey<String> OTHER = ConfigKey.string("other", ",", "x");
                public List<ConfigKey<?>> configKeys() { return List.of(SEPARATOR, PLACE); }
                static String seen(PluginContext context) {
                    context.counter("bodies", "requests", "x").accept(7);
                    String undeclared = "";
                    try {
                        context.config(OTHER);
                    } catch (IllegalArgumentException refused) {
                        undeclared = refused.getMessage();
                    }
                    return String.join("\\n", context.config(SEPARATOR), context.find(PLACE).orElse("none"),
                            context.dataDirectory().toString(), context.serverDataDirectory().toString(),
                            context.clock().instant().toString(), undeclared);
                }
                """).replace("return new Ingest() {", "String seen = seen(context); return new Ingest() {"
                        + " public Health health() { return new Health(Health.Status.UP, seen); }"));
        environment.putAll(Map.of("ARC_PROTOCOL_PROBE_SEPARATOR", ";", "ARC_PROTOCOL_PROBE_PLACE", "some/place",
                "ARC_DATA_DIR", "state"));
        try (LoadedPlugins loaded = open()) {
            String seen = loaded.health().stream().filter(each -> each.plugin().equals("protocol-probe")).findFirst()
                    .orElseThrow()
                    .health().detail();
            assertThat(seen.lines()).containsExactly(";", directory.resolve("some/place").toString(),
                    directory.resolve("state/plugins/protocol-probe").toString(), directory.resolve("state").toString(),
                    "2025-10-08T14:30:00Z", "the protocol 'probe' does not declare the key other");
        }
        assertThat(directory.resolve("state/plugins/protocol-probe")).isDirectory();
        assertThat(counted).containsExactly("probe.bodies.requests=7");
    }

    @Test
    void aMissingProtocolIsNamedForItsRoutes() {
        write("protocol-msgpack", PluginKind.PROTOCOL, "broken.M",
                TestPlugins.protocolSource("M", "msgpack", "/api/v1/write/msgpack",
                ""));
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.missingProtocol("/write")).hasValueSatisfying(text -> assertThat(text)
                    .contains("protocol-lineproto",
                    "not installed"));
            assertThat(loaded.missingProtocol("/api/v2/write/")).isPresent();
            assertThat(loaded.missingProtocol("/api/v1/write/msgpack")).isEmpty();
            assertThat(loaded.missingProtocol("/nonsense")).isEmpty();
        }
        environment.put("ARC_PLUGINS_PROTOCOLS", "");
        environment.put("ARC_CONFIG_FILE", writeFile("plugins.protocols = []").toString());
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.missingProtocol("/api/v1/write/msgpack")).hasValueSatisfying(text ->
                    assertThat(text).contains("not enabled", "plugins.protocols"));
        }
    }

    private Path writeFile(String text) {
        try {
            return Files.writeString(directory.resolve("arc.toml"), text);
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }

    @Test
    void filesAndHiddenFoldersBesidePluginsAreLeftAlone() throws IOException {
        Files.createDirectories(plugins.resolve(".cache"));
        Files.writeString(plugins.resolve("README"), "text");
        Files.writeString(plugins.resolve("storage-local/NOTICE"), "text");
        Files.writeString(plugins.resolve("stray.jar"), "in the wrong place");
        try (LoadedPlugins loaded = open()) {
            assertThat(loaded.infos()).hasSize(1);
        }
    }

    @Test
    void verificationTriesWhatWorksWithoutConfiguration() {
        write("protocol-csv", PluginKind.PROTOCOL, "broken.Csv", TestPlugins.protocolSource("Csv", "csv", "/csv", """
                public List<ConfigKey<?>> configKeys() { return List.of(ConfigKey.string("separator", ",", "x")); }
                """));
        PluginVerification csv = PluginVerification.of(plugins.resolve("protocol-csv"));
        assertThat(csv.isSound()).as("%s", csv.lines()).isTrue();
        assertThat(csv.lines()).anyMatch(line -> line.contains("protocol-csv 1.2.3, SPI 1.0, Java 25"))
                .anyMatch(line -> line.contains("key protocol.csv.separator (ARC_PROTOCOL_CSV_SEPARATOR)"))
                .anyMatch(line -> line.contains("serves POST /csv"));
        write("compressor-copy", PluginKind.COMPRESSOR, "broken.Copy", TestPlugins.compressorSource("Copy", "copy", 2));
        PluginVerification copy = PluginVerification.of(plugins.resolve("compressor-copy"));
        assertThat(copy.isSound()).as("%s", copy.lines()).isTrue();
        assertThat(copy.lines()).anyMatch(line -> line.contains("100000 bytes become 100000 and come back unchanged"));
        PluginVerification store = PluginVerification.of(plugins.resolve("storage-local"));
        assertThat(store.isSound()).isTrue();
        assertThat(store.lines()).anyMatch(line -> line.startsWith("skipped "));
    }

    @Test
    void verificationSaysWhatIsWrong() {
        write("protocol-bad", PluginKind.PROTOCOL, "broken.Bad", TestPlugins.protocolSource("Bad", "bad", "/bad", "")
                .replace("(body, parameters, sink) -> { }", "(body, parameters, sink) -> { int x = body.array()[1000]; }"));
        PluginVerification decoder = PluginVerification.of(plugins.resolve("protocol-bad"));
        assertThat(decoder.isSound()).isFalse();
        assertThat(decoder.lines()).anyMatch(line -> line.startsWith("FAILED") && line.contains("ArrayIndexOutOfBounds"));
        write("compressor-lossy", PluginKind.COMPRESSOR, "broken.Lossy", TestPlugins.compressorSource("Lossy", "lossy", 2)
                .replace("return (in, out) -> {", "return (in, out) -> { if (true) return 5;"));
        assertThat(PluginVerification.of(plugins.resolve("compressor-lossy")).lines())
                .anyMatch(line -> line.startsWith("FAILED") && line.contains("100000 bytes come back as 5"));
        assertThat(PluginVerification.of(directory.resolve("nowhere")).isSound()).isFalse();
        assertThat(PluginVerification.of(directory.resolve("scratch")).lines()).singleElement().asString()
                .contains("holds no jar");
    }
}
