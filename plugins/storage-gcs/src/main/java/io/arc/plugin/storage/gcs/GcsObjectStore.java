package io.arc.plugin.storage.gcs;

import com.google.cloud.ReadChannel;
import com.google.cloud.storage.Blob;
import com.google.cloud.storage.BlobId;
import com.google.cloud.storage.BlobInfo;
import com.google.cloud.storage.Storage;
import com.google.cloud.storage.Storage.BlobField;
import com.google.cloud.storage.Storage.BlobGetOption;
import com.google.cloud.storage.Storage.BlobListOption;
import com.google.cloud.storage.Storage.BlobTargetOption;
import com.google.cloud.storage.Storage.BlobWriteOption;
import com.google.cloud.storage.StorageException;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;

/// Objects in a bucket. Thread-safe. Holds connections between calls, nothing else.
///
/// CREATE is the precondition `ifGenerationMatch=0`. Every put carries the CRC-32C of its bytes (of bytes in one request the
/// library adds it), and the service makes no object whose bytes do not have it: so an upload in chunks that breaks off leaves
/// nothing, whatever the library does to its session.
final class GcsObjectStore implements ObjectStore {
    static final int PAGE_KEYS = 1_000;
    static final int CHUNK_BYTES = 16 << 20;
    private static final int READ_BYTES = 8 << 20;
    private static final int PARALLEL_DELETES = 16;
    private static final Logger LOG = System.getLogger(GcsObjectStore.class.getName());

    private final Storage storage;
    private final Connections connections;
    private final String bucket;
    private final String prefix;
    private final int pageKeys;
    private final int chunkBytes;
    private final Health up;
    private volatile Health health;

    /// @param prefix empty, or ending in a slash
    GcsObjectStore(Storage storage, Connections connections, String bucket, String prefix, int pageKeys, int chunkBytes) {
        this.storage = storage;
        this.connections = connections;
        this.bucket = bucket;
        this.prefix = prefix;
        this.pageKeys = pageKeys;
        this.chunkBytes = chunkBytes;
        this.up = new Health(Health.Status.UP, "objects are in " + place());
        this.health = up;
    }

    private String place() {
        return "gs://" + bucket + (prefix.isEmpty() ? "" : "/" + prefix);
    }

