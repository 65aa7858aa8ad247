package io.arc.plugin.storage.azure;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.arc.testkit.Azurite;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A machine's identity instead of a key: the token is asked of the machine's own address, and the service accepts it. The
/// emulator wants TLS for that and looks at everything of a token but its signature. Where the identity is asked for comes from
/// the environment, hence the process.
final class AzureIdentityTest {
    private static final String PASSWORD = "not-secret";

    @TempDir
    private Path folder;
    private final List<String> asked = new CopyOnWriteArrayList<>();

    @Test
    void aManagedIdentityIsAsGoodAsAKey() throws Exception {
        Path certificate = certificate();
        HttpServer machine = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        machine.createContext("/", this::answerToken);
        machine.start();
        try (Azurite azurite = Azurite.start(Containers.INSTALLED, "--oauth", "basic", "--cert", certificate.toString(),
                "--pwd",
                PASSWORD)) {
            String endpoint = azurite.endpoint().replace("http://", "https://");
            String output = run(certificate, "http://127.0.0.1:" + machine.getAddress().getPort(), endpoint);
            assertThat(output).contains("stored and read by the machine's identity");
            assertThat(asked).as(output).isNotEmpty().allMatch(each -> each.contains("/metadata/identity/oauth2/token")
                    && each.contains("storage.azure.com"));
            assertThat(asked).as("a token serves many requests").hasSizeLessThanOrEqualTo(2);
        } finally {
            machine.stop(0);
        }
    }

    private Path certificate() throws Exception {
        Path file = folder.resolve("certificate.p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias", "emulator", "-keyalg", "RSA", "-keysize", "2048", "-validity", "3650", "-storetype", "PKCS12",
                "-keystore",
                file.toString(), "-storepass", PASSWORD, "-dname", "CN=127.0.0.1", "-ext", "san=ip:127.0.0.1")
                .redirectErrorStream(true).start();
        String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(keytool.waitFor()).as(said).isZero();
        return file;
    }

    private void answerToken(HttpExchange exchange) throws IOException {
        // Whoever asks without this header is a page in somebody's browser.
        boolean isMeant = "true".equalsIgnoreCase(exchange.getRequestHeaders().getFirst("Metadata"));
        if (isMeant) {
            asked.add(exchange.getRequestURI().toString());
        }
        long now = Instant.now().getEpochSecond();
        String claims = "{\"aud\":\"https://storage.azure.com\","
                + "\"iss\":\"https://sts.windows.net/00000000-0000-0000-0000-000000000000/\","
                + "\"iat\":%d,\"nbf\":%d,\"exp\":%d,\"oid\":\"machine\"}".formatted(now - 60, now - 60, now + 86_000);
        String token = part("{\"alg\":\"RS256\",\"typ\":\"JWT\"}") + "." + part(claims) + "." + part("unsigned");
        byte[] body = (isMeant ? "{\"access_token\":\"" + token
                + "\",\"client_id\":\"machine\",\"expires_in\":\"86000\",\"expires_on\":\""
                + (now + 86_000) + "\",\"not_before\":\"" + (now - 60)
                + "\",\"resource\":\"https://storage.azure.com\",\"token_type\":"
                + "\"Bearer\"}"
                : "{\"error\":\"invalid_request\",\"error_description\":\"Required metadata header not specified\"}")
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json; charset=utf-8");
        exchange.sendResponseHeaders(isMeant ? 200 : 400, body.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static String part(String json) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
    }

    private String run(Path certificate, String machine, String endpoint) throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Djavax.net.ssl.trustStore=" + certificate, "-Djavax.net.ssl.trustStorePassword=" + PASSWORD, "-cp",
                System.getProperty("java.class.path"), MachineIdentity.class.getName(), endpoint));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile());
        builder.environment().keySet().removeIf(name -> name.startsWith("AZURE_") || name.startsWith("IDENTITY_")
                || name.startsWith("MSI_"));
        builder.environment().put("AZURE_POD_IDENTITY_AUTHORITY_HOST", machine);
        Process process = builder.start();
        boolean hasEnded = process.waitFor(90, TimeUnit.SECONDS);
        process.destroyForcibly();
        String output = Files.readString(folder.resolve("output"));
        assertThat(hasEnded).as(output).isTrue();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }
}
