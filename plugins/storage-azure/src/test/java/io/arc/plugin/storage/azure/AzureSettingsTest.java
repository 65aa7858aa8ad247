package io.arc.plugin.storage.azure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.azure.storage.blob.sas.BlobContainerSasPermission;
import com.azure.storage.blob.sas.BlobServiceSasSignatureValues;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.testkit.Azurite;
import java.lang.foreign.MemorySegment;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Which credentials are used, and what is refused at the start.
final class AzureSettingsTest {
    private static final String WRONG_KEY = Base64.getEncoder().encodeToString(new byte[64]);

    @Test
    void aConnectionStringGoesBeforeEverything() {
        String container = Containers.create();
        String right = Azurite.connectionString("127.0.0.1:" + Containers.azurite().address().getPort());
        works(Map.of("container", container, "connection_string", right, "account_name", "nobody", "account_key", WRONG_KEY,
                "sas_token", "sig=nothing"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "?"})
    void aSignatureGoesBeforeAKey(String mark) {
        String container = Containers.create();
        works(Containers.settings(container, Map.of("sas_token", mark + signature(container, "racwdl"), "account_key",
                WRONG_KEY)));
    }

    @Test
    void aSignatureIsNotToldToAnybody() {
        String container = Containers.create();
        String signature = signature(container, "l");
        try (ObjectStore store = Containers.open(Containers.settings(container, Map.of("sas_token", signature, "account_key",
                "")))) {
            assertThat(store.health().status()).isEqualTo(Health.Status.UP);
            assertThatThrownBy(() -> put(store)).isInstanceOfSatisfying(ArcException.class, refused -> {
                assertThat(refused.code()).isEqualTo(ErrorCode.STORAGE_UNAVAILABLE);
                assertThat(refused.getMessage()).contains("403").contains("credentials");
                for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
                    assertThat(String.valueOf(cause.getMessage())).doesNotContain(signature).doesNotContain(
                            signature.replaceFirst(".*sig=", "").replaceFirst("&.*", ""));
                }
            });
            assertThat(store.health().status()).isEqualTo(Health.Status.DOWN);
        }
    }

    @Test
    void whatIsMissingIsNamed() {
        refused("storage.azure.container", Map.of("account_name", "a", "account_key", WRONG_KEY));
        refused("storage.azure.account_name", Map.of("container", "c"));
        refused("storage.azure.connect_timeout", Map.of("container", "c", "account_name", "a", "account_key", WRONG_KEY,
                "connect_timeout", "0s"));
    }

    @Test
    void aKeyThatIsNoneIsNotRepeated() {
        assertThatThrownBy(() -> Containers.open(Map.of("container", "c", "connection_string",
                "AccountKey=hidden"))).isInstanceOfSatisfying(
                ArcException.class, refused -> {
                    assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION);
                    for (Throwable cause = refused; cause != null; cause = cause.getCause()) {
                        assertThat(String.valueOf(cause.getMessage())).doesNotContain("hidden");
                    }
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/../b", "a//b", "a b", "ä", "a?b", "."})
    void aPrefixThatIsNoneStopsTheStart(String prefix) {
        refused("storage.azure.prefix", Map.of("container", "c", "account_name", "a", "account_key", WRONG_KEY, "prefix",
                prefix));
    }

    private static String signature(String container, String permissions) {
        return Containers.client(container).generateSas(new BlobServiceSasSignatureValues(OffsetDateTime.now().plusHours(1),
                BlobContainerSasPermission.parse(permissions)));
    }

    private static void refused(String key, Map<String, String> settings) {
        assertThatThrownBy(() -> Containers.open(settings)).isInstanceOfSatisfying(ArcException.class, refused -> {
            assertThat(refused.code()).isEqualTo(ErrorCode.CONFIGURATION);
            assertThat(refused.getMessage()).contains(key).doesNotContain(WRONG_KEY);
        });
    }

    private static void works(Map<String, String> settings) {
        try (ObjectStore store = Containers.open(settings)) {
            assertThat(store.health().status()).as(store.health().detail()).isEqualTo(Health.Status.UP);
            assertThat(put(store)).isTrue();
            List<String> keys = new ArrayList<>();
            store.list("", "", object -> keys.add(object.key()));
            assertThat(keys).containsExactly("d/cpu/a");
            store.delete(keys);
            assertThat(store.find("d/cpu/a")).isEmpty();
        }
    }

    private static boolean put(ObjectStore store) {
        return store.put("d/cpu/a", new Body.InMemory(MemorySegment.ofArray(new byte[] {1})), PutMode.CREATE);
    }
}
