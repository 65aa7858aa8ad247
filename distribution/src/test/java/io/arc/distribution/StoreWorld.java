package io.arc.distribution;

import io.arc.testkit.Azurite;
import io.arc.testkit.FaultProxy;
import io.arc.testkit.GcsEmulator;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// An empty store of some kind, and the breakable way to it where there is a network between.
interface StoreWorld extends AutoCloseable {
    String PLACE = "measurements";

    /// The stores of the release.
    enum Kind {
        LOCAL, S3, GCS, AZURE
    }

    /// @param folder its own
    static StoreWorld open(Kind kind, Path folder) throws IOException {
        return switch (kind) {
            case LOCAL -> new Local(folder);
            case S3 -> new S3(S3World.open(folder));
            case GCS -> Gcs.open(folder);
            case AZURE -> Azure.open();
        };
    }

    /// What a server that uses it has in its environment.
    Map<String, String> settings();

    /// Empty for a folder.
    Optional<FaultProxy> proxy();

    /// What messages about it name.
    String place();

    @Override
    void close();

    /// A server's environment.
    ///
    /// @param more on top of it
    default Map<String, String> environment(Map<String, String> more) {
        Map<String, String> environment = new HashMap<>(settings());
        environment.putAll(more);
        return environment;
    }

    record Local(Path folder) implements StoreWorld {
        @Override
        public Map<String, String> settings() {
            return Map.of("ARC_STORAGE_BACKEND", "local", "ARC_STORAGE_LOCAL_PATH", folder.toString());
        }

        @Override
        public Optional<FaultProxy> proxy() {
            return Optional.empty();
        }

        @Override
        public String place() {
            return folder.toString();
        }

        @Override
        public void close() {}
    }

    record S3(S3World world) implements StoreWorld {
        @Override
        public Map<String, String> settings() {
            return world.environment(Map.of());
        }

        @Override
        public Optional<FaultProxy> proxy() {
            return Optional.of(world.proxy());
        }

        @Override
        public String place() {
            return world.proxy().authority();
        }

        @Override
        public void close() {
            world.close();
        }
    }

    record Gcs(GcsEmulator emulator, FaultProxy way, Path key) implements StoreWorld {
        static Gcs open(Path folder) throws IOException {
            GcsEmulator emulator = GcsEmulator.start();
            emulator.createBucket(PLACE);
            Path key = Files.writeString(Files.createDirectories(folder).resolve("key.json"), emulator.serviceAccountKey());
            return new Gcs(emulator, FaultProxy.before(emulator.address()), key);
        }

        @Override
        public Map<String, String> settings() {
            return Map.of("ARC_STORAGE_BACKEND", "gcs", "ARC_STORAGE_GCS_BUCKET", PLACE, "ARC_STORAGE_GCS_PROJECT",
                    "some-project",
                    "ARC_STORAGE_GCS_PREFIX", "arc", "ARC_STORAGE_GCS_ENDPOINT", "http://" + way.authority(),
                    "ARC_STORAGE_GCS_CREDENTIALS_FILE", key.toString());
        }

        @Override
        public Optional<FaultProxy> proxy() {
            return Optional.of(way);
        }

        @Override
        public String place() {
            return "gs://" + PLACE + "/arc/";
        }

        @Override
        public void close() {
            way.close();
            emulator.close();
        }
    }

    record Azure(Azurite emulator, FaultProxy way) implements StoreWorld {
        static Azure open() throws IOException {
            Azurite emulator = Azurite.start(Path.of(System.getProperty("arc.test.azurite")));
            emulator.createContainer(PLACE);
            InetSocketAddress address = emulator.address();
            return new Azure(emulator, FaultProxy.before(address));
        }

        @Override
        public Map<String, String> settings() {
            return Map.of("ARC_STORAGE_BACKEND", "azure", "ARC_STORAGE_AZURE_CONTAINER", PLACE, "ARC_STORAGE_AZURE_PREFIX",
                    "arc",
                    "ARC_STORAGE_AZURE_ACCOUNT_NAME", Azurite.ACCOUNT, "ARC_STORAGE_AZURE_ACCOUNT_KEY", Azurite.KEY,
                    "ARC_STORAGE_AZURE_ENDPOINT", "http://" + way.authority() + "/" + Azurite.ACCOUNT);
        }

        @Override
        public Optional<FaultProxy> proxy() {
            return Optional.of(way);
        }

        @Override
        public String place() {
            return way.authority() + "/" + Azurite.ACCOUNT + "/" + PLACE + "/arc/";
        }

        @Override
        public void close() {
            way.close();
            emulator.close();
        }
    }
}
