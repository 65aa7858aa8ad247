package io.arc.runtime.recovery;

import java.util.Objects;

/// An object in storage that is not part of any table, and why.
public record PassedOver(String key, Kind kind, String reason) {
    /// FOREIGN: no data file by its name. DAMAGED: not a Parquet file that can be read. REFUSED: a sound file that no table can
    /// take. SUPERSEDED: its rows are in another file. UNFINISHED: its rows are in the log. LEFT: it left its table before.
    public enum Kind {
        FOREIGN, DAMAGED, REFUSED, SUPERSEDED, UNFINISHED, LEFT
    }

    public PassedOver {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(kind, "kind");
        Objects.requireNonNull(reason, "reason");
    }
}
