package io.arc.runtime.auth;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.auth.StoredTokens.Row;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

/// Tells who a credential stands for.
///
/// Thread-safe, no I/O. Right answers are remembered for a while, by the SHA-256 of the token; a remembered one is used only
/// while the token has not expired and no token has changed since it was found.
public final class Authenticator {
    /// How many requests may wait for the one that checks an old, slow hash.
    private static final int MAX_WAITING = 16;
    private static final int MAX_KNOWN_WRONG = 4096;

    /// How the cache has fared since the start. Every request is a hit or a miss.
    public record CacheStats(int size, int maxSize, Duration timeToLive, long hits, long misses, long evictions) {
        public long requests() {
            return hits + misses;
        }
    }

    private record Digest(long a, long b, long c, long d) {
        static Digest of(byte[] sha256) {
            ByteBuffer bytes = ByteBuffer.wrap(sha256);
            return new Digest(bytes.getLong(), bytes.getLong(), bytes.getLong(), bytes.getLong());
        }
    }

    private record Known(Principal principal, TokenInfo info, StoredTokens basis, Instant until) {
        boolean holds(StoredTokens current, Instant now) {
            return basis == current && now.isBefore(until) && info.isUsable(now);
        }
    }

    private final TokenStore store;
    private final InstantSource clock;
    private final Duration timeToLive;
    private final int maxEntries;
    private final ConcurrentHashMap<Digest, Known> cache = new ConcurrentHashMap<>();
    /// Tokens that no slow hash matched, with the tokens that they were compared to.
    private final ConcurrentHashMap<Digest, StoredTokens> wrong = new ConcurrentHashMap<>();
    private final Semaphore slow = new Semaphore(1, true);
    private final LongAdder hits = new LongAdder();
    private final LongAdder misses = new LongAdder();
    private final LongAdder evictions = new LongAdder();

    /// @param timeToLive how long an answer is remembered; zero: not at all
    /// @param maxEntries how many answers are remembered; zero: none
    public Authenticator(TokenStore store, InstantSource clock, Duration timeToLive, int maxEntries) {
        this.store = Objects.requireNonNull(store, "store");
        this.clock = Objects.requireNonNull(clock, "clock");
        this.timeToLive = Objects.requireNonNull(timeToLive, "timeToLive");
        this.maxEntries = maxEntries;
    }

    /// @return empty for a token that is unknown, revoked or expired
    /// @throws ArcException OVERLOADED when too many tokens are being compared with hashes of upstream's slow kind
    public Optional<Principal> authenticate(Credential credential) {
        byte[] sha256 = TokenHash.sha256(credential.token());
        Digest digest = Digest.of(sha256);
        StoredTokens current = store.current();
        Instant now = clock.instant();
        Known known = cache.get(digest);
        if (known != null && known.holds(current, now)) {
            hits.increment();
            store.used(known.info().id(), now);
            return Optional.of(known.principal());
        }
        misses.increment();
        if (known != null && cache.remove(digest, known)) {
            evictions.increment();
        }
        Optional<Row> found = match(current, credential.token(), sha256, digest, now);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        TokenInfo info = found.get().info();
        Principal principal = new Principal(info.id(), info.name(), info.permissions());
        remember(digest, new Known(principal, info, current, now.plus(timeToLive)), current, now);
        store.used(info.id(), now);
        return Optional.of(principal);
    }

    /// Sees to it that there is an administrator at the first start, and makes one more when an operator who has lost all
    /// tokens asks for it. Called once at the start.
    ///
    /// No token in the table: makes `admin` with all permissions, of the given value or of a random one. Otherwise the given
    /// value is ignored, unless `force` is set: then `arc-recovery` is made of it (or given it), and all other tokens stay as
    /// they are.
    ///
    /// @param givenToken what the operator configured
    /// @throws ArcException CONFIGURATION for a given value that is needed and too short, or has characters that no header can
    ///     carry, and for `force` without a value
    public BootstrapResult bootstrap(Optional<String> givenToken, boolean force) {
        return store.bootstrap(givenToken, force);
    }

    /// Forgets all remembered answers.
    public void invalidate() {
        evictions.add(cache.size());
        cache.clear();
        wrong.clear();
    }

    public CacheStats cacheStats() {
        return new CacheStats(cache.size(), maxEntries, timeToLive, hits.sum(), misses.sum(), evictions.sum());
    }

    private Optional<Row> match(StoredTokens current, String token, byte[] sha256, Digest digest, Instant now) {
        boolean needsSlow = false;
        for (Row row : current.candidates(TokenHash.hex(sha256))) {
            if (!row.info().isUsable(now)) {
                continue;
            }
            if (!TokenHash.isSha256(row.hash())) {
                needsSlow = true;
            } else if (TokenHash.matchesSha256(row.hash(), sha256)) {
                return Optional.of(row);
            }
        }
        if (!needsSlow && current.withoutPrefix().isEmpty() || wrong.get(digest) == current) {
            return Optional.empty();
        }
        return matchSlowly(current, token, TokenHash.hex(sha256), digest, now);
    }

    /// One at a time, so that guesses cannot take all cores.
    private Optional<Row> matchSlowly(StoredTokens current, String token, String sha256Hex, Digest digest, Instant now) {
        if (slow.getQueueLength() >= MAX_WAITING) {
            throw new ArcException(ErrorCode.OVERLOADED,
                    "Too many tokens are being checked against hashes of an older kind. Try again in a second.");
        }
        slow.acquireUninterruptibly();
        try {
            for (Iterable<Row> rows : List.of(current.candidates(sha256Hex), current.withoutPrefix())) {
                for (Row row : rows) {
                    if (row.info().isUsable(now) && TokenHash.matchesPbkdf2(row.hash(), token)) {
                        store.upgrade(row, token);
                        return Optional.of(row);
                    }
                }
            }
        } finally {
            slow.release();
        }
        if (wrong.size() >= MAX_KNOWN_WRONG) {
            wrong.clear();
        }
        wrong.put(digest, current);
        return Optional.empty();
    }

    private void remember(Digest digest, Known known, StoredTokens current, Instant now) {
        if (maxEntries <= 0 || !timeToLive.isPositive()) {
            return;
        }
        if (cache.size() >= maxEntries) {
            makeRoom(current, now);
        }
        cache.put(digest, known);
    }

    /// Drops what has no worth any more, or else what will lose it first.
    private void makeRoom(StoredTokens current, Instant now) {
        Map.Entry<Digest, Known> first = null;
        for (Map.Entry<Digest, Known> entry : cache.entrySet()) {
            if (!entry.getValue().holds(current, now)) {
                if (cache.remove(entry.getKey(), entry.getValue())) {
                    evictions.increment();
                }
            } else if (first == null || entry.getValue().until().isBefore(first.getValue().until())) {
                first = entry;
            }
        }
        if (cache.size() >= maxEntries && first != null && cache.remove(first.getKey(), first.getValue())) {
            evictions.increment();
        }
    }
}
