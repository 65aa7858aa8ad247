package io.arc.plugin.lineproto;

import io.arc.api.spi.IngestProtocol;
import io.arc.api.spi.PluginContext;
import java.util.List;

/// InfluxDB line protocol: `measurement,tag=text field=1,other="text" 1759933800000000000`.
///
/// A measurement becomes a table, a tag a text column, a field a column of its values' common type, and the timestamp, in
/// the unit of the parameter `precision` (nanoseconds without it), the row's time in microseconds. A line without a
/// timestamp has the time at which the request arrived.
///
/// A bad line is reported to the sink with its number and reason, and the others are kept, as InfluxDB does. The grammar is
/// InfluxDB's; see [LineDecoder] for its corners. What a client may rely on beyond the grammar:
///
/// - Integers and floats of one field in one body make a float column, numbers and text a text column that holds the
///   numbers as the client wrote them. A line that mixes booleans with numbers, or that would round an integer, is bad.
/// - A field that is named like a tag of its table in the same body is stored as `<name>_value`; a tag or a field named
///   `time` as `time_value`.
/// - NaN, infinities and numbers beyond a column's range make their line bad, as in InfluxDB; a column of measurements stays
///   one that can be summed.
public final class LineProtocol implements IngestProtocol {
    private static final String PRECISION = "precision";

    @Override
    public String name() {
        return "lineproto";
    }

    @Override
    public List<Endpoint> endpoints() {
        return List.of(
                new Endpoint("/write", List.of("db"), ErrorShape.INFLUX_1, List.of("db", PRECISION),
                        "Writes line protocol as to InfluxDB 1.x; the database is the parameter db."),
                new Endpoint("/api/v1/write", List.of("db"), ErrorShape.INFLUX_1, List.of("db", PRECISION),
                        "An older name of /write."),
                new Endpoint("/api/v2/write", List.of("bucket"), ErrorShape.INFLUX_2, List.of("bucket", PRECISION),
                        "Writes line protocol as to InfluxDB 2.x; the database is the parameter bucket."),
                new Endpoint("/api/v1/write/influxdb", List.of("bucket"), ErrorShape.INFLUX_2, List.of("bucket", PRECISION),
                        "An older name of /api/v2/write."),
                new Endpoint("/api/v1/write/line-protocol", List.of(), ErrorShape.ARC, List.of(PRECISION),
                        "Writes line protocol; the database is the header x-arc-database."),
                new Endpoint("/write/v1/line-protocol", List.of(), ErrorShape.ARC, List.of(PRECISION),
                        "Another name of /api/v1/write/line-protocol."),
                new Endpoint("/write/v2/line-protocol", List.of(), ErrorShape.ARC, List.of(PRECISION),
                        "Another name of /api/v1/write/line-protocol."));
    }

    @Override
    public Ingest open(PluginContext context) {
        return LineDecoder::new;
    }
}
