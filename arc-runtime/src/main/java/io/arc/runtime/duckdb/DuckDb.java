package io.arc.runtime.duckdb;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.duckdb.DuckDBConnection;

/// The embedded DuckDB: in memory, without a file of its own, without network, locked. Owns the instance; closing it makes
/// every connection unusable. Thread-safe; a connection is for one thread.
///
/// The settings are the second wall: the first is the allow-list in front of every statement. They are read back at the
/// start, because a driver that ignored one would silently open the box or change answers.
public final class DuckDb implements AutoCloseable {
    private final DuckDBConnection root;
    private final HotRows hotRows;

    private DuckDb(DuckDBConnection root, HotRows hotRows) {
        this.root = root;
        this.hotRows = hotRows;
    }

    /// Starts the instance. The first call in a process loads the native library.
    ///
    /// @throws ArcException CONFIGURATION when a directory cannot be used or a setting is not taken
    public static DuckDb open(DuckDbOptions options) {
        Path temp = prepareTempDirectory(options.tempDirectory());
        try {
            Properties properties = new Properties();
            properties.put("jdbc_stream_results", "true");
            DuckDBConnection root = (DuckDBConnection) DriverManager.getConnection("jdbc:duckdb:", properties);
            try {
                HotRows hotRows = new HotRows(options.threads());
                configure(root, options, temp, hotRows);
                return new DuckDb(root, hotRows);
            } catch (SQLException | RuntimeException e) {
                root.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new ArcException(ErrorCode.CONFIGURATION, "DuckDB did not start: " + firstLine(e.getMessage()), e);
        }
    }

    /// A new connection to the instance. The caller closes it.
    public DuckDBConnection connect() throws SQLException {
        return root.duplicate();
    }

    /// Where batches in memory are made visible to SQL.
    public HotRows hotRows() {
        return hotRows;
    }

    @Override
    public void close() {
        try {
            root.close();
        } catch (SQLException e) {
            throw new ArcException(ErrorCode.INTERNAL, "DuckDB did not close: " + firstLine(e.getMessage()), e);
        }
    }

    private static void configure(DuckDBConnection root, DuckDbOptions options, Path temp, HotRows hotRows)
            throws SQLException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("threads", Integer.toString(options.threads()));
        settings.put("TimeZone", "UTC");
        settings.put("preserve_insertion_order", "false");
        settings.put("error_on_division_by_zero", "false");
        settings.put("regex_match_operator_semantics", "full");
        settings.put("autoinstall_known_extensions", "false");
        settings.put("autoload_known_extensions", "false");
        settings.put("allow_community_extensions", "false");
        settings.put("allow_persistent_secrets", "false");
        settings.put("parquet_metadata_cache", "true");
        settings.put("temp_directory", temp.toString());
        try (Statement statement = root.createStatement()) {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                statement.execute("SET GLOBAL " + setting.getKey() + " = " + SqlText.literal(setting.getValue()));
            }
            statement.execute("SET GLOBAL memory_limit = '" + options.memoryLimitBytes() + "B'");
            statement.execute("SET GLOBAL max_temp_directory_size = '" + options.maxTempBytes() + "B'");
            hotRows.register(root);
            statement.execute("SET GLOBAL allowed_directories = [" + options.readableDirectories().stream()
                    .map(each -> SqlText.literal(each.toAbsolutePath().normalize() + "/"))
                    .collect(Collectors.joining(", ")) + "]");
            statement.execute("SET GLOBAL enable_external_access = false");
            // Not for statements of clients, which cannot SET at all: the engine repeats a failed statement unstreamed.
            statement.execute("SET GLOBAL allowed_configs = ['jdbc_stream_results']");
            statement.execute("SET GLOBAL lock_configuration = true");
        }
        settings.put("enable_external_access", "false");
        settings.put("lock_configuration", "true");
        verify(root, settings);
    }

    private static void verify(DuckDBConnection root, Map<String, String> settings) throws SQLException {
        try (DuckDBConnection fresh = root.duplicate(); Statement statement = fresh.createStatement()) {
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                String found;
                try (ResultSet rows = statement.executeQuery("SELECT current_setting(" + SqlText.literal(setting.getKey())
                        + ")::VARCHAR")) {
                    rows.next();
                    found = rows.getString(1);
                }
                if (!setting.getValue().equalsIgnoreCase(found)) {
                    throw new ArcException(ErrorCode.CONFIGURATION, "DuckDB did not take the setting " + setting.getKey() + "="
                            + setting.getValue() + ", it has " + found + "; use the DuckDB version that Arc was built with");
                }
            }
        }
    }

    private static Path prepareTempDirectory(Path directory) {
        Path absolute = directory.toAbsolutePath().normalize();
        try {
            Files.createDirectories(absolute);
            if (Files.getFileStore(absolute).supportsFileAttributeView("posix")) {
                Files.setPosixFilePermissions(absolute, PosixFilePermissions.fromString("rwx------"));
            }
            try (DirectoryStream<Path> leftOvers = Files.newDirectoryStream(absolute, "duckdb_temp_*")) {
                for (Path each : leftOvers) {
                    Files.deleteIfExists(each);
                }
            }
            return absolute;
        } catch (IOException | UncheckedIOException e) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the query engine cannot use its temporary directory " + absolute
                    + "; make it writable or set another one", e);
        }
    }

    private static String firstLine(String message) {
        int end = message.indexOf('\n');
        return end < 0 ? message : message.substring(0, end);
    }
}
