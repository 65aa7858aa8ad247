package io.arc.runtime.compaction;

import io.arc.api.data.TableId;
import io.arc.runtime.catalog.DataFile;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/// Files of one partition that are to become one.
///
/// @param partition the partition's folder, `{database}/{table}/{YYYY}/{MM}/{DD}` and `/{HH}` in the hourly tier
/// @param lockKey what has to be locked: the folder of the day, so that the tiers, deletion and retention exclude each other
/// @param inputs at least two, by least time
public record Candidate(TableId table, Tier tier, String partition, String lockKey, List<DataFile> inputs) {
    public Candidate {
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(tier, "tier");
        Objects.requireNonNull(partition, "partition");
        Objects.requireNonNull(lockKey, "lockKey");
        inputs = List.copyOf(inputs);
        if (inputs.size() < 2) {
            throw new IllegalArgumentException("one file alone is merged already: " + inputs);
        }
    }

    public long bytes() {
        return inputs.stream().mapToLong(DataFile::sizeBytes).sum();
    }

    public long rows() {
        return inputs.stream().mapToLong(DataFile::rowCount).sum();
    }

    public List<String> keys() {
        return inputs.stream().map(DataFile::key).toList();
    }

    /// The same for the same inputs only.
    String fingerprint() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (DataFile input : inputs) {
                digest.update(input.key().getBytes(StandardCharsets.UTF_8));
                digest.update((byte) '\n');
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 16);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
