package io.arc.runtime.durability;

import io.arc.api.data.TableId;
import io.arc.api.spi.StorageBackend.ObjectStore;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.filecache.FileAccess;
import io.arc.runtime.query.QueryEngine;
import io.arc.runtime.query.QueryOptions;
import io.arc.runtime.query.QueryRequest;
import io.arc.runtime.query.RunningQuery;
import io.arc.runtime.query.TableSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The query engine over one write path after another, as starting one for each would take most of the time.
final class SqlView implements AutoCloseable, TableSource, FileAccess {
    private static final Pattern PAIR = Pattern.compile("\\[(\\d+),(\\d+)\\]");

    private final Path folder;
    private final QueryEngine engine;
    private WritePath path;
    private ObjectStore store;

    SqlView(Path folder) {
        this.folder = folder;
        this.engine = new QueryEngine(QueryOptions.defaults(List.of(folder)).withMemory(256L << 20, 1), this, this, List.of(),
                InstantSource.system(), folder.resolve("tmp"));
    }

    /// How often each id is there.
    Map<Long, Integer> ids(WritePath of, ObjectStore from) {
        path = of;
        store = from;
        Map<Long, Integer> ids = new TreeMap<>();
        for (TableId table : List.of(WritePath.CPU, WritePath.MEM)) {
            if (!of.tables.tables("prod").contains(table)) {
                continue;
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            try (RunningQuery query = engine.run(QueryRequest.of("SELECT id, count(*) FROM " + table.table() + " GROUP BY id",
                    "prod"))) {
                query.writeJson(out);
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
            String json = out.toString(StandardCharsets.UTF_8);
            if (!json.contains("\"success\":true")) {
                throw new AssertionError(json);
            }
            Matcher pair = PAIR.matcher(json);
            while (pair.find()) {
                ids.merge(Long.parseLong(pair.group(1)), Integer.parseInt(pair.group(2)), Integer::sum);
            }
        }
        return ids;
    }

    @Override
    public List<String> databases() {
        return path.tables.databases();
    }

    @Override
    public List<TableId> tables(String database) {
        return path.tables.tables(database);
    }

    @Override
    public Snapshot snapshot() {
        return path.tables.snapshot();
    }

    @Override
    public boolean awaitReadable(String position, Duration atMost) throws InterruptedException {
        return path.tables.awaitReadable(position, atMost);
    }

    @Override
    public Reading begin() {
        return new Reading() {
            @Override
            public Path local(DataFile file) {
                Path copy = folder.resolve(file.key());
                try {
                    if (!Files.exists(copy)) {
                        Files.createDirectories(copy.getParent());
                        byte[] bytes = new byte[Math.toIntExact(store.find(file.key()).orElseThrow().size())];
                        store.read(file.key(), 0, MemorySegment.ofArray(bytes));
                        Files.write(copy, bytes);
                    }
                } catch (IOException failed) {
                    throw new UncheckedIOException(failed);
                }
                return copy;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public void close() {
        engine.close();
    }
}
