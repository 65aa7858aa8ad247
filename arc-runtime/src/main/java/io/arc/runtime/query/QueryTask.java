package io.arc.runtime.query;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.filecache.FileAccess;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.PreparedStatement;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBResultSet;

/// One query from its arrival to its end. Two threads meet here: the caller, who waits and sends bytes, and the engine's
/// thread,
/// which does all the work between [#work] and the end of the answer. A third, the ticker, ends it.
final class QueryTask implements RunningQuery {
    private enum State {
        WAITING, RUNNING, DONE, CANCELLED, TIMED_OUT, CLIENT_GONE, ENGINE_LOST
    }

    private static final int BATCH_ROWS = 8192;
    private static final int BLOCK_BYTES = 64 << 10;
    private static final Throwable STRAYED = new ArcException(ErrorCode.INTERNAL, "a part of a file is missing");
    private static final ResultEncoder NO_MORE = new CsvEncoder();

    private final QueryEngine engine;
    final QueryRequest request;
    private final String id;
    final long sequence;
    final Instant arrived;
    private final long deadlineMillis;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final LinkedBlockingQueue<ResultEncoder> formats = new LinkedBlockingQueue<>();
    private final ByteHandoff handoff = new ByteHandoff();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /// Guarded by `this`, as is `statement`.
    private State state = State.WAITING;
    private PreparedStatement statement;
    private Instance runsOn;

    private volatile boolean metDefect;
    private volatile List<ResultColumn> columns = List.of();
    private volatile ArcException unknownTable;
    private volatile long rowCount;
    private volatile boolean written;
    private volatile long startedNanos;
    private volatile long endedNanos;
    private final long arrivedNanos = System.nanoTime();
    private volatile long plannedNanos;
    private volatile boolean cached;
    private boolean formatChosen;

    QueryTask(QueryEngine engine, QueryRequest request, String id, long sequence, Instant arrived, Duration timeout) {
        this.engine = engine;
        this.request = request;
        this.id = id;
        this.sequence = sequence;
        this.arrived = arrived;
        this.deadlineMillis = timeout.isZero() ? Long.MAX_VALUE : arrived.toEpochMilli() + timeout.toMillis();
    }

    /// Waits until the first rows are there or the query has failed.
    void await() {
        try {
            ready.get();
        } catch (InterruptedException e) {
            end(State.CANCELLED);
            Thread.currentThread().interrupt();
            throw new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof ArcException known ? known
                    : new ArcException(ErrorCode.INTERNAL, "the query failed", e.getCause());
        }
    }

    /// Ends the query if it runs on an instance that is gone.
    void lose(Instance gone) {
        boolean affected;
        synchronized (this) {
            affected = state == State.RUNNING && runsOn == gone;
        }
        if (affected) {
            end(State.ENGINE_LOST);
        }
    }

    /// Whether it has failed in a way after which the instance may be unusable.
    boolean hasMetDefect() {
        return metDefect;
    }

    /// Called a few times a second by the ticker.
    void tick(long nowMillis) {
        if (nowMillis >= deadlineMillis) {
            end(State.TIMED_OUT);
        } else if (request.abandoned().getAsBoolean()) {
            end(State.CLIENT_GONE);
        }
        interruptIfEnded();
    }

    boolean isRunning() {
        return startedNanos != 0 && endedNanos == 0;
    }

    /// Asks the query to end. The first reason stays.
    private void end(State reason) {
        boolean wasWaiting;
        synchronized (this) {
            if (state != State.WAITING && state != State.RUNNING) {
                return;
            }
            wasWaiting = state == State.WAITING;
            state = reason;
        }
        formats.add(NO_MORE);
        handoff.abandon();
        if (wasWaiting) {
            engine.removeWaiting(this, reason == State.TIMED_OUT);
            ready.completeExceptionally(endedError());
            finish();
        }
        interruptIfEnded();
    }

