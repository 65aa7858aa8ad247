package io.arc.plugin.storage.azure;

import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.models.BlobDownloadResponse;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobHttpHeaders;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobListDetails;
import com.azure.storage.blob.models.BlobProperties;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.DownloadRetryOptions;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlockBlobCommitBlockListOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import com.azure.storage.blob.options.BlockBlobStageBlockOptions;
import com.azure.storage.blob.specialized.BlockBlobClient;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Block blobs in a container. Thread-safe. Holds connections between calls, nothing else.
///
/// A put of up to [#MAX_SINGLE_PUT_BYTES] is one request; a larger one stages blocks under names of its own, which Azure
/// forgets after a week if they are not committed, and then commits their list. In both ways CREATE is `If-None-Match: *` on
/// the request that makes the blob.
final class AzureObjectStore implements ObjectStore {
    /// The service takes more, and emulators take anything; past this a lost connection costs too much.
    static final int MAX_SINGLE_PUT_BYTES = 64 << 20;
    /// The most that a page of a listing may have.
    static final int PAGE_KEYS = 5_000;
    private static final int BLOCK_BYTES = 32 << 20;
    private static final int PARALLEL_DELETES = 16;
    private static final Logger LOG = System.getLogger(AzureObjectStore.class.getName());
    /// Folders of accounts with a hierarchical namespace are listed as blobs with this mark.
    private static final String FOLDER_MARK = "hdi_isfolder";

    private final BlobContainerClient container;
    private final BlockingHttpClient http;
    private final String prefix;
    private final int singlePutBytes;
    private final int pageKeys;
    private final Health up;
    private volatile Health health;

    /// @param prefix empty, or ending in a slash
    /// @param singlePutBytes a larger object is sent in blocks
    /// @param pageKeys how many keys a listing asks for at once
    AzureObjectStore(BlobContainerClient container, BlockingHttpClient http, String prefix, int singlePutBytes, int pageKeys) {
        this.container = container;
        this.http = http;
        this.singlePutBytes = singlePutBytes;
        this.prefix = prefix;
        this.pageKeys = pageKeys;
        this.up = new Health(Health.Status.UP, "blobs are in " + place());
        this.health = up;
    }

    private String place() {
        // Without its query, which may hold a signature.
        return container.getBlobContainerUrl().replaceAll("\\?.*", "") + (prefix.isEmpty() ? "" : "/" + prefix);
    }

