package io.arc.plugin.storage.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreContract;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;

/// The contract against the service itself, in the Maven profile `endpoint`. Every variable `ARC_TEST_GCS_{KEY}` of the
/// environment is the key of that name, `ARC_TEST_GCS_BUCKET` at least. Each test works under a prefix of its own and removes
/// what it made.
@Tag("endpoint")
final class EndpointContractTest extends ObjectStoreContract {
    private static final String VARIABLES = "ARC_TEST_GCS_";

    private final String prefix = "arc-contract/" + UUID.randomUUID();

    @Override
    protected ObjectStore openEmptyStore() {
        return open(Map.of());
    }

    @Override
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.of(open(Map.of()));
    }

    @Override
    protected Optional<ObjectStore> openUnderPrefix(String folder) {
        return Optional.of(open(Map.of("prefix", prefix + "/" + folder)));
    }

    @Override
    protected Optional<ObjectStore> openAtMissingPlace() {
        return Optional.of(open(Map.of("bucket", "arc-nobody-made-this-" + UUID.randomUUID())));
    }

    @Override
    protected int largeObjectBytes() {
        return 3 * Buckets.CHUNK_BYTES + 12_345;
    }

    @Override
    protected int manyObjects() {
        return 3 * Buckets.PAGE_KEYS + 1;
    }

    @AfterEach
    void removeAll() {
        try (ObjectStore store = open(Map.of())) {
            List<String> left = new ArrayList<>();
            store.list("", "", object -> left.add(object.key()));
            store.delete(left);
        }
    }

    private ObjectStore open(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(Map.of("prefix", prefix));
        System.getenv().forEach((name, value) -> {
            if (name.startsWith(VARIABLES)) {
                settings.put(name.substring(VARIABLES.length()).toLowerCase(Locale.ROOT), value);
            }
        });
        settings.putAll(more);
        settings.values().removeIf(String::isEmpty);
        assertThat(settings).as("set " + VARIABLES + "BUCKET, and what else the store needs").containsKey("bucket");
        return Buckets.open(settings);
    }
}
