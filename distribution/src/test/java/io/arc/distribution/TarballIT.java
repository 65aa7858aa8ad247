package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Outcome;
import io.arc.distribution.InstalledArc.Server;
import io.arc.runtime.config.ConfigurationDocument;
import io.arc.runtime.config.ConfigurationInputs;
import io.arc.runtime.config.Machine;
import io.arc.runtime.plugin.Installation;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The tarball as a user meets it: unpacked somewhere, started from elsewhere.
class TarballIT {
    /// `{m: "t1", columns: {time: [2025-06-15T15:06:40Z, ...41Z], v: [1.5, nil]}}`
    private static final byte[] MESSAGE_PACK = HexFormat.of().parseHex("82a16da27431a7636f6c756d6e7382a474696d6592cf00000197"
            + "7420dc00cf000001977420dfe8a17692cb3ff8000000000000c0");

    /// The vendors' libraries and what they bring, as they are called in a folder of jars.
    private static final Predicate<String> CLOUD_LIBRARY = Pattern.compile("(s3|sts|sdk-core|aws-.*|apache5?-client|httpclient5|"
            + "google-(cloud|auth|api|http)-.*|gax.*|grpc-.*|opencensus-.*|azure-.*|msal4j|reactor-core)-[0-9].*\\.jar")
            .asMatchPredicate();

    @TempDir
    private Path folder;
    private InstalledArc arc;
    private Path data;

    @BeforeEach
    void unpack() throws Exception {
        arc = InstalledArc.unpackInto(folder.resolve("somewhere else"));
        data = folder.resolve("data");
    }

    @AfterEach
    void stopAll() {
        arc.close();
    }

    @Test
    void oneFolderPerPluginAndNothingStrange() throws Exception {
        assertThat(names(arc.home())).containsExactly("ARCHITECTURE.md", "LICENSE", "README.md", "bin", "conf", "docs",
                "lib", "plugins");
        assertThat(names(arc.home().resolve("plugins"))).contains("compressor-snappy", "compressor-zstd", "protocol-lineproto",
                "protocol-msgpack", "rewriter-time", "storage-azure", "storage-gcs", "storage-local", "storage-s3");
        for (String plugin : names(arc.home().resolve("plugins"))) {
            assertThat(names(arc.home().resolve("plugins").resolve(plugin))).isNotEmpty()
                    .allMatch(jar -> jar.endsWith(".jar")).noneMatch(jar -> jar.startsWith("arc-api"));
        }
        for (String sdk : List.of("storage-s3", "storage-gcs", "storage-azure")) {
            assertThat(names(arc.home().resolve("plugins").resolve(sdk))).as(sdk).anyMatch(CLOUD_LIBRARY);
        }
        assertThat(names(arc.home().resolve("lib"))).noneMatch(CLOUD_LIBRARY).noneMatch(jar -> jar.matches(".*(jmh|junit).*"));
        for (String plugin : names(arc.home().resolve("plugins"))) {
            if (!plugin.matches("storage-(s3|gcs|azure)")) {
                assertThat(names(arc.home().resolve("plugins").resolve(plugin))).as(plugin).noneMatch(CLOUD_LIBRARY);
            }
        }
    }

