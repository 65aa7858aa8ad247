package io.arc.runtime.plugin;

import io.arc.api.ArcException;
import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.runtime.config.Configuration;
import io.arc.runtime.config.ConfigurationInputs;
import io.arc.runtime.config.Setting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;

/// Looks at one finished plugin directory as the server would, for `bin/arc plugins verify DIR`: jars, descriptor, classes,
/// names, keys; then opens what can be opened without configuration and tries it a little. The contracts of `arc-testkit`
/// are the full proof; this is what can be said of a directory of jars.
///
/// @param lines for the terminal
/// @param isSound whether the server would load it
public record PluginVerification(List<String> lines, boolean isSound) {
    private static final long SEED = 42;
    private static final int RANDOM_BODIES = 500;

    public PluginVerification {
        lines = List.copyOf(lines);
    }

    public static PluginVerification of(Path directory) {
        return of(directory, new PluginLoader());
    }

    static PluginVerification of(Path directory, PluginLoader loader) {
        Report report = new Report();
        if (!Files.isDirectory(directory)) {
            report.fail(directory + " is not a directory");
            return report.done();
        }
        Configuration server = Configuration.load(ConfigurationInputs.of(Map.of(), Map.of(), directory));
        FoundPlugin found;
        try {
            found = loader.load(PluginDirectory.of(directory.toAbsolutePath().normalize()));
        } catch (BrokenPluginException unreadable) {
            report.fail(unreadable.getMessage());
            return report.done();
        }
        try (FoundPlugins plugins = FoundPlugins.of(found, server)) {
            FoundPlugin plugin = plugins.plugins().getFirst();
            if (plugin.defect().isPresent()) {
                report.fail(plugin.defect().get());
                return report.done();
            }
            PluginDescriptor descriptor = plugin.descriptor().orElseThrow();
            int jars = plugin.directory().jars().size();
            report.pass(jars + (jars == 1 ? " jar, plugin " : " jars, plugin ") + descriptor.name() + " " + descriptor.version()
                    + ", SPI " + descriptor.spi() + ", Java " + descriptor.java());
            Configuration configuration = server.declaring(plugins.settings());
            Path scratch = Files.createTempDirectory("arc-verify");
            try {
                for (FoundPlugin.Description each : plugin.provided()) {
                    verify(plugin, each, configuration, scratch, report);
                }
            } finally {
                remove(scratch);
            }
        } catch (IOException noScratch) {
            throw new UncheckedIOException(noScratch);
        }
        return report.done();
    }

    private static final class Report {
        private final List<String> lines = new ArrayList<>();
        private boolean isSound = true;

        void pass(String line) {
            lines.add("ok      " + line);
        }

        void skip(String line) {
            lines.add("skipped " + line);
        }

        void fail(String line) {
            lines.add("FAILED  " + line);
            isSound = false;
        }

        PluginVerification done() {
            return new PluginVerification(lines, isSound);
        }
    }

    private static void verify(FoundPlugin plugin, FoundPlugin.Description each, Configuration configuration, Path scratch,
            Report report) {
        report.pass(each.title() + ": " + each.plugin().getClass().getName());
        for (Setting<?> setting : each.settings()) {
            report.pass(each.title() + ": key " + setting.name() + " (" + setting.environmentName() + "): " + setting.key()
                    .type());
        }
        if (each.kind() == PluginKind.STORAGE) {
            report.skip(each.title() + ": opening a store needs its configuration");
            return;
        }
        RuntimePluginContext context = new RuntimePluginContext(each, configuration, scratch, InstantSource.system(),
                (name, counter, unit, doc) -> value -> { });
        try (LoadedPlugins loaded = new LoadedPlugins(List.of())) {
            Optional<String> failure = FoundPlugins.open(plugin, each, context, loaded);
            if (failure.isPresent()) {
                report.fail(failure.get());
                return;
            }
            report.pass(each.title() + ": opens with its defaults; health " + loaded.health().getFirst().health().status());
            for (LoadedPlugins.LoadedProtocol protocol : loaded.protocols()) {
                tryProtocol(each.title(), protocol, report);
            }
            for (LoadedPlugins.LoadedCompressor compressor : loaded.compressors()) {
                tryCompressor(each.title(), compressor, report);
            }
        }
    }

    private static void tryProtocol(String title, LoadedPlugins.LoadedProtocol protocol, Report report) {
        try {
            for (IngestProtocol.Endpoint endpoint : protocol.description().endpoints()) {
                ReservedPaths.problem(endpoint.path()).ifPresentOrElse(
                        problem -> report.fail(title + ": cannot serve its route: " + problem),
                        () -> report.pass(title + ": serves POST " + endpoint.path()));
            }
            Decoder decoder = protocol.instance().newDecoder();
            Random random = new Random(SEED);
            for (int i = 0; i < RANDOM_BODIES; i++) {
                byte[] body = new byte[random.nextInt(200)];
                random.nextBytes(body);
                try {
                    decoder.decode(ByteSlice.of(body), new NoParameters(), new DiscardingSink());
                } catch (ArcException refused) {
                    // What a decoder may throw.
                }
            }
            report.pass(title + ": " + RANDOM_BODIES + " random bodies are decoded or refused");
        } catch (RuntimeException | LinkageError | StackOverflowError broken) {
            report.fail(title + ": only ArcException may escape a decoder: " + BrokenPluginException.text(broken));
        }
    }

    private static void tryCompressor(String title, LoadedPlugins.LoadedCompressor compressor, Report report) {
        byte[] input = new byte[100_000];
        Random random = new Random(SEED);
        for (int i = 0; i < input.length; i++) {
            input[i] = (byte) (i % 3 == 0 ? random.nextInt(8) : i >> 8);
        }
        try (BlockCompressor packer = compressor.instance().newCompressor(compressor.description().defaultLevel());
                BlockDecompressor unpacker = compressor.instance().newDecompressor()) {
            byte[] packed = new byte[packer.maxCompressedLength(input.length)];
            int length = packer.compress(MemorySegment.ofArray(input), MemorySegment.ofArray(packed));
            byte[] output = new byte[input.length];
            int back = unpacker.decompress(MemorySegment.ofArray(packed).asSlice(0, length), MemorySegment.ofArray(output));
            if (back == input.length && Arrays.equals(input, output)) {
                report.pass(title + ": " + input.length + " bytes become " + length + " and come back unchanged");
            } else {
                report.fail(title + ": " + input.length + " bytes come back as " + back + " others");
            }
        } catch (RuntimeException | LinkageError broken) {
            report.fail(title + ": a round trip failed: " + BrokenPluginException.text(broken));
        } catch (Exception broken) {
            report.fail(title + ": closing it failed: " + BrokenPluginException.text(broken));
        }
    }

    private static final class NoParameters implements Parameters {
        @Override
        public Optional<String> find(String name) {
            return Optional.empty();
        }

        @Override
        public String database() {
            return "default";
        }

        @Override
        public long receivedMicros() {
            return 0;
        }
    }

    private static final class DiscardingSink implements Sink {
        @Override
        public void accept(ColumnBatch batch) {}

        @Override
        public Optional<String> tableNameProblem(String table) {
            return Optional.empty();
        }

        @Override
        public void reject(long record, int position, String reason) {}
    }

    private static void remove(Path directory) throws IOException {
        Files.walkFileTree(directory, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failed) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
