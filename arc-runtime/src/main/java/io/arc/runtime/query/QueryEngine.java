package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import io.arc.api.spi.QueryRewriter.ParsedQuery;
import io.arc.api.spi.QueryRewriter.Rewrite;
import io.arc.api.spi.QueryRewriter.TableReference;
import io.arc.api.spi.QueryRewriter;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.TableSchema;
import io.arc.runtime.duckdb.DuckDbOptions;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.query.PoolStats.Slot;
import io.arc.runtime.query.Statement.Qualifier;
import io.arc.runtime.query.Statement.TableMention;
import io.arc.runtime.text.NearestName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.duckdb.DuckDBConnection;

/// Runs SQL over all databases: any statement that only reads, on files and on rows still in memory alike.
///
/// At most `poolSize` queries run at once, each on a platform thread and a DuckDB connection of the engine's; others wait in a
/// bounded queue, by priority and then by arrival. Thread-safe.
public final class QueryEngine implements AutoCloseable {
    static final System.Logger LOG = System.getLogger(QueryEngine.class.getName());
    private static final int TICK_MILLIS = 50;
    private static final Duration TICK = Duration.ofMillis(TICK_MILLIS);
    private static final Duration MAX_WAIT = Duration.ofDays(1);
    private static final long STACK_BYTES = 16L << 20;
    /// From so many files on, finding out which of them are needed is cheaper than looking into each.
    private static final int MIN_FILES_TO_PRUNE = 3;
    private static final int MAX_CACHED_FILTERS = 1_000;
    private static final int SHOWN_SQL = 2_000;
    private static final int MAX_PIVOT_VALUES = 1_000;

    private final QueryOptions options;
    private final TableSource tables;
    private final FileAccess files;
    private final List<QueryRewriter.Stage> rewriters;
    private final InstantSource clock;
    private final Consumer<SlowQuery> slowQueries;
    private final DuckDbOptions duckDbOptions;
    /// The DuckDB in use; another one takes its place when a defect has made it unusable.
    private volatile Instance instance;
    private final BufferAllocator allocator = new RootAllocator();
    private final StatementParser parser;
    private final CatalogRelations catalogRelations;
    private final ResultCache cache;
    private final SecureRandom random = new SecureRandom();
    private final Map<String, QueryTask> live = new ConcurrentHashMap<>();
    /// What the optimiser said about statements whose constants do not change. Guarded by itself.
    private final LinkedHashMap<FilterKey, Chosen> filters = new LinkedHashMap<>(16, 0.75f, true);

    /// Guards what follows.
    private final Object pool = new Object();
    private final PriorityQueue<QueryTask> waiting = new PriorityQueue<>(Comparator
            .comparing((QueryTask task) -> task.request.priority()).reversed().thenComparingLong(task -> task.sequence));
    private final List<Worker> workers = new ArrayList<>();
    private int idle;
    private long sequence;
    private long executed;
    private long queued;
    private long failed;
    private long timedOut;
    private long cancelled;
    private long refused;
    private double waitMillis;
    private double executionMillis;
    private boolean closed;
    private final Thread ticker;
    private final Object replacing = new Object();
    private volatile int replacements;

    private record FilterKey(String sql, List<TableSchema> schemas) {}

    /// @param conditions of each mention
    /// @param columns of each mention that are looked at; empty for all of them
    /// @param complete whether the statement is one aggregate over all rows that meet the one condition, and nothing else
    private record Chosen(List<FileFilter> conditions, List<Optional<Set<String>>> columns, boolean complete) {
        static final Chosen ALL = new Chosen(List.of(), List.of(), false);

        List<DataFile> files(int mention, List<DataFile> all) {
            return conditions.isEmpty() ? all : Pruner.keep(all, conditions.get(mention));
        }

        Optional<Set<String>> columns(int mention) {
            return columns.isEmpty() ? Optional.empty() : columns.get(mention);
        }
    }

