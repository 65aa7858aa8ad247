package io.arc.runtime.filecache;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.ScanTarget;
import io.arc.runtime.catalog.DataFile;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// Whole copies of objects in one directory, at most so many bytes of them. Files of a store that gives local paths are read
/// where they are and cost nothing here.
///
/// An object is fetched once however many queries ask for it at once. A copy that a query reads is pinned; the longest unread
/// of the others go when room is needed. Copies do not outlive the process: at the start the directory is emptied, because
/// nothing proves that a left-over is whole. Thread-safe.
public final class FileCache implements FileAccess {
    private static final System.Logger LOG = System.getLogger(FileCache.class.getName());
    /// Each read is a request to the store.
    private static final int MAX_TRANSFER_BYTES = 8 << 20;
    private static final String SUFFIX = ".parquet";

    private final ObjectStore store;
    private final Path directory;
    private final long maxBytes;
    /// Guarded by `this`; in the order of the last use, the longest unused first.
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long usedBytes;
    private long nextName;
    private long fetchedBytes;

    /// @param directory the cache's own; emptied here
    /// @param maxBytes how much the copies may take
    public FileCache(ObjectStore store, Path directory, long maxBytes) {
        this.store = store;
        this.directory = directory.toAbsolutePath().normalize();
        this.maxBytes = maxBytes;
        try {
            Files.createDirectories(this.directory);
            try (DirectoryStream<Path> leftOvers = Files.newDirectoryStream(this.directory, "*" + SUFFIX)) {
                for (Path each : leftOvers) {
                    Files.delete(each);
                }
            }
        } catch (IOException e) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the file cache cannot use its directory " + this.directory
                    + "; make it writable or set another one", e);
        }
    }

    @Override
    public Reading begin() {
        return new Pins();
    }

    /// The bytes that copies take now, those being fetched included.
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /// The bytes fetched from the store since the start.
    public synchronized long fetchedBytes() {
        return fetchedBytes;
    }

    private static final class Entry {
        private final Path path;
        private final long size;
        private final CompletableFuture<Path> done = new CompletableFuture<>();
        private int pins;

        Entry(Path path, long size) {
            this.path = path;
            this.size = size;
        }
    }

    private final class Pins implements Reading {
        private final List<Entry> held = new ArrayList<>();

        @Override
        public Path local(DataFile file) {
            return switch (store.scanTarget(file.key())) {
                case ScanTarget.LocalFile(Path path) -> path;
                case ScanTarget.Fetch() -> fetched(file);
            };
        }

        private Path fetched(DataFile file) {
            Entry entry;
            boolean mine = false;
            synchronized (FileCache.this) {
                entry = entries.get(file.key());
                if (entry == null) {
                    makeRoom(file);
                    entry = new Entry(directory.resolve(nextName++ + SUFFIX), file.sizeBytes());
                    entries.put(file.key(), entry);
                    usedBytes += entry.size;
                    mine = true;
                }
                entry.pins++;
                held.add(entry);
            }
            if (mine) {
                fetch(file, entry);
            }
            try {
                return entry.done.join();
            } catch (CompletionException e) {
                if (e.getCause() instanceof ArcException known) {
                    throw new ArcException(known.code(), known.getMessage(), known);
                }
                throw e;
            }
        }

        @Override
        public void close() {
            synchronized (FileCache.this) {
                for (Entry entry : held) {
                    entry.pins--;
                }
                held.clear();
            }
        }
    }

    private void makeRoom(DataFile file) {
        Iterator<Entry> oldest = entries.values().iterator();
        while (usedBytes + file.sizeBytes() > maxBytes && oldest.hasNext()) {
            Entry entry = oldest.next();
            if (entry.pins == 0) {
                oldest.remove();
                usedBytes -= entry.size;
                deleteQuietly(entry.path);
            }
        }
        if (usedBytes + file.sizeBytes() > maxBytes) {
            throw new ArcException(ErrorCode.OVERLOADED, "the file cache of " + maxBytes + " bytes cannot take a file of "
                    + file.sizeBytes() + " bytes of " + file.table() + " beside those that running queries read; narrow the "
                    + "query's time range, try again later, or enlarge the cache");
        }
    }

    private void fetch(DataFile file, Entry entry) {
        try {
            long copied = copy(file, entry.path);
            if (copied != file.sizeBytes()) {
                throw new ArcException(ErrorCode.CORRUPT_DATA, "a data file of " + file.table() + " has " + copied
                        + " bytes in the store and " + file.sizeBytes() + " in the catalog");
            }
            synchronized (this) {
                fetchedBytes += copied;
            }
            entry.done.complete(entry.path);
        } catch (IOException | RuntimeException e) {
            synchronized (this) {
                entries.remove(file.key(), entry);
                usedBytes -= entry.size;
            }
            deleteQuietly(entry.path);
            entry.done.completeExceptionally(e instanceof ArcException known ? known : new ArcException(
                    ErrorCode.STORAGE_UNAVAILABLE, "the file cache cannot write a copy of a data file of " + file.table(), e));
        }
    }

    private long copy(DataFile file, Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            // One byte more than there should be shows the end, and an object that is too long.
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(MAX_TRANSFER_BYTES, file.sizeBytes() + 1));
            long position = 0;
            while (true) {
                long count = store.read(file.key(), position, MemorySegment.ofBuffer(buffer.clear()));
                buffer.limit(Math.toIntExact(count));
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                position += count;
                if (count < buffer.capacity()) {
                    return position;
                }
            }
        }
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot delete the cached copy " + path, e);
        }
    }
}
