package io.arc.runtime;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.runtime.auth.Authenticator;
import io.arc.runtime.auth.BootstrapResult;
import io.arc.runtime.auth.TokenStore;
import io.arc.runtime.buffer.BufferStatus;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.compaction.Codecs;
import io.arc.runtime.compaction.CompactionOptions;
import io.arc.runtime.compaction.CompactionService;
import io.arc.runtime.compaction.Planner;
import io.arc.runtime.compaction.Tier;
import io.arc.runtime.compaction.TierOptions;
import io.arc.runtime.config.ArcConfig;
import io.arc.runtime.config.CompactionConfig;
import io.arc.runtime.config.IngestConfig;
import io.arc.runtime.config.QueryConfig;
import io.arc.runtime.config.ServerConfig;
import io.arc.runtime.config.WalConfig;
import io.arc.runtime.filecache.FileCache;
import io.arc.runtime.filecache.WriteThrough;
import io.arc.runtime.flush.FileEncoders;
import io.arc.runtime.flush.FlushOptions;
import io.arc.runtime.flush.FlushService;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.http.HttpOptions;
import io.arc.runtime.http.HttpServer;
import io.arc.runtime.http.ServerState;
import io.arc.runtime.http.Services;
import io.arc.runtime.http.Services.BufferFigures;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.arc.runtime.ingest.BodyDecompressor;
import io.arc.runtime.ingest.IngestOptions;
import io.arc.runtime.ingest.IngestService;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.partition.Names;
import io.arc.runtime.partition.UniqueSuffixes;
import io.arc.runtime.plugin.Installation;
import io.arc.runtime.plugin.LoadedPlugins;
import io.arc.runtime.plugin.LoadedPlugins.LoadedCompressor;
import io.arc.runtime.plugin.LoadedPlugins.LoadedProtocol;
import io.arc.runtime.plugin.LoadedPlugins.LoadedRewriter;
import io.arc.runtime.query.LiveTables;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.QueryOptions;
import io.arc.runtime.recovery.CatalogRebuild;
import io.arc.runtime.recovery.OrphanSweep;
import io.arc.runtime.recovery.WalReplay;
import io.arc.runtime.storage.ResilientStore;
import io.arc.runtime.storage.StoreOptions;
import io.arc.runtime.wal.Journal;
import io.arc.runtime.wal.NoJournal;
import io.arc.runtime.wal.Wal;
import io.arc.runtime.wal.WalOptions;
import io.arc.runtime.wal.WalReader;
import java.io.PrintStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// One server: makes every room, starts them in order, stops them in reverse. `start` and `close` are called once, each by one
/// thread.
///
/// The port opens at once, in parallel with everything else, so that health is answered while the log is being replayed;
/// requests for data are answered 503 until the server is ready.
public final class ArcServer implements AutoCloseable {
    private static final Logger LOG = System.getLogger(ArcServer.class.getName());
    private static final int MAX_DECOMPRESSION_RATIO = 1100;
    private static final int MAX_NAMED = 100;
    /// For answers that are still on their way when their snapshot has gone.
    private static final Duration GARBAGE_AGE = Duration.ofMinutes(1);
    private static final String DEFAULT_COMPACTION_CODEC = "zstd";
    private static final Duration MIN_FLUSH_INTERVAL = Duration.ofSeconds(1);
    /// Longer than a store's circuit stays open: a try finds it willing, and after an outage everything is normal in seconds.
    private static final Duration MAX_FLUSH_BACKOFF = Duration.ofSeconds(3);

    private final Installation installation;
    private final ArcConfig config;
    private final InstantSource clock;
    private final PrintStream console;
    private final Metrics metrics = new Metrics();
    private final Instant startedAt;
    private final Deque<Step> opened = new ArrayDeque<>();

    private volatile String notReady = "starting";
    /// What holds the start up, if anything does.
    private volatile Supplier<Optional<String>> startWaits = Optional::empty;
    private volatile Services services;
    private volatile Map<String, HealthSource> components = Map.of();
    private HttpServer http;
    private FlushService flushes;

    /// Something to undo when the server stops or fails to start.
    private record Step(String name, Runnable undo) {}

