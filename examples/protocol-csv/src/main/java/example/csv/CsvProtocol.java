package example.csv;

import io.arc.api.spi.ConfigKey;
import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.PluginContext;
import java.util.List;
import java.util.Optional;

/// The ingest protocol `csv`. Only describes: Arc makes an instance to ask, and [#open] gives the thing that works.
public final class CsvProtocol implements IngestProtocol {
    private static final ConfigKey<Character> SEPARATOR = new ConfigKey<>("separator", "character", CsvProtocol::parseSeparator,
            Optional.of(','), false, "What stands between the values of a row: one ASCII character.");

    @Override
    public String name() {
        return "csv";
    }

    @Override
    public List<ConfigKey<?>> configKeys() {
        return List.of(SEPARATOR);
    }

    @Override
    public List<Endpoint> endpoints() {
        return List.of(new Endpoint("/api/v1/write/csv", List.of("db"), ErrorShape.ARC,
                List.of(CsvDecoder.TABLE, CsvDecoder.TAGS),
                "Writes the rows of one table, given as CSV with a header line."));
    }

    @Override
    public Ingest open(PluginContext context) {
        byte separator = (byte) context.config(SEPARATOR).charValue();
        return () -> new CsvDecoder(separator);
    }

    private static Character parseSeparator(String text) {
        if (text.length() != 1 || text.charAt(0) >= 0x80 || "\"\r\n".contains(text)) {
            throw new IllegalArgumentException("expected one ASCII character other than a quote or a line end");
        }
        return text.charAt(0);
    }
}
