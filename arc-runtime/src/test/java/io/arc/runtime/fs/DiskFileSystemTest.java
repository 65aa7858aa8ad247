package io.arc.runtime.fs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskFileSystemTest extends FileSystemContract {
    private final DiskFileSystem files = new DiskFileSystem();

    @TempDir
    private Path folder;

    @Override
    FileSystem files() {
        return files;
    }

    @Override
    Path folder() {
        return folder;
    }

    /// The log holds customers' rows: nobody else reads them.
    @Test
    void filesAndFoldersAreForTheOwnerAlone() throws IOException {
        Path made = folder.resolve("p/q");
        files.createDirectories(made);
        files.create(made.resolve("f")).close();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made))).isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made.getParent()))).isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(made.resolve("f")))).isEqualTo("rw-------");
    }

    /// A process of its own finds the lock taken, also after this one has asked for it a second time.
    @Test
    void anotherProcessIsKeptOut() throws IOException, InterruptedException {
        Path file = folder.resolve("lock");
        try (Closeable held = files.tryLock(file).orElseThrow()) {
            assertThat(files.tryLock(file)).isEmpty();
            assertThat(lockElsewhere(file)).isEqualTo("taken");
            assertThat(held).isNotNull();
        }
        assertThat(lockElsewhere(file)).isEqualTo("free");
    }

    private static String lockElsewhere(Path file) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classes = place(Locker.class) + File.pathSeparator + place(DiskFileSystem.class);
        Process other = new ProcessBuilder(List.of(java, "-cp", classes, Locker.class.getName(), file.toString()))
                .redirectErrorStream(true).start();
        try (BufferedReader output = other.inputReader(StandardCharsets.UTF_8)) {
            String line = output.readLine();
            other.waitFor();
            return line;
        }
    }

    private static Path place(Class<?> type) {
        return Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath());
    }

    /// The other process.
    static final class Locker {
        private Locker() {}

        public static void main(String[] arguments) throws IOException {
            System.out.println(new DiskFileSystem().tryLock(Path.of(arguments[0])).isPresent() ? "free" : "taken");
        }
    }
}
