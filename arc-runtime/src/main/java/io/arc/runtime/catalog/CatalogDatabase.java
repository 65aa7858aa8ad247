package io.arc.runtime.catalog;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import org.sqlite.JDBC;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/// The SQLite file of a server and the only connection that writes it. Owns the file handle and the thread `arc-catalog`.
///
/// Transactions that wait at the same time share one commit, hence one `fsync`; each has its own savepoint, so one that fails
/// takes nothing else along. A transaction's effect is durable when its caller gets the answer. All methods may be called from
/// any thread but the catalog's own.
///
/// Failures: an [ArcException] thrown by the transaction itself goes to its caller. `STORAGE_UNAVAILABLE`: nothing of it is
/// stored (disk full, I/O error before the commit). `STORAGE_OUTCOME_UNKNOWN`: the commit itself failed with an I/O error;
/// after a crash it may turn out stored, so repeat the same transaction and make it one that can be repeated. The connection
/// lives on either way: rolled back, its next commit writes over what the failed one left, which a new connection would not do.
public final class CatalogDatabase implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(CatalogDatabase.class.getName());
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWNER_ONLY_FOLDER = PosixFilePermissions.fromString("rwx------");
    private static final int MAX_GROUP = 64;
    private static final String SAVEPOINT = "SAVEPOINT one";
    private static final String RELEASE = "RELEASE one";
    private static final String ROLLBACK_TO = "ROLLBACK TO one";

    /// One unit of work. Runs on the thread `arc-catalog` and must neither wait for other threads nor keep the session.
    @FunctionalInterface
    public interface Transaction<T> {
        /// Reads and writes. Any throw undoes what it has written.
        T run(Session session) throws SQLException;

        /// Called when the effect is durable, in the order of the transactions, before any caller of the same commit gets its
        /// answer: the place to publish what memory mirrors. Must not throw.
        default void committed() {}

        /// Called instead of [#committed] when nothing of it was stored or its outcome is unknown, in reverse order of the
        /// transactions. Must not throw.
        default void rolledBack() {}
    }

    /// What a transaction may do to the file.
    @FunctionalInterface
    public interface Session {
        /// The statement of that text, prepared once in the life of the database. Never closed by the caller, whose result sets
        /// however are. One use at a time of each text.
        PreparedStatement prepare(String sql) throws SQLException;
    }

    /// One step of a component's tables from a version to the next. Applied once, in its own transaction, and never edited
    /// after a release: what it made is in files out there.
    @FunctionalInterface
    public interface Migration {
        void apply(Session session) throws SQLException;

        /// A migration that executes these statements in order.
        static Migration of(String... statements) {
            return session -> {
                for (String statement : statements) {
                    session.prepare(statement).execute();
                }
            };
        }
    }

    private final Path file;
    private final InstantSource clock;
    private final Connection connection;
    private final Map<String, PreparedStatement> prepared = new HashMap<>();
    private final LinkedBlockingQueue<Task<?>> queue = new LinkedBlockingQueue<>();
    private final Task<Boolean> stop = new Task<>(session -> true);
    private final Object door = new Object();
    private final Thread thread;
    private boolean closed;

    private CatalogDatabase(Path file, InstantSource clock, Connection connection) {
        this.file = file;
        this.clock = clock;
        this.connection = connection;
        this.thread = Thread.ofPlatform().name("arc-catalog").unstarted(this::work);
    }

    /// Opens the file, creating it and its folder when missing. The file and SQLite's two beside it (`-wal`, `-shm`) are
    /// readable and writable by their owner only, also when they were not before. Does I/O; called on a platform thread.
    ///
    /// @param nativeDirectory where the driver's native library is kept between starts, see [SqliteLibrary]; empty: the driver
    ///     unpacks it into the temporary folder each time
    /// @throws ArcException CONFIGURATION when the file cannot be opened, CORRUPT_DATA when it is not SQLite's
    public static CatalogDatabase open(Path file, InstantSource clock, Optional<Path> nativeDirectory) {
        Objects.requireNonNull(clock, "clock");
        Path absolute = file.toAbsolutePath();
        nativeDirectory.ifPresent(SqliteLibrary::keepIn);
        protect(absolute);
        Connection connection = connect(absolute);
        CatalogDatabase database = new CatalogDatabase(absolute, clock, connection);
        database.thread.start();
        try {
            database.write(session -> {
                session.prepare("""
                        CREATE TABLE IF NOT EXISTS catalog_version (
                          component TEXT NOT NULL,
                          version INTEGER NOT NULL,
                          applied_micros INTEGER NOT NULL,
                          PRIMARY KEY (component, version)
                        ) STRICT, WITHOUT ROWID""").execute();
                return true;
            });
        } catch (ArcException failure) {
            database.close();
            throw failure;
        }
        return database;
    }

    public Path file() {
        return file;
    }

    /// Brings a component's tables up to date: applies the migrations that the file has not seen yet, all or none.
    ///
    /// @param component a name of the tables' owner, for ever the same
    /// @param migrations from version 0 to 1, from 1 to 2, and so on
    /// @throws ArcException CONFIGURATION when the file was written by a later version of the component
    public void migrate(String component, List<Migration> migrations) {
        write(session -> {
            int version = 0;
            PreparedStatement find =
                    session.prepare("SELECT coalesce(max(version), 0) FROM catalog_version WHERE component = ?");
            find.setString(1, component);
            try (ResultSet row = find.executeQuery()) {
                row.next();
                version = row.getInt(1);
            }
            if (version > migrations.size()) {
                throw new ArcException(ErrorCode.CONFIGURATION, "The catalog file " + file + " is of a later Arc: its "
                        + component + " tables have version " + version + ", this Arc knows versions up to " + migrations.size()
                        + ". Start the Arc that wrote it, or restore a copy of the file from before.");
            }
            for (int next = version + 1; next <= migrations.size(); next++) {
                migrations.get(next - 1).apply(session);
                PreparedStatement note = session.prepare("INSERT INTO catalog_version VALUES (?, ?, ?)");
                note.setString(1, component);
                note.setInt(2, next);
                note.setLong(3, Micros.of(clock.instant()));
                note.executeUpdate();
            }
            return true;
        });
    }

    /// Runs a transaction and waits until it is durable. Interrupts do not cut the wait short, as the outcome would be unknown;
    /// the thread stays interrupted.
    public <T> T write(Transaction<T> transaction) {
        try {
            return submit(transaction).join();
        } catch (CompletionException failure) {
            if (failure.getCause() instanceof ArcException known) {
                // Thrown on the catalog's thread; the caller's own stack says more.
                throw new ArcException(known.code(), known.getMessage(), known);
            }
            throw new ArcException(ErrorCode.INTERNAL, "A catalog transaction failed: " + failure.getCause(),
                    failure.getCause());
        }
    }

    /// Runs a transaction and does not wait. The future completes on the catalog's thread: attach nothing slow to it.
    public <T> CompletableFuture<T> submit(Transaction<T> transaction) {
        Task<T> task = new Task<>(Objects.requireNonNull(transaction, "transaction"));
        synchronized (door) {
            if (closed) {
                throw new ArcException(ErrorCode.NOT_READY, "The catalog is closed: the server is stopping.");
            }
            queue.add(task);
        }
        return task.answer;
    }

    /// Carries out what was submitted, then closes the file. A second call does nothing.
    @Override
    public void close() {
        synchronized (door) {
            if (closed) {
                return;
            }
            closed = true;
            queue.add(stop);
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException interrupt) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void work() {
        List<Task<?>> group = new ArrayList<>(MAX_GROUP);
        boolean open = true;
        while (open) {
            try {
                group.add(queue.take());
            } catch (InterruptedException nobodyInterruptsThisThread) {
                continue;
            }
            queue.drainTo(group, MAX_GROUP - 1);
            if (group.getLast() == stop) {
                group.removeLast();
                open = false;
            }
            if (!group.isEmpty()) {
                carryOut(group);
                group.clear();
            }
        }
        try {
            for (PreparedStatement statement : prepared.values()) {
                statement.close();
            }
            connection.close();
        } catch (SQLException failure) {
            LOG.log(System.Logger.Level.WARNING, "The catalog file " + file + " did not close cleanly; nothing is lost",
                    failure);
        }
    }

    private void carryOut(List<Task<?>> group) {
        boolean committing = false;
        try {
            prepare("BEGIN IMMEDIATE").execute();
            for (Task<?> task : group) {
                runOne(task);
            }
            committing = true;
            prepare("COMMIT").execute();
        } catch (SQLException | RuntimeException | Error failure) {
            abandon(group, committing, failure);
            return;
        }
        for (Task<?> task : group) {
            if (task.failure == null) {
                task.transaction.committed();
            }
        }
        for (Task<?> task : group) {
            task.complete();
        }
    }

    /// Runs one transaction of a group; its own failure is noted in the task and undone, one of the file is thrown.
    private void runOne(Task<?> task) throws SQLException {
        prepare(SAVEPOINT).execute();
        try {
            task.run(this::prepare);
        } catch (SQLException | RuntimeException | Error failure) {
            if (failure instanceof SQLException sql && endsTransaction(sql)) {
                throw sql;
            }
            if (failure instanceof SQLException) {
                forgetStatements();
            }
            prepare(ROLLBACK_TO).execute();
            task.failure = failure instanceof SQLException sql ? translate(sql, false) : failure;
            task.transaction.rolledBack();
        }
        prepare(RELEASE).execute();
    }

    private void abandon(List<Task<?>> group, boolean committing, Throwable failure) {
        LOG.log(System.Logger.Level.ERROR, "A catalog commit of " + group.size() + " changes to " + file + " failed", failure);
        forgetStatements();
        try {
            prepare("ROLLBACK").execute();
        } catch (SQLException noTransactionLeft) {
            // SQLite has rolled back by itself, as it does for most I/O errors.
            LOG.log(System.Logger.Level.DEBUG, "nothing to roll back", noTransactionLeft);
        }
        Throwable told = failure instanceof SQLException sql ? translate(sql, committing) : failure;
        for (Task<?> task : group.reversed()) {
            if (task.failure == null) {
                task.failure = told;
                task.transaction.rolledBack();
            }
        }
        for (Task<?> task : group) {
            task.complete();
        }
    }

    private PreparedStatement prepare(String sql) throws SQLException {
        PreparedStatement statement = prepared.get(sql);
        if (statement == null) {
            statement = connection.prepareStatement(sql);
            prepared.put(sql, statement);
        }
        return statement;
    }

    /// The driver ends a statement for good when the disk fails under it, and does not say which.
    private void forgetStatements() {
        for (PreparedStatement statement : prepared.values()) {
            try {
                statement.close();
            } catch (SQLException ended) {
                LOG.log(System.Logger.Level.DEBUG, "a statement that failed does not close", ended);
            }
        }
        prepared.clear();
    }

    /// Whether SQLite may have ended the whole transaction on this error, not only the statement.
    private static boolean endsTransaction(SQLException failure) {
        return switch (primaryCode(failure)) {
            case SQLITE_FULL, SQLITE_IOERR, SQLITE_NOMEM, SQLITE_BUSY, SQLITE_INTERRUPT, SQLITE_CORRUPT, SQLITE_NOTADB,
                    SQLITE_READONLY, SQLITE_CANTOPEN -> true;
            default -> false;
        };
    }

    private ArcException translate(SQLException failure, boolean committing) {
        String detail = file + ": " + failure.getMessage();
        return switch (primaryCode(failure)) {
            case SQLITE_CORRUPT, SQLITE_NOTADB -> new ArcException(ErrorCode.CORRUPT_DATA, "The catalog file " + detail
                    + " Restore it from a copy or rebuild it from the store with 'arc catalog rebuild'.", failure);
            case SQLITE_FULL, SQLITE_BUSY, SQLITE_READONLY, SQLITE_CANTOPEN, SQLITE_NOMEM, SQLITE_INTERRUPT -> new ArcException(
                    ErrorCode.STORAGE_UNAVAILABLE, "The catalog cannot write " + detail + " Nothing was stored.", failure);
            case SQLITE_IOERR -> committing
                    ? new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "The catalog failed to commit to " + detail
                            + " Whether it is stored is unknown until the change is repeated.", failure)
                    : new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "The catalog cannot write " + detail
                            + " Nothing was stored.", failure);
            default -> new ArcException(ErrorCode.INTERNAL, "The catalog refused a statement on " + detail, failure);
        };
    }

    private static SQLiteErrorCode primaryCode(SQLException failure) {
        return failure instanceof SQLiteException known
                ? SQLiteErrorCode.getErrorCode(known.getResultCode().code & 0xff)
                : SQLiteErrorCode.UNKNOWN_ERROR;
    }

    private static Connection connect(Path file) {
        Properties settings = new Properties();
        settings.setProperty("busy_timeout", "5000");
        try {
            Connection connection = JDBC.createConnection(JDBC.PREFIX + file, settings);
            try (Statement statement = connection.createStatement()) {
                statement.execute("PRAGMA journal_mode=WAL");
                statement.execute("PRAGMA synchronous=FULL");
                statement.execute("PRAGMA foreign_keys=ON");
                statement.execute("PRAGMA trusted_schema=OFF");
                // The log beside the file shrinks back to this after a burst.
                statement.execute("PRAGMA journal_size_limit=16777216");
                return connection;
            } catch (SQLException failure) {
                connection.close();
                throw failure;
            }
        } catch (SQLException failure) {
            SQLiteErrorCode code = primaryCode(failure);
            if (code == SQLiteErrorCode.SQLITE_NOTADB || code == SQLiteErrorCode.SQLITE_CORRUPT) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "The catalog file " + file + " is not a readable SQLite file ("
                        + failure.getMessage() + "). Restore it from a copy, or move it away and rebuild it from the store with"
                        + " 'arc catalog rebuild'.", failure);
            }
            throw cannotOpen(file, failure);
        }
    }

    private static void protect(Path file) {
        try {
            Path folder = file.getParent();
            boolean posix = Files.getFileStore(existing(folder)).supportsFileAttributeView("posix");
            if (!posix) {
                Files.createDirectories(folder);
                return;
            }
            Files.createDirectories(folder, PosixFilePermissions.asFileAttribute(OWNER_ONLY_FOLDER));
            // Made before SQLite does, which would let everybody read; it gives its own files the mode of this one.
            if (Files.notExists(file)) {
                Files.createFile(file, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            }
            for (String ending : List.of("", "-wal", "-shm")) {
                Path each = file.resolveSibling(file.getFileName() + ending);
                if (Files.exists(each) && !Files.getPosixFilePermissions(each).equals(OWNER_ONLY)) {
                    Files.setPosixFilePermissions(each, OWNER_ONLY);
                }
            }
        } catch (IOException failure) {
            throw cannotOpen(file, failure);
        }
    }

    private static Path existing(Path folder) {
        Path each = folder;
        while (each.getParent() != null && Files.notExists(each)) {
            each = each.getParent();
        }
        return each;
    }

    private static ArcException cannotOpen(Path file, Exception failure) {
        return new ArcException(ErrorCode.CONFIGURATION, "The catalog file " + file + " cannot be opened (" + failure
                + "). The data folder must be writable by the user who runs Arc.", failure);
    }

    private static final class Task<T> {
        private final Transaction<T> transaction;
        private final CompletableFuture<T> answer = new CompletableFuture<>();
        private T result;
        private Throwable failure;

        Task(Transaction<T> transaction) {
            this.transaction = transaction;
        }

        void run(Session session) throws SQLException {
            result = transaction.run(session);
        }

        void complete() {
            if (failure == null) {
                answer.complete(result);
            } else {
                answer.completeExceptionally(failure);
            }
        }
    }
}
