package io.arc.runtime.catalog;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongConsumer;

/// A snapshot whose files stay in the store until this is closed. Owned by the query that opened it; may be closed by any
/// thread, more than once.
public final class Pin implements AutoCloseable {
    private final CatalogSnapshot snapshot;
    private final LongConsumer release;
    private final AtomicBoolean closed = new AtomicBoolean();

    Pin(CatalogSnapshot snapshot, LongConsumer release) {
        this.snapshot = snapshot;
        this.release = release;
    }

    public CatalogSnapshot snapshot() {
        return snapshot;
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            release.accept(snapshot.version());
        }
    }
}
