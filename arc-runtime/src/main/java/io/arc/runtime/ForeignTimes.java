package io.arc.runtime;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.duckdb.DuckDb;
import io.arc.runtime.duckdb.DuckDbOptions;
import io.arc.runtime.duckdb.FileTimes;
import io.arc.runtime.recovery.TimeProbe;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/// Reads the times of files whose footers do not tell them: fetches the file into a folder of its own and asks DuckDB, which
/// is started with the first such file. One call at a time. The folder goes with [#close].
final class ForeignTimes implements TimeProbe, AutoCloseable {
    private static final Logger LOG = System.getLogger(ForeignTimes.class.getName());
    private static final int TRANSFER_BYTES = 1 << 20;
    private static final long MEMORY_BYTES = 256L << 20;
    private static final long TEMP_BYTES = 1L << 30;

    private final ObjectStore store;
    private final Path folder;
    private DuckDb duckDb;
    private long number;

    /// @param folder made when it is needed
    ForeignTimes(ObjectStore store, Path folder) {
        this.store = store;
        this.folder = folder.toAbsolutePath();
    }

    @Override
    public Bounds read(String key, long sizeBytes, boolean integer) {
        // DuckDB remembers what it has read of a name.
        Path copy = folder.resolve("probed-" + ++number + ".parquet");
        try {
            if (duckDb == null) {
                Files.createDirectories(folder);
                duckDb = DuckDb.open(new DuckDbOptions(MEMORY_BYTES, TEMP_BYTES, 1, folder.resolve("spill"), List.of(folder)));
            }
            fetch(key, sizeBytes, copy);
            FileTimes times = FileTimes.read(duckDb, copy, key, integer);
            return new Bounds(times.min(), times.max(), times.nulls());
        } catch (IOException failed) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the file " + key + " must be read to learn its times, and cannot be"
                    + " copied into " + folder + " (" + failed + "): make room there", failed);
        } finally {
            discard(copy);
        }
    }

    private static void discard(Path copy) {
        try {
            Files.deleteIfExists(copy);
        } catch (IOException stays) {
            LOG.log(Level.DEBUG, "the copy " + copy + " goes with its folder: " + stays);
        }
    }

    private void fetch(String key, long sizeBytes, Path copy) throws IOException {
        try (FileChannel target = FileChannel.open(copy, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE)) {
            byte[] part = new byte[(int) Math.min(TRANSFER_BYTES, sizeBytes)];
            long position = 0;
            while (position < sizeBytes) {
                long read = store.read(key, position, MemorySegment.ofArray(part));
                if (read == 0) {
                    throw new ArcException(ErrorCode.CORRUPT_DATA, "The file " + key + " is shorter than the " + sizeBytes
                            + " bytes it should have.");
                }
                ByteBuffer bytes = ByteBuffer.wrap(part, 0, (int) read);
                while (bytes.hasRemaining()) {
                    target.write(bytes);
                }
                position += read;
            }
        }
    }

    @Override
    public void close() {
        if (duckDb == null) {
            return;
        }
        duckDb.close();
        try (var left = Files.walk(folder)) {
            for (Path each : left.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(each);
            }
        } catch (IOException stays) {
            LOG.log(Level.WARNING, "the folder " + folder + " is not needed any more and cannot be deleted: " + stays);
        }
    }
}
