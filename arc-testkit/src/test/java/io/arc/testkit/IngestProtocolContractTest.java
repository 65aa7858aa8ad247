package io.arc.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column.LongColumn;
import io.arc.api.data.Column.Utf8Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.PluginContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The contract passes a sound decoder and fails the same decoder with each of its rules broken. The format: bytes `1` to `9`
/// are one row each, anything else is malformed.
final class IngestProtocolContractTest {
    private enum Defect {
        NONE, BAD_NAME, WRONG_VALUE, THROWS_AT_EMPTY, THROWS_AT_RANDOM, CHANGES_BODY, KEEPS_BODY, READS_OUTSIDE, REUSES_ARRAYS,
        REMEMBERS, SHARES_STATE, ALLOCATES_PER_ROW, ALLOCATES_FOR_BAD, NAMES_TIME
    }

    @TempDir
    private Path directory;

    @Test
    void passesASoundDecoder() {
        assertThat(failures(Defect.NONE, "")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"BAD_NAME,describe_1", "WRONG_VALUE,decode_1", "THROWS_AT_EMPTY,decode_2", "THROWS_AT_RANDOM,decode_3",
        "THROWS_AT_RANDOM,decode_4", "CHANGES_BODY,decode_5", "KEEPS_BODY,decode_5", "READS_OUTSIDE,decode_6",
        "REUSES_ARRAYS,decode_7", "REMEMBERS,decode_8", "SHARES_STATE,decode_9", "ALLOCATES_PER_ROW,memory_1",
        "ALLOCATES_FOR_BAD,memory_2", "NAMES_TIME,decode_2"})
    void findsEveryBrokenRule(Defect defect, String rule) {
        assertThat(failures(defect, rule + "_").keySet()).as("tests that fail").hasSize(1);
    }

    private Map<String, Throwable> failures(Defect defect, String rule) {
        return ContractRun.failures(IngestProtocolContract.class, rule, () -> new IngestProtocolContract() {
            @Override
            protected IngestProtocol newProtocol() {
                return new Digits(defect);
            }

            @Override
            protected List<GoldenBody> goldenBodies() {
                return List.of(new GoldenBody("two rows", new byte[] {'1', '7'}, "default.digits 1 text=\"1\" v=1i",
                        "default.digits 7 text=\"7\" v=7i"),
                        new GoldenBody("two others", new byte[] {'2', '9'}, "default.digits 2 text=\"2\" v=2i",
                                "default.digits 9 text=\"9\" v=9i"));
            }

            @Override
            protected byte[] largeBody() {
                byte[] body = new byte[50_000];
                Arrays.fill(body, (byte) '5');
                return body;
            }
        }, test -> {
            try {
                test.directory = Files.createTempDirectory(directory, "test");
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
            test.openProtocol();
        }, IngestProtocolContract::closeProtocol);
    }

    private record Digits(Defect defect) implements IngestProtocol {
        @Override
        public String name() {
            return defect == Defect.BAD_NAME ? "Digits!" : "digits";
        }

        @Override
        public List<Endpoint> endpoints() {
            return List.of(new Endpoint("/digits", "Digits."));
        }

        @Override
        public Ingest open(PluginContext context) {
            DigitsDecoder shared = new DigitsDecoder(defect);
            return () -> defect == Defect.SHARES_STATE ? shared : new DigitsDecoder(defect);
        }
    }

    private static final class DigitsDecoder implements IngestProtocol.Decoder {
        private final Defect defect;
        private long[] reused = new long[0];
        private int remembered;
        private Thread lastThread;
        private Object garbage = "";

        DigitsDecoder(Defect defect) {
            this.defect = defect;
        }

        @Override
        public void decode(ByteSlice body, IngestProtocol.Parameters parameters, IngestProtocol.Sink sink) {
            int length = body.length();
            // Stands for any way in which one thread's work would show in another's.
            remembered += defect == Defect.SHARES_STATE && lastThread != null && lastThread != Thread.currentThread() ? 1 : 0;
            lastThread = Thread.currentThread();
            if (length == 0 && defect == Defect.THROWS_AT_EMPTY) {
                throw new ArrayIndexOutOfBoundsException(0);
            }
            byte[] array = body.array();
            int from = defect == Defect.READS_OUTSIDE ? 0 : body.offset();
            boolean hasArray = reused.length == length && defect == Defect.REUSES_ARRAYS;
            long[] values = hasArray ? reused : new long[length];
            reused = values;
            for (int i = 0; i < length; i++) {
                int digit = array[from + i] - '0';
                if (digit < 1 || digit > 9) {
                    refuse(digit);
                }
                values[i] = digit + remembered + (defect == Defect.WRONG_VALUE ? 1 : 0);
                if (defect == Defect.ALLOCATES_PER_ROW) {
                    garbage = new byte[100];
                }
            }
            byte[] text = defect == Defect.KEEPS_BODY && from == 0 ? array : Arrays.copyOfRange(array, from, from + length);
            if (defect == Defect.CHANGES_BODY && length > 0) {
                array[from] = 'x';
            }
            int[] offsets = new int[length + 1];
            Arrays.setAll(offsets, i -> i);
            String name = defect == Defect.NAMES_TIME ? "time" : "text";
            sink.accept(new ColumnBatch(new TableId("default", "digits"), length, values, List.of(
                    new LongColumn("v", Role.FIELD, values, Validity.ALL_PRESENT),
                    new Utf8Column(name, Role.FIELD, new Utf8Block(text, offsets), Validity.ALL_PRESENT))));
        }

        private void refuse(int digit) {
            switch (defect) {
                case THROWS_AT_RANDOM -> throw new IllegalStateException("not a digit: " + digit);
                case REMEMBERS -> remembered++;
                case ALLOCATES_FOR_BAD -> garbage = new byte[8 << 20];
                default -> { }
            }
            throw new ArcException(ErrorCode.MALFORMED_PAYLOAD, "not a digit, after " + garbage.getClass().getSimpleName());
        }
    }
}
