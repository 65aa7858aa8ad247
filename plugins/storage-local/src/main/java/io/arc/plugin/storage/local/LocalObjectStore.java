package io.arc.plugin.storage.local;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.Health;
import io.arc.api.spi.StorageBackend.Body;
import io.arc.api.spi.StorageBackend.Capability;
import io.arc.api.spi.StorageBackend.ObjectInfo;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.api.spi.StorageBackend.PutMode;
import io.arc.api.spi.StorageBackend.ScanTarget;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Files below a root folder. Owns the sweep of left-over files; holds no file open between calls. Thread-safe.
///
/// A put writes `.arc-{random}.tmp` beside the target, syncs it, gives it its name, and syncs the folder. CREATE gives the
/// name by `link(2)`, which fails when the name is taken, for all processes alike; REPLACE by `rename(2)`.
final class LocalObjectStore implements ObjectStore {
    private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final String WRITING = "writing";
    private static final int CHUNK_BYTES = 8 << 20;
    /// A folder can be removed as empty between making and using it; somebody would have to do that again and again.
    private static final int MAX_ATTEMPTS = 100;

    private final Path root;
    private final KeyPaths keys;
    private final DurableDirectories directories;
    private final StaleFiles stale;
    private final boolean hasLinks;
    /// Makes CREATE atomic within this process on file systems without hard links.
    private final ReentrantLock withoutLinks = new ReentrantLock();
    private final Health up;
    /// The last failure of its sort, until a call of that sort succeeds; UP otherwise. Apart, because a full disk still reads.
    private volatile Health writing;
    private volatile Health reading;

    private LocalObjectStore(Path root, boolean hasLinks, StaleFiles stale) {
        this.root = root;
        this.keys = new KeyPaths(root);
        this.directories = new DurableDirectories(root);
        this.hasLinks = hasLinks;
        this.stale = stale;
        this.up = new Health(Health.Status.UP, "files are in " + root + (hasLinks ? ""
                : ", whose file system has no hard links: no second server may write there"));
        this.writing = up;
        this.reading = up;
    }

