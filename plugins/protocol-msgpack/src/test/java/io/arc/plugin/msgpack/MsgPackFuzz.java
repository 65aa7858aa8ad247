package io.arc.plugin.msgpack;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.ColumnBatch;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.Decoder;
import io.arc.api.spi.IngestProtocol.Sink;
import io.arc.testkit.AllocationLimit;
import io.arc.testkit.CountingSink;
import io.arc.testkit.RowText;
import io.arc.testkit.TestParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The target of coverage-guided fuzzing: any bytes are refused by an [ArcException] of the client's fault, with nothing handed on, or
/// give what [ReferenceDecoder] gives; and take no more memory than [AllocationLimit] says.
public final class MsgPackFuzz {
    /// One for all inputs, as a server has it: what an input leaves behind must not show in the next.
    private static final Decoder DECODER = new MsgPackProtocol().open(null).newDecoder();

    private static final TestParameters PARAMETERS = TestParameters.of(Map.of());

    private MsgPackFuzz() {}

    private static final class Batches implements Sink {
        private final List<ColumnBatch> all = new ArrayList<>();

        @Override
        public void accept(ColumnBatch batch) {
            all.add(batch);
        }

        @Override
        public Optional<String> tableNameProblem(String table) {
            return Optional.empty();
        }

        @Override
        public void reject(long record, int position, String reason) {
            throw new IllegalStateException("this protocol refuses bodies whole: " + reason);
        }
    }

    /// Called by the fuzzer.
    public static void fuzzerTestOneInput(byte[] body) {
        AllocationLimit.check(body, () -> DECODER.decode(ByteSlice.of(body), PARAMETERS, new CountingSink()));
        Batches batches = new Batches();
        ArcException refusal = null;
        try {
            DECODER.decode(ByteSlice.of(body), PARAMETERS, batches);
        } catch (ArcException refused) {
            refusal = refused;
        }
        if (refusal != null && refusal.code().category() != ErrorCode.Category.BAD_REQUEST) {
            throw new IllegalStateException("a body can be nobody's fault but the client's", refusal);
        }
        List<String> expected;
        try {
            expected = ReferenceDecoder.decode(body, TestParameters.RECEIVED_MICROS);
        } catch (ReferenceDecoder.Undecided undecided) {
            return;
        } catch (ReferenceDecoder.Refused refused) {
            if (refusal == null) {
                throw new IllegalStateException("should be refused: " + refused.getMessage(), refused);
            }
            return;
        }
        if (refusal != null) {
            throw new IllegalStateException("should not be refused", refusal);
        }
        List<String> rows = RowText.lines(batches.all).stream().sorted().toList();
        if (!rows.equals(expected)) {
            throw new IllegalStateException("rows are " + rows + "\ninstead of " + expected);
        }
    }
}
