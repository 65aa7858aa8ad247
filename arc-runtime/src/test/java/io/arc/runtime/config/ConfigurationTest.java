package io.arc.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ConfigKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigurationTest {
    private static final Machine MACHINE = new Machine(2, 3L << 30, 8L << 30);
    private static final String TOKEN = "0123456789abcdef0123456789abcdef";

    @TempDir
    private Path directory;

    private final Map<String, String> environment = new HashMap<>();
    private final Map<String, String> properties = new HashMap<>();

    private Configuration load(String... toml) throws IOException {
        if (toml.length > 0) {
            Path file = Files.writeString(directory.resolve("arc.toml"), String.join("\n", toml));
            environment.put("ARC_CONFIG_FILE", file.toString());
        }
        return Configuration.load(ConfigurationInputs.of(environment, properties, directory));
    }

    private static List<String> problems(Configuration configuration) {
        ConfigurationProblems problems = new ConfigurationProblems();
        ArcConfig.check(configuration, problems);
        return problems.sentences();
    }

    @Test
    void defaultsAreSoundAndWorkedOutFromTheMachine() throws IOException {
        Configuration configuration = load();
        assertThat(problems(configuration)).isEmpty();
        assertThat(configuration.notices()).isEmpty();
        ArcConfig config = ArcConfig.from(configuration, MACHINE);
        assertThat(config.server()).isEqualTo(new ServerConfig("0.0.0.0", 8000, 1L << 30, Duration.ofSeconds(30),
                Duration.ofSeconds(120), Duration.ofSeconds(30), 10_000, 2_000));
        assertThat(config.data().directory()).isEqualTo(directory.resolve("data"));
        assertThat(config.ingest().maxBufferRows()).isEqualTo(50_000);
        assertThat(config.ingest().maxBufferAge()).isEqualTo(Duration.ofSeconds(5));
        assertThat(config.ingest().memoryLimitBytes()).isEqualTo(1L << 30);
        assertThat(config.ingest().compression()).contains("snappy");
        assertThat(config.ingest().defaultSortKeys()).isEmpty();
        assertThat(config.wal()).isEqualTo(new WalConfig(true, directory.resolve("data/wal"), WalConfig.SyncMode.FDATASYNC,
                100L << 20, Duration.ofHours(1), 1, 128L << 20, Duration.ofHours(24), 256L << 20));
        assertThat(config.query().memoryLimitBytes()).isEqualTo(5L << 29);
        assertThat(config.query().threads()).isEqualTo(2);
        assertThat(config.auth().enabled()).isTrue();
        assertThat(config.plugins().protocols()).isEmpty();
    }

    @Test
    void strongerSourcesWin() throws IOException {
        environment.put("PORT", "1");
        assertThat(load().value(ServerConfig.PORT)).isEqualTo(1);
        Configuration file = load("[server]", "port = 2");
        assertThat(file.value(ServerConfig.PORT)).isEqualTo(2);
        assertThat(file.origin(ServerConfig.PORT).place()).isEqualTo(directory.resolve("arc.toml") + ":2");
        environment.put("ARC_SERVER_PORT", "3");
        assertThat(load().value(ServerConfig.PORT)).isEqualTo(3);
        properties.put("arc.server.port", "4");
        assertThat(load().value(ServerConfig.PORT)).isEqualTo(4);
        properties.put("arc.server.port", "");
        environment.put("ARC_SERVER_PORT", "");
        assertThat(load().value(ServerConfig.PORT)).as("with the stronger ones empty").isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[storage]\ns3_bucket = 'b'", "[storage.s3]\nbucket = 'b'", "storage.s3_bucket = 'b'",
        "[storage]\nS3-Bucket = 'b'", "storage = { s3 = { bucket = 'b' } }"})
    void allSpellingsAreOneKey(String toml) throws IOException {
        Setting<String> bucket = new Setting<>("storage.s3", ConfigKey.optionalString("bucket", "The bucket."));
        Configuration configuration = load(toml).declaring(List.of(bucket));
        assertThat(problems(configuration)).isEmpty();
        assertThat(configuration.find(bucket)).contains("b");
        assertThat(bucket.environmentName()).isEqualTo("ARC_STORAGE_S3_BUCKET");
    }

    @Test
    void twoSpellingsOfOneKeyInOnePlaceAreAMistake() throws IOException {
        assertThat(problems(load("[storage]", "local_path = 'a'", "[storage.local]", "path = 'b'")))
                .anySatisfy(problem -> assertThat(problem).contains("arc.toml:4", "storage.local.path is the same key as "
                        + "storage.local_path", "arc.toml:2"));
    }

    /// What a room could only refuse when it is opened would be told late and without its place.
    @Test
    void whatNoRoomCanUseIsRefusedHere() throws IOException {
        List<String> found = problems(load("[server]", "port = [1]", "[query]", "memory_limit = '1KB'", "file_cache_size = 0",
                "[ingest]", "max_buffer_bytes = 0", "memory_limit = 1", "[wal]", "max_backlog = '1KB'", "[compaction]",
                "memory_limit = 0", "hourly_schedule = '61 * * * *'", "daily_schedule = 'never'"));
        assertThat(found).hasSize(9);
        assertThat(found).anySatisfy(each -> assertThat(each).contains("arc.toml:2", "server.port", "not an array"))
                .anySatisfy(each -> assertThat(each).contains("arc.toml:4", "query.memory_limit", "1KB", "at least 64MB"))
                .anySatisfy(each -> assertThat(each).contains("query.file_cache_size", "at least 1MB"))
                .anySatisfy(each -> assertThat(each).contains("ingest.max_buffer_bytes", "at least 1KB"))
                .anySatisfy(each -> assertThat(each).contains("ingest.memory_limit", "at least 1MB"))
                .anySatisfy(each -> assertThat(each).contains("wal.max_backlog", "at least 1MB"))
                .anySatisfy(each -> assertThat(each).contains("compaction.memory_limit", "at least 128MB"))
                .anySatisfy(each -> assertThat(each).contains("compaction.hourly_schedule", "61 * * * *", "no cron expression"))
                .anySatisfy(each -> assertThat(each).contains("compaction.daily_schedule", "never"));
    }

    @Test
    void allMistakesAreListedAtOnceWithPlaceValueAndReason() throws IOException {
        environment.put("ARC_SERVER_PROT", "1");
        environment.put("ARC_QUERY_TIMEOUT", "soon");
        properties.put("arc.wal.sync-mode", "never");
        Configuration configuration = load("[server]", "port = 99999", "hots = 'x'", "[ingest", "[auth]",
                "bootstrap_token = 'short-secret'", "force_bootstrap = true");
        ConfigurationProblems problems = new ConfigurationProblems();
        ArcConfig.check(configuration, problems);
        Path file = directory.resolve("arc.toml");
        assertThat(problems.sentences()).containsExactlyInAnyOrder(
                file + ":4: a table's name ends with ']'",
                file + ":2: server.port = '99999': expected a whole number from 0 to 65535",
                file + ":6: auth.bootstrap_token = '***': a token has at least 32 characters, printable ASCII without blanks;"
                        + " this one has 12 characters",
                "system property arc.wal.sync-mode: wal.sync_mode = 'never': expected one of fsync | fdatasync | async",
                "environment ARC_QUERY_TIMEOUT: query.timeout = 'soon': expected a number of seconds or a duration such as"
                        + " 500ms,"
                        + " 30s or 5m",
                "environment ARC_SERVER_PROT: unknown key ARC_SERVER_PROT; did you mean ARC_SERVER_PORT?",
                file + ":3: unknown key server.hots; did you mean server.host?",
                file + ":7: auth.force_bootstrap needs auth.bootstrap_token too");
        assertThatThrownBy(problems::throwIfAny).isInstanceOfSatisfying(ArcException.class, failure -> {
            assertThat(failure.code()).isEqualTo(ErrorCode.CONFIGURATION);
            assertThat(failure.getMessage()).startsWith("The configuration has 8 errors:\n  ").doesNotContain("short-secret")
                    .contains(problems.sentences());
        });
        assertThat(ArcConfig.from(configuration, MACHINE).server().port()).as("a bad value reads as its default")
                .isEqualTo(8000);
    }

    @Test
    void anUnknownKeyNeverShowsItsValue() throws IOException {
        environment.put("ARC_AUTH_BOOTSTRAP_TOKN", TOKEN);
        assertThat(problems(load())).singleElement().asString().contains("ARC_AUTH_BOOTSTRAP_TOKEN").doesNotContain(TOKEN);
    }

    @Test
    void aKeyWithoutItsSectionFindsIt() throws IOException {
        assertThat(problems(load("port = 1"))).singleElement().asString().contains("did you mean server.port?");
        assertThat(problems(load("[zzz]", "qqqqqqqqqqqqqqq = 1"))).singleElement().asString().contains("docs/configuration.md");
    }

    @Test
    void whatPluginsDeclareIsKnown() throws IOException {
        environment.put("ARC_PROTOCOL_CSV_SEPARATOR", ";");
        Setting<String> separator = new Setting<>("protocol.csv", ConfigKey.string("separator", ",", "Between values."));
        assertThat(problems(load())).singleElement().asString().contains("ARC_PROTOCOL_CSV_SEPARATOR");
        Configuration configuration = load().declaring(List.of(separator));
        assertThat(problems(configuration)).isEmpty();
        assertThat(configuration.value(separator)).isEqualTo(";");
        environment.put("ARC_PROTOCOL_CSV_SEPERATOR", ";");
        assertThat(problems(load().declaring(List.of(separator)))).singleElement().asString()
                .contains("ARC_PROTOCOL_CSV_SEPERATOR", "did you mean ARC_PROTOCOL_CSV_SEPARATOR?");
    }

    @Test
    void aParserThatThrowsAnythingIsAMistakeOfTheValue() throws IOException {
        environment.put("ARC_STORAGE_X_BAD", "v");
        environment.put("ARC_STORAGE_X_SECRET", "hidden");
        Configuration configuration = load().declaring(List.of(
                new Setting<>("storage.x", new ConfigKey<>("bad", "string", text -> Integer.parseInt("!"), Optional.of(1),
                false, "")),
                new Setting<>("storage.x", new ConfigKey<String>("secret", "string", text -> {
                    throw new IllegalArgumentException("'" + text + "' is wrong");
                }, Optional.empty(), true, ""))));
        assertThat(problems(configuration)).hasSize(2).noneMatch(problem -> problem.contains("hidden"));
    }

    /// One line an alias: its name, its value, the key and what that key then is.
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "WRITE_BUFFER_SIZE|10000|ingest.max_buffer_size|10000", "WRITE_BUFFER_AGE|1|ingest.max_buffer_age_ms|1000",
        "WRITE_BUFFER_AGE|0.5|ingest.max_buffer_age_ms|500", "WRITE_COMPRESSION|zstd|ingest.compression|zstd",
        "WAL_ENABLED|false|wal.enabled|false", "WAL_DIR|/w|wal.directory|/w", "WAL_SYNC_MODE|fsync|wal.sync_mode|FSYNC",
        "WAL_MAX_SIZE_MB|7|wal.max_size_mb|7", "WAL_MAX_AGE_SECONDS|9|wal.max_age_seconds|9",
        "STORAGE_BACKEND|s3|storage.backend|s3", "STORAGE_DATABASE|prod|ingest.default_database|prod",
        "STORAGE_LOCAL_DATABASE|prod|ingest.default_database|prod", "ARC_HOST|::1|server.host|::1", "HOST|h|server.host|h",
        "ARC_PORT|81|server.port|81", "PORT|82|server.port|82", "MAX_REQUEST_SIZE_MB|5|server.max_payload_size|5242880",
        "AUTH_ENABLED|false|auth.enabled|false", "AUTH_CACHE_TTL|30|auth.cache_ttl|PT30S",
        "DEFAULT_API_TOKEN|0123456789abcdef0123456789abcdef|auth.bootstrap_token|0123456789abcdef0123456789abcdef",
        "LOG_LEVEL|WARNING|log.level|WARN", "LOG_LEVEL|CRITICAL|log.level|ERROR", "LOG_LEVEL|DEBUG|log.level|DEBUG",
        "LOG_FORMAT|structured|log.format|JSON", "DUCKDB_POOL_SIZE|10|query.pool_size|10",
        "DUCKDB_MAX_QUEUE_SIZE|11|query.max_queue_size|11", "DUCKDB_THREADS|8|query.threads|8",
        "DUCKDB_MEMORY_LIMIT|16GB|query.memory_limit|17179869184", "QUERY_CACHE_ENABLED|true|query.cache_enabled|true",
        "QUERY_CACHE_TTL|60|query.cache_ttl|PT1M"})
    void environmentNamesOfEarlierVersionsWork(String name, String value, String key, String expected) throws IOException {
        environment.put(name, value);
        Configuration configuration = load();
        assertThat(problems(configuration)).isEmpty();
        Setting<?> setting = configuration.declared(key).orElseThrow();
        assertThat(configuration.find(setting)).hasToString("Optional[" + expected + "]");
        assertThat(configuration.origin(setting)).isEqualTo(new Origin(Origin.Kind.ALIAS, "environment " + name + " (alias)"));
        assertThat(configuration.notices()).singleElement().asString().contains(name, key, KeyNames.environmentName(key));
        environment.put(KeyNames.environmentName(key), configuration.configSources().isEmpty() ? "" : other(setting));
        assertThat(load().origin(setting).kind()).as("with the proper name set too").isEqualTo(Origin.Kind.ENVIRONMENT);
    }

    private static String other(Setting<?> setting) {
        return switch (setting.key().type()) {
            case "integer" -> "42";
            case "boolean" -> "true";
            case "size" -> "420MB";
            case "duration" -> "42s";
            case "string", "path" -> "x".repeat(32);
            default -> setting.key().type().split(" \\| ")[0];
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "ingestion.buffer_size = 200000|ingest.max_buffer_size|200000",
        "ingestion.buffer_age_seconds = 10|ingest.max_buffer_age_ms|10000", "wal.dir = '/w'|wal.directory|/w",
        "logging.level = 'INFO'|log.level|INFO", "database.memory_limit = '8GB'|query.memory_limit|8589934592",
        "database.max_connections = 28|query.pool_size|28", "storage.database = 'x'|ingest.default_database|x",
        "query_cache.ttl_seconds = 5|query.cache_ttl|PT5S"})
    void keysOfEarlierVersionsWork(String toml, String key, String expected) throws IOException {
        Configuration configuration = load(toml);
        assertThat(problems(configuration)).isEmpty();
        assertThat(configuration.find(configuration.declared(key).orElseThrow())).hasToString("Optional[" + expected + "]");
        assertThat(configuration.notices()).singleElement().asString().contains("arc.toml:1", key);
    }

    @Test
    void aBadAliasIsNamed() throws IOException {
        environment.put("WRITE_BUFFER_AGE", "soon");
        assertThat(problems(load())).containsExactly("environment WRITE_BUFFER_AGE: ingest.max_buffer_age_ms (by its alias "
                + "WRITE_BUFFER_AGE) = 'soon': expected a number of seconds, such as 5 or 0.5");
    }

    @Test
    void everyAliasLeadsToAKeyThatExistsOrIsKnownToBeUnused() {
        KnownButUnused unused = new KnownButUnused();
        Map<String, Setting<?>> settings = new TreeMap<>();
        ArcConfig.SETTINGS.forEach(setting -> settings.put(setting.folded(), setting));
        assertThat(Alias.all()).allSatisfy(alias -> assertThat(settings.containsKey(KeyNames.fold(alias.target()))
                || alias.target().startsWith("storage.local.") || unused.find(KeyNames.fold(alias.target()), "").isPresent())
                .as("%s -> %s", alias.name(), alias.target()).isTrue());
        assertThat(settings.keySet()).as("declared keys that are called unused")
                .noneMatch(key -> unused.find(key, "").isPresent());
        assertThat(Alias.all().stream().filter(Alias::isKey).map(alias -> KeyNames.fold(alias.name())))
                .as("aliases that hide a key").noneMatch(settings::containsKey);
    }

    @Test
    void keysWithoutEffectAreOneWarningEach() throws IOException {
        environment.put("WORKERS", "84");
        environment.put("S3_BUCKET", "somebody-elses");
        Configuration configuration = load("[compaction]", "completion_dir = '/tmp'", "[delete]", "enabled = true", "[server]",
                "tls_enabled = false",
                "[tiered_storage.cold]", "anything = 1", "[storage]", "s3_bucket = 'b'");
        assertThat(problems(configuration)).isEmpty();
        assertThat(configuration.notices()).hasSize(6)
                .anyMatch(each -> each.contains("compaction.completion_dir is recognised but has no effect in this version"))
                .anyMatch(each -> each.contains("delete.enabled is recognised"))
                .anyMatch(each -> each.contains("server.workers is recognised"))
                .anyMatch(each -> each.contains("server.tls_enabled is recognised"))
                .anyMatch(each -> each.contains("tiered_storage.cold.anything is recognised"))
                .anyMatch(each -> each.contains("storage.s3.bucket") && each.contains("'s3' is not installed"));
        assertThat(problems(load("[compaction]", "min_fils = 1"))).as("a misspelt one").singleElement().asString()
                .contains("unknown key compaction.min_fils");
    }

    @Test
    void encryptionThatIsAskedForIsNotIgnored() throws IOException {
        assertThat(problems(load("[server]", "tls_enabled = true"))).singleElement().asString().contains("does not serve TLS");
    }

    @Test
    void whatContainerPlatformsInjectIsIgnored() throws IOException {
        environment.putAll(Map.of("ARC_PORT", "tcp://10.0.0.1:8000", "ARC_SERVICE_HOST", "10.0.0.1", "ARC_SERVICE_PORT", "8000",
                "ARC_PORT_8000_TCP", "tcp://10.0.0.1:8000", "ARC_PORT_8000_TCP_ADDR", "10.0.0.1", "ARC_SERVER_PORT",
                "tcp://10.0.0.1:8000", "ARC_SERVICE_PORT_HTTP", "8000", "ARC_SERVER_SERVICE_HOST", "10.0.0.1"));
        Configuration configuration = load();
        assertThat(problems(configuration)).isEmpty();
        assertThat(configuration.value(ServerConfig.PORT)).isEqualTo(8000);
        assertThat(configuration.notices()).singleElement().asString().contains("ARC_SERVER_PORT", "ARC_SERVICE_HOST");
    }

    @Test
    void namesOfTheLauncherAndOfClientsAreNoKeys() throws IOException {
        environment.putAll(Map.of("ARC_JAVA_HOME", "/j", "ARC_JAVA_OPTS", "-Xmx1g", "ARC_TOKEN", "t", "ARC_URL", "u"));
        properties.putAll(Map.of("arc.test.slow", "1", "arc.home", directory.toString(), "java.version", "25"));
        assertThat(problems(load())).isEmpty();
    }

    @Test
    void relativePathsStartWhereTheirAuthorWas() throws IOException {
        properties.put("arc.home", directory.resolve("home").toString());
        assertThat(DataConfig.from(load()).directory()).isEqualTo(directory.resolve("home/data"));
        assertThat(DataConfig.from(load("[data]", "dir = '../d'")).directory()).isEqualTo(directory.resolve("d"));
        environment.put("ARC_DATA_DIR", "here/./x");
        assertThat(DataConfig.from(load()).directory()).isEqualTo(directory.resolve("here/x"));
        environment.put("ARC_DATA_DIR", "/abs");
        assertThat(DataConfig.from(load()).directory()).isEqualTo(Path.of("/abs"));
    }

    @Test
    void theFileOfAnInstallationIsFoundWithoutBeingNamed() throws IOException {
        Files.createDirectories(directory.resolve("home/conf"));
        Files.writeString(directory.resolve("home/conf/arc.toml"), "server.port = 77");
        assertThat(load().value(ServerConfig.PORT)).isEqualTo(8000);
        properties.put("arc.home", "home");
        assertThat(load().value(ServerConfig.PORT)).isEqualTo(77);
        environment.put("ARC_CONFIG_FILE", "missing.toml");
        assertThat(problems(load())).singleElement().asString().contains(directory.resolve("missing.toml").toString(),
                "does not exist");
    }

    @Test
    void listsAndSortKeysAreReadFromArraysAndFromText() throws IOException {
        Configuration file = load("[plugins]", "protocols = ['msgpack', 'lineproto']", "rewriters = []", "[ingest]",
                "sort_keys = ['cpu:host,core', 'mem:time,host']", "default_sort_keys = ['host', 'time']");
        assertThat(problems(file)).isEmpty();
        PluginsConfig plugins = PluginsConfig.from(file);
        assertThat(plugins.protocols()).contains(List.of("msgpack", "lineproto"));
        assertThat(plugins.rewriters()).contains(List.of());
        assertThat(plugins.compressors()).isEmpty();
        IngestConfig ingest = IngestConfig.from(file, MACHINE);
        assertThat(ingest.sortKeysOf("cpu")).containsExactly("host", "core");
        assertThat(ingest.sortKeysOf("mem")).containsExactly("host");
        assertThat(ingest.sortKeysOf("disk")).containsExactly("host");
        environment.put("ARC_INGEST_SORT_KEYS", "cpu:a,b  mem:c");
        environment.put("ARC_PLUGINS_PROTOCOLS", " a , b ");
        assertThat(IngestConfig.from(load(), MACHINE).sortKeys())
                .isEqualTo(Map.of("cpu", List.of("a", "b"), "mem", List.of("c")));
        assertThat(PluginsConfig.from(load()).protocols()).contains(List.of("a", "b"));
        environment.put("ARC_INGEST_SORT_KEYS", "cpu=a");
        assertThat(problems(load())).singleElement().asString().contains("'cpu=a' is not of the form table:column,column");
        environment.remove("ARC_INGEST_SORT_KEYS");
        assertThat(problems(load("plugins.compressors = ['a,b']"))).singleElement().asString().contains("cannot hold a comma");
    }

    @Test
    void theNoneCompressorIsNoCompressor() throws IOException {
        environment.put("ARC_INGEST_COMPRESSION", "None");
        assertThat(IngestConfig.from(load(), MACHINE).compression()).isEmpty();
    }

    @Test
    void synonymsOfStoresComeAfterTheirOwnName() throws IOException {
        environment.put("ARC_STORAGE_BACKEND", " MinIO ");
        assertThat(StorageConfig.from(load()).names()).containsExactly("minio", "s3");
        environment.put("ARC_STORAGE_BACKEND", "local");
        assertThat(StorageConfig.from(load()).names()).containsExactly("local");
    }

    @Test
    void theDescriptionShowsOriginsAndNoSecrets() throws IOException {
        environment.put("ARC_AUTH_BOOTSTRAP_TOKEN", TOKEN);
        List<String> lines = load("[server]", "port = 1234")
                .describe(Map.of("wal.writers", "3"));
        assertThat(lines).hasSize(ArcConfig.SETTINGS.size()).noneMatch(line -> line.contains(TOKEN))
                .anyMatch(line -> line.matches("auth\\.bootstrap_token = \\*\\*\\* +# environment ARC_AUTH_BOOTSTRAP_TOKEN"))
                .anyMatch(line -> line.startsWith("server.port = 1234 ") && line.endsWith("arc.toml:2"))
                .anyMatch(line -> line.matches("server\\.max_payload_size = 1GB +# default"))
                .anyMatch(line -> line.matches("wal\\.sync_mode = fdatasync +# default"))
                .anyMatch(line -> line.matches("wal\\.writers = 3 +# default"))
                .anyMatch(line -> line.startsWith("wal.directory = (not set: wal under data.dir)"));
    }

    @Test
    void microProfileConfigSeesTheSameValuesAboveItsOwnSources() throws IOException {
        environment.put("ARC_AUTH_BOOTSTRAP_TOKEN", TOKEN);
        environment.put("PORT", "81");
        Configuration configuration = load("[server]", "host = '127.0.0.1'");
        List<ConfigSource> sources = configuration.configSources();
        assertThat(sources).allSatisfy(source -> assertThat(source.getOrdinal()).isGreaterThan(400));
        assertThat(sources.stream().map(ConfigSource::getOrdinal)).doesNotHaveDuplicates();
        Map<String, String> effective = new HashMap<>();
        sources.forEach(source -> source.getPropertyNames().forEach(name -> effective.put(name, source.getValue(name))));
        assertThat(effective).containsEntry("server.host", "127.0.0.1").containsEntry("server.port", "81")
                .containsEntry("wal.sync_mode", "fdatasync").doesNotContainValue(TOKEN);
    }

    @Test
    void everyKeyIsReadBackFromTheTextOfItsDefault() throws IOException {
        for (Setting<?> setting : ArcConfig.SETTINGS) {
            requireReadable(setting);
            assertThat(setting.key().doc()).as(setting.name()).endsWith(".");
        }
    }

    private static <T> void requireReadable(Setting<T> setting) {
        setting.key().defaultValue().ifPresent(value -> assertThat(setting.key().parser().apply(
                setting.key().name().equals("sort_keys") ? "" : ValueText.of(setting.key(), value))).as(setting.name())
                .isEqualTo(value));
    }

    /// Every key changes what its record says, so that none is declared and forgotten.
    @Test
    void everyKeyReachesItsRecord() throws IOException {
        ArcConfig defaults = ArcConfig.from(load(), MACHINE);
        for (Setting<?> setting : ArcConfig.SETTINGS) {
            environment.clear();
            String value = switch (setting.name()) {
                case "ingest.sort_keys" -> "cpu:host";
                case "ingest.default_sort_keys", "plugins.protocols", "plugins.compressors", "plugins.rewriters" -> "host";
                case "server.port", "query.max_queue_size" -> "7";
                case "query.max_sql_bytes" -> "777";
                default -> different(setting);
            };
            environment.put(setting.environmentName(), value);
            Configuration configuration = load();
            assertThat(configuration.problems()).as(setting.name()).isEmpty();
            assertThat(ArcConfig.from(configuration, MACHINE)).as("%s = %s", setting.name(), value).isNotEqualTo(defaults);
        }
    }

    private static String different(Setting<?> setting) {
        return switch (setting.key().type()) {
            case "integer" -> "23";
            case "boolean" -> setting.key().defaultValue().orElseThrow().equals(true) ? "false" : "true";
            case "size" -> "230MB";
            case "cron" -> "1 2 3 4 *";
            case "duration" -> "23s";
            case "string" -> "y".repeat(40);
            case "path" -> "/elsewhere";
            default -> {
                String[] choices = setting.key().type().split(" \\| ");
                yield choices[choices.length - 1];
            }
        };
    }
}
