package io.arc.demo;

import io.arc.demo.Sensors.Core;
import io.arc.demo.Sensors.Disk;
import io.arc.demo.Sensors.Memory;
import io.arc.demo.Sensors.Network;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePacker;

/// `arc demo`: watches this machine for some seconds and shows what a time-series database makes of it.
public final class Demo {
    private static final int SAMPLES = 20;
    private static final long PAUSE_MILLIS = 500;

    private final ArcClient client;
    private final PrintStream out;
    private final String host;

    private Demo(ArcClient client, PrintStream out, String host) {
        this.client = client;
        this.out = out;
        this.host = host;
    }

    /// Reads `ARC_URL` (default `http://127.0.0.1:8000`) and `ARC_TOKEN`.
    public static void main(String[] args) throws InterruptedException {
        if (args.length > 0) {
            System.err.println("usage: arc demo   (where the server is says ARC_URL, its token ARC_TOKEN)");
            System.exit(64);
        }
        String url = environment("ARC_URL", "http://127.0.0.1:8000");
        URI server;
        try {
            server = URI.create(url);
        } catch (IllegalArgumentException noUrl) {
            server = URI.create("");
        }
        if (server.getHost() == null || !String.valueOf(server.getScheme()).matches("https?")) {
            System.err.println("arc: ARC_URL = '" + url + "' is not an address such as http://127.0.0.1:8000");
            System.exit(1);
        }
        Demo demo = new Demo(new ArcClient(server, environment("ARC_TOKEN", "")), System.out,
                environment("HOSTNAME", "localhost").replaceAll("[^A-Za-z0-9._-]", "_"));
        try {
            demo.run(server);
        } catch (IOException failed) {
            System.err.println("The demo stopped: " + failed.getMessage());
            System.exit(1);
        }
    }

    private static String environment(String name, String absent) {
        String value = System.getenv(name);
        return value == null || value.isBlank() ? absent : value;
    }

    private void run(URI server) throws IOException, InterruptedException {
        for (int i = 0; !client.isReady(); i++) {
            if (i == 120) {
                throw new IOException("no server is ready at " + server + " (start one with bin/arc server, or set ARC_URL)");
            }
            Thread.sleep(250);
        }
        Sensors sensors = new Sensors();
        out.println("Watching this machine (" + sensors.processorName() + ") for " + SAMPLES * PAUSE_MILLIS / 1000
                + " seconds: CPU and memory go in as MessagePack, disks and networks as line protocol.");
        long rows = 0;
        for (int sample = 1; sample <= SAMPLES; sample++) {
            Thread.sleep(PAUSE_MILLIS);
            rows += sample(sensors);
            progress(rows, 100 * sample / SAMPLES);
        }
        show("The last things this machine reported",
                "SELECT time, host, core, busy_percent FROM cpu ORDER BY time DESC, core LIMIT 6");
        show("How busy it was, every two seconds", """
                SELECT time_bucket(INTERVAL '2 seconds', time) AS bucket, round(avg(busy_percent), 1) AS cpu_percent,
                max(busy_percent) AS busiest_core FROM cpu WHERE time > now() - INTERVAL '1 minute' GROUP BY bucket ORDER BY bucket""");
        show("CPU beside memory: a join of two tables", """
                SELECT c.time, round(avg(c.busy_percent), 1) AS cpu_percent, any_value(round(100.0 * (m.total_bytes -
                m.available_bytes) / m.total_bytes, 1)) AS memory_percent FROM cpu c JOIN memory m ON c.time = m.time
                GROUP BY c.time ORDER BY c.time DESC LIMIT 4""");
        show("Bytes moved while we watched", """
                SELECT 'disk ' || disk AS device, max(written_bytes) - min(written_bytes) AS bytes_out,
                max(read_bytes) - min(read_bytes) AS bytes_in FROM disk GROUP BY disk
                UNION ALL SELECT 'net ' || interface, max(sent_bytes) - min(sent_bytes), max(received_bytes) - min(received_bytes)
                FROM network GROUP BY interface ORDER BY 1""");
        show("The tables that came into being", "SHOW TABLES FROM demo");
    }

    /// A line that changes in place on a terminal, few lines elsewhere.
    private void progress(long rows, int percent) {
        String text = "  " + rows + " rows written, " + percent + " %";
        if (System.console() != null && System.console().isTerminal()) {
            out.print("\r" + text + (percent == 100 ? "\n" : ""));
            out.flush();
        } else if (percent % 25 == 0) {
            out.println(text);
        }
    }

    private long sample(Sensors sensors) throws IOException, InterruptedException {
        long micros = Math.multiplyExact(Instant.now().toEpochMilli(), 1000L);
        List<Core> cores = sensors.cores();
        client.write("/api/v1/write/msgpack", messagePack(micros, cores, sensors.memory()));
        StringBuilder lines = new StringBuilder();
        List<Disk> disks = sensors.disks();
        for (Disk disk : disks) {
            lines.append("disk,host=").append(host).append(",disk=").append(disk.name()).append(" read_bytes=")
                    .append(disk.readBytes()).append("i,written_bytes=").append(disk.writtenBytes()).append("i,queue_length=")
                    .append(disk.queueLength()).append("i ").append(micros).append('\n');
        }
        List<Network> networks = sensors.networks();
        for (Network network : networks) {
            lines.append("network,host=").append(host).append(",interface=").append(network.name()).append(" received_bytes=")
                    .append(network.receivedBytes()).append("i,sent_bytes=").append(network.sentBytes()).append("i ")
                    .append(micros).append('\n');
        }
        if (!lines.isEmpty()) {
            client.write("/write?precision=us", lines.toString().getBytes(StandardCharsets.UTF_8));
        }
        return cores.size() + 1L + disks.size() + networks.size();
    }

    /// An array of two columnar maps: `{m: table, columns: {name: [values]}}`.
    private byte[] messagePack(long micros, List<Core> cores, Memory memory) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (MessagePacker packer = MessagePack.newDefaultPacker(bytes)) {
            packer.packArrayHeader(2);
            packer.packMapHeader(3).packString("m").packString("cpu").packString("tags").packArrayHeader(1).packString("host")
                    .packString("columns").packMapHeader(4);
            packer.packString("time").packArrayHeader(cores.size());
            for (int i = 0; i < cores.size(); i++) {
                packer.packLong(micros);
            }
            packer.packString("host").packArrayHeader(cores.size());
            for (int i = 0; i < cores.size(); i++) {
                packer.packString(host);
            }
            packer.packString("core").packArrayHeader(cores.size());
            for (Core core : cores) {
                packer.packInt(core.core());
            }
            packer.packString("busy_percent").packArrayHeader(cores.size());
            for (Core core : cores) {
                packer.packDouble(core.busyPercent());
            }
            packer.packMapHeader(3).packString("m").packString("memory").packString("tags").packArrayHeader(1).packString("host")
                    .packString("columns").packMapHeader(5);
            packer.packString("time").packArrayHeader(1).packLong(micros);
            packer.packString("host").packArrayHeader(1).packString(host);
            packer.packString("total_bytes").packArrayHeader(1).packLong(memory.totalBytes());
            packer.packString("available_bytes").packArrayHeader(1).packLong(memory.availableBytes());
            packer.packString("swap_used_bytes").packArrayHeader(1).packLong(memory.swapUsedBytes());
        }
        return bytes.toByteArray();
    }

    private void show(String title, String sql) throws IOException, InterruptedException {
        out.println();
        out.println(title);
        out.println("  " + sql.strip().replaceAll("\\s+", " "));
        TextTable.print(out, client.query(sql));
    }
}
