package io.arc.runtime.catalog;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.runtime.catalog.CatalogDatabase.Session;
import io.arc.runtime.catalog.CatalogDatabase.Transaction;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// What is stored, in a SQLite file and as a snapshot in memory. Owns its [CatalogDatabase].
///
/// Thread-safe. Reading a snapshot is a volatile read. Every change is durable and visible in [#snapshot] before its method
/// returns, and can be repeated after `STORAGE_OUTCOME_UNKNOWN` or `STORAGE_UNAVAILABLE` with the same arguments. The names
/// in the arguments are trusted: they were checked where the request came in.
public final class Catalog implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(Catalog.class.getName());
    private static final String INSTANCE_ID = "instance_id";
    private static final String LOCK_TOKEN = "lock_token";
    private static final String STORAGE_LISTED = "storage_listed";
    private static final int INSTANCE_ID_LENGTH = 12;
    private static final String BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

    private record Garbage(String key, long removedMicros, long removedVersion) {}

    /// A file that could not become part of its table, and why.
    public record Refused(DataFile file, String reason) {}

    private final CatalogDatabase database;
    private final InstantSource clock;
    private volatile CatalogSnapshot published = CatalogSnapshot.EMPTY;
    private String instanceId;

    /// With the changes of the commit that is being put together. Used on the catalog's thread only.
    private CatalogSnapshot working = CatalogSnapshot.EMPTY;

    private final Object pinLock = new Object();
    /// How many pins each version has. Guarded by `pinLock`.
    private final TreeMap<Long, Integer> pins = new TreeMap<>();
    /// By key, oldest first. Guarded by `pinLock`.
    private final LinkedHashMap<String, Garbage> garbage = new LinkedHashMap<>();

    private Catalog(CatalogDatabase database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
    }

    /// Opens or creates the file and loads it. See [CatalogDatabase#open] for the file's mode and the failures.
    public static Catalog open(Path file, InstantSource clock) {
        return open(file, clock, Optional.empty());
    }

    /// @param nativeDirectory where SQLite's native library may be kept between starts
    public static Catalog open(Path file, InstantSource clock, Optional<Path> nativeDirectory) {
        CatalogDatabase database = CatalogDatabase.open(file, clock, nativeDirectory);
        try {
            database.migrate(CatalogTables.COMPONENT, CatalogTables.MIGRATIONS);
            Catalog catalog = new Catalog(database, clock);
            database.write(catalog.new Loading());
            return catalog;
        } catch (RuntimeException failure) {
            database.close();
            throw failure;
        }
    }

    /// Twelve random characters of `[a-z2-7]`, made when the file was.
    public String instanceId() {
        return instanceId;
    }

    /// For rooms that keep tables of their own in the same file. Closed with the catalog.
    public CatalogDatabase database() {
        return database;
    }

    public CatalogSnapshot snapshot() {
        return published;
    }

    /// The present snapshot, whose files stay in the store until the pin is closed.
    public Pin pin() {
        synchronized (pinLock) {
            CatalogSnapshot snapshot = published;
            pins.merge(snapshot.version(), 1, Integer::sum);
            return new Pin(snapshot, this::unpin);
        }
    }

    /// How many pins are open.
    public int pinCount() {
        synchronized (pinLock) {
            int count = 0;
            for (int each : pins.values()) {
                count += each;
            }
            return count;
        }
    }

    private void unpin(long version) {
        synchronized (pinLock) {
            pins.computeIfPresent(version, (key, count) -> count == 1 ? null : count - 1);
        }
    }

    /// Makes a database. A flush makes its database by itself.
    ///
    /// @return false when it was there already
    public boolean createDatabase(String name) {
        return database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                if (working.hasDatabase(name)) {
                    return false;
                }
                insertDatabase(session, name);
                return true;
            }
        });
    }

    /// Removes a database with all its tables. Their files become garbage.
    ///
    /// @param walPositions for each log writer, the last sequence it had given when the database was dropped: what its frames
    ///     up to there hold of the database is never replayed
    /// @return false when there was no such database
    public boolean dropDatabase(String name, Map<String, Long> walPositions) {
        return database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                if (!working.hasDatabase(name)) {
                    return false;
                }
                for (TableEntry entry : working.tables(name)) {
                    deleteTable(session, entry, walPositions, this);
                }
                PreparedStatement delete = session.prepare("DELETE FROM catalog_database WHERE name = ?");
                delete.setString(1, name);
                delete.executeUpdate();
                for (Map.Entry<String, Long> position : walPositions.entrySet()) {
                    raiseCoverage(session, name, "", position.getKey(), position.getValue());
                }
                working = working.withoutDatabase(name, walPositions);
                return true;
            }
        });
    }

    /// Removes a table. Its files become garbage.
    ///
    /// @param walPositions as in [#dropDatabase]
    /// @return false when there was no such table
    public boolean dropTable(TableId table, Map<String, Long> walPositions) {
        return database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                Optional<TableEntry> entry = working.find(table);
                if (entry.isEmpty()) {
                    return false;
                }
                deleteTable(session, entry.get(), walPositions, this);
                return true;
            }
        });
    }

    /// Adds the files of a flush, its columns and the log ranges it covers, all or nothing; makes the table and its database
    /// when they are not there. Files that the table has already, or had and lost to a swap since, are passed over: a commit
    /// can be repeated.
    ///
    /// @throws ArcException CONFLICT when a key is taken by a file of other content, TYPE_CONFLICT when a column cannot be
    ///     widened (which [SchemaRegistry] has seen to)
    public void commitFlush(FlushCommit commit) {
        commitFlushes(List.of(commit));
    }

    /// The same for several tables or flushes at once, still all or nothing.
    public void commitFlushes(List<FlushCommit> commits) {
        List<FlushCommit> all = List.copyOf(commits);
        database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                for (FlushCommit commit : all) {
                    add(session, commit);
                }
                return true;
            }
        });
    }

    /// Notes keys that are about to be put into the store and not committed yet, so that a crash in between leaves no object
    /// that nobody knows. [#commitFlush] strikes its files off.
    public void announce(Collection<String> keys) {
        List<String> all = List.copyOf(keys);
        database.write(session -> {
            PreparedStatement note = session.prepare("INSERT OR IGNORE INTO catalog_announced VALUES (?)");
            for (String key : all) {
                note.setString(1, key);
                note.executeUpdate();
            }
            return true;
        });
    }

    /// The keys that were announced and neither committed nor struck off, in the order of their UTF-8 bytes.
    public List<String> announced() {
        return database.write(session -> {
            List<String> keys = new ArrayList<>();
            try (ResultSet row = session.prepare("SELECT key FROM catalog_announced ORDER BY key").executeQuery()) {
                while (row.next()) {
                    keys.add(row.getString(1));
                }
            }
            return keys;
        });
    }

    /// Strikes keys off whose objects are not in the store any more. Keys that are not announced are passed over.
    public void withdraw(Collection<String> keys) {
        List<String> all = List.copyOf(keys);
        database.write(session -> {
            for (String key : all) {
                strikeOff(session, key);
            }
            return true;
        });
    }

    private static void strikeOff(Session session, String key) throws SQLException {
        PreparedStatement delete = session.prepare("DELETE FROM catalog_announced WHERE key = ?");
        delete.setString(1, key);
        delete.executeUpdate();
    }

    /// Takes files in whose rows never were in this server's log: put into the store by hand, or found when the catalog is
    /// rebuilt. The tables' log coverage does not change, whatever the files say. Roles of new columns are FIELD.
    ///
    /// @param schemas told first, so that no write brings a column into memory that contradicts an adopted one
    /// @return the files that were not taken, with reasons: a column whose type the table's cannot be widened to, a key that is
    ///     taken by a file of other content
    public List<Refused> adopt(List<DataFile> files, SchemaRegistry schemas) {
        List<Refused> refused = new ArrayList<>();
        List<FlushCommit> accepted = new ArrayList<>();
        for (DataFile file : files) {
            List<ColumnSchema> columns = new ArrayList<>();
            for (ColumnStats column : file.columns()) {
                columns.add(new ColumnSchema(column.name(), column.type(), Role.FIELD));
            }
            try {
                TableSchema schema = new TableSchema(columns);
                schemas.learn(file.table(), schema);
                accepted.add(new FlushCommit(file.table(), schema, List.of(file), List.of()));
            } catch (ArcException | IllegalArgumentException failure) {
                refused.add(new Refused(file, failure.getMessage()));
            }
        }
        refused.addAll(database.write(new Change<List<Refused>>() {
            @Override
            List<Refused> change(Session session) throws SQLException {
                List<Refused> taken = new ArrayList<>();
                for (FlushCommit commit : accepted) {
                    DataFile file = commit.files().getFirst();
                    Optional<TableId> other = holder(session, file);
                    if (other.isPresent()) {
                        taken.add(new Refused(file, takenMessage(file, other.get())));
                    } else {
                        add(session, commit);
                    }
                }
                return taken;
            }
        }));
        return List.copyOf(refused);
    }

    /// Whether this catalog knows what storage holds: it has a table, or was rebuilt. A new one does not.
    public boolean knowsStorage() {
        return database.write(session -> working.databases().stream().anyMatch(name -> !working.tables(name).isEmpty())
                || property(session, STORAGE_LISTED).isPresent());
    }

    /// Keys of objects that are in the store and surely part of no table: what left a table, and what was never committed.
    public Set<String> notInTables() {
        return database.write(session -> {
            Set<String> keys = new HashSet<>();
            try (ResultSet row = session.prepare("SELECT key FROM catalog_garbage UNION ALL SELECT key FROM catalog_announced")
                    .executeQuery()) {
                while (row.next()) {
                    keys.add(row.getString(1));
                }
            }
            return keys;
        });
    }

    /// Puts what storage says in the place of all tables and files, all or nothing. Databases stay, as one need not have a
    /// table. Log coverage is raised, never lowered, so that frames of dropped tables stay dead.
    ///
    /// For a catalog that nobody else uses yet: pins and versions from before mean nothing afterwards.
    public void rebuild(RebuiltCatalog rebuilt) {
        database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                for (String table : List.of("catalog_file", "catalog_column", "catalog_table")) {
                    session.prepare("DELETE FROM " + table).executeUpdate();
                }
                note(session, "INSERT OR IGNORE INTO catalog_announced VALUES (?)", rebuilt.unfinished());
                PreparedStatement garbage = session.prepare("INSERT OR IGNORE INTO catalog_garbage VALUES (?, ?)");
                for (String key : rebuilt.superseded()) {
                    garbage.setString(1, key);
                    garbage.setLong(2, Micros.of(clock.instant()));
                    garbage.executeUpdate();
                }
                // The tables of the snapshot are gone; its databases are made again, and all is read back below.
                working = CatalogSnapshot.EMPTY;
                try (ResultSet row = session.prepare("SELECT name, created_micros FROM catalog_database").executeQuery()) {
                    while (row.next()) {
                        working = working.withDatabase(row.getString(1), row.getLong(2));
                    }
                }
                for (RebuiltCatalog.Table table : rebuilt.tables()) {
                    add(session, new FlushCommit(table.id(), table.schema(), table.files(), table.coverage()));
                }
                setProperty(session, STORAGE_LISTED, "true");
                CatalogLoader loader = new CatalogLoader();
                loader.load(session);
                working = loader.snapshot();
                loadGarbage(session);
                return true;
            }
        });
    }

    private static void note(Session session, String sql, Collection<String> keys) throws SQLException {
        PreparedStatement insert = session.prepare(sql);
        for (String key : keys) {
            insert.setString(1, key);
            insert.executeUpdate();
        }
    }

    /// Replaces files by others in one step. The inputs become garbage. A repeated swap, whose outputs the table has and whose
    /// inputs it has not, does nothing.
    ///
    /// @throws ArcException CONFLICT when an input is not in the table any more, an output's key is taken, or the lock has
    ///     expired or gone to another; nothing has changed then, and the outputs may be deleted from the store
    public void replaceFiles(FileSwap swap) {
        database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                replace(session, swap, this);
                return true;
            }
        });
    }

    /// Which objects may be deleted from the store: they left their tables at least `minimumAge` ago and no pin can see them.
    /// Oldest first. Tell [#garbageDeleted] afterwards; until then they are told again.
    public List<String> collectGarbage(Duration minimumAge, int limit) {
        long latestMicros = Micros.of(clock.instant().minus(minimumAge));
        synchronized (pinLock) {
            long oldestPinned = pins.isEmpty() ? Long.MAX_VALUE : pins.firstKey();
            List<String> keys = new ArrayList<>();
            for (Garbage each : garbage.values()) {
                if (keys.size() >= limit) {
                    break;
                }
                if (each.removedMicros() <= latestMicros && each.removedVersion() <= oldestPinned) {
                    keys.add(each.key());
                }
            }
            return keys;
        }
    }

    /// How many objects wait for their deletion.
    public int garbageCount() {
        synchronized (pinLock) {
            return garbage.size();
        }
    }

    /// The objects are not in the store any more. Keys that are no garbage are passed over.
    public void garbageDeleted(Collection<String> keys) {
        List<String> gone = List.copyOf(keys);
        database.write(new Transaction<Boolean>() {
            @Override
            public Boolean run(Session session) throws SQLException {
                PreparedStatement delete = session.prepare("DELETE FROM catalog_garbage WHERE key = ?");
                for (String key : gone) {
                    delete.setString(1, key);
                    delete.executeUpdate();
                }
                return true;
            }

            @Override
            public void committed() {
                synchronized (pinLock) {
                    gone.forEach(garbage::remove);
                }
            }
        });
    }

    /// Forgets the coverage of log writers of which no segment exists any more.
    public void retireWriters(Collection<String> writers) {
        Set<String> retired = Set.copyOf(writers);
        database.write(new Change<Boolean>() {
            @Override
            Boolean change(Session session) throws SQLException {
                PreparedStatement delete = session.prepare("DELETE FROM catalog_coverage WHERE writer = ?");
                int rows = 0;
                for (String writer : retired) {
                    delete.setString(1, writer);
                    rows += delete.executeUpdate();
                }
                if (rows > 0) {
                    working = working.withoutWriters(retired);
                }
                return true;
            }
        });
    }

    /// Takes a lock for `life`, unless somebody (the same owner too) holds it.
    public Optional<PartitionLock> tryLock(String key, String owner, Duration life) {
        Instant now = clock.instant();
        return database.write(session -> {
            PreparedStatement find = session.prepare("SELECT expires_micros FROM catalog_lock WHERE key = ?");
            find.setString(1, key);
            try (ResultSet row = find.executeQuery()) {
                if (row.next() && row.getLong(1) > Micros.of(now)) {
                    return Optional.empty();
                }
            }
            long token = Long.parseLong(property(session, LOCK_TOKEN).orElse("0")) + 1;
            setProperty(session, LOCK_TOKEN, Long.toString(token));
            PartitionLock lock = new PartitionLock(key, owner, token, now.plus(life));
            PreparedStatement put = session.prepare("INSERT OR REPLACE INTO catalog_lock VALUES (?, ?, ?, ?)");
            put.setString(1, key);
            put.setString(2, owner);
            put.setLong(3, token);
            put.setLong(4, Micros.of(lock.expires()));
            put.executeUpdate();
            return Optional.of(lock);
        });
    }

    /// Makes a lock last for `life` from now.
    ///
    /// @return the lock as it is now; empty when it has expired or gone to another, who may have worked already
    public Optional<PartitionLock> renew(PartitionLock lock, Duration life) {
        Instant now = clock.instant();
        return database.write(session -> {
            if (!isHeld(session, lock, now)) {
                return Optional.empty();
            }
            PartitionLock renewed = new PartitionLock(lock.key(), lock.owner(), lock.token(), now.plus(life));
            PreparedStatement update = session.prepare("UPDATE catalog_lock SET expires_micros = ? WHERE key = ?");
            update.setLong(1, Micros.of(renewed.expires()));
            update.setString(2, lock.key());
            update.executeUpdate();
            return Optional.of(renewed);
        });
    }

    /// Gives a lock back. Does nothing when it has gone to another.
    public void release(PartitionLock lock) {
        database.write(session -> {
            PreparedStatement delete = session.prepare("DELETE FROM catalog_lock WHERE key = ? AND token = ?");
            delete.setString(1, lock.key());
            delete.setLong(2, lock.token());
            return delete.executeUpdate();
        });
    }

    /// Gives back all locks of an owner, as a server does at its start with those that its last run left behind.
    ///
    /// @return how many there were
    public int releaseAll(String owner) {
        return database.write(session -> {
            PreparedStatement delete = session.prepare("DELETE FROM catalog_lock WHERE owner = ?");
            delete.setString(1, owner);
            return delete.executeUpdate();
        });
    }

    /// Waits for the changes under way and closes the file. Snapshots stay readable.
    @Override
    public void close() {
        database.close();
    }

    /// A change of the snapshot: it works on `working`, which is put back when it fails and published when it is durable.
    private abstract class Change<T> implements Transaction<T> {
        private CatalogSnapshot before;
        private CatalogSnapshot after;
        private final List<String> removedKeys = new ArrayList<>();
        private final long nowMicros = Micros.of(clock.instant());

        abstract T change(Session session) throws SQLException;

        @Override
        public final T run(Session session) throws SQLException {
            before = working;
            T result = change(session);
            after = working;
            return result;
        }

        final void remove(Session session, String key) throws SQLException {
            PreparedStatement delete = session.prepare("DELETE FROM catalog_file WHERE key = ?");
            delete.setString(1, key);
            delete.executeUpdate();
            PreparedStatement note = session.prepare("INSERT INTO catalog_garbage VALUES (?, ?)");
            note.setString(1, key);
            note.setLong(2, nowMicros);
            note.executeUpdate();
            removedKeys.add(key);
        }

        @Override
        public final void committed() {
            synchronized (pinLock) {
                published = after;
                for (String key : removedKeys) {
                    garbage.put(key, new Garbage(key, nowMicros, after.version()));
                }
            }
        }

        @Override
        public final void rolledBack() {
            if (before != null) {
                working = before;
            }
        }
    }

    private void add(Session session, FlushCommit commit) throws SQLException {
        CatalogSnapshot.Table table = ensureTable(session, commit.table());
        TableEntry entry = table.entry();
        TableSchema schema = entry.schema().join(commit.schema(), commit.table());
        storeColumns(session, table.id(), entry.schema(), schema);
        List<DataFile> added = new ArrayList<>(commit.files().size());
        for (DataFile file : commit.files()) {
            if (insertFile(session, table.id(), file)) {
                added.add(file);
            }
            strikeOff(session, file.key());
        }
        Map<String, Long> coverage = new HashMap<>(entry.walCoverage());
        for (WalRange range : commit.coverage()) {
            Long before = coverage.get(range.writer());
            if (before == null || before < range.last()) {
                coverage.put(range.writer(), range.last());
                raiseCoverage(session, commit.table().database(), commit.table().table(), range.writer(), range.last());
            }
        }
        if (schema != entry.schema() || !added.isEmpty() || !coverage.equals(entry.walCoverage())) {
            working = working.withTable(table.id(),
                    new TableEntry(entry.id(), schema, merged(entry.files(), added, Set.of()), coverage));
        }
    }

    private void replace(Session session, FileSwap swap, Change<?> change) throws SQLException {
        if (swap.lock().isPresent() && !isHeld(session, swap.lock().get(), clock.instant())) {
            throw new ArcException(ErrorCode.CONFLICT, "The lock of " + swap.lock().get().key() + " (token "
                    + swap.lock().get().token() + ") has expired or gone to another job, so its result for table "
                    + swap.table() + " is not used.");
        }
        CatalogSnapshot.Table table = working.table(swap.table());
        List<DataFile> files = table == null ? List.of() : table.entry().files();
        List<String> missing = new ArrayList<>();
        for (String key : swap.inputKeys()) {
            if (indexOf(files, key) < 0) {
                missing.add(key);
            }
        }
        if (missing.size() == swap.inputKeys().size() && !swap.outputs().isEmpty() && holdsAll(files, swap.outputs())) {
            return;
        }
        if (!missing.isEmpty()) {
            throw new ArcException(ErrorCode.CONFLICT, "Table " + swap.table() + " has lost " + missing.size() + " of the "
                    + swap.inputKeys().size() + " files to be replaced, the first is " + missing.getFirst()
                    + ": another job was quicker. Plan again from the present catalog.");
        }
        TableSchema schema = table.entry().schema();
        for (DataFile output : swap.outputs()) {
            strikeOff(session, output.key());
            if (swap.inputKeys().contains(output.key()) || !insertFile(session, table.id(), output)) {
                throw new ArcException(ErrorCode.CONFLICT, "The key " + output.key() + " of an output for table " + swap.table()
                        + " is in use already. Write it under another name.");
            }
        }
        for (String key : swap.inputKeys()) {
            change.remove(session, key);
        }
        working = working.withTable(table.id(), new TableEntry(swap.table(), schema,
                merged(files, swap.outputs(), new HashSet<>(swap.inputKeys())), table.entry().walCoverage()));
    }

    private void insertDatabase(Session session, String name) throws SQLException {
        long nowMicros = Micros.of(clock.instant());
        PreparedStatement insert = session.prepare("INSERT INTO catalog_database VALUES (?, ?)");
        insert.setString(1, name);
        insert.setLong(2, nowMicros);
        insert.executeUpdate();
        working = working.withDatabase(name, nowMicros);
    }

    private CatalogSnapshot.Table ensureTable(Session session, TableId id) throws SQLException {
        CatalogSnapshot.Table found = working.table(id);
        if (found != null) {
            return found;
        }
        if (!working.hasDatabase(id.database())) {
            insertDatabase(session, id.database());
        }
        PreparedStatement insert = session.prepare(
                "INSERT INTO catalog_table (database, name, created_micros) VALUES (?, ?, ?) RETURNING id");
        insert.setString(1, id.database());
        insert.setString(2, id.table());
        insert.setLong(3, Micros.of(clock.instant()));
        long rowId;
        try (ResultSet row = insert.executeQuery()) {
            row.next();
            rowId = row.getLong(1);
        }
        working = working.withTable(rowId, new TableEntry(id, TableSchema.EMPTY, List.of(), working.inherited(id)));
        return working.table(id);
    }

    private void deleteTable(Session session, TableEntry entry, Map<String, Long> walPositions, Change<?> change)
            throws SQLException {
        TableId id = entry.id();
        for (DataFile file : entry.files()) {
            change.remove(session, file.key());
        }
        long rowId = working.table(id).id();
        for (String sql : List.of("DELETE FROM catalog_column WHERE table_id = ?", "DELETE FROM catalog_table WHERE id = ?")) {
            PreparedStatement delete = session.prepare(sql);
            delete.setLong(1, rowId);
            delete.executeUpdate();
        }
        for (Map.Entry<String, Long> position : walPositions.entrySet()) {
            raiseCoverage(session, id.database(), id.table(), position.getKey(), position.getValue());
        }
        working = working.withoutTable(id, walPositions);
    }

    private static void storeColumns(Session session, long tableId, TableSchema before, TableSchema after) throws SQLException {
        if (after == before) {
            return;
        }
        PreparedStatement put = session.prepare("""
                INSERT INTO catalog_column (table_id, position, name, type, role, typed) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (table_id, position) DO UPDATE SET type = excluded.type, typed = excluded.typed""");
        for (int position = 0; position < after.columns().size(); position++) {
            ColumnSchema column = after.columns().get(position);
            boolean same = position < before.columns().size() && before.columns().get(position).equals(column)
                    && before.isTyped(column.name()) == after.isTyped(column.name());
            if (!same) {
                put.setLong(1, tableId);
                put.setInt(2, position);
                put.setString(3, column.name());
                put.setString(4, column.type().name());
                put.setString(5, column.role().name());
                put.setInt(6, after.isTyped(column.name()) ? 1 : 0);
                put.executeUpdate();
            }
        }
    }

    /// @return false when the file is part of the table already, or was
    private boolean insertFile(Session session, long tableId, DataFile file) throws SQLException {
        PreparedStatement findGarbage = session.prepare("SELECT 1 FROM catalog_garbage WHERE key = ?");
        findGarbage.setString(1, file.key());
        try (ResultSet row = findGarbage.executeQuery()) {
            if (row.next()) {
                return false;
            }
        }
        PreparedStatement insert = session.prepare("INSERT INTO catalog_file (key, table_id, size_bytes, row_count, min_micros,"
                + " max_micros, level, added_micros, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING");
        insert.setString(1, file.key());
        insert.setLong(2, tableId);
        insert.setLong(3, file.sizeBytes());
        insert.setLong(4, file.rowCount());
        insert.setLong(5, file.minMicros());
        insert.setLong(6, file.maxMicros());
        insert.setInt(7, file.level());
        insert.setLong(8, file.addedMicros());
        insert.setBytes(9, FileDetails.encode(file.coverage(), file.columns(), file.foreign()));
        if (insert.executeUpdate() == 1) {
            return true;
        }
        Optional<TableId> other = holder(session, file);
        if (other.isPresent()) {
            throw new ArcException(ErrorCode.CONFLICT, takenMessage(file, other.get()));
        }
        return false;
    }

    /// The table that has another file under this one's key.
    private Optional<TableId> holder(Session session, DataFile file) throws SQLException {
        PreparedStatement find = session.prepare("""
                SELECT t.database, t.name FROM catalog_file f JOIN catalog_table t ON t.id = f.table_id WHERE f.key = ?""");
        find.setString(1, file.key());
        TableId id;
        try (ResultSet row = find.executeQuery()) {
            if (!row.next()) {
                return Optional.empty();
            }
            id = new TableId(row.getString(1), row.getString(2));
        }
        List<DataFile> files = working.table(id).entry().files();
        DataFile known = files.get(indexOf(files, file.key()));
        boolean same = known.table().equals(file.table()) && known.sizeBytes() == file.sizeBytes()
                && known.rowCount() == file.rowCount() && known.minMicros() == file.minMicros()
                && known.maxMicros() == file.maxMicros() && known.level() == file.level();
        return same ? Optional.empty() : Optional.of(id);
    }

    private static String takenMessage(DataFile file, TableId holder) {
        return "The key " + file.key() + " of a new file for table " + file.table() + " is taken by another file of table "
                + holder + ". Data files are never overwritten; write it under another name.";
    }

    private static void raiseCoverage(Session session, String database, String table, String writer, long through)
            throws SQLException {
        PreparedStatement put = session.prepare("""
                INSERT INTO catalog_coverage VALUES (?, ?, ?, ?)
                ON CONFLICT (database, table_name, writer) DO UPDATE SET through = max(through, excluded.through)""");
        put.setString(1, database);
        put.setString(2, table);
        put.setString(3, writer);
        put.setLong(4, through);
        put.executeUpdate();
    }

    private static boolean isHeld(Session session, PartitionLock lock, Instant now) throws SQLException {
        PreparedStatement find = session.prepare("SELECT token, expires_micros FROM catalog_lock WHERE key = ?");
        find.setString(1, lock.key());
        try (ResultSet row = find.executeQuery()) {
            return row.next() && row.getLong(1) == lock.token() && row.getLong(2) > Micros.of(now);
        }
    }

    private static Optional<String> property(Session session, String name) throws SQLException {
        PreparedStatement find = session.prepare("SELECT value FROM catalog_property WHERE name = ?");
        find.setString(1, name);
        try (ResultSet row = find.executeQuery()) {
            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
        }
    }

    private static void setProperty(Session session, String name, String value) throws SQLException {
        PreparedStatement put = session.prepare("INSERT OR REPLACE INTO catalog_property VALUES (?, ?)");
        put.setString(1, name);
        put.setString(2, value);
        put.executeUpdate();
    }

    private static int indexOf(List<DataFile> files, String key) {
        int low = 0;
        int high = files.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = files.get(middle).key().compareTo(key);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }

    private static boolean holdsAll(List<DataFile> files, List<DataFile> wanted) {
        for (DataFile file : wanted) {
            if (indexOf(files, file.key()) < 0) {
                return false;
            }
        }
        return true;
    }

    private static List<DataFile> merged(List<DataFile> files, List<DataFile> added, Set<String> removedKeys) {
        if (added.isEmpty() && removedKeys.isEmpty()) {
            return files;
        }
        DataFile[] incoming = added.toArray(new DataFile[0]);
        Arrays.sort(incoming, CatalogLoader.BY_KEY);
        List<DataFile> result = new ArrayList<>(files.size() + incoming.length);
        int next = 0;
        for (DataFile file : files) {
            while (next < incoming.length && incoming[next].key().compareTo(file.key()) < 0) {
                result.add(incoming[next++]);
            }
            if (removedKeys.isEmpty() || !removedKeys.contains(file.key())) {
                result.add(file);
            }
        }
        while (next < incoming.length) {
            result.add(incoming[next++]);
        }
        return result;
    }

    private void loadGarbage(Session session) throws SQLException {
        try (ResultSet row = session.prepare("SELECT key, removed_micros FROM catalog_garbage ORDER BY removed_micros, key")
                .executeQuery()) {
            synchronized (pinLock) {
                while (row.next()) {
                    garbage.put(row.getString(1), new Garbage(row.getString(1), row.getLong(2), 0));
                }
            }
        }
    }

    /// Reads the whole file into memory, once.
    private final class Loading implements Transaction<Boolean> {
        private final CatalogLoader loader = new CatalogLoader();

        @Override
        public Boolean run(Session session) throws SQLException {
            long startNanos = System.nanoTime();
            Optional<String> known = property(session, INSTANCE_ID);
            instanceId = known.orElseGet(Catalog::newInstanceId);
            if (known.isEmpty()) {
                setProperty(session, INSTANCE_ID, instanceId);
            }
            int files = loader.load(session);
            working = loader.snapshot();
            loadGarbage(session);
            LOG.log(System.Logger.Level.INFO, "Catalog " + database.file() + ": " + working.databases().size()
                    + " databases, " + files + " files, loaded in " + (System.nanoTime() - startNanos) / 1_000_000 + " ms");
            return true;
        }

        @Override
        public void committed() {
            published = working;
        }
    }

    private static String newInstanceId() {
        SecureRandom random = new SecureRandom();
        StringBuilder id = new StringBuilder(INSTANCE_ID_LENGTH);
        for (int i = 0; i < INSTANCE_ID_LENGTH; i++) {
            id.append(BASE32.charAt(random.nextInt(BASE32.length())));
        }
        return id.toString();
    }
}
