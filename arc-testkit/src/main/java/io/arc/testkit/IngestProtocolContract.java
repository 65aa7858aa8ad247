package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.api.spi.IngestProtocol.Ingest;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every ingest protocol does. An author gives the plugin and a few bodies with the rows that they hold; the kit cuts,
/// damages and repeats them.
public abstract class IngestProtocolContract {
    /// What may come out of a decoder for a bad body.
    private static final Set<ErrorCode> CLIENT_CODES = Set.of(ErrorCode.MALFORMED_PAYLOAD, ErrorCode.INVALID_TIMESTAMP,
            ErrorCode.INVALID_PARAMETER, ErrorCode.TYPE_CONFLICT, ErrorCode.INVALID_NAME, ErrorCode.PAYLOAD_TOO_LARGE);
    private static final int RANDOM_BODIES = 2_000;
    private static final int MAX_RANDOM_LENGTH = 300;
    private static final int DAMAGED_BODIES = 4_000;
    private static final byte POISON = (byte) 0xA5;

    /// A body and the rows it holds.
    ///
    /// @param name for failure messages
    /// @param parameters query parameters of the request
    /// @param rows as [RowText] writes them, in the order of emission; the database is `default` and rows without a time have
    ///     [TestParameters#RECEIVED_MICROS]
    /// @param rejected how many records are refused one by one
    public record GoldenBody(String name, byte[] body, Map<String, String> parameters, List<String> rows, int rejected) {
        public GoldenBody {
            Objects.requireNonNull(name, "name");
            parameters = Map.copyOf(parameters);
            rows = List.copyOf(rows);
        }

        /// Without parameters or refused records.
        public GoldenBody(String name, byte[] body, String... rows) {
            this(name, body, Map.of(), List.of(rows), 0);
        }
    }

    @TempDir
    Path directory;

    private IngestProtocol protocol;
    private Ingest ingest;

    /// A new instance of the plugin's class.
    protected abstract IngestProtocol newProtocol();

    /// At least one body of every shape that the format has.
    protected abstract List<GoldenBody> goldenBodies();

    /// A good body of at least 1,000 rows, for the test of allocation.
    protected abstract byte[] largeBody();

    /// The query parameters that the large body needs.
    protected Map<String, String> largeBodyParameters() {
        return Map.of();
    }

    /// The plugin's settings, by short names.
    protected Map<String, String> settings() {
        return Map.of();
    }

    /// How many bytes decoding the large body may allocate for each byte of the arrays that it emits. Below 2, nothing is
    /// allocated for a row.
    protected double maxAllocatedPerEmittedByte() {
        return 2.0;
    }

    /// How much memory decoding any body of `length` bytes, however hostile, may allocate.
    protected long maxAllocatedBytes(int length) {
        return (4L << 20) + 16L * length;
    }

    @BeforeEach
    final void openProtocol() {
        protocol = newProtocol();
        ingest = protocol.open(new TestPluginContext(protocol, directory, settings()));
    }

    @AfterEach
    final void closeProtocol() {
        ingest.close();
    }

    private record Decoded(List<String> rows, int rejected, ArcException refusal) {}

    private static Decoded decode(Decoder decoder, byte[] body, Map<String, String> parameters, String what) {
        CollectingSink sink = new CollectingSink();
        ArcException refusal = null;
        try {
            decoder.decode(ByteSlice.of(body), TestParameters.of(parameters), sink);
        } catch (ArcException refused) {
            refusal = refused;
            assertThat(refused.code()).as("error code of '%s' for %s", refused.getMessage(), what).isIn(CLIENT_CODES);
            assertThat(refused.getMessage()).as("message for %s", what).isNotBlank();
        } catch (RuntimeException | StackOverflowError | OutOfMemoryError escaped) {
            fail("only ArcException may escape a decoder; " + what + ": " + Arrays.toString(body), escaped);
        }
        assertThat(sink.violations()).as("rules broken by %s: %s", what, Arrays.toString(body)).isEmpty();
        return new Decoded(sink.rows(), sink.rejections().size(), refusal);
    }

    private static void requireGolden(Decoder decoder, GoldenBody golden) {
        Decoded decoded = decode(decoder, golden.body.clone(), golden.parameters, golden.name);
        if (decoded.refusal != null) {
            fail(golden.name + " was refused", decoded.refusal);
        }
        assertThat(decoded.rows).as(golden.name).isEqualTo(golden.rows);
        assertThat(decoded.rejected).as("rejected records of %s", golden.name).isEqualTo(golden.rejected);
    }

