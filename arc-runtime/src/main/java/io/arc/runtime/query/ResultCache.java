package io.arc.runtime.query;

import io.arc.api.data.TableId;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Answers of earlier queries, as bytes. An answer belongs to the exact statement, the database, the format, and the
/// versions of
/// the tables that it was read from: after a write, a flush or a deletion it is simply not found any more, so it is never
/// stale. The time to live only bounds how long dead answers take room. Thread-safe.
public final class ResultCache {
    private final boolean enabled;
    private final Duration ttl;
    private final int maxEntries;
    private final int maxBytes;
    private final InstantSource clock;
    /// Guarded by `this`; the longest unused first.
    private final LinkedHashMap<Place, Answer> answers = new LinkedHashMap<>(16, 0.75f, true);
    private long hits;
    private long misses;
    private long evictions;
    private long expirations;

    ResultCache(QueryOptions options, InstantSource clock) {
        this.enabled = options.cache();
        this.ttl = options.cacheTtl();
        this.maxEntries = options.cacheEntries();
        this.maxBytes = options.cacheMaxBytes();
        this.clock = clock;
    }

    record Key(String sql, String database, Map<TableId, TableSource.TableVersion> versions) {
        Key {
            versions = Map.copyOf(versions);
        }
    }

    private record Place(Key key, Class<?> format) {}

    record Answer(List<ResultColumn> columns, long rowCount, byte[] body, long storedMillis) {}

    /// The cache's figures.
    public record Stats(boolean enabled, long ttlSeconds, int maxEntries, int maxBytes, int entries, long hits, long misses,
            long evictions, long expirations) {}

    public synchronized Stats stats() {
        return new Stats(enabled, ttl.toSeconds(), maxEntries, maxBytes, answers.size(), hits, misses, evictions, expirations);
    }

    /// Forgets everything.
    ///
    /// @return how many answers that were
    public synchronized int clear() {
        int count = answers.size();
        answers.clear();
        return count;
    }

    boolean isEnabled() {
        return enabled;
    }

    /// Whether some format of the answer may be there.
    synchronized boolean knows(Key key) {
        return answers.containsKey(new Place(key, JsonEncoder.class)) || answers.containsKey(new Place(key, ArrowEncoder.class))
                || answers.containsKey(new Place(key, CsvEncoder.class));
    }

    /// The answer, or null.
    synchronized Answer find(Key key, ResultEncoder encoder) {
        Place place = new Place(key, encoder.getClass());
        Answer answer = answers.get(place);
        if (answer != null && clock.millis() - answer.storedMillis() > ttl.toMillis()) {
            answers.remove(place);
            expirations++;
            answer = null;
        }
        if (answer == null) {
            misses++;
        } else {
            hits++;
        }
        return answer;
    }

    /// A recorder for an answer that is being made; records nothing when the key is null.
    Recording record(Key key, ResultEncoder encoder) {
        return new Recording(key == null || encoder.collects() ? null : new Place(key, encoder.getClass()));
    }

    /// Collects the bytes of one answer, up to the cache's limit. One thread.
    final class Recording {
        private Place place;
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();

        private Recording(Place place) {
            this.place = place;
        }

        void add(ByteOutput block) {
            if (place != null && body.size() + block.size > maxBytes) {
                place = null;
                body.reset();
            }
            if (place != null) {
                body.write(block.bytes, 0, block.size);
            }
        }

        void complete(List<ResultColumn> columns, long rowCount) {
            if (place != null) {
                store(place, new Answer(columns, rowCount, body.toByteArray(), clock.millis()));
            }
        }
    }

    private synchronized void store(Place place, Answer answer) {
        answers.put(place, answer);
        Iterator<Answer> oldest = answers.values().iterator();
        while (answers.size() > maxEntries && oldest.hasNext()) {
            oldest.next();
            oldest.remove();
            evictions++;
        }
    }
}
