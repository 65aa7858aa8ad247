package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompactionRoutesTest {
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

    private static HttpResponse<String> call(String method, String path) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(URI.create(server.url(path))).method(method,
                    HttpRequest.BodyPublishers.noBody()).build(), HttpResponse.BodyHandlers.ofString());
        }
    }

    private static JsonObject json(String path) throws IOException, InterruptedException {
        HttpResponse<String> answer = call("GET", path);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return Json.createReader(new StringReader(answer.body())).readObject();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/v1/compaction", "/api/compaction"})
    void figuresHaveTheFieldsThatClientsRead(String root) throws Exception {
        JsonObject status = json(root + "/status");
        assertThat(status.getJsonObject("manager").keySet()).containsExactly("active_jobs", "total_completed", "total_failed");
        assertThat(status.getJsonObject("scheduler").getString("schedule")).isEqualTo("5 * * * *");
        JsonObject hourly = status.getJsonObject("schedulers").getJsonObject("hourly");
        assertThat(hourly.getBoolean("running")).isTrue();
        assertThat(hourly.getString("next_run")).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:05:00Z");
        assertThat(status.getJsonObject("schedulers").getJsonObject("daily").getBoolean("enabled")).isFalse();
        JsonObject stats = json(root + "/stats");
        assertThat(stats.keySet()).contains("total_jobs_completed", "total_jobs_failed", "total_files_compacted",
                "total_bytes_saved", "total_bytes_saved_mb", "total_manifests_recover", "cycle_running", "current_cycle_id",
                "recent_jobs", "tiers");
        assertThat(stats.getJsonArray("tiers")).hasSize(2);
        assertThat(json(root + "/candidates").getInt("count")).isZero();
        assertThat(json(root + "/jobs").getInt("active_jobs")).isZero();
        assertThat(json(root + "/history?limit=3").getJsonArray("recent_jobs")).isEmpty();
    }

    @Test
    void aCycleIsTriggered() throws Exception {
        HttpResponse<String> answer = call("POST", "/api/v1/compaction/trigger?tier=hourly&database=default");
        // One from the test beside may still be running.
        assertThat(answer.statusCode()).isIn(200, 409);
        if (answer.statusCode() == 200) {
            assertThat(answer.body()).contains("\"message\":\"Compaction triggered\",\"status\":\"running\"",
                    "\"tiers\":[\"hourly\"]", "\"database\":\"default\"");
        } else {
            assertThat(answer.body()).contains("\"is_running\":true", "\"cycle_id\":");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tier=weekly", "measurement=cpu", "database=default&partition=2026/01/01"})
    void whatCannotBeMeantIsRefused(String parameters) throws Exception {
        assertThat(call("POST", "/api/compaction/trigger?" + parameters).statusCode()).isEqualTo(400);
    }

    @Test
    void anUnknownDatabaseIsNotFound() throws Exception {
        HttpResponse<String> answer = call("POST", "/api/compaction/trigger?database=nowhere");
        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("nowhere");
    }
}
