package io.arc.testkit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.opentest4j.TestAbortedException;

/// The vendor's emulator of Blob Storage, from npm: installed once (about 370 MB), started on a port that it chooses, keeping
/// its blobs in memory. Needs Node 20 or newer and npm on the path, and a registry for the installation. Where these are
/// missing, the test that asks is skipped and says so; where the environment says `CI`, it fails, so that nobody takes a
/// skipped proof for one.
public final class Azurite implements AutoCloseable {
    /// The account and the key that every Azurite has, published by its vendor.
    public static final String ACCOUNT = "devstoreaccount1";
    public static final String KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static final String VERSION = "3.37.0";
    private static final String SERVICE_VERSION = "2023-11-03";
    private static final Pattern LISTENING = Pattern.compile("listen(?:s|ing) (?:on|at) https?://[^:]+:([0-9]+)");

    private final Process process;
    private final int port;

    private Azurite(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// @param folder where it is, or is to be installed
    /// @param options on its command line, behind those for port and memory
    public static Azurite start(Path folder, String... options) throws IOException {
        Path home = folder.toAbsolutePath();
        Path main = home.resolve("node_modules/azurite/dist/src/blob/main.js");
        // Written last: an installation that was broken off is begun again.
        Path installed = home.resolve("installed-" + VERSION);
        if (!Files.exists(installed)) {
            install(home);
            Files.createFile(installed);
        }
        List<String> command = new ArrayList<>(List.of("node", main.toString(), "--blobHost", "127.0.0.1", "--blobPort", "0",
                "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"));
        command.addAll(List.of(options));
        Process process;
        try {
            process = new ProcessBuilder(command).redirectErrorStream(true).start();
        } catch (IOException noNode) {
            throw missing("node does not start", noNode);
        }
        StringBuilder said = new StringBuilder();
        BufferedReader output = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
            Matcher listening = LISTENING.matcher(line);
            if (listening.find()) {
                // It logs each request; nobody reads that, and a full pipe would stop it.
                Thread.ofVirtual().start(() -> drain(output));
                return new Azurite(process, Integer.parseInt(listening.group(1)));
            }
        }
        throw new IOException("Azurite ended instead of listening: " + said);
    }

    private static void drain(BufferedReader output) {
        try {
            while (output.readLine() != null) {
                // Thrown away.
            }
        } catch (IOException ended) {
            // With the process.
        }
    }

    private static void install(Path home) throws IOException {
        Files.createDirectories(home);
        Files.writeString(home.resolve("package.json"), "{\"private\": true}");
        File log = home.resolve("npm.log").toFile();
        int exit;
        try {
            Process npm = new ProcessBuilder(List.of("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts",
                    "--omit=dev",
                    "azurite@" + VERSION)).directory(home.toFile()).redirectErrorStream(true).redirectOutput(log).start();
            exit = npm.waitFor(10, TimeUnit.MINUTES) ? npm.exitValue() : -1;
            npm.destroyForcibly();
        } catch (IOException noNpm) {
            throw missing("npm does not start", noNpm);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while npm installed azurite", interrupted);
        }
        if (exit != 0) {
            throw missing("npm could not install azurite@" + VERSION + ": " + Files.readString(log.toPath()), null);
        }
    }

    private static RuntimeException missing(String what, Throwable cause) {
        String sentence = "Azure's emulator is not here, so nothing is tested against it. It needs Node 20 or newer and "
                + "npm with a registry: " + what;
        return System.getenv("CI") == null ? new TestAbortedException(sentence, cause) : new IllegalStateException(sentence,
                cause);
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /// Of the account, as `storage.azure.endpoint` takes it.
    public String endpoint() {
        return "http://127.0.0.1:" + port + "/" + ACCOUNT;
    }

    /// Makes an empty container, without the SDK.
    public void createContainer(String name) throws IOException {
        String now = DateTimeFormatter.RFC_1123_DATE_TIME.format(Instant.now().atOffset(ZoneOffset.UTC));
        // The path holds the account, and what is signed holds it once more.
        String signed = "PUT" + "\n".repeat(12) + "x-ms-date:" + now + "\nx-ms-version:" + SERVICE_VERSION + "\n/" + ACCOUNT
                + "/"
                + ACCOUNT + "/" + name + "\nrestype:container";
        HttpURLConnection request = (HttpURLConnection) URI.create(endpoint() + "/" + name + "?restype=container").toURL()
                .openConnection();
        request.setRequestMethod("PUT");
        request.setRequestProperty("x-ms-date", now);
        request.setRequestProperty("x-ms-version", SERVICE_VERSION);
        request.setRequestProperty("Authorization", "SharedKey " + ACCOUNT + ":" + signature(signed));
        request.setDoOutput(true);
        request.setFixedLengthStreamingMode(0);
        request.getOutputStream().close();
        if (request.getResponseCode() != HttpURLConnection.HTTP_CREATED) {
            throw new IOException("the container " + name + " was not made: " + request.getResponseCode() + " "
                    + request.getResponseMessage());
        }
    }

    private static String signature(String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(Base64.getDecoder().decode(KEY), "HmacSHA256"));
            return Base64.getEncoder().encodeToString(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("every Java platform has HmacSHA256", impossible);
        }
    }

    /// As `storage.azure.connection_string` takes it.
    ///
    /// @param authority host and port of it, or of a proxy before it
    public static String connectionString(String authority) {
        return "DefaultEndpointsProtocol=http;AccountName=" + ACCOUNT + ";AccountKey=" + KEY + ";BlobEndpoint=http://"
                + authority
                + "/" + ACCOUNT + ";";
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
