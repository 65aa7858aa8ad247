package io.arc.plugin.storage.s3;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectsRequest;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;

/// Deletes a thousand names a request where the store can: with the SDK's own checksum, else with the Content-MD5 that older
/// stores insist on, else one by one. What a store understands is remembered. Thread-safe.
final class BatchDelete {
    private static final int MAX_BATCH = 1000;

    private final S3Client client;
    private final String bucket;
    private volatile Way way = Way.BATCH;

    /// From the best to the one that every store has.
    private enum Way {
        BATCH, BATCH_WITH_MD5, SINGLE
    }

    BatchDelete(S3Client client, String bucket) {
        this.client = client;
        this.bucket = bucket;
    }

    /// @return what could not be deleted, one sentence each
    /// @throws SdkException when a request fails as a whole
    List<String> delete(Collection<String> names) {
        List<String> all = List.copyOf(new LinkedHashSet<>(names));
        List<String> failures = new ArrayList<>();
        for (int from = 0; from < all.size(); from += MAX_BATCH) {
            List<String> some = all.subList(from, Math.min(all.size(), from + MAX_BATCH));
            boolean isDone = false;
            while (!isDone) {
                isDone = tryOnce(some, failures);
            }
        }
        return failures;
    }

    /// @return false when the store did not understand and the next way is to be tried
    private boolean tryOnce(List<String> names, List<String> failures) {
        Way current = way;
        if (current == Way.SINGLE || names.size() == 1) {
            for (String name : names) {
                single(name);
            }
            return true;
        }
        try {
            batch(names, current == Way.BATCH_WITH_MD5, failures);
            return true;
        } catch (SdkException refused) {
            if (!S3Failures.isNotUnderstood(refused)) {
                throw refused;
            }
            way = current == Way.BATCH ? Way.BATCH_WITH_MD5 : Way.SINGLE;
            return false;
        }
    }

    private void single(String name) {
        try {
            Requests.send(() -> client.deleteObject(request -> request.bucket(bucket).key(name)));
        } catch (SdkException failed) {
            if (!S3Failures.isMissing(failed)) {
                throw failed;
            }
        }
    }

    private void batch(List<String> names, boolean hasMd5, List<String> failures) {
        DeleteObjectsRequest.Builder request = DeleteObjectsRequest.builder().bucket(bucket).delete(delete -> delete.quiet(true)
                .objects(names.stream().map(name -> ObjectIdentifier.builder().key(name).build()).toList()));
        if (hasMd5) {
            request.overrideConfiguration(override -> override.addPlugin(LegacyMd5Plugin.create()));
        }
        DeleteObjectsResponse response = Requests.send(() -> client.deleteObjects(request.build()));
        for (S3Error error : response.errors()) {
            if (!"NoSuchKey".equals(error.code())) {
                failures.add(error.key() + ": " + error.code() + " " + error.message());
            }
        }
    }
}