    @FunctionalInterface
    private interface HealthSource {
        Health health();
    }

    /// @param installation read, not yet opened; this object opens and closes it
    /// @param console where the bootstrap token is shown, once
    public ArcServer(Installation installation, InstantSource clock, PrintStream console) {
        this(installation, clock, console, clock.instant());
    }

    /// @param startedAt when the process began, which is what an operator waits from
    ArcServer(Installation installation, InstantSource clock, PrintStream console, Instant startedAt) {
        this.installation = Objects.requireNonNull(installation, "installation");
        this.config = installation.config();
        this.clock = Objects.requireNonNull(clock, "clock");
        this.console = Objects.requireNonNull(console, "console");
        this.startedAt = Objects.requireNonNull(startedAt, "startedAt");
    }

    /// Returns when the server is ready.
    ///
    /// @throws ArcException when it cannot start; everything is closed again then
    public void start() {
        try {
            installation.requireSound();
            installation.configuration().notices().forEach(notice -> LOG.log(Level.INFO, notice));
            LOG.log(Level.INFO, () -> "Arc " + Version.text() + " on Java " + Runtime.version().feature() + ", data in "
                    + config.data().directory());
            DataDirectory data = DataDirectory.open(config.data().directory());
            opened("data directory", data::close);
            CompletableFuture<HttpServer> port = openPort();
            try {
                openServices(data.path(), port);
            } finally {
                http = joined(port);
                opened("http", http::close);
            }
            notReady = null;
            LOG.log(Level.INFO, () -> "ready at http://" + shownHost() + ":" + http.port() + " after "
                    + Duration.between(startedAt, clock.instant()).toMillis() + " ms");
        } catch (RuntimeException | Error failed) {
            notReady = "failed to start";
            undoAll();
            throw failed;
        }
    }

    private CompletableFuture<HttpServer> openPort() {
        ServerConfig server = config.server();
        HttpOptions options = new HttpOptions(server.host().equals("0.0.0.0") ? "" : server.host(), server.port(),
                server.maxPayloadBytes(), Runtime.getRuntime().maxMemory() / 4, server.maxConnections(),
                server.maxConcurrentRequests(), server.idleTimeout(), server.readTimeout(), server.shutdownTimeout());
        CompletableFuture<HttpServer> port = new CompletableFuture<>();
        Thread.ofPlatform().name("arc-http-start").start(() -> {
            try {
                port.complete(HttpServer.start(options, new State(), installation.configuration().configSources()));
            } catch (RuntimeException | Error failed) {
                port.completeExceptionally(failed);
            }
        });
        return port;
    }

    private static HttpServer joined(CompletableFuture<HttpServer> port) {
        try {
            return port.join();
        } catch (CompletionException failed) {
            if (failed.getCause() instanceof ArcException known) {
                throw known;
            }
            throw new ArcException(ErrorCode.INTERNAL, "the HTTP server cannot start: " + failed.getCause(), failed.getCause());
        }
    }

