package io.arc.testkit;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.opentest4j.TestAbortedException;

/// The vendor's emulator of Blob Storage, from npm: installed once, started on a port that it chooses, keeping its blobs in memory. Needs
/// Node 20 or newer and npm on the path; without them the test that asks is skipped, and says so.
public final class Azurite implements AutoCloseable {
    /// The account and the key that every Azurite has, published by its vendor.
    public static final String ACCOUNT = "devstoreaccount1";
    public static final String KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
    private static final String VERSION = "3.37.0";
    private static final Pattern LISTENING = Pattern.compile("listen(?:s|ing) (?:on|at) https?://[^:]+:([0-9]+)");

    private final Process process;
    private final int port;

    private Azurite(Process process, int port) {
        this.process = process;
        this.port = port;
    }

    /// @param folder where it is, or is to be installed
    public static Azurite start(Path folder) throws IOException {
        Path home = folder.toAbsolutePath();
        Path main = home.resolve("node_modules/azurite/dist/src/blob/main.js");
        if (!Files.exists(main)) {
            install(home);
        }
        Process process = new ProcessBuilder("node", main.toString(), "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence",
                "--skipApiVersionCheck", "--disableTelemetry").redirectErrorStream(true).start();
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
            Process npm = new ProcessBuilder(List.of("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--omit=dev",
                    "azurite@" + VERSION)).directory(home.toFile()).redirectErrorStream(true).redirectOutput(log).start();
            exit = npm.waitFor(10, TimeUnit.MINUTES) ? npm.exitValue() : -1;
            npm.destroyForcibly();
        } catch (IOException noNpm) {
            throw new TestAbortedException("npm is not installed, so Azure's emulator is not: install Node 20 or newer to run these tests", noNpm);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while npm installed azurite", interrupted);
        }
        if (exit != 0) {
            throw new IOException("npm could not install azurite@" + VERSION + ": " + Files.readString(log.toPath()));
        }
    }

    public InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    /// Of the account, as `storage.azure.endpoint` takes it.
    public String endpoint() {
        return "http://127.0.0.1:" + port + "/" + ACCOUNT;
    }

    @Override
    public void close() {
        process.destroyForcibly().onExit().join();
    }
}
