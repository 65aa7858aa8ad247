package io.arc.runtime;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.config.ArcConfig;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.plugin.Installation;
import io.arc.runtime.plugin.LoadedPlugins;
import io.arc.runtime.recovery.CatalogRebuild;
import io.arc.runtime.recovery.CatalogRebuild.Report;
import io.arc.runtime.recovery.PassedOver;
import io.arc.runtime.storage.ResilientStore;
import io.arc.runtime.storage.StoreOptions;
import io.arc.runtime.wal.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// `arc catalog rebuild` and `arc catalog adopt`: work on the catalog of a server that does not run. Holds the data folder as a
/// server does. One use, one thread.
final class CatalogCommand {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private final Installation installation;
    private final InstantSource clock;
    private final PrintStream out;

    /// @param installation opened and closed by this
    CatalogCommand(Installation installation, InstantSource clock, PrintStream out) {
        this.installation = installation;
        this.clock = clock;
        this.out = out;
    }

    /// @throws ArcException when the folder is in use, or the store or the disk fails; the catalog is as before then
    void rebuild() {
        run(true);
    }

    /// As [#rebuild].
    void adopt() {
        run(false);
    }

    private void run(boolean rebuild) {
        installation.requireSound();
        ArcConfig config = installation.config();
        try (DataDirectory data = DataDirectory.open(config.data().directory());
                LoadedPlugins plugins = installation.open(clock, (plugin, name, unit, doc) -> amount -> { });
                Catalog catalog = open(data.path(), rebuild)) {
            ObjectStore store = new ResilientStore(plugins.store().description().name(), plugins.store().instance(),
                    StoreOptions.DEFAULT, new Metrics());
            Report report;
            if (rebuild) {
                report = rebuild(config, catalog, store, data.path(), out::println);
                out.println("rebuilt: " + report.summary());
            } else {
                try (ForeignTimes times = times(store, data.path())) {
                    report = new CatalogRebuild(catalog, store, times, config.ingest().maxColumns(), out::println).adopt();
                }
                out.println("adopted: " + report.summary());
            }
            report.passed().forEach(object -> out.println("not taken: " + line(object)));
        }
    }

    private static ForeignTimes times(ObjectStore store, Path data) {
        return new ForeignTimes(store, data.resolve("probe"));
    }

    static String line(PassedOver object) {
        return object.key() + ": " + object.reason();
    }

    /// The work itself, which a server without a catalog does at its start, too.
    static Report rebuild(ArcConfig config, Catalog catalog, ObjectStore store, Path data, Consumer<String> progress) {
        Map<String, Long> log =
                new WalReader(new DiskFileSystem(), config.wal().directory(), catalog.instanceId()).firstSequences();
        try (ForeignTimes times = times(store, data)) {
            return new CatalogRebuild(catalog, store, times, config.ingest().maxColumns(), progress).rebuild(log);
        }
    }

    /// Opens the catalog; one that cannot be opened because it is damaged is set aside when it is to be rebuilt.
    private Catalog open(Path data, boolean rebuild) {
        Path file = data.resolve("arc.db");
        Optional<Path> natives = Optional.of(data.resolve("native"));
        try {
            return Catalog.open(file, clock, natives);
        } catch (ArcException failed) {
            if (!rebuild || failed.code() != ErrorCode.CORRUPT_DATA) {
                throw failed;
            }
            out.println("the catalog cannot be read: " + failed.getMessage());
            setAside(file);
            return Catalog.open(file, clock, natives);
        }
    }

    private void setAside(Path file) {
        String suffix = ".damaged-" + STAMP.format(clock.instant());
        for (String end : List.of("", "-wal", "-shm")) {
            Path part = file.resolveSibling(file.getFileName() + end);
            try {
                if (Files.exists(part)) {
                    Files.move(part, file.resolveSibling(file.getFileName() + end + suffix), StandardCopyOption.ATOMIC_MOVE);
                }
            } catch (IOException stays) {
                throw new ArcException(ErrorCode.CONFIGURATION, "the damaged catalog " + part + " cannot be renamed (" + stays
                        + "): make its folder writable for this user", stays);
            }
        }
        out.println("it is kept as " + file + suffix + "; API tokens were in it, so that the next start makes a new one");
    }
}
