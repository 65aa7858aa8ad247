package io.arc.demo;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// The three calls that the demo needs, in plain HTTP, as any program would make them.
final class ArcClient {
    private final HttpClient http = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final URI server;
    private final String token;

    ArcClient(URI server, String token) {
        this.server = server;
        this.token = token;
    }

    boolean isReady() throws InterruptedException {
        try {
            HttpRequest request = HttpRequest.newBuilder(server.resolve("/ready")).timeout(Duration.ofSeconds(5)).build();
            return http.send(request, BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    /// @throws IOException for anything but a 204, with what the server said
    void write(String path, byte[] body) throws IOException, InterruptedException {
        HttpResponse<String> response = http.send(request(path).header("x-arc-database", "demo")
                .POST(BodyPublishers.ofByteArray(body)).build(), BodyHandlers.ofString());
        if (response.statusCode() != 204) {
            throw new IOException("POST " + path + " was answered " + response.statusCode() + ": " + response.body());
        }
    }

    /// The header line and the rows.
    List<List<String>> query(String sql) throws IOException, InterruptedException {
        String body = "{\"format\":\"csv\",\"sql\":\"" + sql.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", " ") + "\"}";
        HttpResponse<String> response = http.send(request("/api/v1/query").header("x-arc-database", "demo")
                .header("Content-Type", "application/json").POST(BodyPublishers.ofString(body, StandardCharsets.UTF_8)).build(),
                BodyHandlers.ofString());
        if (response.statusCode() != 200) {
            throw new IOException("the query was answered " + response.statusCode() + ": " + response.body());
        }
        return csv(response.body());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(server.resolve(path)).timeout(Duration.ofSeconds(30))
                .header("Authorization", "Bearer " + token);
    }

    private static List<List<String>> csv(String text) {
        List<List<String>> rows = new ArrayList<>();
        List<String> row = new ArrayList<>();
        StringBuilder cell = new StringBuilder();
        boolean quoted = false;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
                cell.append('"');
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ',' || c == '\n')) {
                row.add(cell.toString());
                cell.setLength(0);
                if (c == '\n') {
                    rows.add(row);
                    row = new ArrayList<>();
                }
            } else if (quoted || c != '\r') {
                cell.append(c);
            }
        }
        return rows;
    }
}
