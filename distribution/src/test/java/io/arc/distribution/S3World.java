package io.arc.distribution;

import io.arc.testkit.FaultProxy;
import io.arc.testkit.S3Emulator;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// An S3 server with a bucket, and the breakable way to it.
///
/// @param emulator behind the proxy
record S3World(S3Emulator emulator, FaultProxy proxy) implements AutoCloseable {
    static final String BUCKET = "measurements";

    /// @param folder holds the buckets
    static S3World open(Path folder) {
        S3Emulator emulator = S3Emulator.start(folder);
        emulator.createBucket(BUCKET);
        return new S3World(emulator, FaultProxy.before(emulator.address()));
    }

    /// A server's environment.
    ///
    /// @param more on top of it
    Map<String, String> environment(Map<String, String> more) {
        Map<String, String> environment = new HashMap<>(Map.of("ARC_STORAGE_BACKEND", "s3", "ARC_STORAGE_S3_BUCKET", BUCKET,
                "ARC_STORAGE_S3_ENDPOINT", proxy.authority(), "ARC_STORAGE_S3_USE_SSL", "false",
                "ARC_STORAGE_S3_ACCESS_KEY", S3Emulator.ACCESS_KEY, "ARC_STORAGE_S3_SECRET_KEY", S3Emulator.SECRET_KEY));
        environment.putAll(more);
        return environment;
    }

    @Override
    public void close() {
        proxy.close();
        emulator.close();
    }
}
