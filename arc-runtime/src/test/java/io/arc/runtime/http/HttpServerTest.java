package io.arc.runtime.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HttpServerTest {
    @TempDir
    private Path folder;

    @Test
    void aStopLetsARequestUnderWayEndAndTakesNoNewOne() throws Exception {
        try (TestServer server = TestServer.start(folder, false); RawClient client = new RawClient(server.port())) {
            int port = server.port();
            client.post("/write", "wait\nstopping 1");
            assertThat(server.waiting.await(20, TimeUnit.SECONDS)).isTrue();
            CompletableFuture<Void> stop = CompletableFuture.runAsync(server::stopHttp);
            long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
            while (accepts(port)) {
                assertThat(System.nanoTime()).as("the port is closed within 20 s").isLessThan(deadline);
            }
            assertThat(stop).isNotDone();
            server.gate.countDown();
            assertThat(client.answer().status()).isEqualTo(204);
            stop.get(20, TimeUnit.SECONDS);
        }
    }

    private static boolean accepts(int port) {
        try (RawClient client = new RawClient(port)) {
            return client.get("/ping").answer().status() == 204;
        } catch (IOException refused) {
            return false;
        }
    }

    @Test
    void oneServerAfterAnotherWorksInOneProcess() throws Exception {
        for (int i = 0; i < 2; i++) {
            try (TestServer server = TestServer.start(Files.createDirectory(folder.resolve("s" + i)), false);
                    RawClient client = new RawClient(server.port())) {
                assertThat(client.post("/write", "again 1").answer().status()).isEqualTo(204);
                assertThat(client.get("/api/v1/databases").answer().status()).isEqualTo(200);
                assertThat(client.get("/health/ready").answer().status()).isEqualTo(200);
                assertThat(client.get("/openapi").answer().text()).contains("/api/v1/databases");
                assertThat(client.get("/metrics").answer().text()).contains("arc_http_requests_total 5\n");
            }
        }
    }

    @Test
    void aTakenPortIsToldInASentence() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            HttpOptions usual = TestServer.options();
            HttpOptions options = new HttpOptions("127.0.0.1", taken.getLocalPort(), usual.maxPayloadBytes(),
                    usual.maxBodyBytesInFlight(), usual.maxConnections(), usual.maxConcurrentRequests(), usual.idleTimeout(),
                    usual.readTimeout(), usual.shutdownGrace());
            assertThatThrownBy(() -> TestServer.start(folder, false, options)).isInstanceOf(ArcException.class)
                    .hasMessageContaining("port " + taken.getLocalPort()).hasMessageContaining("ARC_SERVER_PORT")
                    .extracting(failure -> ((ArcException) failure).code()).isEqualTo(ErrorCode.CONFIGURATION);
        }
    }

    @Test
    void moreRequestsThanAllowedAreTurnedAway() throws Exception {
        HttpOptions usual = TestServer.options();
        HttpOptions options = new HttpOptions(usual.host(), 0, usual.maxPayloadBytes(), 1000, usual.maxConnections(), 1,
                usual.idleTimeout(), usual.readTimeout(), usual.shutdownGrace());
        try (TestServer server = TestServer.start(folder, false, options); RawClient first = new RawClient(server.port());
                RawClient second = new RawClient(server.port())) {
            first.post("/write", "wait\nlimited 1");
            assertThat(server.waiting.await(20, TimeUnit.SECONDS)).isTrue();
            RawClient.Answer refused = second.post("/write", "limited 2").answer();
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.text()).contains("max_concurrent_requests");
            assertThat(refused.headers()).containsKey("retry-after");
            assertThat(second.get("/health").answer().status()).isEqualTo(200);
            server.gate.countDown();
            assertThat(first.answer().status()).isEqualTo(204);
            RawClient.Answer large = first.post("/write", "x".repeat(2000)).answer();
            assertThat(large.status()).as("bodies have 1000 bytes of memory together").isEqualTo(503);
        }
    }
}
