package io.arc.api.spi;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// A place for Parquet files: a local directory or a bucket. Keys are relative, `/`-separated, never start or end with a
/// slash, and have no empty, `.` or `..` segment.
///
/// Two worlds meet here. Directories have atomic renames and no conditional writes; object stores have conditional puts and
/// no renames. The interface asks only for what both can do. Before adding a method, ask which store cannot have it, and
/// make that a [Capability].
public non-sealed interface StorageBackend extends ArcPlugin {
    /// Called once at the start of the server, on one thread. May do I/O to prove the configuration; a store that cannot be
    /// reached is not a reason to fail, a configuration that can never work is (CONFIGURATION).
    ObjectStore open(PluginContext context);

    /// The live store. Blocking; called from many threads at once.
    ///
    /// Failures of every method: `STORAGE_UNAVAILABLE` when the operation surely had no effect, `STORAGE_OUTCOME_UNKNOWN` when
    /// it may have had (the runtime repeats the same call or looks), `OBJECT_MISSING` from reads of a key that is not there.
    /// Retries, backoff, deadlines and metrics are the runtime's: an implementation tries once, or as often as its SDK does.
    interface ObjectStore extends PluginInstance {
        Set<Capability> capabilities();

        /// Stores an object, all or nothing, durably: it is complete and visible to every read and list that begins after the
        /// return, or it does not exist.
        ///
        /// @return false when `mode` is CREATE and the key was taken, whose object is unchanged then
        boolean put(String key, Body body, PutMode mode);

        /// Reads bytes from `position` until `target` is full or the object ends.
        ///
        /// @return the bytes read: fewer than `target` holds only at the object's end, 0 at or past it
        long read(String key, long position, MemorySegment target);

        Optional<ObjectInfo> find(String key);

        /// Calls `each` for every object whose key starts with `prefix` (any text, not only whole segments) and is greater
        /// than `startAfter` (empty: all), in the order of the keys' UTF-8 bytes. Pages are the store's business.
        void list(String prefix, String startAfter, Consumer<ObjectInfo> each);

        /// Deletes objects; a missing key is no error. Not atomic: after a failure any of them may be gone.
        void delete(Collection<String> keys);

        /// How a query engine that opens local paths only can read the object. Answers from memory.
        default ScanTarget scanTarget(String key) {
            return ScanTarget.FETCH;
        }

        /// The absolute folders below which all files of [#scanTarget] are: a query engine in a sandbox is let into these and no others.
        /// The same from the start to the end; empty without [Capability#LOCAL_FILES].
        default List<Path> localDirectories() {
            return List.of();
        }
    }

    /// The bytes of an object to be. Re-readable: a put may be tried again with the same body. The caller owns what is behind
    /// it and keeps it unchanged until the put has returned.
    sealed interface Body {
        long size();

        /// A part of the bytes as a stream of its own, for libraries that want one. Any part can be read any number of times, by
        /// several threads at once, each with its stream; a stream can be marked and reset to any place, and is closed by whoever
        /// opened it.
        ///
        /// @throws IOException when the file cannot be opened; reading throws it as well when the file is shorter than it should be
        /// @throws IndexOutOfBoundsException for a part that is not within [#size]
        default InputStream stream(long position, long length) throws IOException {
            return BodyStream.of(this, position, length);
        }

        /// A finished file. A store on the same file system may link to it or copy it, never move or change it.
        record OnDisk(Path path, long size) implements Body {
            public OnDisk {
                Objects.requireNonNull(path, "path");
            }
        }

        /// Memory, on or off the heap.
        record InMemory(MemorySegment bytes) implements Body {
            public InMemory {
                Objects.requireNonNull(bytes, "bytes");
            }

            @Override
            public long size() {
                return bytes.byteSize();
            }
        }
    }

    /// CREATE: only when the key is free. REPLACE: whatever is there.
    enum PutMode {
        CREATE, REPLACE
    }

    /// An object as a listing shows it.
    ///
    /// @param size in bytes
    /// @param modifiedMicros when it was stored, in microseconds since 1970 UTC, by the store's clock
    record ObjectInfo(String key, long size, long modifiedMicros) {
        public ObjectInfo {
            Objects.requireNonNull(key, "key");
        }
    }

    /// What a store can do beyond the minimum. The contract tests prove every claimed one.
    enum Capability {
        /// The store itself lets one creator of a key win, among all processes and machines.
        ENFORCED_CREATE,
        /// [ObjectStore#scanTarget] gives local files.
        LOCAL_FILES
    }

    /// How to read an object from outside the JVM.
    sealed interface ScanTarget {
        /// Only through [ObjectStore#read].
        ScanTarget FETCH = new Fetch();

        /// See [#FETCH].
        record Fetch() implements ScanTarget {}

        /// The object is this file; it does not change and stays until it is deleted through the store.
        record LocalFile(Path path) implements ScanTarget {
            public LocalFile {
                Objects.requireNonNull(path, "path");
            }
        }
    }
}
