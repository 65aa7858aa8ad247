package io.arc.runtime.filecache;

import io.arc.runtime.catalog.DataFile;
import java.nio.file.Path;

/// Gives data files as local paths. Thread-safe.
public interface FileAccess {
    /// Begins a reading: what it hands out stays readable until it is closed.
    Reading begin();

    /// The files of one query. One thread at a time.
    interface Reading extends AutoCloseable {
        /// The file as a local path; may fetch it first.
        ///
        /// @throws io.arc.api.ArcException OBJECT_MISSING, STORAGE_UNAVAILABLE, or OVERLOADED when the cache cannot take it
        Path local(DataFile file);

        @Override
        void close();
    }
}
