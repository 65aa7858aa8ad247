package io.arc.benchmarks;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Writes fresh rows over many connections as fast as the server takes them, then reads all of them back. Prints a rate only when
/// count, distinct times and the sum of the values are what was acknowledged: a run with a missing row is void.
///
/// Bodies are built once; what changes from request to request is every row's time, patched in place, so that no row is ever
/// sent twice and the tool costs next to nothing beside the server. A row is a time, a host of 1,000, and three doubles of two
/// decimals: 46 bytes in MessagePack, about 79 in line protocol.
///
/// ```
/// java -cp ... io.arc.benchmarks.LoadTool http://127.0.0.1:8000 TOKEN msgpack|lineproto SECONDS [CONNECTIONS] [ROWS]
/// ```
public final class LoadTool {
    private static final int BODIES = 32;
    private static final int TABLES = 4;
    private static final int HOSTS = 1000;
    private static final Pattern ROW = Pattern.compile("\"data\":\\[\\[(.*?)\\]\\]");

    private final URI server;
    private final String token;
    private final boolean messagePack;
    private final int rows;
    private final String database = "load" + Long.toString(System.nanoTime() & 0xffffffL, 36);
    /// The next free microsecond; every row of a run has its own.
    private final AtomicLong nextMicros = new AtomicLong(1_750_000_000_000_000L);

