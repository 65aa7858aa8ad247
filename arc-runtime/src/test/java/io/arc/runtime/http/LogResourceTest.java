package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogResourceTest {
    private static final LogFigures ON = new LogFigures(true, "/data/wal", "fdatasync", Optional.empty(),
            List.of(new LogFigures.Writer("abc-1", "worker-1-20251008_140530.wal", 2 << 20, 1.5, 42, 40, 4000, 20, 3, 1, 2, 0.25)),
            7, 100, 5, List.of(new LogFigures.File("worker-1-20251008_130530.wal", 1 << 20, Optional.empty())),
            List.of(new LogFigures.File("worker-1-20251008_120530.wal.recovered", 1 << 19,
                    Optional.of(Instant.parse("2025-10-08T14:00:00Z")))), List.of("worker-1-x.wal"),
            Optional.of(new LogFigures.Recovery(Instant.parse("2025-10-08T14:00:00Z"), 2, 10, 100, 60, 5000, 3, 1)));
    private static final LogFigures OFF = new LogFigures(false, "/data/wal", "", Optional.empty(), List.of(), 0, 0, 0, List.of(),
            List.of(), List.of(), Optional.empty());

    @TempDir
    private static Path folder;
    private static TestServer server;

    @BeforeAll
    static void start() {
        server = TestServer.start(folder, false);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void on() {
        server.log.figures = ON;
    }

    private static RawClient.Answer answer(String method, String path) throws IOException {
        try (RawClient client = new RawClient(server.port())) {
            client.send(method + " " + path + " HTTP/1.1\r\nHost: x\r\n"
                    + (method.equals("POST") ? "Content-Length: 0\r\n" : "") + "\r\n");
            return client.answer();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/wal", "/api/v1/wal"})
    void whatTheLogDoes(String base) throws IOException {
        assertThat(answer("GET", base + "/status").text()).contains("\"enabled\":true", "\"sync_mode\":\"fdatasync\"",
                "\"worker_id\":\"abc-1\"", "\"current_file\":\"worker-1-20251008_140530.wal\"", "\"stats\":{");
        assertThat(answer("GET", base + "/stats").text()).contains("\"total_entries\":40", "\"total_bytes\":4000",
                "\"total_syncs\":20", "\"total_rotations\":3", "\"current_size_mb\":2", "\"current_age_seconds\":1.5",
                "\"failed_writes\":2", "\"refused_entries\":5", "\"buffer_size\":100", "\"buffer_used\":7");
        assertThat(answer("GET", base + "/files").text()).contains("\"active\":[{\"name\":\"worker-1-20251008_140530.wal\"",
                "\"waiting\":[{\"name\":\"worker-1-20251008_130530.wal\",\"size_mb\":1",
                "\"recovered\":[{\"name\":\"worker-1-20251008_120530.wal.recovered\",\"size_mb\":0.5",
                "\"modified\":\"2025-10-08T14:00:00Z\"", "\"quarantined\":[\"worker-1-x.wal\"]", "\"total_size_mb\":3.5",
                "\"wal_directory\":\"/data/wal\"");
        assertThat(answer("GET", base + "/health").text()).contains("\"healthy\":true", "\"wal_enabled\":true",
                "3 damaged frames");
        assertThat(answer("GET", base + "/recovery/history").text()).contains("\"files\":2,\"batches\":10,\"entries\":100,"
                + "\"replayed\":60,\"bytes\":5000,\"damaged\":3,\"torn_tails\":1", "\"count\":1");
        assertThat(answer("POST", base + "/cleanup?max_age_hours=3").text())
                .contains("\"deleted_count\":2", "\"freed_mb\":3", "\"max_age_hours\":3");
        assertThat(server.log.cleaned).isEqualTo(Duration.ofHours(3));
        answer("POST", base + "/cleanup");
        assertThat(server.log.cleaned).isEqualTo(Duration.ofHours(24));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "x", "1.5", "99999999999"})
    void anAgeThatIsNoneIsTheClientsMistake(String hours) throws IOException {
        RawClient.Answer refused = answer("POST", "/api/wal/cleanup?max_age_hours=" + hours);
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.text()).contains("max_age_hours", hours);
    }

    @Test
    void aLogThatIsOffSaysSo() throws IOException {
        server.log.figures = OFF;
        assertThat(answer("GET", "/api/wal/status").text()).contains("\"enabled\":false");
        assertThat(answer("GET", "/api/wal/health").text()).contains("\"healthy\":false", "\"wal_enabled\":false");
        for (String path : List.of("stats", "files")) {
            RawClient.Answer refused = answer("GET", "/api/wal/" + path);
            assertThat(refused.status()).as(path).isEqualTo(400);
            assertThat(refused.text()).contains("wal.enabled");
        }
        assertThat(answer("POST", "/api/wal/cleanup").status()).isEqualTo(400);
    }

    @Test
    void aDiskThatFailsIsShown() throws IOException {
        server.log.figures = new LogFigures(true, "/data/wal", "fsync", Optional.of("the log's disk failed lately: full"), ON.writers(),
                0, 100, 0, List.of(), List.of(), List.of(), Optional.empty());
        assertThat(answer("GET", "/api/wal/health").text()).contains("\"healthy\":false", "failed lately: full",
                "look at the disk");
        assertThat(answer("GET", "/api/wal/recovery/history").text()).contains("\"count\":0");
    }
}
