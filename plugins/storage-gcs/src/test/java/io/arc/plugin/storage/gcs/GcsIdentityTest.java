package io.arc.plugin.storage.gcs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.auth.oauth2.GoogleCredentials;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.arc.testkit.GcsEmulator;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Credentials that the plugin's keys do not name: the library finds them in the environment, hence the processes, and they go over
/// TLS only, hence the emulator behind a socket of that.
final class GcsIdentityTest {
    private static final String PASSWORD = "not-secret";

    @TempDir
    private Path folder;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private GcsEmulator emulator;
    private ServerSocket secure;
    private Path certificate;

    @BeforeEach
    void start() throws Exception {
        emulator = GcsEmulator.start();
        emulator.createBucket("by-identity");
        certificate = certificate();
        KeyStore keys = KeyStore.getInstance(certificate.toFile(), PASSWORD.toCharArray());
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        secure = context.getServerSocketFactory().createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    @AfterEach
    void stop() throws IOException {
        secure.close();
        emulator.close();
    }

    @Test
    void aKeyFileThatTheEnvironmentNames() throws Exception {
        Path key = Files.writeString(folder.resolve("key.json"), emulator.serviceAccountKey());
        assertThat(run(Map.of("GOOGLE_APPLICATION_CREDENTIALS", key.toString()))).contains(MachineIdentity.DONE);
    }

    @Test
    void theServiceAccountOfTheMachine() throws Exception {
        HttpServer machine = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        machine.createContext("/", this::answerAsMachine);
        machine.start();
        try {
            String output = run(Map.of("GCE_METADATA_HOST", "127.0.0.1:" + machine.getAddress().getPort()));
            assertThat(output).contains(MachineIdentity.DONE);
            assertThat(asked).as("a token serves many requests").hasSize(1);
        } finally {
            machine.stop(0);
        }
    }

    private void answerAsMachine(HttpExchange exchange) throws IOException {
        boolean isToken = exchange.getRequestURI().getPath().equals("/computeMetadata/v1/instance/service-accounts/default/token");
        String answer = "";
        if (isToken) {
            asked.add(exchange.getRequestURI().toString());
            // One that the emulator has given.
            String token = GoogleCredentials.fromStream(new ByteArrayInputStream(emulator.serviceAccountKey()
                    .getBytes(StandardCharsets.UTF_8))).createScoped("any").refreshAccessToken().getTokenValue();
            answer = "{\"access_token\":\"" + token + "\",\"expires_in\":3599,\"token_type\":\"Bearer\"}";
        }
        byte[] body = answer.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Metadata-Flavor", "Google");
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private void accept() {
        try {
            while (true) {
                Socket outer = secure.accept();
                Socket inner = new Socket(emulator.address().getAddress(), emulator.address().getPort());
                Thread.ofVirtual().start(() -> pass(outer, inner));
                Thread.ofVirtual().start(() -> pass(inner, outer));
            }
        } catch (IOException closed) {
            // The test is over.
        }
    }

    private static void pass(Socket from, Socket to) {
        try (from; to; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            in.transferTo(out);
        } catch (IOException ended) {
            // One side has gone.
        }
    }

    private Path certificate() throws Exception {
        Path file = folder.resolve("certificate.p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair",
                "-alias", "emulator", "-keyalg", "RSA", "-keysize", "2048", "-validity", "3650", "-storetype", "PKCS12",
                "-keystore", file.toString(), "-storepass", PASSWORD, "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1")
                .redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
        return file;
    }

    private String run(Map<String, String> environment) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m", "-Djavax.net.ssl.trustStore=" + certificate, "-Djavax.net.ssl.trustStorePassword=" + PASSWORD,
                "-Duser.home=" + folder, "-cp", System.getProperty("java.class.path"), MachineIdentity.class.getName(),
                "127.0.0.1:" + secure.getLocalPort()));
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("GOOGLE_") || name.startsWith("GCE_")
                || name.startsWith("CLOUDSDK_"));
        // A developer's login is not to be found.
        builder.environment().put("HOME", folder.toString());
        builder.environment().putAll(environment);
        Process process = builder.start();
        boolean hasEnded = process.waitFor(90, TimeUnit.SECONDS);
        process.destroyForcibly();
        String said = Files.readString(output);
        assertThat(hasEnded).as(said).isTrue();
        assertThat(process.exitValue()).as(said).isZero();
        return said;
    }
}
