package io.arc.benchmarks;

import io.arc.api.ArcException;
import io.arc.api.data.Column;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.fs.DiskFileSystem;
import io.arc.runtime.wal.FrameCodec;
import io.arc.runtime.wal.Journal;
import io.arc.runtime.wal.NoJournal;
import io.arc.runtime.wal.Wal;
import io.arc.runtime.wal.WalListener;
import io.arc.runtime.wal.WalOptions;
import io.arc.runtime.wal.WalOptions.SyncMode;
import io.arc.runtime.wal.WalReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// What logging costs: the encoding of a request of 1,000 rows (time, a host of 1,000, four doubles) on the request's thread,
/// and whole appends by 12 threads that wait for each to be acknowledged. The rate with a disk means nothing without the time
/// of a sync, which is printed beside it. `-Darc.benchmark.directory` puts the log on the disk to be measured.
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class WalBenchmark {
    private static final int ROWS = 1_000;
    private static final int CLIENTS = 12;

    /// One request's rows.
    @State(Scope.Thread)
    public static class Request {
        List<ColumnBatch> batches;
        byte[] payload;
        final CRC32C crc = new CRC32C();

        @Setup
        public void make() {
            Random random = new Random(42);
            Validity present = Validity.ALL_PRESENT;
            String[] hosts = IntStream.range(0, 1_000).mapToObj(host -> "server%04d".formatted(host)).toArray(String[]::new);
            List<Column> columns = List.of(
                    new DictionaryColumn("host", Role.TAG, random.ints(ROWS, 0, 1_000).toArray(), Utf8Block.of(hosts), present),
                    new DoubleColumn("value", Role.FIELD, random.doubles(ROWS).toArray(), present),
                    new DoubleColumn("cpu_idle", Role.FIELD, random.doubles(ROWS).toArray(), present),
                    new DoubleColumn("cpu_user", Role.FIELD, random.doubles(ROWS).toArray(), present),
                    new DoubleColumn("cpu_system", Role.FIELD, random.doubles(ROWS).toArray(), present));
            long[] times = IntStream.range(0, ROWS).mapToLong(row -> 1_759_933_800_000_000L + row).toArray();
            batches = List.of(new ColumnBatch(new TableId("default", "cpu"), ROWS, times, columns));
            payload = FrameCodec.encode(batches);
        }
    }

    /// A log in a folder of its own, and how long its syncs take.
    @State(Scope.Benchmark)
    public static class Log {
        @Param({"FDATASYNC", "ASYNC", "OFF"})
        public String mode;
        Journal journal;
        private Path directory;
        private final LongAdder syncNanos = new LongAdder();
        private final LongAdder groups = new LongAdder();
        private final LongAdder frames = new LongAdder();
        private final LongAdder bytes = new LongAdder();

        @Setup(Level.Trial)
        public void open() throws IOException {
            String root = System.getProperty("arc.benchmark.directory", System.getProperty("java.io.tmpdir"));
            directory = Files.createTempDirectory(Path.of(root), "wal-benchmark");
            if (mode.equals("OFF")) {
                journal = new NoJournal("benchmark-0", 0);
                return;
            }
            WalListener listener = new WalListener() {
                @Override
                public void committed(String writer, int count, long payloadBytes, long nanos) {
                    syncNanos.add(nanos);
                    groups.increment();
                    frames.add(count);
                    bytes.add(payloadBytes);
                }
            };
            journal = Wal.open(new WalOptions(directory, "benchmark", 1, SyncMode.valueOf(mode), 100 << 20, Duration.ofHours(1),
                    128 << 20, writer -> 0), new DiskFileSystem(), InstantSource.system(), WalReader.Report.NONE, listener);
        }

        @TearDown(Level.Trial)
        public void close() throws IOException {
            journal.close();
            if (groups.sum() > 0) {
                System.out.printf("%n%s: %.1f frames and %.0f KB a group, %.0f us a sync%n", mode,
                        (double) frames.sum() / groups.sum(), bytes.sum() / 1e3 / groups.sum(),
                        syncNanos.sum() / 1e3 / groups.sum());
            }
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(each);
                }
            }
        }
    }

    /// Rows a second; 56 bytes each in the log, 14 of them for the dictionary.
    @Benchmark
    @BenchmarkMode(Mode.Throughput)
    @OperationsPerInvocation(ROWS)
    public long encodeAndChecksum(Request request) {
        byte[] payload = FrameCodec.encode(request.batches);
        request.crc.reset();
        request.crc.update(payload);
        return request.crc.getValue();
    }

    /// What recovery does with each frame.
    @Benchmark
    @BenchmarkMode(Mode.Throughput)
    @OperationsPerInvocation(ROWS)
    public List<ColumnBatch> checksumAndDecode(Request request) {
        request.crc.reset();
        request.crc.update(request.payload);
        return FrameCodec.decode(request.payload);
    }

    /// Rows a second that are as durable as the mode promises, one request at a time on each thread.
    @Benchmark
    @BenchmarkMode(Mode.Throughput)
    @OperationsPerInvocation(ROWS)
    @Threads(CLIENTS)
    public void append(Request request, Log log) throws InterruptedException {
        append(log.journal, request.batches);
    }

    /// The time that a request waits.
    @Benchmark
    @BenchmarkMode(Mode.SampleTime)
    @OutputTimeUnit(TimeUnit.MICROSECONDS)
    @Threads(CLIENTS)
    public void appendLatency(Request request, Log log) throws InterruptedException {
        append(log.journal, request.batches);
    }

    private static void append(Journal journal, List<ColumnBatch> batches) throws InterruptedException {
        CountDownLatch answered = new CountDownLatch(1);
        journal.append(batches, new Journal.Commit() {
            @Override
            public void committed(String writer, long sequence) {
                if (sequence % 1_000 == 0) {
                    // As a flush would, so that the disk does not fill.
                    journal.release(writer, sequence - 1_000);
                }
                answered.countDown();
            }

            @Override
            public void failed(ArcException cause) {
                throw cause;
            }
        });
        answered.await();
    }

    public static void main(String[] arguments) throws RunnerException {
        new Runner(new OptionsBuilder().include(WalBenchmark.class.getSimpleName()).build()).run();
    }
}
