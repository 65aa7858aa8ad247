package io.arc.runtime.filecache;

import io.arc.runtime.catalog.DataFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Gives data files as local paths. Thread-safe.
public interface FileAccess {
    /// Begins a reading: what it hands out stays readable until it is closed.
    Reading begin();

    /// Whether it costs something to hand out a file, so that finding out what is needed of it pays.
    default boolean fetches() {
        return false;
    }

    /// The files of one query. One thread at a time.
    interface Reading extends AutoCloseable {
        /// The file as a local path; may fetch it first.
        ///
        /// @throws io.arc.api.ArcException OBJECT_MISSING, STORAGE_UNAVAILABLE, or OVERLOADED when the cache cannot take it
        Path local(DataFile file);

        /// Files as local paths, in their order, in which the footer and the pages of some columns are sure to be. Bytes that
        /// are missing read as zeros, which no reader of Parquet takes for a page.
        ///
        /// @param columns their names; `time` is always among them; empty for whole files
        /// @throws io.arc.api.ArcException as [#local]
        default List<Path> local(List<DataFile> files, Optional<Set<String>> columns) {
            List<Path> paths = new ArrayList<>(files.size());
            for (DataFile file : files) {
                paths.add(local(file));
            }
            return paths;
        }

        /// Whether a file that was handed out may lack bytes.
        default boolean isPartial() {
            return false;
        }

        @Override
        void close();
    }
}
