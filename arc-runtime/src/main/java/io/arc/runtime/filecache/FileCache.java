package io.arc.runtime.filecache;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.ScanTarget;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.filecache.ByteRanges.Range;
import io.arc.runtime.parquet.ParquetFooter;
import io.arc.runtime.parquet.RowGroupLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// Parts of objects as sparse files in one directory, at most so many bytes of them. Files of a store that gives local paths
/// are read where they are and cost nothing here.
///
/// A file has the object's length from the start and holds what was asked for so far: the footer and the chunks of some
/// columns, each at its own place. What is not there is a hole, and reads as zeros, which is no page of any kind, so a
/// reader that strays into it fails instead of reading something else. A byte is fetched once however many queries ask for
/// it at once. A file that a query reads is pinned; the longest unread of the others go, as a whole, when room is needed.
///
/// What is fetched is proven by the object's length, its magic numbers, its footer, and the number of rows that the catalog
/// expects. Files do not outlive the process: at the start the directory is emptied. Thread-safe.
public final class FileCache implements FileAccess {
    private static final System.Logger LOG = System.getLogger(FileCache.class.getName());
    /// Each read is a request to the store.
    private static final int TRANSFER_BYTES = 8 << 20;
    /// Smaller objects are fetched as a whole: a request costs more than the bytes that it saves.
    private static final long WHOLE_BELOW = 256 << 10;
    /// A hole between two wanted runs that is fetched with them, for the same reason.
    private static final long MAX_GAP = 64 << 10;
    private static final int MAX_PARALLEL_FETCHES = 16;
    private static final String TIME = "time";
    private static final String SUFFIX = ".parquet";

    private final ObjectStore store;
    private final Path directory;
    private final long maxBytes;
    private final long wholeBelow;
    private final long maxGap;
    private final Semaphore fetches = new Semaphore(MAX_PARALLEL_FETCHES);
    /// A reader may remember blocks by a file's time of change; each filling gives one that there never was.
    private final AtomicLong changes = new AtomicLong();
    /// Guarded by `this`, as are the counts; in the order of the last use, the longest unused first.
    private final Map<String, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
    private long usedBytes;
    private long nextName;
    private long fetchedBytes;

    /// @param directory the cache's own; emptied here
    /// @param maxBytes how much the files may take
    public FileCache(ObjectStore store, Path directory, long maxBytes) {
        this(store, directory, maxBytes, WHOLE_BELOW, MAX_GAP);
    }