    @Test
    final void describe_1_nameAndEndpointsAreWellFormed() {
        assertThat(protocol.name()).matches("[a-z][a-z0-9-]*");
        assertThat(protocol.endpoints()).isNotEmpty();
        assertThat(protocol.endpoints().stream().map(Endpoint::path).toList()).doesNotHaveDuplicates();
        assertThat(newProtocol().endpoints()).as("endpoints of a second instance").isEqualTo(protocol.endpoints());
    }

    @Test
    final void decode_1_goldenBodiesGiveTheirRows() {
        assertThat(goldenBodies()).isNotEmpty();
        for (GoldenBody golden : goldenBodies()) {
            requireGolden(ingest.newDecoder(), golden);
        }
    }

    @Test
    final void decode_2_everyPrefixIsDecodedOrRefused() {
        Decoder decoder = ingest.newDecoder();
        for (GoldenBody golden : goldenBodies()) {
            for (int length = 0; length < golden.body.length; length++) {
                decode(decoder, Arrays.copyOf(golden.body, length), golden.parameters, "the first " + length + " bytes of "
                        + golden.name);
            }
        }
    }

    @Test
    final void decode_3_randomBytesAreDecodedOrRefused() {
        Random random = TestSeed.random();
        Decoder decoder = ingest.newDecoder();
        Map<String, String> parameters = goldenBodies().getFirst().parameters;
        for (int i = 0; i < RANDOM_BODIES; i++) {
            byte[] body = new byte[random.nextInt(MAX_RANDOM_LENGTH)];
            random.nextBytes(body);
            decode(decoder, body, parameters, "random body " + i + ", " + TestSeed.text());
        }
    }

    @Test
    final void decode_4_damagedBodiesAreDecodedOrRefused() {
        Random random = TestSeed.random();
        Decoder decoder = ingest.newDecoder();
        List<GoldenBody> goldens = goldenBodies();
        for (int i = 0; i < DAMAGED_BODIES; i++) {
            GoldenBody golden = goldens.get(random.nextInt(goldens.size()));
            decode(decoder, damaged(golden.body, random), golden.parameters, "damaged body " + i + " of " + golden.name + ", "
                    + TestSeed.text());
        }
    }

