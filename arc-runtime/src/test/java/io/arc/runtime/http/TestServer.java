package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Validity;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.Health;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.api.spi.IngestProtocol.Ingest;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.runtime.auth.Authenticator;
import io.arc.runtime.auth.Permission;
import io.arc.runtime.auth.TokenStore;
import io.arc.runtime.buffer.Buffers;
import io.arc.runtime.buffer.MemoryBudget;
import io.arc.runtime.catalog.Catalog;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.SchemaRegistry;
import io.arc.runtime.compaction.Codecs;
import io.arc.runtime.compaction.CompactionOptions;
import io.arc.runtime.compaction.CompactionService;
import io.arc.runtime.compaction.Planner;
import io.arc.runtime.compaction.Tier;
import io.arc.runtime.compaction.TierOptions;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.flush.MemoryStore;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.http.Services.BufferFigures;
import io.arc.runtime.http.Services.ProtocolRoute;
import io.arc.runtime.ingest.BodyDecompressor;
import io.arc.runtime.ingest.IngestOptions;
import io.arc.runtime.ingest.IngestService.Decoders;
import io.arc.runtime.ingest.IngestService;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.partition.Names;
import io.arc.runtime.partition.UniqueSuffixes;
import io.arc.runtime.query.LiveTables;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.QueryOptions;
import io.arc.runtime.schedule.Schedule;
import io.arc.runtime.wal.Journal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/// An HTTP server over small services: a wire format of lines `table value`, rows in memory alone, the real query engine.
final class TestServer implements ServerState, AutoCloseable {
    static final long MAX_PAYLOAD = 1 << 20;

    final Path folder;
    final Metrics metrics = new Metrics();
    final AtomicReference<String> notReady = new AtomicReference<>();
    /// After being asked so often for its services the server begins to stop.
    final AtomicInteger asksUntilStop = new AtomicInteger(Integer.MAX_VALUE);
    final AtomicReference<ArcException> flushFailure = new AtomicReference<>();
    final AtomicReference<ArcException> journalFailure = new AtomicReference<>();
    final AtomicReference<Health> storage = new AtomicReference<>(Health.UP);
    final AtomicInteger decodes = new AtomicInteger();
    /// A body `wait` is decoded once this is open; [#waiting] tells that it is being decoded.
    final CountDownLatch gate = new CountDownLatch(1);
    final CountDownLatch waiting = new CountDownLatch(1);
    final Map<String, String> tokens = new HashMap<>();
    final TestLog log = new TestLog();
    QueryEngine queries;
    private final InstantSource clock = InstantSource.system();
    private final Instant startedAt = clock.instant();
    private final Deque<Runnable> opened = new ArrayDeque<>();
    private Services services;
    private HttpServer http;

    private TestServer(Path folder) {
        this.folder = folder;
    }

    static HttpOptions options() {
        return new HttpOptions("127.0.0.1", 0, MAX_PAYLOAD, 64 << 20, 500, 200, Duration.ofSeconds(60), Duration.ofSeconds(20),
                Duration.ofSeconds(20));
    }

    static TestServer start(Path folder, boolean withTokens) {
        return start(folder, withTokens, options());
    }

    static TestServer start(Path folder, boolean withTokens, HttpOptions options) {
        TestServer server = new TestServer(folder);
        server.open(withTokens);
        server.http = HttpServer.start(options, server, List.of());
        return server;
    }

    private void open(boolean withTokens) {
        Catalog catalog = Catalog.open(folder.resolve("arc.db"), clock, Optional.empty());
        opened.push(catalog::close);
        SchemaRegistry schemas = new SchemaRegistry(catalog.snapshot(), 100, Names::column);
        MemoryBudget memory = new MemoryBudget(256 << 20);
        Buffers buffers = new Buffers(memory, clock);
        LiveTables tables = new LiveTables(catalog, schemas, buffers);
        queries = new QueryEngine(QueryOptions.defaults(List.of(folder)).withMemory(512L << 20, 2), tables, new NoFiles(),
                List.of(), clock, folder.resolve("tmp"));
        opened.push(queries::close);
        CompactionService compaction = new CompactionService(new CompactionOptions(
                Map.of(Tier.HOURLY, new TierOptions(true, Schedule.parse("5 * * * *"), Duration.ofHours(1), 10, Duration.ofDays(7)),
                        Tier.DAILY, new TierOptions(false, Schedule.parse("0 3 * * *"), Duration.ofHours(24), 12, Duration.ofDays(7))),
                new Planner.Limits(1 << 20, 10, 1 << 20), 1, Duration.ofHours(2), folder.resolve("compaction"), 128 << 20, 1, false,
                List.of(), Map.of(), Duration.ZERO), catalog, new MemoryStore(), new NoFiles(), new DiskFileSystem(),
                new Codecs(Optional.empty(), 0, Map.of()), clock, new UniqueSuffixes(new Random()), metrics);
        compaction.start();
        opened.push(compaction::close);
        IngestService ingest = new IngestService(schemas, new MemoryJournal(), buffers, memory, new IngestOptions(false, false),
                metrics);
        Optional<Authenticator> authenticator = Optional.empty();
        if (withTokens) {
            TokenStore store = new TokenStore(catalog.database(), clock);
            authenticator = Optional.of(new Authenticator(store, clock, Duration.ofSeconds(30), 100));
            for (Permission permission : Permission.values()) {
                tokens.put(permission.text(), store.create(permission.text(), "", Optional.of(Set.of(permission)),
                        Optional.empty()).token());
            }
            tokens.put("nothing", store.create("nothing", "", Optional.of(Set.of()), Optional.empty()).token());
        }
        Decoders decoders = new Decoders(new Lines());
        Map<String, ProtocolRoute> routes = new HashMap<>();
        for (Endpoint endpoint : List.of(new Endpoint("/api/v1/write/lines", List.of("db"), ErrorShape.ARC,
                List.of("db", "unit"),
                "Writes lines."), new Endpoint("/write", List.of("db"), ErrorShape.INFLUX_1, List.of("db"), "Writes lines."),
                new Endpoint("/api/v2/write", List.of("bucket"), ErrorShape.INFLUX_2, List.of("bucket"), "Writes lines."))) {
            routes.put(endpoint.path(), new ProtocolRoute("lines", endpoint, decoders));
        }
        services = new Services(ingest, routes, path -> path.equals("/api/v1/write/msgpack")
                ? Optional.of("no enabled plugin serves /api/v1/write/msgpack: the protocol msgpack does") : Optional.empty(),
                new BodyDecompressor(1100), queries, tables, authenticator, name -> create(catalog, name),
                deadline -> Optional.ofNullable(flushFailure.get()).ifPresent(failure -> {
                    throw failure;
                }), () -> new BufferFigures(7, 11, 3, 0, Map.of(new TableId("default", "cpu"), 7L), 1.5, 2, 1, List.of()),
                log, Optional.of(compaction), "default", Duration.ofSeconds(60));
    }

