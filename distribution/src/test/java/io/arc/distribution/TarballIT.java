package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.distribution.InstalledArc.Outcome;
import io.arc.distribution.InstalledArc.Server;
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
        assertThat(names(arc.home())).containsExactly("LICENSE", "README.md", "bin", "conf", "lib", "plugins");
        assertThat(names(arc.home().resolve("plugins"))).contains("compressor-snappy", "compressor-zstd", "protocol-lineproto",
                "protocol-msgpack", "storage-local", "storage-s3");
        for (String plugin : names(arc.home().resolve("plugins"))) {
            assertThat(names(arc.home().resolve("plugins").resolve(plugin))).isNotEmpty()
                    .allMatch(jar -> jar.endsWith(".jar")).noneMatch(jar -> jar.startsWith("arc-api"));
        }
        assertThat(names(arc.home().resolve("lib"))).noneMatch(jar -> jar.matches(".*(awssdk|google-cloud|azure|jmh|junit).*"));
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
        for (int round = 1; round <= 3; round++) {
            Server server = arc.start(data, lazy);
            assertThat(server.post("/write?db=d", "cpu,round=r" + round + " v=" + round + "\n").statusCode()).isEqualTo(204);
            assertThat(server.post("/api/v1/write/msgpack", MESSAGE_PACK, "x-arc-database", "d").statusCode()).isEqualTo(204);
            server.kill();
        }
        Server last = arc.start(data, lazy);
        assertThat(last.query("d", "SELECT count(*), sum(v) FROM cpu")).isEqualTo("[[3,6]]");
        assertThat(last.query("d", "SELECT count(*), sum(v) FROM t1")).isEqualTo("[[6,4.5]]");
        try (Stream<Path> unpacked = Files.list(data.resolve("native"))) {
            assertThat(unpacked.filter(each -> each.getFileName().toString().startsWith("process-")))
                    .as("native libraries of the killed servers are gone").singleElement()
                    .satisfies(each -> assertThat(each).isNotEmptyDirectory());
        }
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

    /// The example is compiled against the API in the tarball and nothing else, as a stranger would.
    @Test
    void aStrangersPluginServesANewWireFormat() throws Exception {
        Path sources = Path.of("../examples/protocol-csv/src/main").toAbsolutePath().normalize();
        Path classes = Files.createDirectories(folder.resolve("classes"));
        List<String> arguments = new ArrayList<>(List.of("-d", classes.toString(), "-cp", lib("arc-api").toString()));
        try (Stream<Path> files = Files.walk(sources.resolve("java"))) {
            files.filter(file -> file.toString().endsWith(".java")).map(Path::toString).forEach(arguments::add);
        }
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(System.out, System.err, arguments.toArray(String[]::new))).isZero();
        Path jar = Files.createDirectories(arc.home().resolve("plugins/protocol-csv")).resolve("protocol-csv.jar");
        assertThat(ToolProvider.findFirst("jar").orElseThrow().run(System.out, System.err, "--create", "--file", jar.toString(),
                "-C", classes.toString(), ".", "-C", sources.resolve("resources").toString(), ".")).isZero();

        assertThat(arc.run(Map.of(), "plugins", "verify", jar.getParent().toString()).status()).isZero();
        Server server = arc.start(data, Map.of());
        assertThat(server.post("/api/v1/write/csv?table=plants", "time,bed,height\n1750000000000000,north,12.5\n").statusCode())
                .isEqualTo(204);
        assertThat(server.query("default", "SELECT * FROM plants")).contains("2025-06-15T15:06:40Z").contains("12.5");
    }

    /// `docs/configuration.md` is what the code declares, the plugins in the tarball included.
    @Test
    void theDocumentationOfTheKeysIsComplete() throws Exception {
        String document = Files.readString(Path.of("../docs/configuration.md"));
        for (String line : arc.run(Map.of(), "config").output().lines().filter(line -> line.contains(" = ")).toList()) {
            assertThat(document).contains("`" + line.substring(0, line.indexOf(" = ")) + "`");
        }
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
