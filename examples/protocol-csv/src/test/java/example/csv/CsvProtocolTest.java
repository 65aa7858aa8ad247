package example.csv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.IngestProtocolContract;
import io.arc.testkit.TestParameters;
import io.arc.testkit.TestPluginContext;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CsvProtocolTest extends IngestProtocolContract {
    private static final Map<String, String> CPU = Map.of("table", "cpu", "tags", "host");

    @Override
    protected IngestProtocol newProtocol() {
        return new CsvProtocol();
    }

    @Override
    protected List<GoldenBody> goldenBodies() {
        return List.of(
                new GoldenBody("types", bytes("time,host,usage,n,up,note\n1,a,1.5,3,true,x\n"
                        + "2,b,2,-4,false,\"y \"\"z\"\", 1\"\n"), CPU,
                        List.of("default.cpu 1 host#=\"a\" n=3i note=\"x\" up=true usage=1.5",
                                "default.cpu 2 host#=\"b\" n=-4i note=\"y \\\"z\\\", 1\" up=false usage=2.0"), 0),
                new GoldenBody("absent values and no time", bytes("host,usage\r\na,\r\n,1.5\r\n"), CPU,
                        List.of("default.cpu 1759933800000000 host#=\"a\"", "default.cpu 1759933800000000 usage=1.5"), 0),
                new GoldenBody("instants and bad records", bytes("usage,time\n"
                        + "1,2025-10-08T14:30:00.000001Z\n2\n3,noon\n\n4,-5"), CPU,
                        List.of("default.cpu 1759933800000001 usage=1i", "default.cpu -5 usage=4i"), 2));
    }

    @Override
    protected byte[] largeBody() {
        StringBuilder body = new StringBuilder("time,host,usage\n");
        for (int row = 0; row < 2_000; row++) {
            body.append(row).append(",host-").append(row % 100).append(',').append(row / 4.0).append('\n');
        }
        return bytes(body.toString());
    }

    @Override
    protected Map<String, String> largeBodyParameters() {
        return CPU;
    }

    /// The decoder makes strings, see there.
    @Override
    protected double maxAllocatedPerEmittedByte() {
        return 60;
    }

    @Override
    protected long maxAllocatedBytes(int length) {
        return (4L << 20) + 1_000L * length;
    }

    @Test
    void anotherSeparatorCanBeConfigured(@org.junit.jupiter.api.io.TempDir Path directory) {
        CsvProtocol protocol = new CsvProtocol();
        CollectingSink sink = new CollectingSink();
        try (IngestProtocol.Ingest ingest = protocol.open(new TestPluginContext(protocol, directory,
                Map.of("separator", ";")))) {
            ingest.newDecoder().decode(ByteSlice.of(bytes("time;v\n1;2,5\n")), TestParameters.of(CPU), sink);
        }
        assertThat(sink.rows()).containsExactly("default.cpu 1 v=\"2,5\"");
    }

    @Test
    void aBodyNeedsItsTable() {
        CollectingSink sink = new CollectingSink();
        assertThatThrownBy(() -> new CsvDecoder((byte) ',').decode(ByteSlice.of(bytes("v\n1\n")), TestParameters.of(Map.of()),
                sink))
                .isInstanceOfSatisfying(ArcException.class,
                        refused -> assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_PARAMETER));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
