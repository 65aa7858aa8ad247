package io.arc.runtime.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdException;
import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.Column.BooleanColumn;
import io.arc.api.data.Column.DictionaryColumn;
import io.arc.api.data.Column.DoubleColumn;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.Compressor.BlockDecompressor;
import io.arc.api.spi.Compressor.Codec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xerial.snappy.Snappy;

class ParquetRowsTest {
    private static final Map<Codec, BlockDecompressor> CODECS =
            Map.of(Codec.SNAPPY, ParquetRowsTest::unsnappy, Codec.ZSTD, ParquetRowsTest::unzstd);

    private static int unsnappy(MemorySegment input, MemorySegment output) {
        try {
            return copy(Snappy.uncompress(input.toArray(ValueLayout.JAVA_BYTE)), output);
        } catch (IOException damaged) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "snappy", damaged);
        }
    }

    private static int unzstd(MemorySegment input, MemorySegment output) {
        try {
            return copy(Zstd.decompress(input.toArray(ValueLayout.JAVA_BYTE), (int) output.byteSize()), output);
        } catch (ZstdException damaged) {
            throw new ArcException(ErrorCode.CORRUPT_DATA, "zstd", damaged);
        }
    }

    private static int copy(byte[] block, MemorySegment output) {
        MemorySegment.copy(block, 0, output, ValueLayout.JAVA_BYTE, 0, block.length);
        return block.length;
    }

    private static RangeSource source(byte[] file) {
        return (position, target) -> {
            int length = (int) Math.max(0, Math.min(target.byteSize(), file.length - position));
            MemorySegment.copy(file, (int) position, target, ValueLayout.JAVA_BYTE, 0, length);
            return length;
        };
    }

    private static ParquetOptions options(Random random) {
        ParquetOptions options = ParquetOptions.DEFAULT.withPageChecksums(random.nextBoolean());
        if (random.nextInt(4) > 0) {
            options = options.withPages(1 + random.nextInt(200), 1 + random.nextInt(2_000));
        }
        if (random.nextBoolean()) {
            options = options.withRowGroupRows(1 + random.nextInt(300));
        }
        return random.nextInt(3) > 0 ? options : options.withDictionary(random.nextBoolean(), 1 + random.nextInt(2_000));
    }

    private static byte[] encode(ParquetEncoder encoder, RandomTable table, RowSlice slice) throws IOException {
        MemoryOutput output = new MemoryOutput(1_000);
        encoder.encode(table.columns(), table.batches(), slice, Map.of(), output);
        return output.segment().toArray(ValueLayout.JAVA_BYTE);
    }

    private static List<String> read(byte[] file, List<FileColumn> columns, int maxRows) {
        ParquetRows rows = ParquetRows.open("f", RandomTable.TABLE, file.length, source(file), CODECS).orElseThrow();
        List<String> read = new ArrayList<>();
        for (Optional<ColumnBatch> batch = rows.next(maxRows); batch.isPresent(); batch = rows.next(maxRows)) {
            assertThat(batch.get().rowCount()).isBetween(1, maxRows);
            for (int r = 0; r < batch.get().rowCount(); r++) {
                Object[] row = new Object[columns.size() + 1];
                row[0] = batch.get().epochMicros()[r];
                for (int c = 0; c < columns.size(); c++) {
                    row[c + 1] = value(batch.get().columns().get(c), r);
                }
                read.add(Arrays.toString(row));
            }
        }
        return read;
    }

    private static Object value(Column column, int row) {
        if (!column.validity().isPresent(row)) {
            return null;
        }
        return switch (column) {
            case LongColumn longs -> longs.values()[row];
            case DoubleColumn doubles -> doubles.values()[row];
            case BooleanColumn booleans -> booleans.values()[row];
            case Utf8Column texts -> texts.values().string(row);
            case DictionaryColumn texts -> texts.dictionary().string(texts.codes()[row]);
        };
    }

    @Test
    void whatIsWrittenIsReadBack() throws Exception {
        roundTrips(300, 71);
    }

    @Test
    @Tag("slow")
    void whatIsWrittenIsReadBackManyTimes() throws Exception {
        roundTrips(20_000, Long.getLong("arc.test.seed", System.nanoTime()));
    }

    private static void roundTrips(int files, long firstSeed) throws Exception {
        for (long seed = firstSeed; seed < firstSeed + files; seed++) {
            Random random = new Random(seed);
            RandomTable table = RandomTable.of(random, 6, random.nextInt(4) == 0 ? 3_000 : 150);
            RowSlice slice = table.slice(random);
            ParquetEncoder encoder = TestCodec.values()[random.nextInt(TestCodec.values().length)].encoder(options(random));
            byte[] file = encode(encoder, table, slice);
            List<String> expected = table.rows(slice).stream().map(Arrays::toString).toList();
            assertThat(read(file, table.columns(), 1 + random.nextInt(400))).as("seed %d", seed).isEqualTo(expected);
        }
    }

    /// A file whose rows come in pieces has the same rows and the same summary as one whose rows come at once.
    @Test
    void piecesMakeTheSameFile() throws Exception {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            RandomTable table = RandomTable.of(random, 6, 400);
            ParquetEncoder encoder = TestCodec.ZSTD.encoder(options(random));
            MemoryOutput whole = new MemoryOutput(1_000);
            FileSummary expected =
                    encoder.encode(table.columns(), table.batches(), RowSlice.all(table.batches()), Map.of(), whole);
            MemoryOutput output = new MemoryOutput(1_000);
            encoder.begin(table.columns(), output);
            for (ColumnBatch batch : table.batches()) {
                encoder.append(List.of(batch), RowSlice.all(List.of(batch)));
            }
            FileSummary summary = encoder.finish(Map.of());
            assertThat(summary.columns()).as("seed %d", seed).isEqualTo(expected.columns());
            assertThat(summary.rowCount()).isEqualTo(expected.rowCount());
            assertThat(summary.minMicros()).isEqualTo(expected.minMicros());
            assertThat(summary.maxMicros()).isEqualTo(expected.maxMicros());
            assertThat(summary.sizeBytes()).isEqualTo(output.size());
            assertThat(read(output.segment().toArray(ValueLayout.JAVA_BYTE), table.columns(), 100)).as("seed %d", seed)
                    .isEqualTo(table.rows().stream().map(Arrays::toString).toList());
        }
    }

    /// No damage gives other rows or another exception than CORRUPT_DATA: each byte changed, the file cut everywhere.
    @Test
    void damageIsFound() throws Exception {
        Random random = new Random(5);
        RandomTable table = RandomTable.of(random, 4, 300);
        while (table.columns().size() < 4 || table.rows().size() < 100) {
            table = RandomTable.of(random, 4, 300);
        }
        byte[] file = encode(TestCodec.ZSTD.encoder(ParquetOptions.DEFAULT.withPages(50, 1_000)), table,
                RowSlice.all(table.batches()));
        List<String> expected = table.rows().stream().map(Arrays::toString).toList();
        int found = 0;
        for (int at = 0; at < file.length; at++) {
            byte[] damaged = file.clone();
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            try {
                Optional<ParquetRows> rows =
                        ParquetRows.open("f", RandomTable.TABLE, damaged.length, source(damaged), CODECS);
                if (rows.isPresent()) {
                    assertThat(read(damaged, table.columns(), 77)).as("byte %d", at).isEqualTo(expected);
                }
            } catch (ArcException refused) {
                assertThat(refused.code()).as("byte %d", at).isEqualTo(ErrorCode.CORRUPT_DATA);
                found++;
            } catch (RuntimeException | AssertionError other) {
                if (isFooter(file, at)) {
                    continue;
                }
                fail("byte " + at + " of " + file.length, other);
            }
        }
        assertThat(found).isGreaterThan(file.length / 2);
    }

    /// The footer has no checksum: a name or a statistic that changed is read as it is.
    private static boolean isFooter(byte[] file, int at) {
        int length = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - 8);
        return at >= file.length - 8 - length;
    }
}