    /// @param rewriters in the order in which they run
    /// @param tempDirectory for data that DuckDB spills; the engine's own
    public QueryEngine(QueryOptions options, TableSource tables, FileAccess files, List<QueryRewriter.Stage> rewriters,
            InstantSource clock, Path tempDirectory) {
        this(options, tables, files, rewriters, clock, tempDirectory, slow -> LOG.log(System.Logger.Level.WARNING,
                "slow query {0}: {1} ms running, {2} ms waiting, {3} rows, database {4}: {5}", slow.id(), slow.ran().toMillis(),
                slow.waited().toMillis(), slow.rowCount(), slow.database(), slow.maskedSql()));
    }

    /// @param slowQueries told of each slow query, on an engine thread; quick
    public QueryEngine(QueryOptions options, TableSource tables, FileAccess files, List<QueryRewriter.Stage> rewriters,
            InstantSource clock, Path tempDirectory, Consumer<SlowQuery> slowQueries) {
        this.options = options;
        this.tables = Objects.requireNonNull(tables, "tables");
        this.files = Objects.requireNonNull(files, "files");
        this.rewriters = List.copyOf(rewriters);
        this.clock = Objects.requireNonNull(clock, "clock");
        this.slowQueries = Objects.requireNonNull(slowQueries, "slowQueries");
        this.parser = new StatementParser(FunctionList.load(), options.maxSqlBytes());
        this.catalogRelations = new CatalogRelations(tables);
        this.cache = new ResultCache(options, clock);
        this.duckDbOptions = new DuckDbOptions(options.memoryLimitBytes(), options.maxTempBytes(), options.threads(),
                tempDirectory, options.readableDirectories());
        this.instance = Instance.open(duckDbOptions);
        for (int i = 0; i < options.poolSize(); i++) {
            Worker worker = new Worker(i);
            workers.add(worker);
            worker.thread.start();
        }
        this.ticker = Thread.ofPlatform().name("arc-query-ticker").daemon().start(this::tick);
    }

    /// Parses, plans and starts a query; blocks the calling thread until its first rows are there or it has failed.
    ///
    /// @throws ArcException QUERY_REJECTED, UNKNOWN_TABLE, QUERY_TIMEOUT, QUERY_CANCELLED, OVERLOADED when the queue is full,
    ///     NOT_READY while the engine stops, or a failure of the store or the engine
    public RunningQuery run(QueryRequest request) {
        Duration asked = request.timeout().isZero() ? options.timeout() : request.timeout();
        Duration timeout = request.after().isEmpty() ? asked : awaitWrites(request, asked);
        QueryTask task;
        synchronized (pool) {
            if (closed) {
                throw new ArcException(ErrorCode.NOT_READY, "the server is stopping");
            }
            if (idle <= waiting.size() && waiting.size() >= idle + options.queueSize()) {
                refused++;
                throw new ArcException(ErrorCode.OVERLOADED, "Query queue full - system under heavy load");
            }
            if (idle <= waiting.size()) {
                queued++;
            }
            task = new QueryTask(this, request, newId(), sequence++, clock.instant(), timeout);
            live.put(task.id(), task);
            waiting.add(task);
            pool.notify();
        }
        task.await();
        return task;
    }

