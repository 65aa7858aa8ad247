package io.arc.plugin.storage.local;

import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.testkit.ObjectStoreContract;
import io.arc.testkit.TestPluginContext;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

final class LocalStorageContractTest extends ObjectStoreContract {
    @TempDir
    private Path root;

    @Override
    protected ObjectStore openEmptyStore() {
        return open("objects");
    }

    @Override
    protected Optional<ObjectStore> openSecondInstance() {
        return Optional.of(open("objects"));
    }

    @Override
    protected Optional<ObjectStore> openUnderPrefix(String prefix) {
        return Optional.of(open("objects/" + prefix));
    }

    @Override
    protected boolean takesUnicodeKeys() {
        return Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder().canEncode("\u00e9\ud83d\ude00");
    }

    private ObjectStore open(String folder) {
        LocalStorage storage = new LocalStorage();
        return storage.open(new TestPluginContext(storage, root, Map.of("path", root.resolve(folder).toString())));
    }
}