    /// Interrupts DuckDB. Again and again, because an interrupt between two native calls is lost.
    private synchronized void interruptIfEnded() {
        if (state != State.WAITING && state != State.RUNNING && state != State.DONE && statement != null) {
            try {
                statement.cancel();
            } catch (SQLException e) {
                QueryEngine.LOG.log(System.Logger.Level.DEBUG, "cancelling query " + id, e);
            }
        }
    }

    private synchronized boolean hasEnded() {
        return state != State.WAITING && state != State.RUNNING;
    }

    private ArcException endedError() {
        State reason;
        synchronized (this) {
            reason = state;
        }
        return switch (reason) {
            case TIMED_OUT -> new ArcException(ErrorCode.QUERY_TIMEOUT, "Query timed out");
            case CANCELLED, CLIENT_GONE -> new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled");
            case ENGINE_LOST -> QueryErrors.lost(null);
            case WAITING, RUNNING, DONE -> new ArcException(ErrorCode.INTERNAL, "the query ended without a reason");
        };
    }

    /// The engine thread's part.
    ///
    /// @return whether the connection can serve another query
    boolean work(Instance instance, DuckDBConnection connection, BufferAllocator allocator) {
        synchronized (this) {
            if (state != State.WAITING) {
                return true;
            }
            state = State.RUNNING;
            runsOn = instance;
        }
        startedNanos = System.nanoTime();
        Throwable failure = tryOnce(instance, connection, allocator, false);
        if (failure == STRAYED) {
            settle(connection);
            failure = tryOnce(instance, connection, allocator, true);
        }
        boolean settled = settle(connection);
        boolean clean;
        synchronized (this) {
            clean = settled && state == State.RUNNING && failure == null;
            if (state == State.RUNNING) {
                state = State.DONE;
            } else if (failure == null) {
                failure = endedError();
            }
        }
        endedNanos = System.nanoTime();
        metDefect = QueryErrors.isDefect(failure);
        if (failure != null) {
            if (failure instanceof ArcException known && known.code().category() == ErrorCode.Category.INTERNAL) {
                QueryEngine.LOG.log(System.Logger.Level.ERROR, "query " + id + " failed: " + failure.getMessage(), failure);
            }
        }
        engine.done(this, failure);
        if (failure != null) {
            ready.completeExceptionally(failure);
        }
        handoff.finish(failure);
        finish();
        return clean;
    }

    /// Plans and runs the query.
    ///
    /// @param wholeFiles whether every column of the files is made sure to be there
    /// @return null, why it failed, or STRAYED when it has to be tried once more with whole files
    private Throwable tryOnce(Instance instance, DuckDBConnection connection, BufferAllocator allocator, boolean wholeFiles) {
        boolean partial = false;
        try (FileAccess.Reading reading = engine.files().begin();
                QueryPlan plan = engine.plan(this, instance, connection, reading, wholeFiles)) {
            partial = reading.isPartial();
            plannedNanos = System.nanoTime();
            unknownTable = plan.unknownTable();
            ResultCache.Key key = plan.cacheKey();
            if (plan.isExplain()) {
                runExplained(connection, allocator, plan);
            } else {
                execute(connection, allocator, plan.sql(), key);
            }
            return null;
        } catch (SQLException e) {
            return hasEnded() ? endedError() : partial && mayHaveStrayed(e) ? STRAYED : QueryErrors.translate(e);
        } catch (ArcException e) {
            return hasEnded() ? endedError() : partial && mayHaveStrayed(e) ? STRAYED : e;
        } catch (IOException | RuntimeException | Error e) {
            return hasEnded() ? endedError() : partial && mayHaveStrayed(e) ? STRAYED : fromArrow(e);
        } catch (InterruptedException e) {
            return new ArcException(ErrorCode.NOT_READY, "the server is stopping", e);
        }
    }

