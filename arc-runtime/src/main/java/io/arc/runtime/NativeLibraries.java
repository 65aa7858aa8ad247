package io.arc.runtime;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/// Libraries that carry native code unpack it at each start into the platform's folder for temporary files, and remove it when
/// they end in peace. A server that is killed would leave its copies there for ever; so each process gets a folder of its own below
/// the data folder, and the next start removes those whose process is gone.
final class NativeLibraries {
    private static final Logger LOG = System.getLogger(NativeLibraries.class.getName());
    private static final String OWN = "process-";

    private NativeLibraries() {}

    /// To be called before any library has unpacked anything, by the process that is the server and by no test: the folder is a
    /// property of the whole JVM. Without a folder that can be written all stays as it was; opening the data folder says why.
    static void unpackBelow(Path data) {
        try {
            DataDirectory.make(data);
            Path natives = Files.createDirectories(data.resolve("native"));
            removeLeftovers(natives);
            Path own = Files.createDirectories(natives.resolve(OWN + ProcessHandle.current().pid()));
            System.setProperty("java.io.tmpdir", own.toString());
        } catch (IOException refused) {
            LOG.log(Level.DEBUG, "native libraries are unpacked into " + System.getProperty("java.io.tmpdir"), refused);
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
