package io.arc.runtime.recovery;

import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.catalog.FileOrigin;
import java.util.Optional;

/// A readable data file in storage.
///
/// @param origin what its footer says of where it comes from; empty for another program's file
record FoundFile(DataFile file, Optional<FileOrigin> origin) {
    String key() {
        return file.key();
    }

    long modifiedMicros() {
        return file.addedMicros();
    }
}
