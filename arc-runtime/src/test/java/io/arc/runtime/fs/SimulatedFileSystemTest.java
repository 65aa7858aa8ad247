package io.arc.runtime.fs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The simulated disk forgets what a real one may forget, and nothing else.
class SimulatedFileSystemTest extends FileSystemContract {
    private static final int STATES = 400;

    private final SimulatedFileSystem files = new SimulatedFileSystem(new SplittableRandom(1));
    private final Path folder = Path.of("/simulated/folder");

    @BeforeEach
    void makeFolder() throws IOException {
        files.createDirectories(folder);
    }

    @Override
    FileSystem files() {
        return files;
    }

    @Override
    Path folder() {
        return folder;
    }

    private static ByteBuffer filled(int length, int value) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) value);
        return ByteBuffer.wrap(bytes);
    }

    /// All contents that a file may have after a power cut; null stands for no file.
    private Set<String> possible(Path file) throws IOException {
        Set<String> seen = new HashSet<>();
        for (int seed = 0; seed < STATES; seed++) {
            SimulatedFileSystem left = files.afterPowerCut(new SplittableRandom(seed));
            seen.add(left.exists(file) ? summary(left.bytes(file)) : null);
        }
        return seen;
    }

    /// Runs of equal bytes, by sector.
    private static String summary(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < bytes.length; at += 512) {
            int end = Math.min(bytes.length, at + 512);
            boolean equal = true;
            for (int i = at; i < end; i++) {
                equal &= bytes[i] == bytes[at];
            }
            text.append(equal ? Integer.toString(bytes[at]) : "?").append(',');
        }
        return text.toString();
    }

    @Test
    void syncedContentWithASyncedNameStays() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        handle.append(filled(1_024, 1));
        handle.sync(false);
        files.syncDirectory(folder);
        assertThat(possible(file)).containsExactly("1,1,");
    }

    @Test
    void aNameWithoutItsFoldersSyncMayBeLost() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        handle.append(filled(512, 1));
        handle.sync(true);
        assertThat(possible(file)).containsExactlyInAnyOrder("1,", null);
    }

    @Test
    void unsyncedSectorsAreLostTornAndReordered() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        handle.append(filled(512, 1));
        handle.sync(false);
        files.syncDirectory(folder);
        handle.append(filled(1_024, 2));
        assertThat(possible(file)).contains("1,", "1,2,", "1,2,2,", "1,0,2,").allMatch(state -> state.startsWith("1,"));
    }

    @Test
    void deletionsAndRenamesMayNotHaveHappenedYet() throws IOException {
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        for (Path file : new Path[] {a, b}) {
            FileHandle handle = files.create(file);
            handle.append(filled(512, file.equals(a) ? 1 : 2));
            handle.sync(false);
        }
        files.syncDirectory(folder);
        files.rename(a, b);
        assertThat(possible(a)).containsExactlyInAnyOrder("1,", null);
        assertThat(possible(b)).containsExactlyInAnyOrder("1,", "2,");
        files.syncDirectory(folder);
        assertThat(possible(b)).containsExactly("1,");
        files.delete(b);
        assertThat(possible(b)).containsExactlyInAnyOrder("1,", null);
    }

    /// The trap: the next sync says that all is well.
    @Test
    void aFailedSyncDropsBytesForGood() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        files.syncDirectory(folder);
        handle.append(filled(512, 1));
        files.failSync(1, false);
        assertThatThrownBy(() -> handle.sync(false)).isInstanceOf(IOException.class);
        handle.sync(false);
        handle.append(filled(512, 2));
        handle.sync(false);
        assertThat(files.bytes(file)).as("the process still sees them").hasSize(1_024);
        boolean dropped = false;
        for (int seed = 0; seed < 50 && !dropped; seed++) {
            SimulatedFileSystem other = new SimulatedFileSystem(new SplittableRandom(seed));
            other.createDirectories(folder);
            FileHandle again = other.create(file);
            other.syncDirectory(folder);
            again.append(filled(512, 1));
            other.failSync(1, false);
            assertThatThrownBy(() -> again.sync(false)).isInstanceOf(IOException.class);
            again.sync(false);
            dropped = !summary(other.afterPowerCut(new SplittableRandom(seed)).bytes(file)).equals("1,");
        }
        assertThat(dropped).isTrue();
    }

    @Test
    void aCutMayBeLostUntilItIsSynced() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        handle.append(filled(1_024, 1));
        handle.sync(false);
        files.syncDirectory(folder);
        handle.truncate(512);
        assertThat(possible(file)).containsExactlyInAnyOrder("1,", "1,1,");
        handle.sync(true);
        assertThat(possible(file)).containsExactly("1,");
    }

    @Test
    void aFullDiskTakesWhatFits() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        files.limit(100);
        ByteBuffer bytes = filled(300, 1);
        assertThatThrownBy(() -> handle.append(bytes)).isInstanceOf(IOException.class).hasMessage("No space left on device");
        assertThat(bytes.remaining()).isEqualTo(200);
        assertThat(handle.size()).isEqualTo(100);
        assertThat(files.usableBytes(folder)).isZero();
        files.limit(1_000);
        handle.append(bytes);
        assertThat(handle.size()).isEqualTo(300);
    }

    @Test
    void aKilledProcessLosesNothingButItsLocks() throws IOException {
        Path file = folder.resolve("a");
        FileHandle handle = files.create(file);
        handle.append(filled(10, 1));
        assertThat(files.tryLock(folder.resolve("lock"))).isPresent();
        SimulatedFileSystem left = files.afterKill();
        assertThat(left.bytes(file)).hasSize(10);
        assertThat(left.tryLock(folder.resolve("lock"))).isPresent();
        left.delete(file);
        assertThatThrownBy(() -> left.bytes(file)).isInstanceOf(NoSuchFileException.class);
        assertThat(files.bytes(file)).as("two worlds").hasSize(10);
    }
}
