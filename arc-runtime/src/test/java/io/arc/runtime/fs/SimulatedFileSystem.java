package io.arc.runtime.fs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;
import java.util.random.RandomGenerator;

/// Files in memory that know what a power cut may leave of them. Thread-safe: one call at a time.
///
/// - What was appended or cut since a file's last successful [FileHandle#sync] may be lost, each 512-byte sector of it by
///   itself, in any order; a file's length may have reached the disk without its bytes, which are then zeros or what lay
///   there before.
/// - Names that were made, renamed or deleted since the folder's last [FileSystem#syncDirectory] may be old or new, each by
///   itself; what happened to one name keeps its order. Syncing a file does not keep its name.
/// - A sync that [#failSync] lets fail drops what it should have kept, and later syncs do not bring it back, as Linux does.
/// - [#limit] makes the disk small: an append that does not fit writes what fits and fails.
///
/// [#afterPowerCut] makes one of the possible states, [#afterKill] the state after the death of the process alone. Both leave
/// this file system as it is, so that thousands of states come from one moment of one run; [#onCall] is told of those moments.
public final class SimulatedFileSystem implements FileSystem {
    private static final int SECTOR = 512;

    /// What is not on the disk for certain. Exactly one of `bytes` and a length to cut to.
    private record Change(long at, byte[] bytes) {
        boolean isCut() {
            return bytes == null;
        }
    }

    /// A file's bytes as its process sees them and as the disk has them for certain.
    private static final class Content {
        private byte[] seen = new byte[256];
        private int seenLength;
        private byte[] kept = new byte[0];
        private final List<Change> unsynced = new ArrayList<>();

        void write(byte[] bytes) {
            if (seenLength + bytes.length > seen.length) {
                seen = Arrays.copyOf(seen, Math.max(seen.length * 2, seenLength + bytes.length));
            }
            System.arraycopy(bytes, 0, seen, seenLength, bytes.length);
            unsynced.add(new Change(seenLength, bytes));
            seenLength += bytes.length;
        }

        void cut(int length) {
            if (length < seenLength) {
                Arrays.fill(seen, length, seenLength, (byte) 0);
                seenLength = length;
                unsynced.add(new Change(length, null));
            }
        }

        void sync() {
            for (Change change : unsynced) {
                kept = change.isCut() ? Arrays.copyOf(kept, Math.toIntExact(Math.min(kept.length, change.at())))
                        : put(kept, change, null);
            }
            unsynced.clear();
        }

        /// The kept bytes with a part of the unsynced changes.
        byte[] possible(RandomGenerator random) {
            // Whole runs kept or lost are what disks mostly do; without them no long group would ever be nearly whole.
            int bias = random.nextInt(4);
            byte[] state = kept;
            for (Change change : unsynced) {
                if (change.isCut()) {
                    if (random.nextBoolean()) {
                        state = Arrays.copyOf(state, Math.toIntExact(Math.min(state.length, change.at())));
                    }
                } else {
                    state = put(state, change, () -> switch (bias) {
                        case 0 -> true;
                        case 1 -> random.nextInt(8) != 0;
                        case 2 -> random.nextBoolean();
                        default -> false;
                    });
                }
            }
            if (!unsynced.isEmpty() && state.length < seenLength && random.nextInt(3) == 0) {
                // The new length without the bytes.
                int length = state.length;
                state = Arrays.copyOf(state, length + random.nextInt(seenLength - length) + 1);
                if (random.nextBoolean()) {
                    byte[] stale = new byte[state.length - length];
                    random.nextBytes(stale);
                    System.arraycopy(stale, 0, state, length, stale.length);
                }
            }
            return state;
        }

        private static byte[] put(byte[] target, Change change, BooleanSupplier keepSector) {
            byte[] state = target;
            int from = Math.toIntExact(change.at());
            int end = from + change.bytes().length;
            while (from < end) {
                int to = Math.min(end, (from / SECTOR + 1) * SECTOR);
                if (keepSector == null || keepSector.getAsBoolean()) {
                    if (state.length < to || state == target) {
                        state = Arrays.copyOf(state, Math.max(state.length, keepSector == null ? end : to));
                    }
                    System.arraycopy(change.bytes(), from - Math.toIntExact(change.at()), state, from, to - from);
                }
                from = to;
            }
            return state;
        }
    }

