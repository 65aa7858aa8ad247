package io.arc.runtime.fs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Passes calls on to another file system and fails the k-th of them. Thread-safe; calls of all threads are counted together.
///
/// The usual loop: run a scenario once with nothing to fail and ask [#calls]; then, for every k up to that, with a fresh world,
/// [#fail] and run it again.
public final class FaultyFileSystem implements FileSystem {
    /// The calls that can fail; those of a [FileHandle] are the last six.
    public enum Call {
        CREATE, OPEN, LIST, EXISTS, RENAME, DELETE, CREATE_DIRECTORIES, SYNC_DIRECTORY, FILE_SIZE, USABLE, LOCK,
        APPEND, READ, SYNC, HANDLE_SIZE, TRUNCATE, CLOSE
    }

    /// What a failing call does. BEFORE: nothing. AFTER: all of it. PARTIAL: an append writes the first half; others as BEFORE.
    public enum Effect {
        BEFORE, AFTER, PARTIAL
    }

    /// All calls that change something.
    public static final Set<Call> CHANGES = Set.copyOf(EnumSet.of(Call.CREATE, Call.RENAME, Call.DELETE,
            Call.CREATE_DIRECTORIES, Call.SYNC_DIRECTORY, Call.APPEND, Call.SYNC, Call.TRUNCATE, Call.CLOSE));

    private final FileSystem inner;
    private final Runnable onFault;
    // Guarded by `this`.
    private final List<String> trace = new ArrayList<>();
    private Set<Call> counted = CHANGES;
    private int calls;
    private int from = Integer.MAX_VALUE;
    private int to;
    private Effect effect = Effect.BEFORE;
    private String message = "";

    public FaultyFileSystem(FileSystem inner) {
        this(inner, () -> {});
    }

    /// @param onFault run where a call is about to throw; a process that is to die at that call does it here
    public FaultyFileSystem(FileSystem inner, Runnable onFault) {
        this.inner = inner;
        this.onFault = onFault;
    }

    /// Fails the k-th of the counted calls from now on, and the ones after it too when asked to. k starts at 1.
    public synchronized void fail(Set<Call> which, int k, boolean forEver, Effect how, String message) {
        counted = Set.copyOf(which);
        calls = 0;
        trace.clear();
        from = k;
        to = forEver ? Integer.MAX_VALUE : k;
        effect = how;
        this.message = message;
    }

    /// Fails nothing any more.
    public synchronized void heal() {
        from = Integer.MAX_VALUE;
        to = 0;
    }

    /// How many calls were counted since the last [#fail].
    public synchronized int calls() {
        return calls;
    }

    /// Those calls, for messages.
    public synchronized List<String> trace() {
        return List.copyOf(trace);
    }

    private synchronized boolean fails(Call call, Object what) {
        if (!counted.contains(call)) {
            return false;
        }
        calls++;
        trace.add(calls + " " + call + " " + what);
        return calls >= from && calls <= to;
    }

    private IOException failure(Call call, Object what) {
        onFault.run();
        return new IOException(message + " (" + call + " of " + what + ")");
    }

    @FunctionalInterface
    private interface Operation<T> {
        T run() throws IOException;
    }

    private <T> T call(Call call, Object what, Operation<T> operation) throws IOException {
        if (!fails(call, what)) {
            return operation.run();
        }
        if (effect == Effect.AFTER) {
            T made = operation.run();
            Object handed = made instanceof Optional<?> held ? held.orElse(null) : made;
            if (handed instanceof Closeable open) {
                open.close();
            }
        }
        throw failure(call, what);
    }

    @Override
    public FileHandle create(Path file) throws IOException {
        return new Handle(file, call(Call.CREATE, file, () -> inner.create(file)));
    }

    @Override
    public FileHandle openForReading(Path file) throws IOException {
        return new Handle(file, call(Call.OPEN, file, () -> inner.openForReading(file)));
    }

    @Override
    public List<Path> list(Path folder) throws IOException {
        return call(Call.LIST, folder, () -> inner.list(folder));
    }

    @Override
    public boolean exists(Path file) throws IOException {
        return call(Call.EXISTS, file, () -> inner.exists(file));
    }

    @Override
    public void rename(Path origin, Path target) throws IOException {
        call(Call.RENAME, origin, () -> {
            inner.rename(origin, target);
            return null;
        });
    }

    @Override
    public void delete(Path file) throws IOException {
        call(Call.DELETE, file, () -> {
            inner.delete(file);
            return null;
        });
    }

    @Override
    public void createDirectories(Path folder) throws IOException {
        call(Call.CREATE_DIRECTORIES, folder, () -> {
            inner.createDirectories(folder);
            return null;
        });
    }

    @Override
    public void syncDirectory(Path folder) throws IOException {
        call(Call.SYNC_DIRECTORY, folder, () -> {
            inner.syncDirectory(folder);
            return null;
        });
    }

    @Override
    public long size(Path file) throws IOException {
        return call(Call.FILE_SIZE, file, () -> inner.size(file));
    }

    @Override
    public long usableBytes(Path folder) throws IOException {
        return call(Call.USABLE, folder, () -> inner.usableBytes(folder));
    }

    @Override
    public Optional<Closeable> tryLock(Path file) throws IOException {
        return call(Call.LOCK, file, () -> inner.tryLock(file));
    }

    private final class Handle implements FileHandle {
        private final Path file;
        private final FileHandle open;

        Handle(Path file, FileHandle open) {
            this.file = file;
            this.open = open;
        }

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            if (!fails(Call.APPEND, file)) {
                open.append(bytes);
                return;
            }
            switch (effect) {
                case BEFORE -> { }
                case AFTER -> open.append(bytes);
                case PARTIAL -> {
                    int limit = bytes.limit();
                    open.append(bytes.limit(bytes.position() + bytes.remaining() / 2));
                    bytes.limit(limit);
                }
            }
            throw failure(Call.APPEND, file);
        }

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return call(Call.READ, file, () -> open.read(target, position));
        }

        @Override
        public void sync(boolean metadata) throws IOException {
            call(Call.SYNC, file, () -> {
                open.sync(metadata);
                return null;
            });
        }

        @Override
        public long size() throws IOException {
            return call(Call.HANDLE_SIZE, file, open::size);
        }

        @Override
        public void truncate(long size) throws IOException {
            call(Call.TRUNCATE, file, () -> {
                open.truncate(size);
                return null;
            });
        }

        @Override
        public void close() throws IOException {
            call(Call.CLOSE, file, () -> {
                open.close();
                return null;
            });
        }
    }
}