    private void openServices(Path data, CompletableFuture<HttpServer> port) {
        Path natives = data.resolve("native");
        LoadedPlugins plugins = installation.open(clock,
                (plugin, name, unit, doc) -> metrics.counter(counterName(plugin, name), unit, doc)::add);
        opened("plugins", plugins::close);

        Catalog catalog = Catalog.open(data.resolve("arc.db"), clock, Optional.of(natives));
        opened("catalog", catalog::close);
        IngestConfig ingest = config.ingest();
        ResilientStore store = new ResilientStore(plugins.store().description().name(), plugins.store().instance(),
                new StoreOptions(StoreOptions.DEFAULT.attempts(), StoreOptions.DEFAULT.firstBackoff(),
                        StoreOptions.DEFAULT.maxBackoff(), ingest.flushTimeout(), StoreOptions.DEFAULT.failuresToOpen()), metrics);
        if (!catalog.knowsStorage()) {
            rebuild(catalog, store, data);
        }
        SchemaRegistry schemas = new SchemaRegistry(catalog.snapshot(), ingest.maxColumns(), Names::column);
        MemoryBudget memory = new MemoryBudget(ingest.memoryLimitBytes());
        Buffers buffers = new Buffers(memory, clock);
        FileEncoders encoders = new FileEncoders(
                ParquetOptions.DEFAULT.withDictionary(ingest.useDictionary(), ParquetOptions.DEFAULT.maxDictionaryBytes()),
                compressor(plugins, ingest));
        opened("encoders", encoders::close);

        FileCache cache = new FileCache(store, config.query().fileCacheDirectory(), config.query().fileCacheBytes());
        metrics.gauge("arc_file_cache_bytes", "bytes", "Bytes of objects held as local files.", cache::usedBytes);
        Deferred<Journal> journal = new Deferred<>();
        flushes = new FlushService(flushOptions(ingest), buffers, memory, schemas, catalog, new WriteThrough(store, cache), encoders,
                (writer, through) -> journal.find().ifPresent(log -> log.release(writer, through)), clock,
                new UniqueSuffixes(new SecureRandom()), metrics);
        QueryEngine queries = openQueries(data, plugins, new LiveTables(catalog, schemas, buffers), store, cache);
        opened("log", () -> journal.find().ifPresent(Journal::close));
        new OrphanSweep(catalog, store).sweep();
        flushes.start();
        opened("flush", () -> stopFlushing(journal));
        LogWatch watch = new LogWatch(metrics, clock, config.wal().directory());
        WalReplay replay = new WalReplay(buffers, schemas, catalog, memory, flushes, metrics);
        startWaits = replay::waiting;
        components = healthSources(plugins, store, journal, watch);
        Journal log = openJournal(catalog, replay, watch);
        journal.set(log);
        flushes.releaseLog(log::release);

        IngestService writes = new IngestService(schemas, journal.find().orElseThrow(), buffers, memory,
                new IngestOptions(ingest.sanitizeNames(), ingest.lineErrors() == IngestConfig.LineErrors.REJECT), metrics);
        CompactionService compaction = openCompaction(plugins, catalog, new WriteThrough(store, cache));
        metrics.gauge("arc_buffer_records_buffered", "rows", "Rows in memory that are in no file yet.",
                () -> rowsBuffered(buffers));
        metrics.gauge("arc_storage_" + store.name().replace('-', '_') + "_up", "", "1 while the storage backend of this name works,"
                + " 0 while it does not.", () -> store.health().status() == Health.Status.DOWN ? 0 : 1);
        metrics.gauge("arc_buffer_bytes", "bytes", "Memory that those rows take.", memory::usedBytes);
        metrics.gauge("arc_buffer_queue_depth", "flushes", "Flushes that run or wait to be tried again.", flushes::pendingCount);
        metrics.gauge("arc_uptime_seconds", "seconds", "Time since the start.",
                () -> Duration.between(startedAt, clock.instant()).toMillis() / 1000.0);
        // Last, when nothing can fail any more: a token that is shown by a start that fails is never shown again.
        joined(port);
        Authenticator authenticator = openAuthentication(catalog);
        services = new Services(writes, routes(plugins), plugins::missingProtocol, new BodyDecompressor(MAX_DECOMPRESSION_RATIO),
                queries, new LiveTables(catalog, schemas, buffers), Optional.ofNullable(authenticator), name -> create(catalog, name),
                flushes::flushAll, () -> figures(buffers), watch,
                config.compaction().enabled() ? Optional.of(compaction) : Optional.empty(), ingest.defaultDatabase(),
                config.query().timeout());
    }

    private Map<String, HealthSource> healthSources(LoadedPlugins plugins, ResilientStore store, Deferred<Journal> journal,
            LogWatch watch) {
        Map<String, HealthSource> health = new LinkedHashMap<>();
        health.put("storage", store::health);
        health.put("flush", flushes::health);
        health.put("wal", () -> watch.health(journal.find()));
        plugins.protocols().forEach(protocol -> health.put("protocol " + protocol.description().name(),
                protocol.instance()::health));
        return health;
    }