    /// Lists one object and logs what is wrong, if anything: a mistake should be told at the start, and a store that is away
    /// for a moment should not stop it.
    GcsObjectStore greeted() {
        try {
            storage.list(bucket, BlobListOption.prefix(prefix), BlobListOption.pageSize(1),
                    BlobListOption.fields(BlobField.NAME));
        } catch (RuntimeException failed) {
            GcsFailures.rethrowIfNotOurs(failed);
            LOG.log(Level.WARNING, "{0} cannot be used now: {1}", place(), GcsFailures.sentence(failed));
            health = new Health(Health.Status.DOWN, place() + ": " + GcsFailures.sentence(failed));
        } finally {
            connections.done();
        }
        return this;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ENFORCED_CREATE);
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        try {
            BlobInfo info = BlobInfo.newBuilder(id(key)).setContentType("application/vnd.apache.parquet")
                    .setCrc32c(checksum(body)).build();
            try (InputStream bytes = body.stream(0, body.size())) {
                if (body.size() <= chunkBytes) {
                    storage.create(info, bytes.readAllBytes(), targetOptions(mode));
                } else {
                    storage.createFrom(info, bytes, chunkBytes, writeOptions(mode));
                }
            }
            health = up;
            return true;
        } catch (StorageException refused) {
            if (mode == PutMode.CREATE && refused.getCode() == 412) {
                health = up;
                return false;
            }
            throw failure(GcsFailures.ofChange(refused), "writing", key, refused);
        } catch (IOException | RuntimeException failed) {
            throw failure(GcsFailures.ofChange(failed), "writing", key, failed);
        } finally {
            connections.done();
        }
    }

    private static BlobTargetOption[] targetOptions(PutMode mode) {
        return switch (mode) {
            case CREATE -> new BlobTargetOption[] {BlobTargetOption.doesNotExist()};
            case REPLACE -> new BlobTargetOption[0];
        };
    }

    private static BlobWriteOption[] writeOptions(PutMode mode) {
        return switch (mode) {
            case CREATE -> new BlobWriteOption[] {BlobWriteOption.crc32cMatch(), BlobWriteOption.doesNotExist()};
            case REPLACE -> new BlobWriteOption[] {BlobWriteOption.crc32cMatch()};
        };
    }

    private BlobId id(String key) {
        return BlobId.of(bucket, prefix + key);
    }

    private static String checksum(Body body) throws IOException {
        CRC32C sum = new CRC32C();
        try (InputStream bytes = new CheckedInputStream(body.stream(0, body.size()), sum)) {
            bytes.transferTo(OutputStream.nullOutputStream());
        }
        return Base64.getEncoder().encodeToString(ByteBuffer.allocate(4).putInt((int) sum.getValue()).array());
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        if (target.byteSize() == 0) {
            return 0;
        }
        try (ReadChannel channel = storage.reader(id(key))) {
            // Straight from the answer's stream, without a buffer in between.
            channel.setChunkSize(0);
            channel.seek(position);
            channel.limit(position + target.byteSize());
            long done = 0;
            while (done < target.byteSize()) {
                long length = Math.min(READ_BYTES, target.byteSize() - done);
                int count = channel.read(target.asSlice(done, length).asByteBuffer());
                if (count < 0) {
                    break;
                }
                done += count;
            }
            health = up;
            return done;
        } catch (IOException | RuntimeException failed) {
            if (failed instanceof RuntimeException ours) {
                GcsFailures.rethrowIfNotOurs(ours);
            }
            if (GcsFailures.isMissingObject(failed)) {
                health = up;
                throw new ArcException(ErrorCode.OBJECT_MISSING, "the object " + key + " is not in " + place(), failed);
            }
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, "reading", key, failed);
        } finally {
            connections.done();
        }
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return attempt("looking for", key, () -> {
            Blob found = storage.get(id(key), BlobGetOption.fields(BlobField.NAME, BlobField.SIZE, BlobField.UPDATED));
            if (found == null) {
                // The library says the same of an object in a bucket that is not there; this says which it is.
                storage.list(bucket, BlobListOption.prefix(prefix + key), BlobListOption.pageSize(1),
                        BlobListOption.fields(BlobField.NAME));
                return Optional.empty();
            }
            return Optional.of(info(found));
        });
    }

    private ObjectInfo info(Blob blob) {
        OffsetDateTime updated = blob.getUpdateTimeOffsetDateTime();
        return new ObjectInfo(blob.getName().substring(prefix.length()), blob.getSize(),
                updated == null ? 0 : ChronoUnit.MICROS.between(Instant.EPOCH, updated.toInstant()));
    }

    @Override
    public void list(String keyPrefix, String startAfter, Consumer<ObjectInfo> each) {
        List<BlobListOption> options = new ArrayList<>(List.of(BlobListOption.prefix(prefix + keyPrefix),
                BlobListOption.pageSize(pageKeys), BlobListOption.fields(BlobField.NAME, BlobField.SIZE, BlobField.UPDATED)));
        if (!startAfter.isEmpty()) {
            // It begins with this name; the name itself is left out below.
            options.add(BlobListOption.startOffset(prefix + startAfter));
        }
        byte[] after = startAfter.getBytes(StandardCharsets.UTF_8);
        Iterator<Blob> blobs = attempt("listing", keyPrefix,
                () -> storage.list(bucket, options.toArray(BlobListOption[]::new)).iterateAll().iterator());
        // What the consumer throws is not the store's failure and comes through as it is.
        while (attempt("listing", keyPrefix, blobs::hasNext)) {
            ObjectInfo object = info(attempt("listing", keyPrefix, blobs::next));
            if (Arrays.compareUnsigned(object.key().getBytes(StandardCharsets.UTF_8), after) > 0) {
                each.accept(object);
            }
        }
    }

    @Override
    public void delete(Collection<String> keys) {
        Semaphore places = new Semaphore(PARALLEL_DELETES);
        List<Thread> threads = new ArrayList<>();
        AtomicInteger deleted = new AtomicInteger();
        List<RuntimeException> failures = Collections.synchronizedList(new ArrayList<>());
        try {
            for (String key : keys) {
                places.acquire();
                if (!failures.isEmpty()) {
                    break;
                }
                threads.add(Thread.ofVirtual().name("arc-gcs-delete").start(() -> {
                    try {
                        deleteOne(key);
                        deleted.incrementAndGet();
                    } catch (RuntimeException failed) {
                        failures.add(failed);
                    } finally {
                        places.release();
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException interrupted) {
            threads.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
            throw new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "deleting from " + place() + " was interrupted",
                    interrupted);
        }
        if (!failures.isEmpty()) {
            throw ofAll(failures, deleted.get() > 0);
        }
        health = up;
    }

    /// What one of them is sure of says nothing about the others.
    private RuntimeException ofAll(List<RuntimeException> failures, boolean haveSomeSucceeded) {
        RuntimeException first = failures.getFirst();
        for (RuntimeException failed : failures) {
            if (!(failed instanceof ArcException known) || known.code() == ErrorCode.STORAGE_OUTCOME_UNKNOWN) {
                return failed;
            }
        }
        return haveSomeSucceeded ? new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "some objects were deleted, then "
                + first.getMessage(), first) : first;
    }

    private void deleteOne(String key) {
        try {
            storage.delete(id(key));
        } catch (RuntimeException failed) {
            GcsFailures.rethrowIfNotOurs(failed);
            throw failure(GcsFailures.ofChange(failed), "deleting", key, failed);
        } finally {
            connections.done();
        }
    }

    private <T> T attempt(String doing, String key, Supplier<T> call) {
        try {
            T result = call.get();
            health = up;
            return result;
        } catch (RuntimeException failed) {
            GcsFailures.rethrowIfNotOurs(failed);
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, doing, key, failed);
        } finally {
            connections.done();
        }
    }

    @Override
    public Health health() {
        return health;
    }

    @Override
    public void close() {
        try {
            storage.close();
        } catch (Exception failed) {
            LOG.log(Level.DEBUG, "closing the client of " + place() + " failed", failed);
        } finally {
            connections.close();
        }
    }

    private ArcException failure(ErrorCode code, String doing, String key, Exception cause) {
        String text = doing + " '" + key + "' in " + place() + " failed: " + GcsFailures.sentence(cause);
        health = new Health(Health.Status.DOWN, text);
        return new ArcException(code, text, cause);
    }
}
