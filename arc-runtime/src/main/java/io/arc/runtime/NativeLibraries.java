package io.arc.runtime;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Stream;

/// Libraries that carry native code unpack it at each start into the platform's folder for temporary files, and remove it when
/// they end in peace. A server that is killed would leave its copies there for ever; so each process gets a folder of its own in
/// there, and the next start removes those whose process is gone.
final class NativeLibraries {
    private static final Logger LOG = System.getLogger(NativeLibraries.class.getName());
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final String OWN = "process-";

    private NativeLibraries() {}

    /// To be called before any library has unpacked anything, by the process that is the server and by no test: the folder is a
    /// property of the whole JVM. Where the folder is somebody else's or cannot be made, all stays as it was. Not below the data
    /// folder: that may be full, and queries have to be answered then, too.
    static void unpackApart() {
        Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
        try {
            Path natives = temporary.resolve("arc-" + System.getProperty("user.name").replaceAll("[^A-Za-z0-9_-]", "_"));
            if (!Files.getFileStore(temporary).supportsFileAttributeView("posix")) {
                return;
            }
            if (Files.notExists(natives, LinkOption.NOFOLLOW_LINKS)) {
                Files.createDirectory(natives, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            }
            Path own = natives.resolve(OWN + ProcessHandle.current().pid());
            if (Files.isSymbolicLink(natives) || !Files.getPosixFilePermissions(natives).equals(OWNER_ONLY)) {
                LOG.log(Level.WARNING, "{0} is not for this user alone, so native libraries are unpacked beside it", natives);
                return;
            }
            removeLeftovers(natives);
            // Fails where the folder is another user's: nobody else can write to one with these permissions.
            Files.createDirectories(own);
            System.setProperty("java.io.tmpdir", own.toString());
        } catch (IOException refused) {
            LOG.log(Level.DEBUG, "native libraries are unpacked into " + temporary, refused);
        }
    }

    /// What a process that runs has mapped stays readable to it even when its name is gone, as where one process number means two
    /// processes in two containers.
    static void removeLeftovers(Path natives) throws IOException {
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(natives, OWN + "[0-9]*")) {
            for (Path folder : folders) {
                if (!isAlive(folder)) {
                    remove(folder);
                }
            }
        }
    }

    private static boolean isAlive(Path folder) {
        try {
            long process = Long.parseLong(folder.getFileName().toString().substring(OWN.length()));
            return process != ProcessHandle.current().pid() && ProcessHandle.of(process).isPresent();
        } catch (NumberFormatException notOurs) {
            return true;
        }
    }

    private static void remove(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