    /// A name now stands for `content`, or for nothing.
    private record NameChange(Path name, Content content) {}

    private final RandomGenerator random;
    // Guarded by `this`.
    private final Map<Path, Content> seen = new TreeMap<>();
    private final Map<Path, Content> kept = new TreeMap<>();
    private final List<NameChange> unsynced = new ArrayList<>();
    private final Set<Path> folders = new HashSet<>();
    private final Set<Path> locks = new HashSet<>();
    private long capacityBytes = Long.MAX_VALUE;
    private int syncsToFailure = Integer.MAX_VALUE;
    private boolean syncsFailForEver;
    private Runnable observer = () -> {};

    /// @param random decides what failed syncs drop
    public SimulatedFileSystem(RandomGenerator random) {
        this.random = random;
    }

    /// Is told before every call that changes something, on the calling thread, with this file system to itself.
    public synchronized void onCall(Runnable observer) {
        this.observer = observer;
    }

    /// The disk's size from now on, in bytes of file content.
    public synchronized void limit(long bytes) {
        capacityBytes = bytes;
    }

    /// Fails the k-th sync of a file from now on, or that and all after it; k starts at 1.
    public synchronized void failSync(int k, boolean forEver) {
        syncsToFailure = k;
        syncsFailForEver = forEver;
    }

    /// One of the states that a power cut at this moment may leave, with everything in it synced and nothing locked.
    public synchronized SimulatedFileSystem afterPowerCut(RandomGenerator choice) {
        SimulatedFileSystem left = new SimulatedFileSystem(choice);
        left.folders.addAll(folders);
        Map<Path, Content> names = new TreeMap<>(kept);
        boolean orderly = choice.nextInt(3) == 0;
        Map<Path, Boolean> stopped = new TreeMap<>();
        for (NameChange change : unsynced) {
            // What happened to one name reaches the disk in its order.
            if (orderly || !stopped.getOrDefault(change.name(), false) && choice.nextBoolean()) {
                put(names, change);
            } else {
                stopped.put(change.name(), true);
            }
        }
        Map<Content, byte[]> once = new IdentityHashMap<>();
        names.forEach((name, content) -> left.adopt(name, once.computeIfAbsent(content, each -> each.possible(choice))));
        return left;
    }

    /// What the next process finds when this one is killed and the machine stays up.
    public synchronized SimulatedFileSystem afterKill() {
        SimulatedFileSystem left = new SimulatedFileSystem(random);
        left.folders.addAll(folders);
        seen.forEach((name, content) -> left.adopt(name, Arrays.copyOf(content.seen, content.seenLength)));
        return left;
    }

    private void adopt(Path name, byte[] bytes) {
        Content content = new Content();
        content.seen = bytes.clone();
        content.seenLength = bytes.length;
        content.kept = bytes.clone();
        seen.put(name, content);
        kept.put(name, content);
    }

    /// A file's bytes, as its process sees them.
    public synchronized byte[] bytes(Path file) throws IOException {
        Content content = find(file);
        return Arrays.copyOf(content.seen, content.seenLength);
    }

    /// Puts a file there, on the disk for certain, in place of any other.
    public synchronized void put(Path file, byte[] bytes) {
        folders.add(file.getParent());
        adopt(file, bytes);
    }

    private static void put(Map<Path, Content> names, NameChange change) {
        if (change.content() == null) {
            names.remove(change.name());
        } else {
            names.put(change.name(), change.content());
        }
    }

    private void change(Path name, Content content) {
        NameChange change = new NameChange(name, content);
        put(seen, change);
        unsynced.add(change);
    }

    private Content find(Path file) throws NoSuchFileException {
        Content content = seen.get(file);
        if (content == null) {
            throw new NoSuchFileException(file.toString());
        }
        return content;
    }

    /// What the files take of the disk.
    public synchronized long bytesUsed() {
        return seen.values().stream().mapToLong(content -> content.seenLength).sum();
    }