    /// Runs also when it is off: objects that left their tables are deleted by it.
    private CompactionService openCompaction(LoadedPlugins plugins, Catalog catalog, ObjectStore store) {
        CompactionConfig compaction = config.compaction();
        FileCache cache = new FileCache(store, compaction.tempDirectory().resolve("inputs"), config.query().fileCacheBytes());
        CompactionOptions options = new CompactionOptions(
                Map.of(Tier.HOURLY, tier(compaction, compaction.hourly()), Tier.DAILY, tier(compaction, compaction.daily())),
                new Planner.Limits(compaction.targetFileBytes(), compaction.maxFilesPerBatch(),
                        Runtime.getRuntime().maxMemory() / 4 / compaction.maxConcurrent()),
                compaction.maxConcurrent(), compaction.lockTtl(), compaction.tempDirectory(), compaction.memoryBytes(),
                compaction.threads(), compaction.deduplicate(), config.ingest().defaultSortKeys(), config.ingest().sortKeys(),
                GARBAGE_AGE);
        CompactionService service = new CompactionService(options, catalog, store, cache, new DiskFileSystem(), codecs(plugins),
                clock, new UniqueSuffixes(new SecureRandom()), metrics);
        service.start();
        opened("compaction", service::close);
        return service;
    }

    private static TierOptions tier(CompactionConfig compaction, CompactionConfig.Tier tier) {
        return new TierOptions(compaction.enabled() && tier.enabled(), tier.schedule(), tier.minAge(), tier.minFiles(),
                compaction.skipFileAge());
    }

    private Codecs codecs(LoadedPlugins plugins) {
        Map<Compressor.Codec, Compressor.Compression> read = new HashMap<>();
        plugins.compressors().forEach(each -> read.putIfAbsent(each.description().codec(), each.instance()));
        Optional<String> wanted = config.compaction().compression()
                .or(() -> plugins.compressor(DEFAULT_COMPACTION_CODEC).map(_ -> DEFAULT_COMPACTION_CODEC))
                .or(() -> config.ingest().compression());
        Optional<LoadedCompressor> chosen = wanted.flatMap(plugins::compressor);
        if (chosen.isEmpty()) {
            return new Codecs(Optional.empty(), 0, read);
        }
        Compressor description = chosen.get().description();
        read.put(description.codec(), chosen.get().instance());
        return new Codecs(Optional.of(description.codec()), Math.clamp(config.compaction().compressionLevel(),
                description.minLevel(), description.maxLevel()), read);
    }

    /// A data folder without a catalog: whatever is in storage becomes its tables, before anybody is answered.
    private void rebuild(Catalog catalog, ResilientStore store, Path data) {
        CatalogRebuild.Report report;
        try {
            report = CatalogCommand.rebuild(config, catalog, store, data, line -> LOG.log(Level.INFO, "catalog: " + line));
        } catch (ArcException failed) {
            throw new ArcException(failed.code(), "the data folder has no catalog, and it cannot be made from storage: "
                    + failed.getMessage() + ". Mend the storage and start again; nothing has changed", failed);
        }
        if (report.files() + report.passed().size() > 0) {
            LOG.log(Level.INFO, "catalog made from storage: " + report.summary());
        }
        report.passed().stream().limit(MAX_NAMED).forEach(object ->
                LOG.log(Level.WARNING, "not taken from storage: " + CatalogCommand.line(object)));
        if (report.passed().size() > MAX_NAMED) {
            LOG.log(Level.WARNING, "and " + (report.passed().size() - MAX_NAMED)
                    + " more; 'arc catalog rebuild' names all of them");
        }
    }

    private static String counterName(String plugin, String name) {
        return "arc_plugin_" + (plugin + "_" + name).toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_") + "_total";
    }

    private static Optional<FileEncoders.LevelledCompressor> compressor(LoadedPlugins plugins, IngestConfig ingest) {
        return ingest.compression().map(name -> {
            LoadedCompressor loaded = plugins.compressor(name).orElseThrow();
            return new FileEncoders.LevelledCompressor(loaded.description(), loaded.instance(), loaded.description().defaultLevel());
        });
    }

    private static FlushOptions flushOptions(IngestConfig ingest) {
        return new FlushOptions(ingest.maxBufferRows(), ingest.maxBufferBytes(), ingest.maxBufferAge(), MIN_FLUSH_INTERVAL,
                ingest.flushWorkers(), MAX_FLUSH_BACKOFF, ingest.defaultSortKeys(), ingest.sortKeys());
    }

