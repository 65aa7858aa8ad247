package io.arc.benchmarks;

import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.plugin.lineproto.LineProtocol;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// Line protocol to column batches, one thread, bodies of 1,000 lines; the score is lines a second. With `-prof gc` the
/// allocation of a line is that of its row in the emitted arrays, some 40 bytes.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class LineProtocolBenchmark {
    private static final int LINES = 1_000;
    private static final int HOSTS = 1_000;

    /// TWO_DECIMALS: host and three values as `98.25`, about 80 bytes. SEVENTEEN_DIGITS: the values in full, as agents send
    /// them. INTEGERS. TABLES: three tables in turn, booleans and text among the fields. SHUFFLED: six fields in a new order
    /// in each line.
    public enum Shape {
        TWO_DECIMALS, SEVENTEEN_DIGITS, INTEGERS, TABLES, SHUFFLED
    }

    @Param
    private Shape shape;

    private final Decoder decoder = new LineProtocol().open(null).newDecoder();
    private byte[] body;

    @Setup
    public void makeBody() {
        Random random = new Random(1);
        StringBuilder text = new StringBuilder();
        for (int line = 0; line < LINES; line++) {
            append(text, line, random);
            text.append(' ').append(1_759_933_800_000_000_000L + line * 1_000_000L + random.nextInt(1_000_000)).append('\n');
        }
        body = text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private void append(StringBuilder text, int line, Random random) {
        String host = "host=host_" + random.nextInt(HOSTS);
        switch (shape) {
            case TWO_DECIMALS -> text.append("cpu,").append(host).append(" value=").append(cents(random)).append(",cpu_idle=")
                    .append(cents(random)).append(",cpu_user=").append(cents(random));
            case SEVENTEEN_DIGITS -> text.append("cpu,").append(host)
                    .append(" value=").append(100 * random.nextDouble())
                    .append(",cpu_idle=").append(100 * random.nextDouble())
                    .append(",cpu_user=").append(100 * random.nextDouble());
            case INTEGERS -> text.append("cpu,").append(host).append(" value=").append(random.nextInt()).append("i,cpu_idle=")
                    .append(random.nextInt(1_000)).append("i,cpu_user=").append(random.nextInt(100)).append('i');
            case TABLES -> {
                switch (line % 3) {
                    case 0 -> text.append("cpu,cpu=cpu").append(line % 8).append(',').append(host).append(" usage=")
                            .append(cents(random)).append(",up=true,note=\"all well\"");
                    case 1 -> text.append("mem,").append(host).append(" free=").append(random.nextInt(1 << 30)).append('i');
                    default -> text.append("disk,device=sda1,fstype=ext4,mode=rw,path=/ used=").append(random.nextDouble());
                }
            }
            case SHUFFLED -> {
                List<String> fields = new ArrayList<>();
                for (int field = 0; field < 6; field++) {
                    fields.add("field_" + field + "=" + cents(random));
                }
                Collections.shuffle(fields, random);
                text.append("cpu,").append(host).append(' ').append(String.join(",", fields));
            }
        }
    }

    private static String cents(Random random) {
        int value = random.nextInt(10_000);
        return value / 100 + "." + value / 10 % 10 + value % 10;
    }

    @Benchmark
    @OperationsPerInvocation(LINES)
    public void decode(Blackhole hole) {
        decoder.decode(ByteSlice.of(body), new NoParameters(), new Consumer(hole));
    }

    private record NoParameters() implements Parameters {
        @Override
        public Optional<String> find(String name) {
            return Optional.empty();
        }

        @Override
        public String database() {
            return "default";
        }

        @Override
        public long receivedMicros() {
            return 1_759_933_800_000_000L;
        }
    }

    private record Consumer(Blackhole hole) implements Sink {
        @Override
        public void accept(ColumnBatch batch) {
            hole.consume(batch);
        }

        @Override
        public Optional<String> tableNameProblem(String table) {
            return Optional.empty();
        }

        @Override
        public void reject(long record, int position, String reason) {
            throw new IllegalStateException("line " + record + ": " + reason);
        }
    }
}
