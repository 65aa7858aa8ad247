package io.arc.runtime.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// What every file system here does. The simulated one must not differ from the machine's, else tests on it prove nothing.
abstract class FileSystemContract {
    abstract FileSystem files();

    /// Exists, is empty and can be synced.
    abstract Path folder();

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private String content(Path file) throws IOException {
        try (FileHandle handle = files().openForReading(file)) {
            ByteBuffer target = ByteBuffer.allocate(Math.toIntExact(handle.size()));
            assertThat(handle.read(target, 0)).isEqualTo(target.capacity());
            return new String(target.array(), StandardCharsets.UTF_8);
        }
    }

    private Path write(String name, String text) throws IOException {
        Path file = folder().resolve(name);
        try (FileHandle handle = files().create(file)) {
            handle.append(bytes(text));
            handle.sync(false);
        }
        files().syncDirectory(folder());
        return file;
    }

    @Test
    void appendsFollowEachOther() throws IOException {
        Path file = folder().resolve("a");
        try (FileHandle handle = files().create(file)) {
            handle.append(bytes("one"));
            ByteBuffer middle = bytes("-two-").position(1).limit(4);
            handle.append(middle);
            assertThat(middle.hasRemaining()).isFalse();
            handle.append(bytes("").duplicate());
            assertThat(handle.size()).isEqualTo(6);
            handle.sync(true);
        }
        assertThat(content(file)).isEqualTo("onetwo");
        assertThat(files().size(file)).isEqualTo(6);
    }

    @Test
    void directBuffersAndLargeAppendsAreWrittenWhole() throws IOException {
        ByteBuffer large = ByteBuffer.allocateDirect(3 << 20);
        for (int i = 0; large.hasRemaining(); i++) {
            large.put((byte) i);
        }
        Path file = folder().resolve("large");
        try (FileHandle handle = files().create(file)) {
            handle.append(large.flip());
        }
        assertThat(files().size(file)).isEqualTo(3 << 20);
        try (FileHandle handle = files().openForReading(file)) {
            ByteBuffer target = ByteBuffer.allocate(4);
            handle.read(target, 1_000_003);
            assertThat(target.array()).containsExactly((byte) 1_000_003, (byte) 1_000_004, (byte) 1_000_005, (byte) 1_000_006);
        }
    }

    @Test
    void readingStopsAtTheEnd() throws IOException {
        Path file = write("a", "0123456789");
        try (FileHandle handle = files().openForReading(file)) {
            ByteBuffer target = ByteBuffer.allocate(4);
            assertThat(handle.read(target, 8)).isEqualTo(2);
            assertThat(target.position()).isEqualTo(2);
            assertThat(handle.read(ByteBuffer.allocate(4), 10)).isZero();
            assertThat(handle.read(ByteBuffer.allocate(4), 1_000)).isZero();
        }
    }

    @Test
    void aCutFileGoesOnFromItsNewEnd() throws IOException {
        Path file = folder().resolve("a");
        try (FileHandle handle = files().create(file)) {
            handle.append(bytes("0123456789"));
            handle.truncate(4);
            assertThat(handle.size()).isEqualTo(4);
            handle.append(bytes("x"));
            handle.sync(true);
        }
        assertThat(content(file)).isEqualTo("0123x");
    }

    @Test
    void aNameThatIsTakenIsNotOpened() throws IOException {
        Path file = write("a", "first");
        assertThatThrownBy(() -> files().create(file)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(content(file)).isEqualTo("first");
    }

    @Test
    void missingThings() throws IOException {
        Path missing = folder().resolve("missing");
        assertThatThrownBy(() -> files().openForReading(missing)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> files().size(missing)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> files().create(missing.resolve("in"))).isInstanceOf(NoSuchFileException.class);
        assertThat(files().exists(missing)).isFalse();
        assertThat(files().list(missing)).isEmpty();
        files().delete(missing);
    }

    @Test
    void listIsByName() throws IOException {
        write("b", "");
        write("a", "");
        files().createDirectories(folder().resolve("c/d"));
        write("c-1", "");
        assertThat(files().list(folder())).containsExactlyInAnyOrder(folder().resolve("a"), folder().resolve("b"),
                folder().resolve("c"), folder().resolve("c-1")).isSorted();
    }

    @Test
    void renameReplacesAndDeleteRemoves() throws IOException {
        Path a = write("a", "new");
        Path b = write("b", "old");
        files().rename(a, b);
        assertThat(content(b)).isEqualTo("new");
        assertThat(files().exists(a)).isFalse();
        files().delete(b);
        assertThat(files().exists(b)).isFalse();
        assertThat(files().list(folder())).isEmpty();
    }

    @Test
    void foldersAreMadeOnce() throws IOException {
        Path deep = folder().resolve("x/y/z");
        files().createDirectories(deep);
        files().createDirectories(deep);
        assertThat(files().exists(deep)).isTrue();
        files().syncDirectory(deep);
        Path file = write("file", "");
        assertThatThrownBy(() -> files().createDirectories(file.resolve("in"))).isInstanceOf(IOException.class);
    }

    @Test
    void aLockHasOneHolder() throws IOException {
        Path file = folder().resolve("lock");
        Optional<Closeable> first = files().tryLock(file);
        assertThat(first).isPresent();
        assertThat(files().tryLock(file)).isEmpty();
        first.get().close();
        Optional<Closeable> second = files().tryLock(file);
        assertThat(second).isPresent();
        second.get().close();
    }

    @Test
    void thereIsRoom() throws IOException {
        assertThat(files().usableBytes(folder())).isPositive();
    }
}
