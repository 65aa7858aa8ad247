package io.arc.runtime.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.OSInfo;

/// Keeps SQLite's native library unpacked between starts. Left alone, the driver unpacks, compares and sweeps a copy in the
/// temporary folder at every start, four times the work of loading it.
///
/// The driver takes the folder from the system property `org.sqlite.lib.path` only; so this sets that property, unless an
/// operator has. When anything fails the property stays unset and the driver does as it always does.
final class SqliteLibrary {
    private static final System.Logger LOG = System.getLogger(SqliteLibrary.class.getName());
    private static final String FOLDER_PROPERTY = "org.sqlite.lib.path";

    private SqliteLibrary() {}

    /// Has an effect before the first connection of the process only.
    static void keepIn(Path directory) {
        if (System.getProperty(FOLDER_PROPERTY) != null) {
            return;
        }
        String name = System.mapLibraryName("sqlitejdbc");
        Path folder = directory.toAbsolutePath().resolve("sqlite-" + SQLiteJDBCLoader.getVersion() + '-'
                + System.getProperty("os.name") + '-' + System.getProperty("os.arch"));
        Path library = folder.resolve(name);
        try {
            if (Files.notExists(library)) {
                // Asked here and not before: finding out the C library's kind takes longer than loading SQLite.
                String resource = "/org/sqlite/native/" + OSInfo.getNativeLibFolderPathForCurrentOS() + '/' + name;
                Files.createDirectories(folder);
                Path unfinished = Files.createTempFile(folder, name, ".part");
                try (InputStream bytes = SQLiteJDBCLoader.class.getResourceAsStream(resource)) {
                    if (bytes == null) {
                        throw new IOException("the driver has no library for this system: " + resource);
                    }
                    Files.copy(bytes, unfinished, StandardCopyOption.REPLACE_EXISTING);
                    Files.move(unfinished, library, StandardCopyOption.ATOMIC_MOVE);
                } finally {
                    Files.deleteIfExists(unfinished);
                }
            }
            System.setProperty(FOLDER_PROPERTY, folder.toString());
        } catch (IOException failure) {
            LOG.log(System.Logger.Level.WARNING, "SQLite's library cannot be kept in " + folder
                    + ", so it is unpacked at each start", failure);
        }
    }
}
