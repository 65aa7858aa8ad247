package io.arc.runtime.catalog;

import io.arc.api.data.TableId;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// Replaces files of a table by others that hold what is to stay of their rows: compaction, deletion of rows, retention (no
/// outputs).
///
/// @param inputKeys what leaves the table; not empty, no key twice
/// @param outputs what enters it, with the coverage of all inputs
/// @param lock the partition lock under which the outputs were made; empty when none was needed
public record FileSwap(TableId table, List<String> inputKeys, List<DataFile> outputs, Optional<PartitionLock> lock) {
    public FileSwap {
        Objects.requireNonNull(table, "table");
        Objects.requireNonNull(lock, "lock");
        inputKeys = List.copyOf(inputKeys);
        outputs = List.copyOf(outputs);
        if (inputKeys.isEmpty() || new HashSet<>(inputKeys).size() != inputKeys.size()) {
            throw new IllegalArgumentException("a swap needs input files, each once: " + inputKeys);
        }
        FlushCommit.requireOwn(table, outputs);
    }
}