    private static byte[] damaged(byte[] body, Random random) {
        byte[] damaged = body.clone();
        for (int changes = 1 + random.nextInt(4); changes > 0 && damaged.length > 0; changes--) {
            int at = random.nextInt(damaged.length);
            switch (random.nextInt(4)) {
                case 0 -> damaged[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> damaged[at] = (byte) random.nextInt(256);
                case 2 -> {
                    int from = random.nextInt(damaged.length);
                    System.arraycopy(body, from % body.length, damaged, at, Math.min(damaged.length - at,
                            Math.min(body.length - from % body.length, 1 + random.nextInt(8))));
                }
                default -> {
                    byte[] shorter = new byte[damaged.length - 1];
                    System.arraycopy(damaged, 0, shorter, 0, at);
                    System.arraycopy(damaged, at + 1, shorter, at, shorter.length - at);
                    damaged = shorter;
                }
            }
        }
        return damaged;
    }

    @Test
    final void decode_5_theBodyIsNeitherChangedNorKept() {
        Decoder decoder = ingest.newDecoder();
        for (GoldenBody golden : goldenBodies()) {
            byte[] body = golden.body.clone();
            CollectingSink sink = new CollectingSink();
            decoder.decode(ByteSlice.of(body), TestParameters.of(golden.parameters), sink);
            assertThat(body).as("the body after decoding %s", golden.name).isEqualTo(golden.body);
            Arrays.fill(body, POISON);
            assertThat(sink.rows()).as("%s after its body was overwritten", golden.name).isEqualTo(golden.rows);
        }
    }

    @Test
    final void decode_6_onlyTheSliceIsRead() {
        Decoder decoder = ingest.newDecoder();
        for (GoldenBody golden : goldenBodies()) {
            for (byte around : new byte[] {0, ' ', '1', '\n', (byte) 0xC3, POISON}) {
                byte[] array = new byte[golden.body.length + 64];
                Arrays.fill(array, around);
                System.arraycopy(golden.body, 0, array, 31, golden.body.length);
                CollectingSink sink = new CollectingSink();
                decoder.decode(new ByteSlice(array, 31, golden.body.length), TestParameters.of(golden.parameters), sink);
                assertThat(sink.rows()).as("%s between bytes %d", golden.name, around).isEqualTo(golden.rows);
            }
        }
    }

    @Test
    final void decode_7_emittedBatchesStayAsTheyAre() {
        Decoder decoder = ingest.newDecoder();
        List<CollectingSink> sinks = new ArrayList<>();
        for (GoldenBody golden : goldenBodies()) {
            CollectingSink sink = new CollectingSink();
            decoder.decode(ByteSlice.of(golden.body.clone()), TestParameters.of(golden.parameters), sink);
            sinks.add(sink);
        }
        decoder.decode(ByteSlice.of(largeBody()), TestParameters.of(largeBodyParameters()), new CollectingSink());
        Random random = TestSeed.random();
        for (GoldenBody golden : goldenBodies()) {
            // Same length and other values: what an array that is used again would now hold.
            for (int i = 0; i < 50; i++) {
                decode(decoder, damaged(golden.body, random), golden.parameters, "damaged body of " + golden.name);
            }
        }
        for (int i = 0; i < sinks.size(); i++) {
            assertThat(sinks.get(i).rows()).as("%s after the decoder went on", goldenBodies().get(i).name)
                    .isEqualTo(goldenBodies().get(i).rows);
        }
    }

    @Test
    final void decode_8_aRefusalLeavesNothingBehind() {
        Random random = TestSeed.random();
        Decoder decoder = ingest.newDecoder();
        for (int i = 0; i < 200; i++) {
            for (GoldenBody golden : goldenBodies()) {
                decode(decoder, damaged(golden.body, random), golden.parameters, "damaged body of " + golden.name + ", "
                        + TestSeed.text());
                requireGolden(decoder, golden);
            }
        }
    }

    @Test
    final void decode_9_decodersWorkSideBySide() throws Exception {
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            List<Callable<Void>> jobs = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                jobs.add(() -> {
                    Decoder decoder = ingest.newDecoder();
                    for (int round = 0; round < 100; round++) {
                        goldenBodies().forEach(golden -> requireGolden(decoder, golden));
                    }
                    return null;
                });
            }
            for (Future<Void> job : threads.invokeAll(jobs)) {
                job.get();
            }
        }
    }

    @Test
    final void memory_1_decodingAllocatesWhatItEmits() {
        byte[] body = largeBody();
        Decoder decoder = ingest.newDecoder();
        CollectingSink emitted = new CollectingSink();
        decoder.decode(ByteSlice.of(body), TestParameters.of(largeBodyParameters()), emitted);
        assertThat(emitted.batches().stream().mapToLong(batch -> batch.rowCount()).sum()).as("rows of the large body")
                .isGreaterThanOrEqualTo(1_000);
        long emittedBytes = emitted.batches().stream().mapToLong(batch -> batch.retainedBytes()).sum();
        long least = Long.MAX_VALUE;
        for (int round = 0; round < 50; round++) {
            CountingSink sink = new CountingSink();
            long before = allocatedBytes();
            decoder.decode(ByteSlice.of(body), TestParameters.of(largeBodyParameters()), sink);
            least = Math.min(least, allocatedBytes() - before);
        }
        assertThat(least).as("bytes allocated for %d emitted ones", emittedBytes)
                .isLessThanOrEqualTo((long) (emittedBytes * maxAllocatedPerEmittedByte()) + 16_384);
    }

    @Test
    final void memory_2_noBodyMakesTheDecoderAllocateMuch() {
        Random random = TestSeed.random();
        List<GoldenBody> goldens = goldenBodies();
        Decoder decoder = ingest.newDecoder();
        decoder.decode(ByteSlice.of(goldens.getFirst().body), TestParameters.of(goldens.getFirst().parameters),
                new CountingSink());
        for (int i = 0; i < DAMAGED_BODIES; i++) {
            GoldenBody golden = goldens.get(random.nextInt(goldens.size()));
            byte[] body = damaged(golden.body, random);
            long before = allocatedBytes();
            try {
                decoder.decode(ByteSlice.of(body), TestParameters.of(golden.parameters), new CountingSink());
            } catch (ArcException refused) {
                // Counts like a good one.
            }
            assertThat(allocatedBytes() - before).as("bytes allocated for damaged body %d of %s, %s: %s", i, golden.name,
                    TestSeed.text(), Arrays.toString(body)).isLessThanOrEqualTo(maxAllocatedBytes(body.length));
        }
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }
}