    private LoadTool(URI server, String token, boolean messagePack, int rows) {
        this.server = server;
        this.token = token;
        this.messagePack = messagePack;
        this.rows = rows;
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length < 4) {
            System.err.println("usage: LoadTool URL TOKEN msgpack|lineproto SECONDS [CONNECTIONS=12] [ROWS=1000]");
            System.exit(64);
        }
        int connections = args.length > 4 ? Integer.parseInt(args[4]) : 12;
        int rows = args.length > 5 ? Integer.parseInt(args[5]) : 1000;
        LoadTool tool = new LoadTool(URI.create(args[0]), args[1], args[2].equals("msgpack"), rows);
        if (!tool.run(Integer.parseInt(args[3]), connections)) {
            System.exit(1);
        }
    }

    /// A body with the places of its times.
    private record Body(byte[] bytes, int[] timeOffsets, long valueCents) {}

    private boolean run(int seconds, int connections) throws IOException, InterruptedException {
        List<Sender> senders = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            senders.add(new Sender(i));
        }
        long started = System.nanoTime();
        long end = started + Duration.ofSeconds(seconds).toNanos();
        List<Thread> threads = senders.stream().map(sender -> Thread.ofPlatform().start(() -> sender.send(end))).toList();
        for (Thread thread : threads) {
            thread.join();
        }
        double took = (System.nanoTime() - started) / 1e9;
        for (Sender sender : senders) {
            if (sender.failure != null) {
                System.err.println("void: a connection failed: " + sender.failure);
                return false;
            }
        }
        long acknowledged = senders.stream().mapToLong(sender -> sender.rowCount).sum();
        long cents = senders.stream().mapToLong(sender -> sender.cents).sum();
        return check(acknowledged, cents, took, senders);
    }

    private boolean check(long acknowledged, long cents, double took, List<Sender> senders) throws IOException,
            InterruptedException {
        long count = 0;
        long distinct = 0;
        long sum = 0;
        for (int table = 0; table < TABLES; table++) {
            if (acknowledged > 0) {
                long[] seen = query("SELECT count(*), count(DISTINCT time), CAST(round(sum(round(value * 100))) AS BIGINT) FROM "
                        + database + ".cpu" + table);
                count += seen[0];
                distinct += seen[1];
                sum += seen[2];
            }
        }
        if (count != acknowledged || distinct != acknowledged || sum != cents) {
            System.err.printf("void: %,d rows acknowledged, %,d read back (%,d distinct), sum %,d instead of %,d%n", acknowledged, count,
                    distinct, sum, cents);
            return false;
        }
        long[] latencies = senders.stream().flatMapToLong(sender -> Arrays.stream(sender.latencies, 0, sender.requests)).sorted()
                .toArray();
        System.out.printf("%s, %d connections, %d rows a request, %.1f s: %.2f M rows/s, p50 %.2f ms, p99 %.2f ms, max %.1f ms; "
                + "all %,d rows read back%n", messagePack ? "MessagePack columnar" : "line protocol", senders.size(), rows, took,
                acknowledged / took / 1e6, percentile(latencies, 0.5), percentile(latencies, 0.99), percentile(latencies, 1),
                acknowledged);
        return true;
    }

    private static double percentile(long[] sorted, double part) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.min(sorted.length - 1, (long) (part * sorted.length))] / 1e6;
    }

    private long[] query(String sql) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer = client.send(HttpRequest.newBuilder(server.resolve("/api/v1/query"))
                    .header("Authorization", "Bearer " + token).POST(BodyPublishers.ofString("{\"sql\":\"" + sql + "\"}")).build(),
                    BodyHandlers.ofString());
            Matcher row = ROW.matcher(answer.body());
            if (!row.find()) {
                throw new IOException("the query was answered " + answer.statusCode() + ": " + answer.body());
            }
            return Arrays.stream(row.group(1).split(",")).mapToLong(cell -> cell.equals("null") ? 0 : Long.parseLong(cell)).toArray();
        }
    }

    private Body body(Random random, int table) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int[] offsets = new int[rows];
        long cents = 0;
        int[] values = random.ints(3L * rows, 0, 10_000).toArray();
        for (int row = 0; row < rows; row++) {
            cents += values[row];
        }
        if (messagePack) {
            out.write(0x82);
            text(out, "m");
            text(out, "cpu" + table);
            text(out, "columns");
            out.write(0x85);
            text(out, "time");
            array(out);
            for (int row = 0; row < rows; row++) {
                out.write(0xcf);
                offsets[row] = out.size();
                out.writeBytes(new byte[8]);
            }
            text(out, "host");
            array(out);
            for (int row = 0; row < rows; row++) {
                text(out, "server" + random.nextInt(HOSTS));
            }
            String[] names = {"value", "cpu_idle", "cpu_user"};
            for (int column = 0; column < 3; column++) {
                text(out, names[column]);
                array(out);
                for (int row = 0; row < rows; row++) {
                    out.write(0xcb);
                    out.writeBytes(ByteBuffer.allocate(8).putDouble(values[column * rows + row] / 100.0).array());
                }
            }
        } else {
            for (int row = 0; row < rows; row++) {
                out.writeBytes(("cpu" + table + ",host=server" + random.nextInt(HOSTS) + " value=" + decimal(values[row])
                        + ",cpu_idle=" + decimal(values[rows + row]) + ",cpu_user=" + decimal(values[2 * rows + row]) + " ")
                        .getBytes(StandardCharsets.US_ASCII));
                offsets[row] = out.size();
                out.writeBytes("0000000000000000000\n".getBytes(StandardCharsets.US_ASCII));
            }
        }
        return new Body(out.toByteArray(), offsets, cents);
    }

    private static String decimal(int cents) {
        return cents / 100 + "." + cents % 100 / 10 + cents % 10;
    }

    private static void text(ByteArrayOutputStream out, String text) {
        out.write(0xa0 | text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    private void array(ByteArrayOutputStream out) {
        out.write(0xdd);
        out.writeBytes(ByteBuffer.allocate(4).putInt(rows).array());
    }

    /// Gives every row of the body a time of its own.
    private void patch(Body body) {
        long first = nextMicros.getAndAdd(rows);
        byte[] bytes = body.bytes();
        for (int row = 0; row < rows; row++) {
            long micros = first + row;
            int at = body.timeOffsets()[row];
            if (messagePack) {
                for (int i = 7; i >= 0; i--) {
                    bytes[at + i] = (byte) micros;
                    micros >>>= 8;
                }
            } else {
                for (int i = 15; i >= 0; i--) {
                    bytes[at + i] = (byte) ('0' + micros % 10);
                    micros /= 10;
                }
            }
        }
    }

    /// One keep-alive connection.
    private final class Sender {
        private final List<Body> bodies = new ArrayList<>();
        private long[] latencies = new long[1024];
        private int requests;
        private long rowCount;
        private long cents;
        private Exception failure;

        Sender(int number) {
            Random random = new Random(number);
            for (int i = 0; i < BODIES; i++) {
                bodies.add(body(random, (number + i) % TABLES));
            }
        }

        void send(long end) {
            String path = messagePack ? "/api/v1/write/msgpack" : "/api/v1/write/line-protocol";
            try (Socket socket = new Socket(server.getHost(), server.getPort())) {
                socket.setTcpNoDelay(true);
                OutputStream out = socket.getOutputStream();
                InputStream in = new BufferedInputStream(socket.getInputStream());
                while (System.nanoTime() < end) {
                    Body body = bodies.get(requests % BODIES);
                    patch(body);
                    byte[] head = ("POST " + path + " HTTP/1.1\r\nHost: load\r\nAuthorization: Bearer " + token + "\r\nx-arc-database: "
                            + database + "\r\nContent-Length: " + body.bytes().length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
                    long sent = System.nanoTime();
                    out.write(head);
                    out.write(body.bytes());
                    String status = readAnswer(in);
                    if (!status.contains(" 204 ")) {
                        throw new IOException(status);
                    }
                    if (requests == latencies.length) {
                        latencies = Arrays.copyOf(latencies, 2 * requests);
                    }
                    latencies[requests++] = System.nanoTime() - sent;
                    rowCount += rows;
                    cents += body.valueCents();
                }
            } catch (IOException failed) {
                failure = failed;
            }
        }

        /// The status line; everything up to the empty line is read.
        private String readAnswer(InputStream in) throws IOException {
            StringBuilder status = new StringBuilder();
            int line = 0;
            int length = 0;
            for (int c = in.read(); c >= 0; c = in.read()) {
                if (c == '\n') {
                    if (length == 0) {
                        return status.toString();
                    }
                    line++;
                    length = 0;
                } else if (c != '\r') {
                    length++;
                    if (line == 0) {
                        status.append((char) c);
                    }
                }
            }
            throw new IOException("the server closed the connection after '" + status + "'");
        }
    }
}