    private Authenticator openAuthentication(Catalog catalog) {
        if (!config.auth().enabled()) {
            LOG.log(Level.WARNING, "authentication is off (auth.enabled): everybody who reaches the port may read and write");
            return null;
        }
        Authenticator authenticator = new Authenticator(new TokenStore(catalog.database(), clock), clock,
                config.auth().cacheTtl(), config.auth().cacheEntries());
        switch (authenticator.bootstrap(config.auth().bootstrapToken(), config.auth().forceBootstrap())) {
            case BootstrapResult.TokensExist _ -> { }
            case BootstrapResult.Given given ->
                    LOG.log(Level.INFO, "the token given by auth.bootstrap_token is the administrator''s, named {0}", given.name());
            case BootstrapResult.Generated generated -> {
                console.println();
                console.println("Admin API token: " + generated.token());
                console.println("It is shown this once and not stored in readable form. Send it as: Authorization: Bearer <token>");
                console.println();
            }
        }
        return authenticator;
    }

    private QueryEngine openQueries(Path data, LoadedPlugins plugins, LiveTables tables, ResilientStore store,
            FileCache cache) {
        QueryConfig query = config.query();
        List<Path> readable = Stream.concat(Stream.of(data.toAbsolutePath(), query.tempDirectory(),
                query.fileCacheDirectory()),
                store.localDirectories().stream()).distinct().toList();
        QueryOptions defaults = QueryOptions.defaults(readable);
        QueryOptions options = new QueryOptions(query.poolSize(), query.maxQueueSize(), query.timeout(), query.memoryLimitBytes(),
                defaults.maxTempBytes(), query.threads(), query.maxSqlBytes(),
                query.unknownTable() == QueryConfig.UnknownTable.EMPTY ? QueryOptions.UnknownTable.EMPTY
                        : QueryOptions.UnknownTable.ERROR,
                query.slowQueryThreshold(), defaults.maxCollectedBytes(), query.cacheEnabled(), query.cacheTtl(),
                defaults.cacheEntries(), defaults.cacheMaxBytes(), readable);
        QueryEngine queries = new QueryEngine(options, tables, cache,
                plugins.rewriters().stream().map(LoadedRewriter::instance).toList(), clock, query.tempDirectory());
        opened("queries", queries::close);
        return queries;
    }

    /// Rows of an earlier run come back whether or not this one logs.
    private Journal openJournal(Catalog catalog, WalReplay replay, LogWatch watch) {
        WalConfig wal = config.wal();
        DiskFileSystem files = new DiskFileSystem();
        WalReader.Report report = replay.replay(new WalReader(files, wal.directory(), catalog.instanceId()));
        watch.recovered(report, counted("arc_wal_recovery_records_total"));
        if (!wal.enabled()) {
            LOG.log(Level.WARNING, "the log is off (wal.enabled): a crash loses rows that are in no file yet");
            String writer = WalOptions.writerId(catalog.instanceId(), 0);
            return new NoJournal(writer, WalReplay.highestCovered(catalog.snapshot(), writer));
        }
        WalOptions options = new WalOptions(wal.directory(), catalog.instanceId(), wal.writers(), switch (wal.syncMode()) {
            case FSYNC -> WalOptions.SyncMode.FSYNC;
            case FDATASYNC -> WalOptions.SyncMode.FDATASYNC;
            case ASYNC -> WalOptions.SyncMode.ASYNC;
        }, wal.maxSegmentBytes(), wal.maxSegmentAge(), wal.maxBacklogBytes(),
                writer -> WalReplay.highestCovered(catalog.snapshot(), writer))
                .withRecovered(new WalOptions.KeepRecovered(wal.keepRecovered(), wal.keepRecoveredBytes()));
        Wal log = Wal.open(options, files, clock, report, watch);
        watch.opened(log);
        return log;
    }

    private static Map<String, ProtocolRoute> routes(LoadedPlugins plugins) {
        Map<String, ProtocolRoute> routes = new HashMap<>();
        for (LoadedProtocol protocol : plugins.protocols()) {
            IngestService.Decoders decoders = new IngestService.Decoders(protocol.instance());
            for (Endpoint endpoint : protocol.description().endpoints()) {
                routes.put(endpoint.path().toLowerCase(Locale.ROOT),
                        new ProtocolRoute(protocol.description().name(), endpoint, decoders));
            }
        }
        return routes;
    }

