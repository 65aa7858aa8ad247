package io.arc.plugin.lineproto;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.testkit.AllocationLimit;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.CountingSink;
import io.arc.testkit.TestParameters;
import java.util.List;
import java.util.Map;

/// The target of coverage-guided fuzzing: of any bytes the decoder takes the lines that [ReferenceLines] takes, refuses the others at
/// the same places, throws nothing but [ArcException], and takes no more memory than [AllocationLimit] says.
public final class LineProtocolFuzz {
    /// One for all inputs, as a server has it: what an input leaves behind must not show in the next.
    private static final LineDecoder DECODER = new LineDecoder();
    private static final TestParameters PARAMETERS = TestParameters.of(Map.of("precision", "us"));

    private LineProtocolFuzz() {}

    /// Called by the fuzzer.
    public static void fuzzerTestOneInput(byte[] body) {
        AllocationLimit.check(body, () -> DECODER.decode(ByteSlice.of(body), PARAMETERS, new CountingSink()));
        CollectingSink sink = new CollectingSink();
        ArcException refusal = null;
        try {
            DECODER.decode(ByteSlice.of(body), PARAMETERS, sink);
        } catch (ArcException refused) {
            refusal = refused;
        }
        ReferenceLines reference = new ReferenceLines(body, 1, TestParameters.RECEIVED_MICROS);
        List<String> rows = reference.rows();
        List<String> rejected = reference.rejected();
        if (rows.isEmpty() && rejected.isEmpty()) {
            require(refusal != null && refusal.code() == ErrorCode.MALFORMED_PAYLOAD, "a body without a line is refused", refusal);
            return;
        }
        require(refusal == null, "refused whole", refusal);
        List<String> seen = sink.rejections().stream().map(each -> each.record() + "@" + each.position()).toList();
        require(seen.equals(rejected), "rejected " + seen + " instead of " + rejected, null);
        require(sink.violations().isEmpty(), "violations " + sink.violations(), null);
        require(sink.rows().stream().sorted().toList().equals(rows.stream().sorted().toList()),
                "rows " + sink.rows() + "\ninstead of " + rows, null);
    }

    private static void require(boolean condition, String message, Throwable cause) {
        if (!condition) {
            throw new IllegalStateException(message, cause);
        }
    }
}