    /// Whether the failure may come from a part of a file that was not fetched, and nothing has been told to the client yet.
    private boolean mayHaveStrayed(Throwable failure) {
        if (ready.isDone()) {
            return false;
        }
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            String message = cause.getMessage() == null ? "" : cause.getMessage().toLowerCase(Locale.ROOT);
            if (message.contains("parquet") || message.contains("protocol") || message.contains("thrift")
                    || message.contains("page") || message.contains("io error") || message.contains("data file")) {
                return true;
            }
        }
        return false;
    }

    /// Leaves the transaction that the plan may have begun.
    private static boolean settle(DuckDBConnection connection) {
        try {
            if (!connection.getAutoCommit()) {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            return true;
        } catch (SQLException e) {
            QueryEngine.LOG.log(System.Logger.Level.DEBUG, "leaving a transaction", e);
            return false;
        }
    }

    /// The query cannot be worked on at all.
    void refuse(ArcException reason) {
        synchronized (this) {
            state = State.DONE;
        }
        metDefect = true;
        ready.completeExceptionally(reason);
        handoff.finish(reason);
        engine.done(this, reason);
        finish();
    }

    private void finish() {
        ended.complete(null);
    }

    /// Arrow's reader wraps DuckDB's errors, as text only.
    private static ArcException fromArrow(Throwable e) {
        String message = e.getMessage() == null ? "" : e.getMessage();
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ArcException known) {
                return known;
            }
            if (cause.getMessage() != null && cause.getMessage().contains(" Error: ")) {
                message = cause.getMessage();
            }
        }
        int start = message.indexOf(" Error: ");
        while (start > 0 && (Character.isLetter(message.charAt(start - 1)) || message.charAt(start - 1) == ' ')) {
            start--;
        }
        return start < 0 ? new ArcException(ErrorCode.INTERNAL, "the query failed in the engine", e)
                : QueryErrors.translate(new SQLException(message.substring(start).strip(), e));
    }

    private void execute(DuckDBConnection connection, BufferAllocator allocator, String sql, ResultCache.Key key)
            throws SQLException, IOException, InterruptedException {
        if (unknownTable != null) {
            ready.complete(null);
            ResultEncoder encoder = awaitFormat();
            if (encoder == NO_MORE) {
                return;
            }
            if (encoder instanceof ArrowEncoder) {
                throw unknownTable;
            }
            ByteOutput out = new ByteOutput(1024);
            try (VectorSchemaRoot none = new VectorSchemaRoot(List.of(), List.of(), 0)) {
                encoder.begin(List.of(), none, out);
            }
            encoder.end(summary(), out);
            handoff.exchange(out);
            return;
        }
        ResultEncoder chosen = null;
        if (key != null && engine.cache().knows(key)) {
            ready.complete(null);
            chosen = awaitFormat();
            if (chosen == NO_MORE) {
                return;
            }
            ResultCache.Answer answer = engine.cache().find(key, chosen);
            if (answer != null) {
                repeat(answer, chosen);
                return;
            }
        }
        PreparedStatement prepared = prepare(connection, sql);
        try {
            List<ResultColumn> described = describe(prepared.getMetaData());
            String wrapped = wrap(sql, described);
            if (wrapped != null) {
                forget();
                prepared.close();
                prepared = prepare(connection, wrapped);
            }
            columns = described;
            try (DuckDBResultSet rows = execute(prepared, connection, wrapped == null ? sql : wrapped);
                    ArrowReader reader = (ArrowReader) rows.arrowExportStream(allocator, BATCH_ROWS)) {
                stream(reader, chosen, key);
            }
        } finally {
            forget();
            prepared.close();
        }
    }

    private DuckDBResultSet execute(PreparedStatement prepared, DuckDBConnection connection, String sql) throws SQLException {
        try {
            return (DuckDBResultSet) prepared.executeQuery();
        } catch (SQLException e) {
            if (!QueryErrors.isMute(e) || hasEnded()) {
                throw e;
            }
            forget();
            settle(connection);
            try (java.sql.Statement setting = connection.createStatement()) {
                setting.execute("SET jdbc_stream_results = false");
            }
            // Run as a whole, the statement fails with the engine's own words. The connection is not used again.
            try (PreparedStatement again = prepare(connection, sql)) {
                again.executeQuery().close();
                throw new SQLException("the statement failed once and not when it was repeated", e);
            } finally {
                forget();
            }
        }
    }

    private void repeat(ResultCache.Answer answer, ResultEncoder encoder) throws InterruptedException {
        columns = answer.columns();
        rowCount = answer.rowCount();
        cached = true;
        ByteOutput out = new ByteOutput(answer.body().length + 512);
        out.put(answer.body());
        encoder.end(summary(), out);
        handOver(out);
    }

    private void stream(ArrowReader reader, ResultEncoder chosen, ResultCache.Key key) throws IOException,
            InterruptedException {
        VectorSchemaRoot root = reader.getVectorSchemaRoot();
        boolean more = reader.loadNextBatch();
        ready.complete(null);
        ResultEncoder encoder = chosen == null ? awaitFormat() : chosen;
        if (encoder == NO_MORE) {
            return;
        }
        ResultCache.Recording recording = engine.cache().record(key, encoder);
        ByteOutput out = new ByteOutput(BLOCK_BYTES + 4096);
        encoder.begin(columns, root, out);
        try {
            while (more) {
                if (hasEnded()) {
                    throw endedError();
                }
                encoder.batch(root, out);
                rowCount += root.getRowCount();
                if (out.size >= BLOCK_BYTES && !encoder.collects()) {
                    recording.add(out);
                    out = handOver(out);
                }
                more = reader.loadNextBatch();
            }
        } catch (IOException | RuntimeException e) {
            if (written && !hasEnded()) {
                ArcException known = e instanceof ArcException arc ? arc : fromArrow(e);
                encoder.fail(known.getMessage(), summary(), out);
                handoff.exchange(out);
                throw known;
            }
            throw e;
        }
        recording.add(out);
        recording.complete(columns, rowCount);
        encoder.end(summary(), out);
        handOver(out);
    }

    private ByteOutput handOver(ByteOutput block) throws InterruptedException {
        written = true;
        ByteOutput next = handoff.exchange(block);
        if (next == null) {
            throw hasEnded() ? endedError() : new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled");
        }
        return next;
    }

    /// An explained statement is measured or planned as it is, and its plan is told without the files' names.
    private void runExplained(DuckDBConnection connection, BufferAllocator allocator, QueryPlan plan)
            throws SQLException, IOException, InterruptedException {
        Statement.Explain explain = plan.explain();
        String tree;
        PreparedStatement prepared = prepare(connection, "EXPLAIN (" + (explain.analyze() ? "ANALYZE, " : "") + "FORMAT JSON) "
                + plan.sql());
        try (java.sql.ResultSet rows = prepared.executeQuery()) {
            rows.next();
            tree = rows.getString(2);
        } finally {
            forget();
            prepared.close();
        }
        execute(connection, allocator, ExplainText.answer(tree, explain), null);
    }

    /// The texts of a statement's first column, at most `limit`.
    List<String> values(DuckDBConnection connection, String sql, int limit) throws SQLException {
        List<String> values = new ArrayList<>();
        try (PreparedStatement prepared = prepare(connection, sql); java.sql.ResultSet rows = prepared.executeQuery()) {
            while (rows.next()) {
                if (values.size() == limit) {
                    throw StatementParser.rejected("the PIVOT would give more than " + limit
                            + " columns; name those that matter: "
                            + "ON c IN ('a', 'b')");
                }
                values.add(rows.getString(1));
            }
            return values;
        } finally {
            forget();
        }
    }

    private PreparedStatement prepare(DuckDBConnection connection, String sql) throws SQLException {
        if (hasEnded()) {
            throw endedError();
        }
        PreparedStatement prepared = connection.prepareStatement(sql);
        synchronized (this) {
            statement = prepared;
        }
        return prepared;
    }

    private synchronized void forget() {
        statement = null;
    }

    private static List<ResultColumn> describe(ResultSetMetaData metaData) throws SQLException {
        List<ResultColumn> columns = new ArrayList<>();
        for (int i = 1; i <= metaData.getColumnCount(); i++) {
            columns.add(new ResultColumn(metaData.getColumnName(i), metaData.getColumnTypeName(i)));
        }
        return columns;
    }

    /// The statement around the statement that turns exotic columns into text, or null when there are none.
    private static String wrap(String sql, List<ResultColumn> columns) {
        StringBuilder select = new StringBuilder("SELECT ");
        StringBuilder names = new StringBuilder();
        boolean needed = false;
        for (int i = 0; i < columns.size(); i++) {
            String separator = i == 0 ? "" : ", ";
            names.append(separator).append('c').append(i);
            select.append(separator);
            switch (columns.get(i).form()) {
                case NATIVE -> select.append('c').append(i);
                case TEXT -> {
                    needed = true;
                    select.append("CAST(c").append(i).append(" AS VARCHAR)");
                }
                case JSON -> {
                    needed = true;
                    select.append("CAST(to_json(c").append(i).append(") AS VARCHAR)");
                }
            }
        }
        return needed ? select + " FROM (" + sql + "\n) AS _r(" + names + ")" : null;
    }

    private ResultEncoder awaitFormat() throws InterruptedException {
        return formats.take();
    }

    private ResultEncoder.Summary summary() {
        long now = System.nanoTime();
        ResultEncoder.Profile profile = request.profile() ? new ResultEncoder.Profile((now - arrivedNanos) / 1e6,
                (plannedNanos - startedNanos) / 1e6, (now - plannedNanos) / 1e6, (startedNanos - arrivedNanos) / 1e6) : null;
        return new ResultEncoder.Summary(rowCount, executionMillis(), arrived, profile);
    }

    private void write(ResultEncoder encoder, OutputStream out) throws IOException {
        if (formatChosen) {
            throw new IllegalStateException("query " + id + " has been written already");
        }
        formatChosen = true;
        formats.add(encoder);
        try {
            for (ByteOutput block = handoff.take(); block != null; block = handoff.take()) {
                written = true;
                out.write(block.bytes, 0, block.size);
                handoff.recycle(block);
            }
        } catch (InterruptedException e) {
            end(State.CANCELLED);
            Thread.currentThread().interrupt();
            throw new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled", e);
        } catch (IOException | RuntimeException e) {
            end(State.CLIENT_GONE);
            throw e;
        }
        Throwable failure = handoff.failure();
        if (failure instanceof ArcException known) {
            throw known;
        }
        if (failure != null) {
            throw new ArcException(ErrorCode.INTERNAL, "the query failed", failure);
        }
        out.flush();
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public List<ResultColumn> columns() {
        return columns;
    }

    @Override
    public void writeJson(OutputStream out) throws IOException {
        write(new JsonEncoder(), out);
    }

    @Override
    public void writeArrow(OutputStream out) throws IOException {
        write(new ArrowEncoder(engine.allocator()), out);
    }

    @Override
    public void writeMsgPack(OutputStream out) throws IOException {
        write(new MessagePackEncoder(engine.options().maxCollectedBytes()), out);
    }

    @Override
    public void writeCsv(OutputStream out) throws IOException {
        write(new CsvEncoder(), out);
    }

    @Override
    public long rowCount() {
        return rowCount;
    }

    @Override
    public boolean hasWritten() {
        return written;
    }

    @Override
    public long executionMillis() {
        long start = startedNanos;
        long end = endedNanos;
        return start == 0 ? 0 : ((end == 0 ? System.nanoTime() : end) - start) / 1_000_000;
    }

    @Override
    public long waitMillis() {
        long start = startedNanos;
        return ((start == 0 ? System.nanoTime() : start) - arrivedNanos) / 1_000_000;
    }

    @Override
    public boolean fromCache() {
        return cached;
    }

    @Override
    public void cancel() {
        end(State.CANCELLED);
    }

    /// Ends the query if it still runs and waits until its place, its memory and its moment of the catalog are free.
    @Override
    public void close() {
        end(State.CLIENT_GONE);
        ended.join();
    }
}
