package io.arc.plugin.storage.azure;

import com.azure.storage.blob.BlobServiceClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.testkit.Azurite;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What [AzureIdentityTest] runs in a process of its own: uses a container without any key.
final class MachineIdentity {
    private MachineIdentity() {}

    /// @param arguments the account's address
    public static void main(String[] arguments) {
        String endpoint = arguments[0];
        String container = "by-identity";
        try (BlockingHttpClient http = new BlockingHttpClient(new Connections(Duration.ofSeconds(5), Duration.ofSeconds(30)))) {
            new BlobServiceClientBuilder().endpoint(endpoint).httpClient(http)
                    .credential(new StorageSharedKeyCredential(Azurite.ACCOUNT, Azurite.KEY)).buildClient()
                    .createBlobContainer(container);
            http.done();
        }
        byte[] bytes = "by the machine".getBytes(StandardCharsets.UTF_8);
        // The key is a wrong one: an identity that was asked for goes before it.
        try (ObjectStore store = Containers.open(Map.of("container", container, "account_name", Azurite.ACCOUNT, "endpoint",
                endpoint,
                "account_key", "AAAA", "use_managed_identity", "true"))) {
            store.put("d/cpu/a", new Body.InMemory(MemorySegment.ofArray(bytes)), PutMode.CREATE);
            byte[] read = new byte[bytes.length];
            long count = store.read("d/cpu/a", 0, MemorySegment.ofArray(read));
            List<String> keys = new ArrayList<>();
            store.list("", "", object -> keys.add(object.key()));
            store.delete(keys);
            if (count != bytes.length || !new String(read, StandardCharsets.UTF_8).equals("by the machine")
                    || !keys.equals(List.of("d/cpu/a"))) {
                throw new IllegalStateException(count + " bytes read, keys " + keys);
            }
        }
        System.out.println("stored and read by the machine's identity");
    }
}
