package io.arc.runtime.http;

import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.metrics.Metrics.Counter;
import java.util.Locale;

/// What came in by one wire format. Thread-safe.
///
/// @param requests that were stored, at least in part
/// @param records rows of them
/// @param bytes of them, decompressed
/// @param packedBytes of those of them that came compressed, as they came
/// @param errors requests that were refused or failed, at least in part
record ProtocolFigures(Counter requests, Counter records, Counter bytes, Counter packedBytes, Counter errors) {
    /// @param protocol the wire format's name
    static ProtocolFigures of(Metrics metrics, String protocol) {
        // The name that dashboards for upstream servers look for.
        String word = protocol.equals("lineproto") ? "lineprotocol"
                : protocol.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9_]", "_");
        String prefix = "arc_" + word + "_";
        return new ProtocolFigures(metrics.counter(prefix + "requests_total", "requests", "Stored requests in " + protocol
                + "."),
                metrics.counter(prefix + "records_total", "rows", "Rows of them."),
                metrics.counter(prefix + "bytes_total", "bytes", "Bytes of them, decompressed."),
                metrics.counter(prefix + "packed_bytes_total", "bytes", "Bytes of those that came compressed, as they came."),
                metrics.counter(prefix + "errors_total", "requests", "Requests in " + protocol + " with an error."));
    }

    void stored(long rows, long length, long packedLength) {
        requests.increment();
        records.add(rows);
        bytes.add(length);
        packedBytes.add(packedLength);
    }
}
