package io.arc.benchmarks;

import io.arc.api.data.Column;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.api.spi.Compressor;
import io.arc.api.spi.Compressor.BlockCompressor;
import io.arc.plugin.compressor.snappy.SnappyPlugin;
import io.arc.plugin.compressor.zstd.ZstdPlugin;
import io.arc.runtime.parquet.FileColumn;
import io.arc.runtime.parquet.FileSummary;
import io.arc.runtime.parquet.MemoryOutput;
import io.arc.runtime.parquet.ParquetEncoder;
import io.arc.runtime.parquet.ParquetOptions;
import io.arc.runtime.parquet.RowSlice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/// One file of a million rows (time, a host of 1,000, three doubles) from batches of 1,000 rows, into memory.
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class ParquetEncodeBenchmark {
    public static final int ROWS = 1_000_000;
    private static final int BATCH_ROWS = 1_000;
    private static final int HOSTS = 1_000;
    private static final int WRITERS = 12;
    private static final long START_MICROS = 1_759_933_800_000_000L;
    private static final List<FileColumn> COLUMNS = List.of(new FileColumn("host", ColumnType.TEXT),
            new FileColumn("value", ColumnType.FLOAT64), new FileColumn("cpu_idle", ColumnType.FLOAT64),
            new FileColumn("cpu_user", ColumnType.FLOAT64));

    /// How rows are put in order: as they come, by a merge of the writers' runs, or shuffled.
    public enum Order {
        GIVEN, MERGED, SHUFFLED
    }

    /// What the doubles are: measured values with two decimals, or any.
    public enum Doubles {
        TWO_DECIMALS, ANY
    }

    @Param({"none", "snappy", "zstd"})
    public String codec;

    @Param
    public Order order;

    @Param
    public Doubles doubles;

    private MemoryOutput lastFile;
    private List<ColumnBatch> batches;
    private RowSlice rows;
    private Compressor.Compression compression;
    private BlockCompressor compressor;
    private ParquetEncoder encoder;

    @Setup
    public void prepare() {
        Random random = new Random(1);
        Utf8Block hosts = Utf8Block.of(IntStream.range(0, HOSTS).mapToObj("server-%03d"::formatted).toArray(String[]::new));
        batches = new ArrayList<>();
        for (int b = 0; b < ROWS / BATCH_ROWS; b++) {
            batches.add(batch(b, hosts, random, doubles));
        }
        rows = switch (order) {
            case GIVEN -> RowSlice.all(batches);
            case MERGED -> RowSlice.ordered(merged(), 0, ROWS);
            case SHUFFLED -> RowSlice.ordered(shuffled(random), 0, ROWS);
        };
        encoder = switch (codec) {
            case "none" -> ParquetEncoder.uncompressed(ParquetOptions.DEFAULT);
            case "snappy" -> encoder(new SnappyPlugin());
            case "zstd" -> encoder(new ZstdPlugin());
            default -> throw new IllegalArgumentException(codec);
        };
    }

    private ParquetEncoder encoder(Compressor plugin) {
        // Neither plugin reads configuration or keeps files.
        compression = plugin.open(null);
        compressor = compression.newCompressor(plugin.minLevel());
        return new ParquetEncoder(ParquetOptions.DEFAULT, plugin.codec(), compressor);
    }

    private static ColumnBatch batch(int number, Utf8Block hosts, Random random, Doubles doubles) {
        long[] times = new long[BATCH_ROWS];
        int[] codes = new int[BATCH_ROWS];
        double[][] values = new double[3][BATCH_ROWS];
        for (int r = 0; r < BATCH_ROWS; r++) {
            times[r] = START_MICROS + (long) (number / WRITERS) * BATCH_ROWS * 1_000 + r * 1_000L + number % WRITERS;
            codes[r] = random.nextInt(HOSTS);
            for (double[] column : values) {
                column[r] = switch (doubles) {
                    case TWO_DECIMALS -> random.nextInt(10_000) / 100.0;
                    case ANY -> random.nextDouble();
                };
            }
        }
        List<Column> columns = List.of(
                // Every request brings a dictionary of its own.
                new DictionaryColumn("host", Role.TAG, codes, new Utf8Block(hosts.bytes().clone(), hosts.offsets().clone()),
                        Validity.ALL_PRESENT),
                new DoubleColumn("value", Role.FIELD, values[0], Validity.ALL_PRESENT),
                new DoubleColumn("cpu_idle", Role.FIELD, values[1], Validity.ALL_PRESENT),
                new DoubleColumn("cpu_user", Role.FIELD, values[2], Validity.ALL_PRESENT));
        return new ColumnBatch(new TableId("default", "cpu"), BATCH_ROWS, times, columns);
    }

    /// Rows of one round of the writers alternate between them.
    private static int[] merged() {
        int[] order = new int[ROWS];
        int at = 0;
        for (int first = 0; first < ROWS; first += WRITERS * BATCH_ROWS) {
            int writers = Math.min(WRITERS, (ROWS - first) / BATCH_ROWS);
            for (int r = 0; r < BATCH_ROWS; r++) {
                for (int writer = 0; writer < writers; writer++) {
                    order[at++] = first + writer * BATCH_ROWS + r;
                }
            }
        }
        return order;
    }

    private static int[] shuffled(Random random) {
        int[] order = IntStream.range(0, ROWS).toArray();
        for (int i = ROWS - 1; i > 0; i--) {
            int other = random.nextInt(i + 1);
            int swap = order[i];
            order[i] = order[other];
            order[other] = swap;
        }
        return order;
    }

    @TearDown
    public void close() {
        if (compressor != null) {
            compressor.close();
            compression.close();
        }
    }

    @Benchmark
    @OperationsPerInvocation(ROWS)
    public FileSummary encode() throws IOException {
        MemoryOutput output = new MemoryOutput(48 * ROWS);
        lastFile = output;
        return encoder.encode(COLUMNS, batches, rows, Map.of(), output);
    }

    /// The file that the last [#encode] made.
    public MemoryOutput lastFile() {
        return lastFile;
    }

    public static void main(String[] arguments) throws RunnerException {
        new Runner(new OptionsBuilder().include(ParquetEncodeBenchmark.class.getSimpleName()).build()).run();
    }
}