    private static void create(Catalog catalog, String name) {
        Names.database(name).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, problem);
        });
        if (!catalog.createDatabase(name)) {
            throw new ArcException(ErrorCode.CONFLICT, "database '" + name + "' exists already");
        }
    }

    private static long rowsBuffered(Buffers buffers) {
        return buffers.status().stream().mapToLong(status -> status.activeRows() + status.sealedRows()).sum();
    }

    private BufferFigures figures(Buffers buffers) {
        Map<io.arc.api.data.TableId, Long> rows = new TreeMap<>();
        long oldest = Long.MAX_VALUE;
        for (BufferStatus status : buffers.status()) {
            if (status.activeRows() + status.sealedRows() > 0) {
                rows.put(status.table(), status.activeRows() + status.sealedRows());
            }
            if (status.activeRows() > 0) {
                oldest = Math.min(oldest, status.oldestMicros());
            }
        }
        double age = oldest == Long.MAX_VALUE ? 0 : Math.max(0, clock.millis() - oldest / 1000) / 1000.0;
        return new BufferFigures(rowsBuffered(buffers), counted("arc_buffer_records_written_total"),
                counted("arc_buffer_flushes_total"), counted("arc_buffer_flush_failures_total"), rows, age, flushes.pendingCount(),
                flushes.workerCount(), flushes.failing().keySet().stream().map(Object::toString).toList());
    }

    private long counted(String counter) {
        return metrics.counter(counter, "", "").value();
    }

    private void stopFlushing(Deferred<Journal> journal) {
        long left = flushes.stop(config.server().shutdownTimeout());
        if (left > 0 && config.wal().enabled()) {
            LOG.log(Level.WARNING, "{0} rows could not be stored; they are in the log and come back with the next start", left);
        } else if (left > 0) {
            LOG.log(Level.ERROR, "{0} rows could not be stored and are lost, because the log is off (wal.enabled)", left);
        }
    }

    /// The port that is open, once `start` has returned.
    public int port() {
        return http.port();
    }

    /// Takes no more requests, lets those under way end, flushes what is in memory, and closes everything.
    @Override
    public void close() {
        notReady = "stopping";
        LOG.log(Level.INFO, "stopping");
        undoAll();
        LOG.log(Level.INFO, "stopped");
    }

    private void opened(String name, Runnable undo) {
        opened.push(new Step(name, undo));
    }

    private void undoAll() {
        while (!opened.isEmpty()) {
            Step step = opened.pop();
            try {
                step.undo().run();
            } catch (RuntimeException failed) {
                LOG.log(Level.ERROR, "closing the " + step.name() + " failed", failed);
            }
        }
    }

    private String shownHost() {
        String host = config.server().host();
        return host.isEmpty() || host.equals("0.0.0.0") ? "127.0.0.1" : host;
    }

    /// What is set once while the server starts and needed by a part that was made before.
    private static final class Deferred<T> {
        private volatile T value;

        void set(T value) {
            this.value = value;
        }

        Optional<T> find() {
            return Optional.ofNullable(value);
        }
    }

    private final class State implements ServerState {
        @Override
        public String version() {
            return Version.text();
        }

        @Override
        public InstantSource clock() {
            return clock;
        }

        @Override
        public Instant startedAt() {
            return startedAt;
        }

        @Override
        public Metrics metrics() {
            return metrics;
        }

        @Override
        public Optional<String> notReadyReason() {
            return Optional.ofNullable(notReady).map(reason -> startWaits.get().map(why -> reason + ": " + why).orElse(reason));
        }

        @Override
        public Services services() {
            notReadyReason().ifPresent(reason -> {
                throw new ArcException(ErrorCode.NOT_READY, "the server is " + reason + "; send this again in a moment");
            });
            return services;
        }

        @Override
        public Map<String, Health> components() {
            Map<String, Health> all = new LinkedHashMap<>();
            components.forEach((name, source) -> all.put(name, source.health()));
            return all;
        }
    }
}
