package io.arc.benchmarks;

import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Parameters;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.plugin.msgpack.MsgPackProtocol;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessageUnpacker;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/// MessagePack to column batches, one thread, bodies of 1,000 rows of a time, a host out of 1,000 and three doubles; the score is
/// rows a second. Fifty bodies in turn, so that branches and the dictionary of one body are not learnt by heart. `msgpackCore`
/// reads the columnar bodies into arrays with the library alone and checks nothing: what a plain decoder costs.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class MsgPackDecodeBenchmark {
    private static final int ROWS = 1_000;
    private static final int HOSTS = 1_000;
    private static final int BODIES = 50;
    private static final long FIRST_MICROS = 1_759_933_800_000_000L;
    private static final List<String> FIELDS = List.of("value", "cpu_idle", "cpu_user");

    private final Decoder decoder = new MsgPackProtocol().open(null).newDecoder();
    private final byte[][] columnar = new byte[BODIES][];
    private final byte[][] rows = new byte[BODIES][];
    private int next;

    @Setup
    public void makeBodies() throws IOException {
        Random random = new Random(1);
        for (int body = 0; body < BODIES; body++) {
            columnar[body] = columnarBody(random);
            rows[body] = rowBody(random);
        }
    }

    private static double cents(Random random) {
        return random.nextInt(10_000) / 100.0;
    }

    private static byte[] columnarBody(Random random) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packMapHeader(2).packString("m").packString("cpu").packString("columns").packMapHeader(2 + FIELDS.size());
            packer.packString("time").packArrayHeader(ROWS);
            for (int row = 0; row < ROWS; row++) {
                packer.packLong(FIRST_MICROS + row);
            }
            packer.packString("host").packArrayHeader(ROWS);
            for (int row = 0; row < ROWS; row++) {
                packer.packString("server" + random.nextInt(HOSTS));
            }
            for (String field : FIELDS) {
                packer.packString(field).packArrayHeader(ROWS);
                for (int row = 0; row < ROWS; row++) {
                    packer.packDouble(cents(random));
                }
            }
            return packer.toByteArray();
        }
    }

    private static byte[] rowBody(Random random) throws IOException {
        try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
            packer.packArrayHeader(ROWS);
            for (int row = 0; row < ROWS; row++) {
                packer.packMapHeader(4).packString("m").packString("cpu").packString("t").packLong(FIRST_MICROS + row);
                packer.packString("tags").packMapHeader(1).packString("host").packString("server" + random.nextInt(HOSTS));
                packer.packString("fields").packMapHeader(FIELDS.size());
                for (String field : FIELDS) {
                    packer.packString(field).packDouble(cents(random));
                }
            }
            return packer.toByteArray();
        }
    }

    private byte[] oneOf(byte[][] bodies) {
        next = (next + 1) % BODIES;
        return bodies[next];
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public void columnar(Blackhole hole) {
        decoder.decode(ByteSlice.of(oneOf(columnar)), new NoParameters(), new Consumer(hole));
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public void rows(Blackhole hole) {
        decoder.decode(ByteSlice.of(oneOf(rows)), new NoParameters(), new Consumer(hole));
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public void msgpackCore(Blackhole hole) throws IOException {
        try (MessageUnpacker unpacker = MessagePack.newDefaultUnpacker(oneOf(columnar))) {
            unpacker.unpackMapHeader();
            unpacker.unpackString();
            hole.consume(unpacker.unpackString());
            unpacker.unpackString();
            int columns = unpacker.unpackMapHeader();
            for (int column = 0; column < columns; column++) {
                switch (unpacker.unpackString()) {
                    case "time" -> hole.consume(times(unpacker));
                    case "host" -> texts(unpacker, hole);
                    default -> hole.consume(doubles(unpacker));
                }
            }
        }
    }

    private static long[] times(MessageUnpacker unpacker) throws IOException {
        long[] values = new long[unpacker.unpackArrayHeader()];
        for (int row = 0; row < values.length; row++) {
            values[row] = unpacker.unpackLong();
        }
        return values;
    }

    private static double[] doubles(MessageUnpacker unpacker) throws IOException {
        double[] values = new double[unpacker.unpackArrayHeader()];
        for (int row = 0; row < values.length; row++) {
            values[row] = unpacker.unpackDouble();
        }
        return values;
    }

    private static void texts(MessageUnpacker unpacker, Blackhole hole) throws IOException {
        int count = unpacker.unpackArrayHeader();
        int[] offsets = new int[count + 1];
        byte[] bytes = new byte[16 * count];
        for (int row = 0; row < count; row++) {
            int length = unpacker.unpackRawStringHeader();
            unpacker.readPayload(bytes, offsets[row], length);
            offsets[row + 1] = offsets[row] + length;
        }
        hole.consume(bytes);
        hole.consume(offsets);
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
            return FIRST_MICROS;
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
            throw new IllegalStateException("row " + record + ": " + reason);
        }
    }
}