    /// Asks for the container once and logs what is wrong, if anything: a mistake should be told at the start, and a store that
    /// is away for a moment should not stop it.
    AzureObjectStore greeted() {
        try {
            // Not the container's properties, which a signature for blobs may not read.
            container.listBlobs(new ListBlobsOptions().setPrefix(prefix).setMaxResultsPerPage(1),
                    null).iterableByPage().iterator().hasNext();
        } catch (RuntimeException failed) {
            AzureFailures.rethrowIfNotOurs(failed);
            LOG.log(Level.WARNING, "{0} cannot be used now: {1}", place(), AzureFailures.sentence(failed));
            health = new Health(Health.Status.DOWN, place() + ": " + AzureFailures.sentence(failed));
        } finally {
            http.done();
        }
        return this;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.ENFORCED_CREATE);
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        BlockBlobClient blob = container.getBlobClient(prefix + key).getBlockBlobClient();
        BlobRequestConditions conditions = new BlobRequestConditions();
        if (mode == PutMode.CREATE) {
            conditions.setIfNoneMatch("*");
        }
        try {
            if (body.size() <= singlePutBytes) {
                try (InputStream bytes = body.stream(0, body.size())) {
                    blob.uploadWithResponse(new BlockBlobSimpleUploadOptions(BinaryData.fromStream(bytes, body.size()))
                            .setHeaders(headers()).setContentMd5(md5(body, 0, body.size())).setRequestConditions(conditions),
                            null, Context.NONE);
                }
            } else {
                blob.commitBlockListWithResponse(new BlockBlobCommitBlockListOptions(stage(blob, body)).setHeaders(headers())
                        .setRequestConditions(conditions), null, Context.NONE);
            }
            health = up;
            return true;
        } catch (BlobStorageException refused) {
            if (mode == PutMode.CREATE && (refused.getStatusCode() == 412
                    || BlobErrorCode.BLOB_ALREADY_EXISTS.equals(refused.getErrorCode()))) {
                health = up;
                return false;
            }
            throw failure(AzureFailures.ofChange(refused), "writing", key, refused);
        } catch (Exception failed) {
            throw failure(AzureFailures.ofChange(failed), "writing", key, failed);
        } finally {
            http.done();
        }
    }

    private static BlobHttpHeaders headers() {
        return new BlobHttpHeaders().setContentType("application/vnd.apache.parquet");
    }

    private static List<String> stage(BlockBlobClient blob, Body body) throws IOException {
        // Writers of one key must not take each other's blocks for theirs.
        String mine = UUID.randomUUID().toString();
        List<String> names = new ArrayList<>();
        for (long position = 0; position < body.size(); position += BLOCK_BYTES) {
            long length = Math.min(BLOCK_BYTES, body.size() - position);
            String name = Base64.getEncoder().encodeToString("%s-%06d".formatted(mine,
                    names.size()).getBytes(StandardCharsets.US_ASCII));
            try (InputStream bytes = body.stream(position, length)) {
                blob.stageBlockWithResponse(new BlockBlobStageBlockOptions(name, BinaryData.fromStream(bytes, length))
                        .setContentMd5(md5(body, position, length)), null, Context.NONE);
            }
            names.add(name);
        }
        return names;
    }

    /// The service checks what has arrived against it.
    private static byte[] md5(Body body, long position, long length) throws IOException {
        try (DigestInputStream bytes = new DigestInputStream(body.stream(position, length), MessageDigest.getInstance("MD5"))) {
            bytes.transferTo(OutputStream.nullOutputStream());
            return bytes.getMessageDigest().digest();
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java platform has MD5", impossible);
        }
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        if (target.byteSize() == 0) {
            return 0;
        }
        SegmentOutput output = new SegmentOutput(target);
        try {
            BlobDownloadResponse response = container.getBlobClient(prefix + key).downloadStreamWithResponse(output,
                    new BlobRange(position, target.byteSize()), new DownloadRetryOptions().setMaxRetryRequests(0), null, false,
                    null,
                    Context.NONE);
            long announced = response.getDeserializedHeaders().getContentLength();
            if (output.size() != announced) {
                throw new EOFException("the answer ended after " + output.size() + " of " + announced + " bytes");
            }
            health = up;
            return output.size();
        } catch (BlobStorageException refused) {
            if (refused.getStatusCode() == 416) {
                health = up;
                return 0;
            }
            if (AzureFailures.isMissingBlob(refused)) {
                health = up;
                throw new ArcException(ErrorCode.OBJECT_MISSING, "the object " + key + " is not in " + place(), refused);
            }
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, "reading", key, refused);
        } catch (Exception failed) {
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, "reading", key, failed);
        } finally {
            http.done();
        }
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        return attempt("looking for", key, () -> {
            try {
                BlobProperties found = container.getBlobClient(prefix + key).getProperties();
                return isFolder(found.getMetadata()) ? Optional.empty()
                        : Optional.of(new ObjectInfo(key, found.getBlobSize(), micros(found.getLastModified())));
            } catch (BlobStorageException refused) {
                if (AzureFailures.isMissingBlob(refused)) {
                    return Optional.empty();
                }
                throw refused;
            }
        });
    }

    private static boolean isFolder(Map<String, String> metadata) {
        return metadata != null && metadata.entrySet().stream()
                .anyMatch(each -> each.getKey().equalsIgnoreCase(FOLDER_MARK) && each.getValue().equalsIgnoreCase("true"));
    }

    private static long micros(OffsetDateTime time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, time.toInstant());
    }

    /// The service has no way to begin behind a name in the version used here, so what comes before it is passed over.
    @Override
    public void list(String keyPrefix, String startAfter, Consumer<ObjectInfo> each) {
        ListBlobsOptions options = new ListBlobsOptions().setPrefix(prefix + keyPrefix).setMaxResultsPerPage(pageKeys)
                .setDetails(new BlobListDetails().setRetrieveMetadata(true));
        byte[] after = startAfter.getBytes(StandardCharsets.UTF_8);
        var pages = attempt("listing", keyPrefix, () -> container.listBlobs(options, null).iterableByPage().iterator());
        while (attempt("listing", keyPrefix, pages::hasNext)) {
            // What the consumer throws is not the store's failure and comes through as it is.
            for (BlobItem blob : attempt("listing", keyPrefix, pages::next).getValue()) {
                String key = blob.getName().substring(prefix.length());
                if (!isFolder(blob.getMetadata()) && !Boolean.TRUE.equals(blob.isPrefix())
                        && Arrays.compareUnsigned(key.getBytes(StandardCharsets.UTF_8), after) > 0) {
                    each.accept(new ObjectInfo(key, blob.getProperties().getContentLength(),
                            micros(blob.getProperties().getLastModified())));
                }
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
                threads.add(Thread.ofVirtual().name("arc-azure-delete").start(() -> {
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
            container.getBlobClient(prefix + key).deleteIfExists();
        } catch (RuntimeException failed) {
            AzureFailures.rethrowIfNotOurs(failed);
            throw failure(AzureFailures.ofChange(failed), "deleting", key, failed);
        } finally {
            http.done();
        }
    }

    private <T> T attempt(String doing, String key, Supplier<T> call) {
        try {
            T result = call.get();
            health = up;
            return result;
        } catch (RuntimeException failed) {
            AzureFailures.rethrowIfNotOurs(failed);
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, doing, key, failed);
        } finally {
            http.done();
        }
    }

    @Override
    public Health health() {
        return health;
    }

    @Override
    public void close() {
        http.close();
    }

    private ArcException failure(ErrorCode code, String doing, String key, Exception cause) {
        String text = doing + " '" + key + "' in " + place() + " failed: " + AzureFailures.sentence(cause);
        health = new Health(Health.Status.DOWN, text);
        return new ArcException(code, text, cause);
    }
}