    private static void create(Catalog catalog, String name) {
        Names.database(name).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, problem);
        });
        if (!catalog.createDatabase(name)) {
            throw new ArcException(ErrorCode.CONFLICT, "database '" + name + "' exists already");
        }
    }

    int port() {
        return http.port();
    }

    String url(String path) {
        return "http://127.0.0.1:" + port() + path;
    }

    void stopHttp() {
        http.close();
        http = null;
    }

    @Override
    public String version() {
        return "9.8.7";
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
        return Optional.ofNullable(notReady.get());
    }

    @Override
    public Services services() {
        if (asksUntilStop.getAndDecrement() == 0) {
            notReady.set("stopping");
        }
        notReadyReason().ifPresent(reason -> {
            throw new ArcException(ErrorCode.NOT_READY, "the server is " + reason);
        });
        return services;
    }

    @Override
    public Map<String, Health> components() {
        return Map.of("storage", storage.get());
    }

    @Override
    public void close() {
        gate.countDown();
        if (http != null) {
            http.close();
        }
        opened.forEach(Runnable::run);
    }

    /// Lines `table value`. A line `-` is rejected, `wait` waits for [#gate], `crash` is a defect.
    private final class Lines implements Ingest {
        @Override
        public Decoder newDecoder() {
            return this::decode;
        }

        private void decode(ByteSlice body, Parameters parameters, Sink sink) {
            decodes.incrementAndGet();
            String text = new String(body.array(), body.offset(), body.length(), StandardCharsets.UTF_8);
            Map<String, List<Long>> values = new HashMap<>();
            int number = 0;
            int position = 0;
            for (String line : text.split("\n")) {
                number++;
                int space = line.indexOf(' ');
                if (line.equals("-")) {
                    sink.reject(number, position, "is a dash");
                } else if (line.equals("wait")) {
                    waiting.countDown();
                    pass();
                } else if (line.equals("crash")) {
                    throw new IllegalStateException("a secret of the decoder");
                } else if (space < 0) {
                    throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "line " + number + " has no space");
                } else {
                    values.computeIfAbsent(line.substring(0, space), absent -> new ArrayList<>())
                            .add(Long.parseLong(line.substring(space + 1)));
                }
                position += line.length() + 1;
            }
            values.forEach((table, rows) -> {
                long[] times = new long[rows.size()];
                java.util.Arrays.fill(times, parameters.receivedMicros());
                sink.accept(new ColumnBatch(new TableId(parameters.database(), table), rows.size(), times,
                        List.of(new LongColumn("value", Role.FIELD, rows.stream().mapToLong(Long::longValue).toArray(),
                                Validity.ALL_PRESENT))));
            });
        }

        private void pass() {
            try {
                gate.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Commits at once, or fails as told.
    private final class MemoryJournal implements Journal {
        private final AtomicLong sequence = new AtomicLong();

        @Override
        public AckLevel ackLevel() {
            return AckLevel.WRITTEN;
        }

        @Override
        public synchronized void append(byte[] payload, Commit commit) {
            if (journalFailure.get() != null) {
                commit.failed(journalFailure.get());
            } else {
                commit.committed("w0", sequence.incrementAndGet());
            }
        }

        @Override
        public void release(String writer, long throughSequence) {
            // Nothing is kept.
        }

        @Override
        public Health health() {
            return Health.UP;
        }

        @Override
        public void close() {
            // Nothing is open.
        }
    }

    /// No table has a file.
    private static final class NoFiles implements FileAccess {
        @Override
        public Reading begin() {
            return new Reading() {
                @Override
                public Path local(DataFile file) {
                    throw new IllegalStateException("no table of this server has a file");
                }

                @Override
                public void close() {
                    // Nothing was opened.
                }
            };
        }
    }

    /// A log that says what it is told.
    static final class TestLog implements Services.Log {
        volatile LogFigures figures = new LogFigures(false, "/wal", "", Optional.empty(), List.of(), 0, 0, 0, List.of(), List.of(),
                List.of(), Optional.empty());
        volatile Duration cleaned = Duration.ZERO;

        @Override
        public LogFigures figures() {
            return figures;
        }

        @Override
        public CleanUp cleanUp(Duration maxAge) {
            cleaned = maxAge;
            return new CleanUp(2, 3 << 20);
        }
    }
}
