package io.arc.runtime.compaction;

import io.arc.runtime.catalog.CatalogDatabase;
import io.arc.runtime.catalog.CatalogDatabase.Migration;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// What could not be merged and why, kept in the catalog's file so that a restart does not try it again. A file that cannot be
/// read is left out of later jobs; a set of files that failed together is tried again when it has changed. Thread-safe.
final class Quarantine implements Planner.Excluded {
    private static final int MAX_REASON = 1_000;

    /// @param name a file's key, or the fingerprint of a set of inputs
    /// @param isFile which of them
    record Entry(String name, boolean isFile, String partition, String reason, long sinceMicros) {}

    private final CatalogDatabase database;
    private final InstantSource clock;
    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    Quarantine(CatalogDatabase database, InstantSource clock) {
        this.database = Objects.requireNonNull(database, "database");
        this.clock = Objects.requireNonNull(clock, "clock");
        database.migrate("compaction", List.of(Migration.of("""
                CREATE TABLE compaction_quarantine (
                  name TEXT NOT NULL PRIMARY KEY,
                  is_file INTEGER NOT NULL CHECK (is_file IN (0, 1)),
                  partition TEXT NOT NULL,
                  reason TEXT NOT NULL,
                  since_micros INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID""")));
        List<Entry> known = database.write(session -> {
            List<Entry> found = new ArrayList<>();
            try (ResultSet row = session.prepare(
                    "SELECT name, is_file, partition, reason, since_micros FROM compaction_quarantine").executeQuery()) {
                while (row.next()) {
                    found.add(new Entry(row.getString(1), row.getInt(2) == 1, row.getString(3), row.getString(4),
                            row.getLong(5)));
                }
            }
            return found;
        });
        known.forEach(entry -> entries.put(entry.name(), entry));
    }

    @Override
    public boolean file(String key) {
        return entries.containsKey(key);
    }

    @Override
    public boolean inputs(String fingerprint) {
        return entries.containsKey(fingerprint);
    }

    List<Entry> entries() {
        return List.copyOf(entries.values());
    }

    void add(String name, boolean isFile, String partition, String reason) {
        String shown = reason.length() > MAX_REASON ? reason.substring(0, MAX_REASON) : reason;
        Entry entry = new Entry(name, isFile, partition, shown,
                ChronoUnit.MICROS.between(Instant.EPOCH, clock.instant()));
        database.write(session -> {
            PreparedStatement put = session.prepare("INSERT OR REPLACE INTO compaction_quarantine VALUES (?, ?, ?, ?, ?)");
            put.setString(1, entry.name());
            put.setInt(2, isFile ? 1 : 0);
            put.setString(3, entry.partition());
            put.setString(4, entry.reason());
            put.setLong(5, entry.sinceMicros());
            put.executeUpdate();
            return true;
        });
        entries.put(name, entry);
    }

    /// Forgets what is about files that are in no table any more.
    void retain(Predicate<Entry> concernsSomething) {
        List<String> gone = entries.values().stream().filter(concernsSomething.negate()).map(Entry::name).toList();
        if (gone.isEmpty()) {
            return;
        }
        database.write(session -> {
            PreparedStatement delete = session.prepare("DELETE FROM compaction_quarantine WHERE name = ?");
            for (String name : gone) {
                delete.setString(1, name);
                delete.executeUpdate();
            }
            return true;
        });
        gone.forEach(entries::remove);
    }
}
