package io.arc.plugin.storage.s3;

import io.arc.api.spi.StorageBackend.Body;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.CompletedPart;

/// Uploads one object in parts. Nothing of it is visible before the last request, which either makes the object or does not.
final class PartedUpload {
    private static final Logger LOG = System.getLogger(PartedUpload.class.getName());
    private static final int MAX_PARTS = 10_000;

    private final S3Client client;
    private final S3Settings settings;
    private final ExecutorService threads;

    PartedUpload(S3Client client, S3Settings settings, ExecutorService threads) {
        this.client = client;
        this.settings = settings;
        this.threads = threads;
    }

    /// A failure before the request that makes the object, which therefore is not there.
    static final class UnfinishedException extends RuntimeException {
        private final SdkException failure;

        UnfinishedException(SdkException failure) {
            super(failure);
            this.failure = failure;
        }

        SdkException failure() {
            return failure;
        }
    }

    /// @param isConditional whether the store is asked to make the object only when its name is free
    /// @throws UnfinishedException when the object surely has not been made
    /// @throws SdkException when the last request failed
    void put(String name, Body body, String contentType, boolean isConditional) {
        String upload;
        try {
            upload = Requests.send(() -> client.createMultipartUpload(request -> {
                request.bucket(settings.bucket()).key(name).contentType(contentType);
                Encryption.of(settings).ifPresent(encryption -> {
                    request.serverSideEncryption(encryption.algorithm());
                    encryption.keyId().ifPresent(request::ssekmsKeyId);
                });
            })).uploadId();
        } catch (SdkException failed) {
            throw new UnfinishedException(failed);
        }
        boolean isComplete = false;
        try {
            List<CompletedPart> parts = parts(name, upload, body, contentType);
            Requests.send(() -> client.completeMultipartUpload(request -> {
                request.bucket(settings.bucket()).key(name).uploadId(upload).multipartUpload(all -> all.parts(parts));
                if (isConditional) {
                    request.ifNoneMatch("*");
                }
            }));
            isComplete = true;
        } finally {
            if (!isComplete) {
                abort(name, upload);
            }
        }
    }

    private List<CompletedPart> parts(String name, String upload, Body body, String contentType) {
        long size = Math.max(settings.partBytes(), Math.ceilDiv(body.size(), MAX_PARTS));
        List<Future<CompletedPart>> running = new ArrayList<>();
        for (long position = 0; position < body.size(); position += size) {
            long from = position;
            long length = Math.min(size, body.size() - from);
            int number = running.size() + 1;
            running.add(threads.submit(() -> CompletedPart.builder().partNumber(number).eTag(client.uploadPart(request ->
                    request.bucket(settings.bucket()).key(name).uploadId(upload).partNumber(number).contentLength(length),
                    BodyStreams.range(body, from, length, contentType)).eTag()).build()));
        }
        List<CompletedPart> parts = new ArrayList<>();
        SdkException failure = null;
        // All are waited for: the caller may change what is behind the body as soon as this has returned.
        for (Future<CompletedPart> each : running) {
            if (failure != null) {
                each.cancel(false);
            }
            try {
                parts.add(uninterrupted(each));
            } catch (CancellationException cancelled) {
                // Never began.
            } catch (ExecutionException failed) {
                failure = failed.getCause() instanceof SdkException known ? known
                        : AbortedException.create("uploading a part failed: " + failed.getCause(), failed.getCause());
            }
        }
        if (failure != null) {
            throw new UnfinishedException(failure);
        }
        return parts;
    }

    private static <T> T uninterrupted(Future<T> future) throws ExecutionException {
        boolean wasInterrupted = false;
        try {
            while (true) {
                try {
                    return future.get();
                } catch (InterruptedException later) {
                    wasInterrupted = true;
                }
            }
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void abort(String name, String upload) {
        try {
            Requests.send(() -> client.abortMultipartUpload(request -> request.bucket(settings.bucket()).key(name)
                    .uploadId(upload)));
        } catch (SdkException left) {
            if (!S3Failures.isMissing(left)) {
                LOG.log(Level.INFO, () -> "parts of the upload of " + name + " may be left in " + settings.place()
                        + "; a lifecycle rule of the bucket removes them: " + left.getMessage());
            }
        }
    }
}