    @Test
    void bothProtocolsGoInAndSqlComesOut() throws Exception {
        Server server = arc.start(data, Map.of());
        HttpResponse<String> written = server.post("/api/v1/write/msgpack", MESSAGE_PACK, "x-arc-database", "prod-1");
        assertThat(written.statusCode()).isEqualTo(204);
        assertThat(written.body()).isEmpty();
        assertThat(written.headers().firstValue("X-Arc-Ack")).contains("synced");
        assertThat(server.post("/write?db=prod-1", "t2,host=a v=2i 1750000000000000000\n").statusCode()).isEqualTo(204);

        // Readable at once, from memory; and the same from files.
        String join = "SELECT a.time, a.v, b.host, b.v FROM t1 a JOIN \"prod-1\".t2 b ON a.time = b.time";
        String expected = "[[\"2025-06-15T15:06:40Z\",1.5,\"a\",2]]";
        assertThat(server.query("prod-1", join)).isEqualTo(expected);
        assertThat(server.query("default", "SHOW DATABASES")).contains("prod-1").contains("default");
        assertThat(server.query("default", "SHOW TABLES FROM \"prod-1\"")).contains("t1").contains("t2");
        assertThat(server.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
        assertThat(server.query("prod-1", join)).isEqualTo(expected);

        Path hour = data.resolve("storage/prod-1/t1/2025/06/15/15");
        assertThat(names(hour)).hasSize(1).allMatch(name -> name.matches("t1_20250615_150640_2-[a-z0-9]+\\.parquet"));
    }

    @Test
    void aStoppedServerHasEverythingInFiles() throws Exception {
        Server first = arc.start(data, Map.of());
        assertThat(first.post("/write?db=d", "cpu v=1 1750000000000000000\ncpu v=2 1750003600000000000\n").statusCode())
                .isEqualTo(204);
        assertThat(first.terminate()).isIn(0, 143);
        assertThat(names(data.resolve("storage/d/cpu/2025/06/15"))).containsExactly("15", "16");
        Server second = arc.start(data, Map.of());
        assertThat(second.query("d", "SELECT count(*), sum(v) FROM cpu")).isEqualTo("[[2,3]]");
    }

    @Test
    void aKilledServerKeepsWhatItAcknowledged() throws Exception {
        Map<String, String> lazy = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000");
        List<Long> pids = new ArrayList<>();
        for (int round = 1; round <= 3; round++) {
            Server server = arc.start(data, lazy);
            pids.add(server.pid());
            assertThat(server.post("/write?db=d", "cpu,round=r" + round + " v=" + round + "\n").statusCode()).isEqualTo(204);
            assertThat(server.post("/api/v1/write/msgpack", MESSAGE_PACK, "x-arc-database", "d").statusCode()).isEqualTo(204);
            server.kill();
        }
        Server last = arc.start(data, lazy);
        assertThat(last.query("d", "SELECT count(*), sum(v) FROM cpu")).isEqualTo("[[3,6]]");
        assertThat(last.query("d", "SELECT count(*), sum(v) FROM t1")).isEqualTo("[[6,4.5]]");
        Path unpacked = Path.of(System.getProperty("java.io.tmpdir"), "arc-" + System.getProperty("user.name"));
        assertThat(unpacked.resolve("process-" + last.pid())).as("native libraries of this server").isNotEmptyDirectory();
        for (long killed : pids) {
            assertThat(unpacked.resolve("process-" + killed)).as("native libraries of a killed server").doesNotExist();
        }
    }

    /// The catalog is gone; the log and the storage are there. Nothing is lost, nothing is there twice.
    @Test
    void aServerWithoutItsCatalogMakesItFromStorage() throws Exception {
        Map<String, String> lazy = Map.of("ARC_INGEST_MAX_BUFFER_AGE_MS", "600000");
        Server first = arc.start(data, lazy);
        for (int file = 0; file < 3; file++) {
            assertThat(first.post("/write?db=d", "cpu,host=h" + file + " v=" + file + "i,b=1 " + (1750000000L + 3600 * file)
                    + "000000000\n").statusCode()).isEqualTo(204);
            assertThat(first.post("/api/v1/write/line-protocol/flush", "").statusCode()).isEqualTo(200);
        }
        assertThat(first.post("/write?db=d", "cpu,host=log v=0.5,later=2 1750000000000000000\n").statusCode()).isEqualTo(204);
        String sql = "SELECT * FROM cpu ORDER BY v";
        String rows = first.query("d", sql);
        String columns = first.query("d", "SHOW COLUMNS FROM cpu");
        assertThat(columns).contains("host", "v", "DOUBLE", "later");
        first.kill();
        for (String name : List.of("arc.db", "arc.db-wal", "arc.db-shm")) {
            Files.deleteIfExists(data.resolve(name));
        }
        Server second = arc.start(data, lazy);
        assertThat(second.log()).contains("catalog made from storage: 1 tables, 3 files, 3 rows");
        assertThat(second.query("d", sql)).isEqualTo(rows);
        assertThat(second.query("d", "SHOW COLUMNS FROM cpu")).isEqualTo(columns);
        assertThat(second.get("/api/wal/status").body()).contains("\"enabled\":true", "\"sync_mode\":\"fdatasync\"");
        assertThat(second.get("/api/wal/recovery/history").body()).contains("\"replayed\":1,");
        assertThat(second.get("/metrics").body()).contains("arc_wal_segments", "arc_wal_sync_seconds_count",
                "arc_wal_frames_total");
        assertThat(second.post("/write?db=d", "cpu,host=new v=9 1750000000000000000\n").statusCode()).isEqualTo(204);
        second.terminate();
        assertThat(names(data.resolve("wal"))).anyMatch(name -> name.endsWith(".wal.recovered"));

        // A third folder: storage alone, without log and catalog.
        Path elsewhere = folder.resolve("elsewhere");
        Files.createDirectories(elsewhere);
        Files.move(data.resolve("storage"), elsewhere.resolve("storage"));
        Server third = arc.start(elsewhere, Map.of());
        assertThat(third.query("d", "SELECT count(*), count(later), sum(v) FROM cpu")).isEqualTo("[[5,1,12.5]]");
    }

    @Test
    void theCatalogCommandRebuildsAndAdopts() throws Exception {
        Map<String, String> environment = Map.of("ARC_DATA_DIR", data.toString());
        Server server = arc.start(data, Map.of());
        assertThat(server.post("/write?db=d", "cpu v=1 1750000000000000000\n").statusCode()).isEqualTo(204);
        Outcome busy = arc.run(environment, "catalog", "rebuild");
        assertThat(busy.status()).isNotZero();
        assertThat(busy.output()).contains("another Arc server is using the data folder").doesNotContain("\tat ");
        server.terminate();
        Path hour = data.resolve("storage/d/cpu/2025/06/15/15");
        Path own = hour.resolve(names(hour).getFirst());
        Path other = data.resolve("storage/d/mem/x.parquet");
        Files.createDirectories(other.getParent());
        Files.copy(own, other);
        Files.writeString(hour.resolve("broken.parquet"), "no Parquet file");
        Outcome adopted = arc.run(environment, "catalog", "adopt");
        assertThat(adopted.output()).contains("adopted: 1 tables, 1 files, 1 rows; 1 files are damaged")
                .contains("not taken: d/cpu/2025/06/15/15/broken.parquet: ");
        assertThat(adopted.status()).isZero();
        Files.writeString(data.resolve("arc.db"), "this is no catalog any more, and longer than a hundred bytes, so that"
                + " nobody can take it for an empty file: ................................................");
        for (String name : List.of("arc.db-wal", "arc.db-shm")) {
            Files.deleteIfExists(data.resolve(name));
        }
        Outcome rebuilt = arc.run(environment, "catalog", "rebuild");
        assertThat(rebuilt.output()).contains("rebuilt: 2 tables, 2 files, 2 rows", "arc.db.damaged-");
        assertThat(rebuilt.status()).isZero();
        Server again = arc.start(data, Map.of());
        assertThat(again.query("d", "SELECT (SELECT sum(v) FROM cpu), (SELECT sum(v) FROM mem)")).isEqualTo("[[1,1]]");
        assertThat(arc.run(environment, "catalog", "mend").status()).isEqualTo(64);
    }

    @Test
    void withoutAProtocolsFolderItsRouteSaysWhatIsMissing() throws Exception {
        deleteTree(arc.home().resolve("plugins/protocol-lineproto"));
        Server server = arc.start(data, Map.of());
        HttpResponse<String> refused = server.post("/write?db=d", "cpu v=1\n");
        assertThat(refused.statusCode()).isEqualTo(404);
        assertThat(refused.body()).contains("protocol-lineproto");
        assertThat(server.post("/api/v1/write/msgpack", MESSAGE_PACK).statusCode()).isEqualTo(204);
    }

    @Test
    void theFirstStartPrintsATokenOnceAndStoresItHashed() throws Exception {
        Map<String, String> none = Map.of("ARC_AUTH_BOOTSTRAP_TOKEN", "");
        Server first = arc.start(data, none);
        String token = first.printedToken().orElseThrow();
        assertThat(first.get("/api/v1/databases").statusCode()).isEqualTo(401);
        assertThat(first.post("/write", "cpu v=1\n", "Authorization", "Token " + token).statusCode()).isEqualTo(204);
        first.terminate();
        Server second = arc.start(data, none);
        assertThat(second.printedToken()).isEmpty();
        assertThat(second.post("/write", "cpu v=2\n", "Authorization", "Bearer " + token).statusCode()).isEqualTo(204);
        second.terminate();
        Files.walkFileTree(data, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                assertThat(new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1))
                        .as(file.toString()).doesNotContain(token);
                return FileVisitResult.CONTINUE;
            }
        });
    }

    @Test
    void mistakesOfTheOperatorAreOneSentence() throws Exception {
        Server running = arc.start(data, Map.of());
        Server sameData = arc.launch(data, Map.of());
        assertThat(sameData.waitForEnd()).isNotZero();
        assertThat(sameData.log()).contains("another Arc server is using the data folder").doesNotContain("\tat ");

        Server samePort = arc.launch(folder.resolve("other"), Map.of("ARC_SERVER_PORT", Integer.toString(running.port())));
        assertThat(samePort.waitForEnd()).isNotZero();
        assertThat(samePort.log()).contains("port " + running.port()).contains("ARC_SERVER_PORT").doesNotContain("\tat ");

        Path file = Files.createFile(folder.resolve("a-file"));
        Server noFolder = arc.launch(file, Map.of());
        assertThat(noFolder.waitForEnd()).isNotZero();
        assertThat(noFolder.log()).contains("data folder").contains(file.toString()).doesNotContain("\tat ");

        Server misspelt = arc.launch(folder.resolve("other"), Map.of("ARC_SERVER_PROT", "1", "ARC_WAL_SYNC_MODE", "maybe",
                "ARC_STORAGE_LOCAL_PAHT", "x"));
        assertThat(misspelt.waitForEnd()).isNotZero();
        assertThat(misspelt.log()).contains("ARC_SERVER_PORT").contains("maybe").contains("ARC_STORAGE_LOCAL_PATH")
                .doesNotContain("\tat ");

        Outcome noJava = arc.run(Map.of("ARC_JAVA_HOME", folder.toString()), "server");
        assertThat(noJava.status()).isNotZero();
        assertThat(noJava.output()).contains("ARC_JAVA_HOME").contains("25").hasLineCount(1);
    }

    @Test
    void everyPartOfTheStateMayBeElsewhere() throws Exception {
        Path store = folder.resolve("else where/store");
        Path log = folder.resolve("log");
        Path spill = folder.resolve("spill");
        Map<String, String> elsewhere = Map.of("ARC_STORAGE_LOCAL_PATH", store.toString(), "WAL_DIR", log.toString(),
                "ARC_QUERY_TEMP_DIRECTORY", spill.toString());
        Server first = arc.start(data, elsewhere);
        assertThat(first.post("/write?db=d", "cpu v=1\ncpu v=2\n").statusCode()).isEqualTo(204);
        assertThat(first.terminate()).isIn(0, 143);
        assertThat(first.log()).as("the last words of a server that stops").endsWith("stopped")
                .doesNotContain("[ERROR]", "\tat ");
        Server second = arc.start(data, elsewhere);
        assertThat(second.query("d", "SELECT count(*), sum(v) FROM cpu")).isEqualTo("[[2,3]]");
        try (Stream<Path> files = Files.walk(store)) {
            assertThat(files.filter(file -> file.toString().endsWith(".parquet"))).hasSize(1);
        }
        assertThat(log).isNotEmptyDirectory();
        assertThat(data.resolve("storage")).doesNotExist();
        assertThat(data.resolve("wal")).doesNotExist();
    }

    /// What the training run for the start cache does stays in its own folder, whatever this server's settings are.
    @Test
    void theStartCacheIsMadeWithoutATrace() throws Exception {
        Path store = folder.resolve("store");
        Path training = folder.resolve("training");
        Outcome trained = arc.run(Map.of("ARC_STORAGE_LOCAL_PATH", store.toString(), "WAL_DIR", folder.resolve("log").toString(),
                "ARC_DATA_DIR", data.toString()), "train-start-cache", training.toString());
        assertThat(trained.status()).as(trained.output()).isZero();
        assertThat(training.resolve("storage/default/train")).isNotEmptyDirectory();
        assertThat(store).doesNotExist();
        assertThat(folder.resolve("log")).doesNotExist();
        assertThat(data).doesNotExist();
    }

    /// A route below a public one would take rows from anybody.
    @Test
    void aPluginCannotTakeTheServersOwnPaths() throws Exception {
        Path sources = Files.createDirectories(folder.resolve("thief"));
        Path example = Path.of("../examples/protocol-csv/src/main").toAbsolutePath().normalize();
        try (Stream<Path> files = Files.walk(example.resolve("java"))) {
            for (Path file : files.filter(each -> each.toString().endsWith(".java")).toList()) {
                Files.writeString(sources.resolve(file.getFileName()), Files.readString(file).replace("/api/v1/write/csv", "/health/in"));
            }
        }
        Path directory = examplePlugin(sources, example.resolve("resources"), "protocol-thief");
        Outcome verified = arc.run(Map.of(), "plugins", "verify", directory.toString());
        assertThat(verified.status()).isNotZero();
        assertThat(verified.output()).contains("/health/in").contains("server's own");
        Server refused = arc.launch(data, Map.of());
        assertThat(refused.waitForEnd()).isNotZero();
        assertThat(refused.log()).contains("/health/in").contains("protocol-thief").doesNotContain("\tat ");
    }

    private Path examplePlugin(Path sources, Path resources, String name) throws IOException {
        Path classes = Files.createDirectories(folder.resolve("classes-" + name));
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString(), "-cp", lib("arc-api").toString()));
        try (Stream<Path> files = Files.walk(sources)) {
            files.filter(file -> file.toString().endsWith(".java")).map(Path::toString).forEach(arguments::add);
        }
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, arguments.toArray(String[]::new))).isZero();
        Path jar = Files.createDirectories(arc.home().resolve("plugins").resolve(name)).resolve(name + ".jar");
        assertThat(ToolProvider.findFirst("jar").orElseThrow().run(System.out, System.err, "--create", "--file", jar.toString(),
                "-C", classes.toString(), ".", "-C", resources.toString(), ".")).isZero();
        return jar.getParent();
    }

    /// The example is compiled against the API in the tarball and nothing else, as a stranger would.
    @Test
    void aStrangersPluginServesANewWireFormat() throws Exception {
        Path sources = Path.of("../examples/protocol-csv/src/main").toAbsolutePath().normalize();
        Path directory = examplePlugin(sources.resolve("java"), sources.resolve("resources"), "protocol-csv");

        assertThat(arc.run(Map.of(), "plugins", "verify", directory.toString()).status()).isZero();
        Server server = arc.start(data, Map.of());
        assertThat(server.post("/api/v1/write/csv?table=plants", "time,bed,height\n1750000000000000,north,12.5\n").statusCode())
                .isEqualTo(204);
        assertThat(server.query("default", "SELECT * FROM plants")).contains("2025-06-15T15:06:40Z").contains("12.5");
    }

    /// `docs/configuration.md` is what the code declares, the plugins in the tarball included.
    @Test
    void theDocumentationOfTheKeysIsComplete() throws Exception {
        Path page = Path.of("../docs/configuration.md");
        String declared;
        ConfigurationInputs nothing = ConfigurationInputs.of(Map.of(), Map.of(), arc.home());
        try (Installation installation = Installation.read(nothing, Machine.detect())) {
            declared = ConfigurationDocument.text(installation.configuration().settings());
        }
        if (Boolean.getBoolean("arc.regenerate")) {
            Files.writeString(page, declared);
            return;
        }
        assertThat(Files.readString(page)).as("%s is out of date; run this test with -Darc.regenerate=true", page)
                .isEqualTo(declared);
    }

    private Path lib(String prefix) throws IOException {
        try (Stream<Path> jars = Files.list(arc.home().resolve("lib"))) {
            return jars.filter(jar -> jar.getFileName().toString().startsWith(prefix)).findFirst().orElseThrow();
        }
    }

    @Test
    void theCommandLineExplainsItself() throws Exception {
        assertThat(arc.run(Map.of(), "help").output()).contains("arc server").contains("arc config");
        assertThat(arc.run(Map.of(), "version").output()).startsWith("arc 0.1.0");
        assertThat(arc.run(Map.of(), "frobnicate").status()).isNotZero();
        Outcome config = arc.run(Map.of("WRITE_BUFFER_SIZE", "123", "ARC_AUTH_BOOTSTRAP_TOKEN", InstalledArc.TOKEN), "config");
        assertThat(config.output()).contains("ingest.max_buffer_size = 123").doesNotContain(InstalledArc.TOKEN);
        Outcome verified = arc.run(Map.of(), "plugins", "verify", arc.home().resolve("plugins/protocol-msgpack").toString());
        assertThat(verified.status()).as(verified.output()).isZero();
        assertThat(arc.run(Map.of(), "plugins").output()).contains("protocol-msgpack").contains("storage-local");
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> entries = Files.list(folder)) {
            return List.copyOf(new TreeSet<>(entries.map(entry -> entry.getFileName().toString()).toList()));
        }
    }

    private static void deleteTree(Path folder) throws IOException {
        Files.walkFileTree(folder, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException failure) throws IOException {
                Files.delete(visited);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
