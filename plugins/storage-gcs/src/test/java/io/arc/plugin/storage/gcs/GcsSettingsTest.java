package io.arc.plugin.storage.gcs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which credentials are used, and what is refused at the start.
final class GcsSettingsTest {
    @TempDir
    private Path folder;

    @Test
    void aKeyFileGoesBeforeAKeysText() throws IOException {
        Path file = Files.writeString(folder.resolve("key.json"), Buckets.emulator().serviceAccountKey());
        works(Buckets.settings(Buckets.create(), Map.of("credentials_file", file.toString(), "credentials_json", "no key")));
    }

    @Test
    void aTokenThatWasWithdrawnIsAskedForAgain() {
        try (ObjectStore store = Buckets.open(Buckets.settings(Buckets.create(), Map.of()))) {
            assertThat(put(store, "a")).isTrue();
            Buckets.emulator().revokeTokens();
            assertThat(store.find("a")).isPresent();
            Buckets.emulator().revokeTokens();
            // A body is not sent twice by the library; the server tries again.
            assertThatThrownBy(() -> put(store, "b")).isInstanceOfSatisfying(ArcException.class,
                    refused -> assertThat(refused.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE));
            assertThat(put(store, "b")).isTrue();
        }
    }

    @Test
    void aProjectPaysForRequests() {
        works(Buckets.settings(Buckets.create(), Map.of("project", "somebody-pays")));
    }

    @Test
    void whatIsMissingOrWrongIsNamed() throws IOException {
        refused("storage.gcs.bucket", Map.of());
        refused("there is no such file", Map.of("bucket", "b", "credentials_file", folder.resolve("nothing").toString()));
        Path secret = Files.writeString(folder.resolve("other.json"), "{\"private_key\": \"hidden\"}");
        refused("storage.gcs.credentials_file", Map.of("bucket", "b", "credentials_file", secret.toString()));
        refused("storage.gcs.credentials_json", Map.of("bucket", "b", "credentials_json", "{\"private_key\": \"hidden\"}"));
        refused("storage.gcs.request_timeout", Map.of("bucket", "b", "request_timeout", "0s"));
        refused("storage.gcs.connect_timeout", Map.of("bucket", "b", "connect_timeout", "100d"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/../b", "a//b", "a b", "ä", "a?b", "."})
    void aPrefixThatIsNoneStopsTheStart(String prefix) {
        refused("storage.gcs.prefix", Map.of("bucket", "b", "prefix", prefix));
    }

    private static void refused(String key, Map<String, String> settings) {
        assertThatThrownBy(() -> Buckets.open(settings)).isInstanceOfSatisfying(ArcException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION);
            assertThat(refused.getMessage()).contains(key);
            for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
                assertThat(String.valueOf(cause.getMessage())).doesNotContain("hidden");
            }
        });
    }

    private static void works(Map<String, String> settings) {
        try (ObjectStore store = Buckets.open(settings)) {
            assertThat(store.health().status()).as(store.health().detail()).isEqualTo(Health.Status.UP);
            assertThat(put(store, "a")).isTrue();
            List<String> keys = new ArrayList<>();
            store.list("", "", object -> keys.add(object.key()));
            assertThat(keys).containsExactly("a");
            store.delete(keys);
            assertThat(store.find("a")).isEmpty();
        }
    }

    private static boolean put(ObjectStore store, String key) {
        return store.put(key, new Body.InMemory(MemorySegment.ofArray(new byte[] {1})), PutMode.CREATE);
    }
}
