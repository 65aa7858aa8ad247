package io.arc.plugin.storage.gcs;

import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// What [GcsIdentityTest] runs in a process of its own: uses a bucket without any key of the plugin's.
final class MachineIdentity {
    static final String DONE = "stored and read by the environment's identity";

    private MachineIdentity() {}

    /// @param arguments the service's host and port
    public static void main(String[] arguments) {
        byte[] bytes = "by the machine".getBytes(StandardCharsets.UTF_8);
        try (ObjectStore store = Buckets.open(Map.of("bucket", "by-identity", "endpoint", arguments[0]))) {
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
        System.out.println(DONE);
        // The emulator that belongs to this class has threads of its own.
        System.exit(0);
    }
}
