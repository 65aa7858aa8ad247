package io.arc.plugin.storage.s3;

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
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/// Objects of a bucket. Owns the SDK's client, the credentials' refresher and the threads that upload parts. Thread-safe.
final class S3ObjectStore implements ObjectStore {
    private static final Logger LOG = System.getLogger(S3ObjectStore.class.getName());
    private static final String PARQUET = "application/vnd.apache.parquet";
    private static final String BYTES = "application/octet-stream";
    private static final int COPY_BYTES = 64 * 1024;
    private static final int LOCKS = 64;
    private static final int MAX_SHOWN_FAILURES = 3;

    private static final Comparator<String> UTF8 = (a, b) -> Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8),
            b.getBytes(StandardCharsets.UTF_8));

    private final S3Settings settings;
    private final S3Client client;
    private final AwsCredentialsProvider credentials;
    private final S3Failures failures;
    private final ObjectKeys keys;
    private final ConditionalCreate conditional;
    private final BatchDelete deletions;
    private final ExecutorService partThreads;
    private final PartedUpload parted;
    /// Make CREATE atomic within this process where the store does not.
    private final ReentrantLock[] creating = new ReentrantLock[LOCKS];
    /// The last failure of its sort, until a call of that sort succeeds; empty otherwise. Apart, because what may be read may
    /// not have to be writable.
    private volatile Optional<String> writing = Optional.empty();
    private volatile Optional<String> reading = Optional.empty();

    private S3ObjectStore(S3Settings settings, AwsCredentialsProvider credentials, S3Client client) {
        this.settings = settings;
        this.credentials = credentials;
        this.client = client;
        this.failures = new S3Failures(settings);
        this.keys = new ObjectKeys(settings.prefix());
        this.conditional = new ConditionalCreate(client, settings);
        this.deletions = new BatchDelete(client, settings.bucket());
        this.partThreads = Executors.newFixedThreadPool(settings.uploadThreads(),
                Thread.ofPlatform().daemon().name("arc-s3-part-", 0).factory());
        this.parted = new PartedUpload(client, settings, partThreads);
        for (int i = 0; i < LOCKS; i++) {
            creating[i] = new ReentrantLock();
        }
    }

    /// Asks the store once whether it is there. That it is not is a warning, because it may come.
    static S3ObjectStore open(S3Settings settings) {
        AwsCredentialsProvider credentials = S3Clients.credentials(settings);
        S3ObjectStore store = new S3ObjectStore(settings, credentials, S3Clients.open(settings, credentials));
        store.greet();
        return store;
    }

    private void greet() {
        try {
            requireBucket();
            conditional.isEnforced();
        } catch (SdkException unreachable) {
            String failure = failures.reading("looking for the bucket", unreachable).getMessage();
            writing = Optional.of(failure);
            LOG.log(Level.WARNING, failure);
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return conditional.known() == ConditionalCreate.Answer.ENFORCED ? Set.of(Capability.ENFORCED_CREATE) : Set.of();
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        String name = keys.nameOf(key);
        BodyStreams.requireReadable(body);
        String doing = "storing '" + key + "'";
        try {
            boolean stored = switch (mode) {
                case REPLACE -> {
                    send(name, body, false);
                    yield true;
                }
                case CREATE -> isEnforced(doing) ? createConditionally(name, body) : createLocked(name, body);
            };
            writing = Optional.empty();
            return stored;
        } catch (PartedUpload.UnfinishedException unfinished) {
            throw writingFailed(failures.reading(doing, unfinished.failure()));
        } catch (SdkException failed) {
            throw writingFailed(failures.changing(doing, failed));
        }
    }

    private boolean isEnforced(String doing) {
        try {
            return conditional.isEnforced();
        } catch (SdkException unreachable) {
            throw writingFailed(failures.reading(doing, unreachable));
        }
    }

    private boolean createConditionally(String name, Body body) {
        try {
            send(name, body, true);
            return true;
        } catch (SdkException failed) {
            if (S3Failures.isTaken(failed)) {
                return false;
            }
            // Whoever was faster may have been cut off as well: only an object that is there has won.
            if (S3Failures.isConflict(failed) && head(name).isPresent()) {
                return false;
            }
            throw failed;
        }
    }

    private boolean createLocked(String name, Body body) {
        ReentrantLock lock = creating[Math.floorMod(name.hashCode(), LOCKS)];
        lock.lock();
        try {
            try {
                if (head(name).isPresent()) {
                    return false;
                }
            } catch (SdkException failed) {
                throw new PartedUpload.UnfinishedException(failed);
            }
            send(name, body, false);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void send(String name, Body body, boolean isConditional) {
        String contentType = name.endsWith(".parquet") ? PARQUET : BYTES;
        if (body.size() >= settings.multipartThresholdBytes()) {
            parted.put(name, body, contentType, isConditional);
            return;
        }
        Requests.send(() -> client.putObject(request -> {
            request.bucket(settings.bucket()).key(name).contentType(contentType).contentLength(body.size());
            Encryption.of(settings).ifPresent(encryption -> {
                request.serverSideEncryption(encryption.algorithm());
                encryption.keyId().ifPresent(request::ssekmsKeyId);
            });
            if (isConditional) {
                request.ifNoneMatch("*");
            }
        }, BodyStreams.range(body, 0, body.size(), contentType)));
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        if (position < 0) {
            throw new IllegalArgumentException("a position cannot be " + position);
        }
        String name = keys.nameOf(key);
        String doing = "reading '" + key + "'";
        if (target.byteSize() == 0) {
            if (find(key).isEmpty()) {
                throw missing(key, null);
            }
            return 0;
        }
        GetObjectRequest request = GetObjectRequest.builder().bucket(settings.bucket()).key(name)
                .range("bytes=" + position + "-" + (position + target.byteSize() - 1)).build();
        try {
            long read = Requests.send(() -> client.getObject(request, (response, in) -> receive(response, in, position, target)));
            reading = Optional.empty();
            return read;
        } catch (SdkException failed) {
            if (S3Failures.isBeyondTheEnd(failed)) {
                reading = Optional.empty();
                return 0;
            }
            if (S3Failures.isMissing(failed)) {
                throw missing(key, failed);
            }
            throw readingFailed(failures.reading(doing, failed));
        }
    }

    private static Long receive(GetObjectResponse response, AbortableInputStream in, long position, MemorySegment target)
            throws IOException {
        if (response.contentLength() == null) {
            throw new IOException("the answer names no length");
        }
        long announced = response.contentLength();
        if (response.contentRange() == null && position > 0) {
            // The store does not know ranges and sends everything.
            if (announced <= position) {
                in.abort();
                return 0L;
            }
            in.skipNBytes(position);
            announced -= position;
        }
        long wanted = Math.min(announced, target.byteSize());
        byte[] buffer = new byte[(int) Math.min(COPY_BYTES, Math.max(1, wanted))];
        long done = 0;
        while (done < wanted) {
            int count = in.read(buffer, 0, (int) Math.min(buffer.length, wanted - done));
            if (count < 0) {
                throw new IOException("the answer ends after " + done + " of " + wanted + " bytes");
            }
            MemorySegment.copy(buffer, 0, target, ValueLayout.JAVA_BYTE, done, count);
            done += count;
        }
        if (announced > wanted) {
            in.abort();
        } else {
            requireEnd(in);
        }
        return done;
    }

    /// Reads the end, so that checksums are checked and the connection serves the next request.
    private static void requireEnd(InputStream in) throws IOException {
        if (in.read() >= 0) {
            throw new IOException("the answer is longer than it says");
        }
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        String name = keys.nameOf(key);
        try {
            Optional<ObjectInfo> found = head(name).map(head -> new ObjectInfo(key, head.contentLength(),
                    micros(head.lastModified())));
            reading = Optional.empty();
            return found;
        } catch (SdkException failed) {
            throw readingFailed(failures.reading("looking for '" + key + "'", failed));
        }
    }

    /// Empty only when the bucket is there and the object is not.
    private Optional<HeadObjectResponse> head(String name) {
        try {
            HeadObjectResponse head = Requests.send(() -> client.headObject(request -> request.bucket(settings.bucket())
                    .key(name)));
            if (head.contentLength() == null || head.lastModified() == null) {
                throw SdkClientException.create("the store's answer is cut short: it names no length or no time");
            }
            return Optional.of(head);
        } catch (SdkException failed) {
            if (!S3Failures.isMissing(failed)) {
                throw failed;
            }
            // The answer to HEAD has no body to tell a missing bucket from a missing object.
            requireBucket();
            return Optional.empty();
        }
    }

    private void requireBucket() {
        Requests.send(() -> client.headBucket(request -> request.bucket(settings.bucket())));
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        if (settings.isDirectoryBucket()) {
            // Such buckets list folders only, in no order, and know no start.
            String folder = prefix.substring(0, prefix.lastIndexOf('/') + 1);
            List<ObjectInfo> all = new ArrayList<>();
            pages(keys.prefix() + folder, "", all::add);
            all.stream().filter(object -> object.key().startsWith(prefix) && UTF8.compare(object.key(), startAfter) > 0)
                    .sorted(Comparator.comparing(ObjectInfo::key, UTF8)).forEach(each);
            return;
        }
        String[] last = {startAfter};
        pages(keys.prefix() + prefix, startAfter.isEmpty() ? "" : keys.prefix() + startAfter, object -> {
            if (UTF8.compare(object.key(), last[0]) <= 0) {
                throw readingFailed(new ArcException(ErrorCode.STORAGE_UNAVAILABLE, settings.place() + " lists '" + object.key()
                        + "' after '" + last[0] + "', out of order: it is not a store that Arc can use"));
            }
            last[0] = object.key();
            each.accept(object);
        });
    }

    private void pages(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        String token = null;
        do {
            ListObjectsV2Request.Builder request = ListObjectsV2Request.builder().bucket(settings.bucket()).continuationToken(token);
            if (!prefix.isEmpty()) {
                request.prefix(prefix);
            }
            if (!startAfter.isEmpty() && token == null) {
                request.startAfter(startAfter);
            }
            ListObjectsV2Response page;
            try {
                page = Requests.send(() -> client.listObjectsV2(request.build()));
                reading = Optional.empty();
            } catch (SdkException failed) {
                throw readingFailed(failures.reading("listing '" + prefix + "'", failed));
            }
            for (S3Object object : page.contents()) {
                keys.keyOf(object.key()).ifPresent(key ->
                        each.accept(new ObjectInfo(key, object.size(), micros(object.lastModified()))));
            }
            String next = page.isTruncated() ? page.nextContinuationToken() : null;
            if (page.isTruncated() && (next == null || next.equals(token))) {
                throw readingFailed(new ArcException(ErrorCode.STORAGE_UNAVAILABLE, settings.place()
                        + " says that a listing goes on and not where: it is not a store that Arc can use"));
            }
            token = next;
        } while (token != null);
    }

    @Override
    public void delete(Collection<String> toDelete) {
        if (toDelete.isEmpty()) {
            return;
        }
        List<String> names = toDelete.stream().map(keys::nameOf).toList();
        String doing = "deleting " + (names.size() == 1 ? "'" + toDelete.iterator().next() + "'" : names.size() + " objects");
        try {
            List<String> left = deletions.delete(names);
            if (!left.isEmpty()) {
                throw writingFailed(new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, doing + " in " + settings.place()
                        + " failed for " + left.size() + ": " + String.join("; ", left.subList(0, Math.min(left.size(),
                                MAX_SHOWN_FAILURES)))));
            }
            writing = Optional.empty();
        } catch (SdkException failed) {
            ArcException failure = failures.changing(doing, failed);
            // Of several requests, some may be done.
            throw writingFailed(names.size() == 1 ? failure
                    : new ArcException(ErrorCode.STORAGE_OUTCOME_UNKNOWN, failure.getMessage(), failed));
        }
    }

    @Override
    public Health health() {
        Optional<String> failure = writing.isPresent() ? writing : reading;
        return failure.map(text -> new Health(Health.Status.DOWN, text)).orElseGet(() -> new Health(Health.Status.UP,
                "objects are in " + settings.place() + switch (conditional.known()) {
                    case ENFORCED -> "";
                    case UNKNOWN -> "; whether it enforces conditional writes is not known yet: until then, no second server may"
                            + " write there";
                    case IGNORED -> ", which does not enforce conditional writes: no second server may write there";
                }));
    }

    @Override
    public void close() {
        partThreads.shutdown();
        try {
            if (!partThreads.awaitTermination(settings.requestTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.log(Level.WARNING, "the store {0} is closed while parts are being uploaded", settings.place());
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        client.close();
        if (credentials instanceof SdkAutoCloseable closeable) {
            closeable.close();
        }
    }

    private ArcException missing(String key, SdkException cause) {
        return new ArcException(ErrorCode.OBJECT_MISSING, "the object " + key + " is not in " + settings.place(), cause);
    }

    private ArcException writingFailed(ArcException failure) {
        writing = Optional.of(failure.getMessage());
        return failure;
    }

    private ArcException readingFailed(ArcException failure) {
        reading = Optional.of(failure.getMessage());
        return failure;
    }

    private static long micros(Instant instant) {
        return Math.addExact(Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1_000);
    }
}