    /// Waits, without a place in the pool, until the writes that the query asks for are readable.
    ///
    /// @return what is left of the time
    private Duration awaitWrites(QueryRequest request, Duration timeout) {
        long started = System.nanoTime();
        Duration limit = timeout.isZero() ? MAX_WAIT : timeout;
        for (String position : request.after()) {
            while (true) {
                Duration left = limit.minusNanos(System.nanoTime() - started);
                try {
                    if (tables.awaitReadable(position, left.compareTo(TICK) < 0 ? left : TICK)) {
                        break;
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled", e);
                }
                if (request.abandoned().getAsBoolean()) {
                    throw new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled");
                }
                if (isClosed()) {
                    throw new ArcException(ErrorCode.NOT_READY, "the server is stopping");
                }
                if (limit.minusNanos(System.nanoTime() - started).compareTo(Duration.ZERO) <= 0) {
                    synchronized (pool) {
                        timedOut++;
                    }
                    throw new ArcException(ErrorCode.QUERY_TIMEOUT, "the write at " + position
                            + " did not become readable in time; it has failed or is still under way");
                }
            }
        }
        return timeout.isZero() ? timeout : Duration.ofMillis(Math.max(1,
                timeout.minusNanos(System.nanoTime() - started).toMillis()));
    }

    private boolean isClosed() {
        synchronized (pool) {
            return closed;
        }
    }

    /// How many rows a statement gives.
    ///
    /// @throws ArcException as [#run]
    public long estimate(QueryRequest request) {
        if (catalogRelations.show(request.sql().strip(), request.defaultDatabase()).isPresent()) {
            throw new ArcException(ErrorCode.QUERY_REJECTED, "SHOW statements cannot be estimated");
        }
        // The parser proves that the text is one statement before it is put into another, comments and semicolon apart.
        String body = new String(parseOnce(request).sql(), StandardCharsets.UTF_8);
        try (RunningQuery query = run(request.withSql("SELECT count(*) FROM (" + body + "\n) AS t"))) {
            ByteArrayOutputStream csv = new ByteArrayOutputStream();
            query.writeCsv(csv);
            if (query.columns().isEmpty()) {
                return 0;
            }
            return Long.parseLong(csv.toString(StandardCharsets.US_ASCII).split("\r\n")[1]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Statement parseOnce(QueryRequest request) {
        try (DuckDBConnection connection = instance.duckDb().connect()) {
            Statement statement = parser.parse(connection, request.sql());
            if (statement.explain() != null) {
                throw new ArcException(ErrorCode.QUERY_REJECTED, "EXPLAIN cannot be estimated");
            }
            return statement;
        } catch (SQLException e) {
            throw QueryErrors.translate(e);
        }
    }

    public PoolStats poolStats() {
        synchronized (pool) {
            List<Slot> slots = new ArrayList<>();
            int active = 0;
            for (Worker worker : workers) {
                QueryTask current = worker.current;
                active += current == null ? 0 : 1;
                slots.add(new Slot(worker.number, worker.executed, worker.failed,
                        worker.executed == 0 ? 0 : worker.executionMillis / worker.executed, worker.lastUsedMicros,
                        current == null ? "" : shown(current.request.sql())));
            }
            return new PoolStats(workers.size(), active, workers.size() - active, waiting.size(), options.queueSize(), executed,
                    queued, failed, timedOut, cancelled, refused, executed == 0 ? 0 : waitMillis / executed,
                    executed == 0 ? 0 : executionMillis / executed, slots);
        }
    }

    /// The queries that wait or run, the oldest first.
    public List<QueryInfo> running() {
        return live.values().stream().sorted(Comparator.comparingLong(task -> task.sequence)).map(task ->
                new QueryInfo(task.id(),
                shown(task.request.sql()), task.request.defaultDatabase(), task.request.priority(), task.arrived,
                task.isRunning(), task.rowCount())).toList();
    }

    /// Ends a query.
    ///
    /// @return false when there is none of that id any more
    public boolean cancel(String id) {
        QueryTask task = live.get(id);
        if (task != null) {
            task.cancel();
        }
        return task != null;
    }

    public ResultCache cache() {
        return cache;
    }

    /// The bytes that answers hold off the heap now; 0 when no query runs.
    public long allocatedBytes() {
        return allocator.getAllocatedMemory();
    }

    /// How many sets of rows in memory are open to queries now; 0 when no query runs.
    public int openShares() {
        return instance.duckDb().hotRows().openShares();
    }

    /// Ends all queries and waits for them.
    @Override
    public void close() {
        synchronized (pool) {
            if (closed) {
                return;
            }
            closed = true;
            pool.notifyAll();
        }
        for (QueryTask task : live.values()) {
            task.cancel();
        }
        boolean interrupted = false;
        for (Worker worker : workers) {
            interrupted |= join(worker.thread);
        }
        ticker.interrupt();
        interrupted |= join(ticker);
        instance.close();
        allocator.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean join(Thread thread) {
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                return interrupted;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
    }

    QueryOptions options() {
        return options;
    }

    FileAccess files() {
        return files;
    }

    /// The DuckDB in use.
    Instance instance() {
        return instance;
    }

    BufferAllocator allocator() {
        return allocator;
    }

    private String newId() {
        byte[] bytes = new byte[6];
        random.nextBytes(bytes);
        return java.util.HexFormat.of().formatHex(bytes);
    }

    private static String shown(String sql) {
        return sql.length() <= SHOWN_SQL ? sql : sql.substring(0, SHOWN_SQL) + "...";
    }

    /// Called by a task that ends before a thread has taken it up.
    void removeWaiting(QueryTask task, boolean byTimeout) {
        live.remove(task.id());
        synchronized (pool) {
            waiting.remove(task);
            if (byTimeout) {
                timedOut++;
            } else {
                cancelled++;
            }
        }
    }

    /// Called by a task on its engine thread when it is over.
    void done(QueryTask task, Throwable failure) {
        live.remove(task.id());
        synchronized (pool) {
            executed++;
            waitMillis += task.waitMillis();
            executionMillis += task.executionMillis();
            if (failure instanceof ArcException known && known.code() == ErrorCode.QUERY_TIMEOUT) {
                timedOut++;
            } else if (failure instanceof ArcException known && known.code() == ErrorCode.QUERY_CANCELLED) {
                cancelled++;
            } else if (failure != null) {
                failed++;
            }
        }
        long slowMillis = options.slowQuery().toMillis();
        if (slowMillis > 0 && task.executionMillis() >= slowMillis) {
            slowQueries.accept(new SlowQuery(task.id(), masked(task.request.sql()), task.request.defaultDatabase(),
                    Duration.ofMillis(task.waitMillis()), Duration.ofMillis(task.executionMillis()), task.rowCount()));
        }
    }

    /// The statement without its literals and comments.
    static String masked(String sql) {
        StringBuilder masked = new StringBuilder();
        for (SqlTokens.Token token : SqlTokens.of(sql.getBytes(StandardCharsets.UTF_8))) {
            boolean literal = token.kind() == SqlTokens.Kind.TEXT || token.kind() == SqlTokens.Kind.NUMBER;
            masked.append(masked.isEmpty() ? "" : " ").append(literal ? "?" : token.text());
            if (masked.length() > SHOWN_SQL) {
                return masked + " ...";
            }
        }
        return masked.toString();
    }

    private void tick() {
        try {
            while (true) {
                Thread.sleep(TICK_MILLIS);
                long now = clock.millis();
                for (QueryTask task : live.values()) {
                    try {
                        task.tick(now);
                    } catch (RuntimeException e) {
                        LOG.log(System.Logger.Level.WARNING, "watching query " + task.id(), e);
                    }
                }
            }
        } catch (InterruptedException e) {
            // The engine closes.
        }
    }

    /// One place in the pool: a thread and its connection, which serves until something goes wrong on it.
    private final class Worker {
        private final int number;
        private final Thread thread;
        private DuckDBConnection connection;
        /// Whose connection it is.
        private Instance owner;
        private volatile QueryTask current;
        private long executed;
        private long failed;
        private double executionMillis;
        private long lastUsedMicros;

        Worker(int number) {
            this.number = number;
            this.thread = Thread.ofPlatform().name("arc-query-" + number).daemon().stackSize(STACK_BYTES).unstarted(this::run);
        }

        private void run() {
            try {
                QueryTask task = next();
                while (task != null) {
                    serve(task);
                    task = next();
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                drop();
            }
        }

        private QueryTask next() throws InterruptedException {
            synchronized (pool) {
                current = null;
                idle++;
                try {
                    while (waiting.isEmpty() && !closed) {
                        pool.wait();
                    }
                    QueryTask task = waiting.poll();
                    current = task;
                    return task;
                } finally {
                    idle--;
                }
            }
        }

        private void serve(QueryTask task) {
            boolean clean = false;
            try {
                if (owner != instance) {
                    drop();
                }
                if (connection == null) {
                    owner = instance;
                    connection = owner.connect();
                }
                clean = task.work(owner, connection, allocator);
            } catch (SQLException e) {
                task.refuse(QueryErrors.lost(e));
            } finally {
                if (!clean) {
                    Instance used = owner;
                    drop();
                    if (task.hasMetDefect()) {
                        replaceIfBroken(used);
                    }
                }
            }
            synchronized (pool) {
                executed++;
                failed += clean ? 0 : 1;
                executionMillis += task.executionMillis();
                Instant now = clock.instant();
                lastUsedMicros = now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
            }
        }

        private void drop() {
            if (connection != null) {
                owner.release(connection);
                connection = null;
                owner = null;
            }
        }
    }

    /// DuckDB refuses everything after some defects. Then a new instance serves the queries to come, and those that run on the
    /// old one end with an error that asks for another try.
    private void replaceIfBroken(Instance used) {
        synchronized (replacing) {
            if (used == null || used != instance || used.isUsable() || isClosed()) {
                return;
            }
            try {
                instance = Instance.open(duckDbOptions);
                replacements++;
                LOG.log(System.Logger.Level.ERROR, "DuckDB became unusable after a defect and has been opened anew; queries under "
                        + "way were refused with 503");
            } catch (RuntimeException e) {
                LOG.log(System.Logger.Level.ERROR, "DuckDB is unusable and cannot be opened anew; the next query tries again", e);
                return;
            }
        }
        for (QueryTask task : live.values()) {
            task.lose(used);
        }
        used.retire();
    }

    /// How often DuckDB had to be opened anew.
    public int replacements() {
        return replacements;
    }

    /// A table of a statement, found.
    private record Found(TableMention mention, TableView view, String relation) {}

    /// Turns a request into what DuckDB runs. Leaves the connection inside a transaction when the plan relies on its time.
    QueryPlan plan(QueryTask task, Instance used, DuckDBConnection connection, FileAccess.Reading reading,
            boolean wholeFiles) throws SQLException {
        QueryRequest request = task.request;
        String database = request.defaultDatabase();
        String text = catalogRelations.show(request.sql().strip(), database).orElse(request.sql());
        TableSource.Snapshot snapshot = tables.snapshot();
        Relations relations = new Relations(used.duckDb().hotRows(), reading);
        try {
            Optional<DynamicPivot> pivot = DynamicPivot.of(text);
            if (pivot.isPresent()) {
                text = spellOut(task, used, pivot.get(), connection, reading, snapshot, wholeFiles);
            }
            return plan(request, text, used, connection, snapshot, relations, wholeFiles);
        } catch (SQLException | RuntimeException e) {
            relations.close();
            snapshot.close();
            throw e;
        }
    }

    /// Asks for the values of a pivot, in the moment in which it will run.
    private String spellOut(QueryTask task, Instance used, DynamicPivot pivot, DuckDBConnection connection,
            FileAccess.Reading reading, TableSource.Snapshot snapshot, boolean wholeFiles) throws SQLException {
        List<List<String>> values = new ArrayList<>();
        for (DynamicPivot.Open open : pivot.open()) {
            try (Relations relations = new Relations(used.duckDb().hotRows(), reading)) {
                QueryPlan plan = plan(task.request, open.valuesSql(), used, connection, snapshot, relations, wholeFiles);
                if (plan.unknownTable() != null) {
                    return "PIVOT (" + open.valuesSql() + ") ON v IN ('') USING count(*)";
                }
                values.add(task.values(connection, plan.sql(), MAX_PIVOT_VALUES));
            }
        }
        return pivot.with(values);
    }

    private QueryPlan plan(QueryRequest request, String text, Instance used, DuckDBConnection connection,
            TableSource.Snapshot snapshot, Relations relations, boolean wholeFiles) throws SQLException {
        String database = request.defaultDatabase();
        Statement statement = rewrite(connection, parser.parse(connection, text), database);
        List<Found> found = new ArrayList<>();
        Map<TableId, TableSource.TableVersion> versions = new HashMap<>();
        boolean cacheable = cache.isEnabled() && !statement.dependsOnNow() && statement.explain() == null
                && text.equals(request.sql());
        for (TableMention mention : statement.tables()) {
            List<String> path = mention.path();
            if (path.size() == 2 && path.getFirst().equalsIgnoreCase("information_schema")) {
                Optional<String> relation = catalogRelations.informationSchema(path.getLast());
                cacheable = false;
                found.add(new Found(mention, null, relation.orElseThrow(() -> new ArcException(ErrorCode.UNKNOWN_TABLE,
                        "the table information_schema." + path.getLast() + " does not exist; there are schemata, tables and "
                                + "columns"))));
                continue;
            }
            Optional<TableView> view;
            try {
                view = Optional.of(find(snapshot, path, database));
            } catch (ArcException unknown) {
                if (options.unknownTable() == QueryOptions.UnknownTable.EMPTY && unknown.code() == ErrorCode.UNKNOWN_TABLE) {
                    return new QueryPlan("", null, unknown, null, relations, snapshot);
                }
                throw unknown;
            }
            versions.put(view.get().table(), snapshot.version(view.get().table()));
            found.add(new Found(mention, view.get(), null));
        }
        ResultCache.Key key = cacheable ? new ResultCache.Key(new String(statement.sql(), StandardCharsets.UTF_8), database,
                versions) : null;
        String known = request.pruning() ? fromCatalog(used, connection, statement, found, relations) : null;
        if (known != null) {
            return new QueryPlan(known, null, null, key, relations, snapshot);
        }
        Chosen chosen = choose(used, connection, statement, found, request.pruning() && isWorthPruning(found));
        TextEdits edits = edits(statement);
        for (int i = 0; i < found.size(); i++) {
            Found table = found.get(i);
            String relation = table.relation() != null ? table.relation()
                    : relations.table(table.view().schema(), chosen.files(i, table.view().files()), table.view().hot(),
                            wholeFiles ? Optional.empty() : chosen.columns(i));
            replace(edits, table.mention(), relation);
        }
        return new QueryPlan(new String(edits.apply(), StandardCharsets.UTF_8), statement.explain(), null, key, relations,
                snapshot);
    }

    private Statement rewrite(DuckDBConnection connection, Statement statement, String database) throws SQLException {
        Statement current = statement;
        for (QueryRewriter.Stage stage : rewriters) {
            String text = new String(current.sql(), StandardCharsets.UTF_8);
            List<TableReference> references = new ArrayList<>();
            for (TableMention mention : current.tables()) {
                List<String> path = mention.path();
                references.add(new TableReference(new TableId(path.size() == 2 ? path.getFirst() : database, path.getLast()),
                        new String(current.sql(), 0, mention.start(), StandardCharsets.UTF_8).length()));
            }
            switch (stage.rewrite(new ParsedQuery(text, current.syntaxTree(), database, references))) {
                case Rewrite.Unchanged() -> {
                    // The next one sees the same statement.
                }
                case Rewrite.Replaced(String sql) -> {
                    Statement replaced = parser.parse(connection, sql);
                    current = replaced.explained(statement.explain());
                }
                case Rewrite.Rejected(ErrorCode code, String message, int position) -> throw new ArcException(code,
                        position < 0 ? message : message + " (at character " + position + ")");
            }
        }
        return current;
    }

    private TableView find(TableSource.Snapshot snapshot, List<String> path, String defaultDatabase) {
        String wantedDatabase = path.size() == 2 ? path.getFirst() : defaultDatabase;
        String wantedTable = path.getLast();
        Optional<TableView> exact = snapshot.find(new TableId(wantedDatabase, wantedTable));
        if (exact.isPresent()) {
            return exact.get();
        }
        List<String> databases = tables.databases();
        String database = databases.contains(wantedDatabase) ? wantedDatabase
                : databases.stream().filter(wantedDatabase::equalsIgnoreCase).findFirst().orElse(null);
        if (database == null) {
            throw new ArcException(ErrorCode.UNKNOWN_TABLE, "the database " + wantedDatabase + " does not exist"
                    + NearestName.question(wantedDatabase, databases));
        }
        List<String> names = new ArrayList<>();
        for (TableId table : tables.tables(database)) {
            if (table.table().equalsIgnoreCase(wantedTable)) {
                Optional<TableView> view = snapshot.find(table);
                if (view.isPresent()) {
                    return view.get();
                }
            }
            names.add(table.table());
        }
        throw new ArcException(ErrorCode.UNKNOWN_TABLE, "the table " + wantedTable + " does not exist in the database "
                + database
                + NearestName.question(wantedTable, names));
    }

    private static TextEdits edits(Statement statement) {
        TextEdits edits = new TextEdits(statement.sql());
        for (Qualifier qualifier : statement.qualifiers()) {
            edits.replace(qualifier.start(), qualifier.end(), StatementParser.quote(List.of(qualifier.alias())));
        }
        return edits;
    }

    private static void replace(TextEdits edits, TableMention mention, String relation) {
        edits.replace(mention.start(), mention.end(), mention.alias() == null ? relation
                : relation + " AS " + StatementParser.quote(List.of(mention.alias())));
    }

    /// What each mention's rows have to meet.
    private Chosen choose(Instance used, DuckDBConnection connection, Statement statement, List<Found> found,
            boolean worthwhile)
            throws SQLException {
        if (!worthwhile) {
            return Chosen.ALL;
        }
        List<TableSchema> schemas = new ArrayList<>();
        for (Found table : found) {
            schemas.add(table.view() == null ? TableSchema.EMPTY : table.view().schema());
        }
        if (statement.dependsOnNow()) {
            return conditions(used, connection, statement, found);
        }
        FilterKey key = new FilterKey(new String(statement.sql(), StandardCharsets.UTF_8), schemas);
        Chosen chosen;
        synchronized (filters) {
            chosen = filters.get(key);
        }
        if (chosen == null) {
            chosen = conditions(used, connection, statement, found);
            synchronized (filters) {
                filters.put(key, chosen);
                if (filters.size() > MAX_CACHED_FILTERS) {
                    filters.remove(filters.firstEntry().getKey());
                }
            }
        }
        return chosen;
    }

    private boolean isWorthPruning(List<Found> found) {
        int enough = files.fetches() ? 1 : MIN_FILES_TO_PRUNE;
        for (Found table : found) {
            if (table.view() != null && table.view().files().size() >= enough) {
                return true;
            }
        }
        return false;
    }

    /// The statement's answer from what the catalog knows of the files and from the times of the rows in memory, or null.
    private String fromCatalog(Instance used, DuckDBConnection connection, Statement statement, List<Found> found,
            Relations relations)
            throws SQLException {
        if (statement.totals() == null || found.size() != 1 || found.getFirst().view() == null) {
            return null;
        }
        TableView view = found.getFirst().view();
        TimeRange range = TimeRange.ALL;
        if (statement.totals().filtered()) {
            Chosen chosen = choose(used, connection, statement, found, isWorthPruning(found));
            range = chosen.complete() ? TimeRange.of(chosen.conditions().getFirst()) : null;
            if (range == null) {
                return null;
            }
        }
        // The statement itself, over no rows, gives names and types, and errors where there are any.
        TextEdits edits = edits(statement);
        replace(edits, found.getFirst().mention(), "(" + Relations.emptyScan(view.schema()) + ")");
        String named = new String(edits.apply(), StandardCharsets.UTF_8);
        return statement.totals().answer(view, range, named, partial -> relations.table(view.schema(), partial, List.of(),
                Optional.of(Set.of())));
    }

    private Chosen conditions(Instance used, DuckDBConnection connection, Statement statement, List<Found> found)
            throws SQLException {
        List<Pruner.StandIn> standIns = new ArrayList<>();
        TextEdits edits = edits(statement);
        for (int i = 0; i < found.size(); i++) {
            Found table = found.get(i);
            Pruner.StandIn standIn = table.view() == null ? null : used.pruner().standIn(table.view().schema(), i);
            if (table.view() != null && standIn == null) {
                return Chosen.ALL;
            }
            standIns.add(standIn);
            replace(edits, table.mention(), standIn == null ? table.relation() : standIn.sql());
        }
        if (statement.dependsOnNow()) {
            // now() is the transaction's: the plan and the run have to share one.
            connection.setAutoCommit(false);
        }
        Pruner.Conditions known = used.pruner().filters(connection, new String(edits.apply(), StandardCharsets.UTF_8),
                standIns.stream().filter(Objects::nonNull).toList());
        List<FileFilter> conditions = new ArrayList<>();
        List<Optional<Set<String>>> columns = new ArrayList<>();
        for (Pruner.StandIn standIn : standIns) {
            columns.add(standIn == null ? Optional.empty() : Optional.ofNullable(known.columns().get(standIn.name())));
            conditions.add(standIn == null ? FileFilter.UNKNOWN : known.byName().getOrDefault(standIn.name(), FileFilter.UNKNOWN));
        }
        return new Chosen(conditions, columns, known.complete());
    }
}