    @Override
    public synchronized FileHandle create(Path file) throws IOException {
        observer.run();
        if (seen.containsKey(file)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        if (!folders.contains(file.getParent())) {
            throw new NoSuchFileException(file.toString());
        }
        Content content = new Content();
        change(file, content);
        return new Handle(content);
    }

    @Override
    public synchronized FileHandle openForReading(Path file) throws IOException {
        return new Handle(find(file));
    }

    @Override
    public synchronized List<Path> list(Path folder) {
        Set<Path> entries = new TreeSet<>();
        seen.keySet().stream().filter(file -> folder.equals(file.getParent())).forEach(entries::add);
        folders.stream().filter(each -> folder.equals(each.getParent())).forEach(entries::add);
        return List.copyOf(entries);
    }

    @Override
    public synchronized boolean exists(Path file) {
        return seen.containsKey(file) || folders.contains(file);
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        observer.run();
        Content content = find(from);
        change(to, content);
        change(from, null);
    }

    @Override
    public synchronized void delete(Path file) {
        observer.run();
        if (seen.containsKey(file)) {
            change(file, null);
        }
    }

    /// Folders are kept at once: what is lost with a folder is lost with the names in it too.
    @Override
    public synchronized void createDirectories(Path folder) throws IOException {
        observer.run();
        for (Path each = folder; each != null; each = each.getParent()) {
            if (seen.containsKey(each)) {
                throw new NotDirectoryException(each.toString());
            }
            folders.add(each);
        }
    }

    @Override
    public synchronized void syncDirectory(Path folder) throws IOException {
        observer.run();
        if (!folders.contains(folder)) {
            throw new NoSuchFileException(folder.toString());
        }
        unsynced.removeIf(change -> {
            boolean here = folder.equals(change.name().getParent());
            if (here) {
                put(kept, change);
            }
            return here;
        });
    }

    @Override
    public synchronized long size(Path file) throws IOException {
        return find(file).seenLength;
    }

    @Override
    public synchronized long usableBytes(Path folder) {
        return Math.max(0, capacityBytes - bytesUsed());
    }

    @Override
    public synchronized Optional<Closeable> tryLock(Path file) throws IOException {
        if (!locks.add(file)) {
            return Optional.empty();
        }
        if (!seen.containsKey(file)) {
            create(file);
        }
        return Optional.of(() -> {
            synchronized (this) {
                locks.remove(file);
            }
        });
    }

    private final class Handle implements FileHandle {
        private final Content content;
        private boolean closed;

        Handle(Content content) {
            this.content = content;
        }

        private void requireOpen() throws IOException {
            if (closed) {
                throw new ClosedChannelException();
            }
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            synchronized (SimulatedFileSystem.this) {
                requireOpen();
                observer.run();
                long room = capacityBytes == Long.MAX_VALUE ? Long.MAX_VALUE : Math.max(0, capacityBytes - bytesUsed());
                byte[] part = new byte[Math.toIntExact(Math.min(bytes.remaining(), room))];
                bytes.get(part);
                if (part.length > 0) {
                    content.write(part);
                }
                if (bytes.hasRemaining()) {
                    throw new IOException("No space left on device");
                }
            }
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            synchronized (SimulatedFileSystem.this) {
                requireOpen();
                int length = Math.toIntExact(Math.max(0, Math.min(target.remaining(), content.seenLength - position)));
                if (length > 0) {
                    target.put(content.seen, Math.toIntExact(position), length);
                }
                return length;
            }
        }

        @Override
        public void sync(boolean metadata) throws IOException {
            synchronized (SimulatedFileSystem.this) {
                requireOpen();
                observer.run();
                syncsToFailure--;
                if (syncsToFailure == 0 || syncsToFailure < 0 && syncsFailForEver) {
                    content.kept = content.possible(random);
                    content.unsynced.clear();
                    throw new IOException("Input/output error");
                }
                content.sync();
            }
        }

        @Override
        public long size() throws IOException {
            synchronized (SimulatedFileSystem.this) {
                requireOpen();
                return content.seenLength;
            }
        }

        @Override
        public void truncate(long size) throws IOException {
            synchronized (SimulatedFileSystem.this) {
                requireOpen();
                observer.run();
                content.cut(Math.toIntExact(size));
            }
        }

        @Override
        public void close() {
            synchronized (SimulatedFileSystem.this) {
                closed = true;
            }
        }
    }
}