    /// @param directory the cache's own; emptied here
    /// @param maxBytes how much the files may take
    /// @param wholeBelow objects of fewer bytes are fetched as a whole
    /// @param maxGap a hole of at most so many bytes between two runs to be fetched is fetched with them
    public FileCache(ObjectStore store, Path directory, long maxBytes, long wholeBelow, long maxGap) {
        this.store = store;
        this.directory = directory.toAbsolutePath().normalize();
        this.maxBytes = maxBytes;
        this.wholeBelow = wholeBelow;
        this.maxGap = maxGap;
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

    @Override
    public boolean fetches() {
        return !store.capabilities().contains(Capability.LOCAL_FILES);
    }

    /// The bytes that files hold now, those being fetched included.
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /// The bytes fetched from the store since the start.
    public synchronized long fetchedBytes() {
        return fetchedBytes;
    }

    /// Keeps an object that has just been stored, if there is room beside what queries read. Never fails.
    ///
    /// @param body unchanged until the return
    public void admit(String key, Body body) {
        if (body.size() > maxBytes || !fetches()) {
            return;
        }
        Entry entry;
        synchronized (this) {
            if (entries.containsKey(key) || !makeRoom(body.size())) {
                return;
            }
            entry = new Entry(key, directory.resolve(nextName++ + SUFFIX), body.size());
            entry.pins++;
            entry.heldBytes = body.size();
            usedBytes += body.size();
            entries.put(key, entry);
            // Before anybody else can see the entry without it.
            entry.lock.lock();
        }
        try {
            switch (body) {
                case Body.OnDisk(Path path, long _) -> Files.copy(path, entry.path);
                case Body.InMemory(MemorySegment bytes) -> {
                    try (FileChannel channel = FileChannel.open(entry.path, StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.WRITE)) {
                        for (long at = 0; at < bytes.byteSize(); at += TRANSFER_BYTES) {
                            ByteBuffer part = bytes.asSlice(at, Math.min(TRANSFER_BYTES, bytes.byteSize() - at)).asByteBuffer();
                            while (part.hasRemaining()) {
                                channel.write(part);
                            }
                        }
                    }
                }
            }
            if (Files.size(entry.path) != entry.size) {
                throw new IOException("the copy has another length");
            }
            entry.made = true;
            entry.present.add(0, entry.size);
        } catch (IOException | RuntimeException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot keep a copy of a stored object", e);
            synchronized (this) {
                usedBytes -= entry.heldBytes;
                entry.heldBytes = 0;
            }
        } finally {
            entry.lock.unlock();
            synchronized (this) {
                unpin(entry);
            }
        }
    }

    /// Gives up what is held of objects that are deleted, unless a query reads it.
    public void forget(Collection<String> keys) {
        synchronized (this) {
            for (String key : keys) {
                Entry entry = entries.get(key);
                if (entry != null && entry.pins == 0) {
                    entries.remove(key);
                    drop(entry);
                }
            }
        }
    }

    private static final class Entry {
        private final String key;
        private final Path path;
        private final long size;
        /// Held while the file is being filled. Guards what follows. Taken by pinning threads alone.
        private final ReentrantLock lock = new ReentrantLock();
        private final ByteRanges present = new ByteRanges();
        private boolean made;
        /// Empty until the footer has been read.
        private List<RowGroupLayout> layout = List.of();
        private boolean footerRead;
        /// Guarded by the cache.
        private int pins;
        private long heldBytes;

        Entry(String key, Path path, long size) {
            this.key = key;
            this.path = path;
            this.size = size;
        }
    }

    private final class Pins implements Reading {
        /// Guarded by the cache.
        private final List<Entry> held = new ArrayList<>();
        private volatile boolean partial;

        @Override
        public Path local(DataFile file) {
            return local(file, Optional.empty());
        }

        @Override
        public List<Path> local(List<DataFile> files, Optional<Set<String>> columns) {
            if (!fetches() || files.size() < 2) {
                return files.stream().map(file -> local(file, columns)).toList();
            }
            List<Future<Path>> all = new ArrayList<>(files.size());
            List<Path> paths = new ArrayList<>(files.size());
            // The close waits for all, so that none is pinned after this reading has been closed.
            try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (DataFile file : files) {
                    all.add(threads.submit(() -> {
                        fetches.acquire();
                        try {
                            return local(file, columns);
                        } finally {
                            fetches.release();
                        }
                    }));
                }
                for (Future<Path> each : all) {
                    paths.add(each.get());
                }
                return paths;
            } catch (ExecutionException e) {
                if (e.getCause() instanceof ArcException known) {
                    throw new ArcException(known.code(), known.getMessage(), known);
                }
                throw new ArcException(ErrorCode.INTERNAL, "a data file could not be fetched", e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new ArcException(ErrorCode.QUERY_CANCELLED, "the query was cancelled", e);
            }
        }

        private Path local(DataFile file, Optional<Set<String>> columns) {
            return switch (store.scanTarget(file.key())) {
                case ScanTarget.LocalFile(Path path) -> path;
                case ScanTarget.Fetch() -> fetched(file, columns);
            };
        }

        private Path fetched(DataFile file, Optional<Set<String>> columns) {
            Entry entry;
            synchronized (FileCache.this) {
                entry = entries.get(file.key());
                if (entry == null) {
                    entry = new Entry(file.key(), directory.resolve(nextName++ + SUFFIX), file.sizeBytes());
                    entries.put(file.key(), entry);
                }
                entry.pins++;
                held.add(entry);
            }
            entry.lock.lock();
            try {
                if (!fill(file, entry, columns)) {
                    partial = true;
                }
                return entry.path;
            } catch (IOException e) {
                throw new ArcException(ErrorCode.STORAGE_UNAVAILABLE, "the file cache cannot write a copy of a data file of "
                        + file.table(), e);
            } finally {
                entry.lock.unlock();
            }
        }

        @Override
        public boolean isPartial() {
            return partial;
        }

        @Override
        public void close() {
            synchronized (FileCache.this) {
                held.forEach(FileCache.this::unpin);
                held.clear();
            }
        }
    }

    /// Holding the cache's monitor.
    private void unpin(Entry entry) {
        entry.pins--;
        if (entry.pins == 0 && entry.heldBytes == 0) {
            entries.remove(entry.key, entry);
            deleteQuietly(entry.path);
        }
    }

    /// Holding the cache's monitor; the entry is out of the map and nobody reads it.
    private void drop(Entry entry) {
        usedBytes -= entry.heldBytes;
        entry.heldBytes = 0;
        deleteQuietly(entry.path);
    }

    /// Fetches what is missing. Holding the entry's lock.
    ///
    /// @return whether the file is whole
    private boolean fill(DataFile file, Entry entry, Optional<Set<String>> columns) throws IOException {
        if (entry.size != file.sizeBytes()) {
            throw differs(file, entry.size);
        }
        if (!entry.made) {
            try (RandomAccessFile sparse = new RandomAccessFile(entry.path.toFile(), "rw")) {
                sparse.setLength(entry.size);
            }
            entry.made = true;
        }
        if (entry.size == 0 || entry.present.size() == entry.size) {
            return true;
        }
        try (FileChannel channel = FileChannel.open(entry.path, StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
            ByteRanges wanted = new ByteRanges();
            wanted.add(0, entry.size);
            if (columns.isPresent() && entry.size >= wholeBelow) {
                readFooter(file, entry, channel);
                for (RowGroupLayout group : entry.layout) {
                    for (RowGroupLayout.Chunk chunk : group.chunks()) {
                        if (!isWanted(chunk.column(), columns.get())) {
                            wanted.remove(chunk.position(), chunk.position() + chunk.length());
                        }
                    }
                }
            }
            for (Range each : entry.present.missing(wanted, maxGap)) {
                fetch(file, entry, channel, each);
            }
        } finally {
            // Of another age than every earlier state of the file.
            Files.setLastModifiedTime(entry.path, FileTime.fromMillis(1000 * changes.incrementAndGet()));
        }
        return entry.present.size() == entry.size;
    }

    private static boolean isWanted(String column, Set<String> columns) {
        return column.equalsIgnoreCase(TIME) || columns.stream().anyMatch(column::equalsIgnoreCase);
    }

    private void readFooter(DataFile file, Entry entry, FileChannel channel) throws IOException {
        if (entry.footerRead) {
            return;
        }
        ParquetFooter footer;
        try {
            footer = ParquetFooter.read(file.key(), entry.size, (position, target) -> {
                try {
                    ByteRanges wanted = new ByteRanges();
                    wanted.add(position, position + target.byteSize());
                    for (Range each : entry.present.missing(wanted, maxGap)) {
                        fetch(file, entry, channel, each);
                    }
                    ByteBuffer bytes = target.asByteBuffer();
                    while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) >= 0) {
                        // A read may give less than it was asked for.
                    }
                    return bytes.position();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (ArcException e) {
            if (e.code() != ErrorCode.CORRUPT_DATA) {
                throw e;
            }
            throw new ArcException(ErrorCode.CORRUPT_DATA, "a data file of " + file.table()
                    + " in the store is not the one that the catalog has: " + file.key(), e);
        }
        if (footer.rowCount() != file.rowCount()) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "a data file of " + file.table() + " has " + footer.rowCount()
                    + " rows in the store and " + file.rowCount() + " in the catalog: " + file.key());
        }
        entry.layout = footer.rowGroups();
        entry.footerRead = true;
    }

    private synchronized void count(long bytes) {
        fetchedBytes += bytes;
    }

    private void fetch(DataFile file, Entry entry, FileChannel channel, Range range) throws IOException {
        synchronized (this) {
            if (!makeRoom(range.length())) {
                throw new ArcException(ErrorCode.OVERLOADED, "the file cache of " + maxBytes + " bytes cannot take "
                        + range.length() + " bytes of a file of " + file.table() + " beside those that running queries read; "
                        + "narrow the query's time range, try again later, or enlarge the cache");
            }
            usedBytes += range.length();
            entry.heldBytes += range.length();
        }
        long at = range.start();
        try {
            // One byte more than there should be tells an object that is too long.
            ByteBuffer buffer = ByteBuffer.allocateDirect((int) Math.min(TRANSFER_BYTES, range.length() + 1));
            while (at < range.end()) {
                long left = range.end() - at;
                int wanted = (int) Math.min(buffer.capacity(), range.end() == entry.size ? left + 1 : left);
                long count = store.read(entry.key, at, MemorySegment.ofBuffer(buffer.clear().limit(wanted)));
                if (count < Math.min(wanted, left)) {
                    throw differs(file, at + count);
                }
                if (count > left) {
                    throw differs(file, at + count);
                }
                buffer.position(0).limit((int) count);
                long position = at;
                while (buffer.hasRemaining()) {
                    position += channel.write(buffer, position);
                }
                at = position;
                count(count);
            }
        } finally {
            entry.present.add(range.start(), at);
            synchronized (this) {
                usedBytes -= range.end() - at;
                entry.heldBytes -= range.end() - at;
            }
        }
    }

    private static ArcException differs(DataFile file, long found) {
        return new ArcException(ErrorCode.CORRUPT_DATA, "a data file of " + file.table() + " has " + found
                + " bytes in the store and " + file.sizeBytes() + " in the catalog");
    }

    /// Holding the cache's monitor.
    ///
    /// @return false when pinned files leave no room
    private boolean makeRoom(long bytes) {
        Iterator<Entry> oldest = entries.values().iterator();
        while (usedBytes + bytes > maxBytes && oldest.hasNext()) {
            Entry entry = oldest.next();
            if (entry.pins == 0) {
                oldest.remove();
                drop(entry);
            }
        }
        return usedBytes + bytes <= maxBytes;
    }

    private static void deleteQuietly(Path path) {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            LOG.log(System.Logger.Level.WARNING, "cannot delete the cached copy " + path, e);
        }
    }
}