    /// @throws ArcException CONFIGURATION when the folder cannot be made or written to
    static LocalObjectStore open(Path root, InstantSource clock) {
        try {
            Files.createDirectories(root, DurableDirectories.OWNER_ONLY);
            boolean hasLinks = proveLinks(root);
            DurableDirectories.sync(root);
            if (root.getParent() != null && Files.isReadable(root.getParent())) {
                DurableDirectories.sync(root.getParent());
            }
            return new LocalObjectStore(root, hasLinks, StaleFiles.sweeping(root, clock.instant()));
        } catch (IOException unusable) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the storage folder " + root + " cannot be used: " + unusable
                    + "; make it writable for this user, or set storage.local.path", unusable);
        }
    }

    /// Whether the file system refuses to link to a name that is taken; some have no links at all.
    private static boolean proveLinks(Path root) throws IOException {
        Path first = newTemporary(root);
        Path second = root.resolve(KeyPaths.temporaryName(ThreadLocalRandom.current().nextLong()));
        try {
            Files.createLink(second, first);
        } catch (IOException | UnsupportedOperationException noLinks) {
            Files.deleteIfExists(first);
            return false;
        }
        try {
            Files.createLink(second, first);
            return false;
        } catch (FileAlreadyExistsException asItShould) {
            return true;
        } finally {
            Files.deleteIfExists(second);
            Files.deleteIfExists(first);
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return hasLinks ? Set.of(Capability.ENFORCED_CREATE, Capability.LOCAL_FILES) : Set.of(Capability.LOCAL_FILES);
    }

    @Override
    public boolean put(String key, Body body, PutMode mode) {
        Path target = keys.resolve(key);
        Path temporary = null;
        boolean mayHaveTakenEffect = false;
        try {
            for (int attempt = 1; ; attempt++) {
                try {
                    directories.make(target.getParent());
                    temporary = newTemporary(target.getParent());
                    break;
                } catch (NoSuchFileException removed) {
                    if (attempt == MAX_ATTEMPTS) {
                        throw removed;
                    }
                    directories.forget(target.getParent());
                }
            }
            write(temporary, body);
            mayHaveTakenEffect = true;
            boolean stored = switch (mode) {
                case CREATE -> create(temporary, target);
                case REPLACE -> {
                    Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
                    yield true;
                }
            };
            // Also when the key was taken: whoever repeats a put of unknown outcome relies on what is there.
            DurableDirectories.sync(target.getParent());
            writing = up;
            return stored;
        } catch (IOException failed) {
            throw failure(mayHaveTakenEffect ? ErrorCode.STORAGE_OUTCOME_UNKNOWN : ErrorCode.STORAGE_UNAVAILABLE, WRITING, key,
                    failed);
        } finally {
            discard(temporary);
        }
    }

    private boolean create(Path temporary, Path target) throws IOException {
        if (hasLinks) {
            try {
                Files.createLink(target, temporary);
                return true;
            } catch (FileAlreadyExistsException taken) {
                return false;
            }
        }
        withoutLinks.lock();
        try {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                return false;
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
            return true;
        } finally {
            withoutLinks.unlock();
        }
    }

    private static Path newTemporary(Path directory) throws IOException {
        while (true) {
            try {
                return Files.createFile(directory.resolve(KeyPaths.temporaryName(ThreadLocalRandom.current().nextLong())),
                        OWNER_ONLY);
            } catch (FileAlreadyExistsException collision) {
                // Draws another number.
            }
        }
    }

    private static void write(Path file, Body body) throws IOException {
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.WRITE)) {
            switch (body) {
                case Body.InMemory memory -> {
                    MemorySegment bytes = memory.bytes();
                    for (long position = 0; position < bytes.byteSize(); position += CHUNK_BYTES) {
                        long length = Math.min(CHUNK_BYTES, bytes.byteSize() - position);
                        ByteBuffer chunk = bytes.asSlice(position, length).asByteBuffer();
                        while (chunk.hasRemaining()) {
                            out.write(chunk);
                        }
                    }
                }
                case Body.OnDisk disk -> {
                    try (FileChannel in = FileChannel.open(disk.path(), StandardOpenOption.READ)) {
                        long position = 0;
                        while (position < disk.size()) {
                            long copied = in.transferTo(position, disk.size() - position, out);
                            if (copied <= 0) {
                                throw new IOException(disk.path() + " holds " + in.size() + " bytes instead of " + disk.size());
                            }
                            position += copied;
                        }
                    }
                }
            }
            out.force(true);
        }
    }

    private static void discard(Path temporary) {
        if (temporary != null) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException remains) {
                // Hidden from listings, and the next start's sweep removes it.
            }
        }
    }

    @Override
    public long read(String key, long position, MemorySegment target) {
        Path file = keys.resolve(key);
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            long done = 0;
            while (done < target.byteSize()) {
                long length = Math.min(CHUNK_BYTES, target.byteSize() - done);
                int count = in.read(target.asSlice(done, length).asByteBuffer(), position + done);
                if (count < 0) {
                    break;
                }
                done += count;
            }
            if (done == 0 && !Files.isRegularFile(file)) {
                throw new NoSuchFileException(file.toString());
            }
            reading = up;
            return done;
        } catch (IOException failed) {
            if (!Files.isRegularFile(file)) {
                throw new ArcException(ErrorCode.OBJECT_MISSING, "the object " + key + " is not in " + root, failed);
            }
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, "reading", key, failed);
        }
    }

    @Override
    public Optional<ObjectInfo> find(String key) {
        Path file = keys.resolve(key);
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return attributes.isRegularFile() ? Optional.of(new ObjectInfo(key, attributes.size(),
                    attributes.lastModifiedTime().to(TimeUnit.MICROSECONDS))) : Optional.empty();
        } catch (IOException failed) {
            if (Files.notExists(file)) {
                return Optional.empty();
            }
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, "looking for", key, failed);
        }
    }

    @Override
    public void list(String prefix, String startAfter, Consumer<ObjectInfo> each) {
        try {
            new OrderedWalk(root, prefix, startAfter, each).run();
        } catch (IOException failed) {
            throw failure(ErrorCode.STORAGE_UNAVAILABLE, "listing", prefix, failed);
        }
    }

    @Override
    public void delete(Collection<String> toDelete) {
        Set<Path> changed = new LinkedHashSet<>();
        for (String key : toDelete) {
            Path file = keys.resolve(key);
            try {
                if (!Files.isDirectory(file) && Files.deleteIfExists(file)) {
                    changed.add(file.getParent());
                }
            } catch (IOException failed) {
                if (!Files.notExists(file)) {
                    throw failure(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "deleting", key, failed);
                }
            }
        }
        for (Path directory : changed) {
            try {
                // A deleted file that came back after a power failure would be adopted as a foreign one.
                DurableDirectories.sync(directory);
            } catch (NoSuchFileException removed) {
                // Another deletion has emptied and removed it.
            } catch (IOException failed) {
                throw failure(ErrorCode.STORAGE_OUTCOME_UNKNOWN, "deleting from", root.relativize(directory).toString(),
                        failed);
            }
            directories.removeEmpty(directory);
        }
    }

    @Override
    public ScanTarget scanTarget(String key) {
        return new ScanTarget.LocalFile(keys.resolve(key));
    }

    @Override
    public List<Path> localDirectories() {
        return List.of(root);
    }

    @Override
    public Health health() {
        return writing.status() == Health.Status.UP ? reading : writing;
    }

    @Override
    public void close() {
        stale.close();
    }

    /// For tests.
    StaleFiles stale() {
        return stale;
    }

    private ArcException failure(ErrorCode code, String doing, String key, IOException cause) {
        String text = doing + " '" + key + "' in " + root + " failed: " + cause;
        Health down = new Health(Health.Status.DOWN, text);
        if (code == ErrorCode.STORAGE_UNAVAILABLE && !doing.equals(WRITING)) {
            reading = down;
        } else {
            writing = down;
        }
        return new ArcException(code, text, cause);
    }
}
