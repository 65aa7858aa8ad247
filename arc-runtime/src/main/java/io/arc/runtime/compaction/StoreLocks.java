package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.CRC32;

/// Locks among servers that share a store, made of objects that only one can create. Needs a store with `ENFORCED_CREATE`.
///
/// ```
/// _arc/locks/{stripe}/{generation}     "{owner} {expires, milliseconds since 1970}"; expires 0: given back
/// ```
///
/// What is locked is one of a fixed number of stripes, so that the objects do not become more and more. The greatest generation
/// of a stripe is the lock. Who wants it creates the next one, and has it if there is none greater afterwards: a server that
/// slept between looking and creating finds the one that was there before. The greatest generation is never deleted.
/// Thread-safe.
public final class StoreLocks {
    private static final String PREFIX = "_arc/locks/";
    private static final int STRIPES = 256;
    private static final int MAX_BYTES = 256;

    private final ObjectStore store;
    private final String owner;
    private final InstantSource clock;

    /// A held lock.
    public record Held(int stripe, long generation, Instant expires) {}

    /// @param owner names the server among all that use the store; a lock that it left behind is its own again
    public StoreLocks(ObjectStore store, String owner, InstantSource clock) {
        this.store = Objects.requireNonNull(store, "store");
        this.owner = Objects.requireNonNull(owner, "owner");
        this.clock = Objects.requireNonNull(clock, "clock");
        if (owner.isEmpty() || owner.indexOf(' ') >= 0 || owner.length() > MAX_BYTES / 2) {
            throw new IllegalArgumentException("owner '" + owner + "'");
        }
    }

    static int stripe(String key) {
        CRC32 hash = new CRC32();
        hash.update(key.getBytes(StandardCharsets.UTF_8));
        return (int) (hash.getValue() % STRIPES);
    }

    /// Takes the lock of a stripe. The caller sees to it that its own server asks for a stripe once at a time.
    ///
    /// @return empty when another server has it
    public Optional<Held> tryLock(int stripe, Duration life) {
        List<Long> generations = generations(stripe);
        long latest = generations.isEmpty() ? 0 : generations.getLast();
        if (latest > 0 && !isFree(stripe, latest)) {
            return Optional.empty();
        }
        Held held = new Held(stripe, latest + 1, clock.instant().plus(life));
        if (!store.put(key(stripe, held.generation()), body(held.expires().toEpochMilli()), PutMode.CREATE)) {
            return Optional.empty();
        }
        List<Long> now = generations(stripe);
        if (now.getLast() != held.generation()) {
            // It was an old generation that we made anew; the lock is at a later one.
            store.delete(List.of(key(stripe, held.generation())));
            return Optional.empty();
        }
        List<String> old = now.stream().filter(each -> each < held.generation()).map(each -> key(stripe, each)).toList();
        store.delete(old);
        return Optional.of(held);
    }

    /// Whether the lock is surely still held for at least `margin`.
    public boolean isHeld(Held held, Duration margin) {
        List<Long> generations = generations(held.stripe());
        return !generations.isEmpty() && generations.getLast() == held.generation()
                && clock.instant().plus(margin).isBefore(held.expires());
    }

    /// Gives a lock back. Harmless when it has gone to another.
    public void release(Held held) {
        store.put(key(held.stripe(), held.generation()), body(0), PutMode.REPLACE);
    }

    private boolean isFree(int stripe, long generation) {
        MemorySegment bytes = MemorySegment.ofArray(new byte[MAX_BYTES]);
        int length;
        try {
            length = Math.toIntExact(store.read(key(stripe, generation), 0, bytes));
        } catch (ArcException failed) {
            if (failed.code() == ErrorCode.OBJECT_MISSING) {
                // Somebody has made a later one and cleaned up; next time.
                return false;
            }
            throw failed;
        }
        String text = new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
        String[] words = text.split(" ", -1);
        try {
            return words.length == 2
                    && (words[0].equals(owner) || Long.parseLong(words[1]) <= clock.instant().toEpochMilli());
        } catch (NumberFormatException notOurs) {
            return false;
        }
    }

    private List<Long> generations(int stripe) {
        List<Long> generations = new ArrayList<>();
        String folder = folder(stripe);
        store.list(folder, "", (ObjectInfo object) -> {
            try {
                generations.add(Long.parseLong(object.key().substring(folder.length())));
            } catch (NumberFormatException notOurs) {
                // Somebody else's object is no lock.
            }
        });
        return generations;
    }

    private static String folder(int stripe) {
        return PREFIX + "%03d/".formatted(stripe);
    }

    private static String key(int stripe, long generation) {
        return folder(stripe) + "%016d".formatted(generation);
    }

    private Body body(long expiresMillis) {
        return new Body.InMemory(MemorySegment.ofArray((owner + " " + expiresMillis).getBytes(StandardCharsets.UTF_8)));
    }
}
