package io.arc.runtime.query;

import io.arc.runtime.duckdb.DuckDb;
import io.arc.runtime.duckdb.DuckDbOptions;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.duckdb.DuckDBConnection;

/// A DuckDB with what the engine keeps in it. Counts its connections, so that one that is given up closes when the last query
/// has let go of it. Thread-safe.
final class Instance implements AutoCloseable {
    private final DuckDb duckDb;
    private final DuckDBConnection prunerConnection;
    private final Pruner pruner;
    /// Guarded by `this`, as is what follows.
    private int connections;
    private boolean retired;
    private boolean closed;

    private Instance(DuckDb duckDb, DuckDBConnection prunerConnection) {
        this.duckDb = duckDb;
        this.prunerConnection = prunerConnection;
        this.pruner = new Pruner(prunerConnection);
    }

    static Instance open(DuckDbOptions options) {
        DuckDb duckDb = DuckDb.open(options);
        try {
            return new Instance(duckDb, duckDb.connect());
        } catch (SQLException e) {
            duckDb.close();
            throw QueryErrors.translate(e);
        }
    }

    DuckDb duckDb() {
        return duckDb;
    }

    Pruner pruner() {
        return pruner;
    }

    /// A connection for one thread, to be given back by [#release].
    DuckDBConnection connect() throws SQLException {
        DuckDBConnection connection = duckDb.connect();
        synchronized (this) {
            connections++;
        }
        return connection;
    }

    void release(DuckDBConnection connection) {
        closeQuietly(connection);
        boolean last;
        synchronized (this) {
            connections--;
            last = retired && connections == 0;
        }
        if (last) {
            close();
        }
    }

    /// Whether a new connection can run a statement.
    boolean isUsable() {
        try (DuckDBConnection connection = duckDb.connect(); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT 1")) {
            return rows.next();
        } catch (SQLException unusable) {
            return false;
        }
    }

    /// Closes as soon as nobody has a connection any more.
    void retire() {
        boolean unused;
        synchronized (this) {
            retired = true;
            unused = connections == 0;
        }
        if (unused) {
            close();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        closeQuietly(prunerConnection);
        duckDb.close();
    }

    private static void closeQuietly(DuckDBConnection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            QueryEngine.LOG.log(System.Logger.Level.WARNING, "closing a connection", e);
        }
    }
}
