package io.arc.plugin.storage.s3;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;

/// Whether the store itself refuses to create a taken key. Known from the configuration, or found out by creating a probe object
/// twice. Thread-safe.
final class ConditionalCreate {
    private static final Logger LOG = System.getLogger(ConditionalCreate.class.getName());

    private final S3Client client;
    private final S3Settings settings;
    private final ReentrantLock probing = new ReentrantLock();
    private volatile Answer answer;

    /// UNKNOWN until a probe has reached the store.
    enum Answer {
        UNKNOWN, ENFORCED, IGNORED
    }

    ConditionalCreate(S3Client client, S3Settings settings) {
        this.client = client;
        this.settings = settings;
        this.answer = switch (settings.conditionalWrites()) {
            case ON -> Answer.ENFORCED;
            case OFF -> Answer.IGNORED;
            case AUTO -> settings.endpoint().isEmpty() ? Answer.ENFORCED : Answer.UNKNOWN;
        };
    }

    /// From memory.
    Answer known() {
        return answer;
    }

    /// Asks the store when that has not been possible before.
    ///
    /// @throws SdkException when the store cannot be asked
    boolean isEnforced() {
        if (answer == Answer.UNKNOWN) {
            probing.lock();
            try {
                if (answer == Answer.UNKNOWN) {
                    answer = probe();
                    LOG.log(answer == Answer.ENFORCED ? Level.DEBUG : Level.WARNING, () -> answer == Answer.ENFORCED
                            ? settings.place() + " enforces conditional writes" : settings.place() + " does not enforce conditional"
                            + " writes (If-None-Match): no second server may write there");
                }
            } finally {
                probing.unlock();
            }
        }
        return answer == Answer.ENFORCED;
    }

    private Answer probe() {
        String key = settings.prefix() + ".arc-probe-" + UUID.randomUUID();
        try {
            put(key);
            put(key);
            return Answer.IGNORED;
        } catch (SdkException refused) {
            if (S3Failures.isTaken(refused)) {
                return Answer.ENFORCED;
            }
            if (S3Failures.isNotUnderstood(refused)) {
                return Answer.IGNORED;
            }
            throw refused;
        } finally {
            remove(key);
        }
    }

    private void put(String key) {
        Requests.send(() -> client.putObject(request -> request.bucket(settings.bucket()).key(key).ifNoneMatch("*"),
                RequestBody.fromString("probe")));
    }

    private void remove(String key) {
        try {
            Requests.send(() -> client.deleteObject(request -> request.bucket(settings.bucket()).key(key)));
        } catch (SdkException left) {
            LOG.log(Level.INFO, () -> "the probe object " + key + " may be left in " + settings.place() + ": " + left.getMessage());
        }
    }
}
