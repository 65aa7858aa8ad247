package io.arc.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;

/// What every write is answered, whatever its route.
final class Answered {
    private Answered() {}

    static void assertStored(HttpResponse<String> answer) {
        assertThat(answer.body()).isEmpty();
        assertThat(answer.statusCode()).isEqualTo(204);
        assertThat(answer.headers().firstValue("X-Arc-Ack")).contains("synced");
        assertThat(answer.headers().firstValue("Content-Type")).isEmpty();
    }

    static void assertStored(RawHttp.Answer answer) {
        assertThat(answer.body()).isEmpty();
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.header("X-Arc-Ack")).isEqualTo("synced");
        assertThat(answer.headers()).doesNotContainKeys("content-type", "transfer-encoding");
    }

    /// @param words what the answer's JSON has to hold
    static void assertRefused(HttpResponse<String> answer, int status, String... words) {
        for (String word : words) {
            assertThat(answer.body()).contains(word);
        }
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body()).contains("\"error\":\"");
        assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("application/json");
    }

    /// @param words what the answer's JSON has to hold
    static void assertRefused(RawHttp.Answer answer, int status, String... words) {
        for (String word : words) {
            assertThat(answer.body()).contains(word);
        }
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body()).contains("\"error\":\"");
        assertThat(answer.header("Content-Type")).startsWith("application/json");
    }
}
