package io.arc.runtime.catalog;

import java.time.Instant;
import java.util.Objects;

/// A lock that its owner holds until it releases it or `expires`, whichever is first.
///
/// @param key what is locked, by custom a partition's folder
/// @param owner who holds it
/// @param token greater than that of any lock given before, of whatever key; a writer that shows an older one is fenced off
public record PartitionLock(String key, String owner, long token, Instant expires) {
    public PartitionLock {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(owner, "owner");
        Objects.requireNonNull(expires, "expires");
    }
}
