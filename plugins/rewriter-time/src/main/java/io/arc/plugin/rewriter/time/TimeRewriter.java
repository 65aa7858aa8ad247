package io.arc.plugin.rewriter.time;

import io.arc.api.spi.PluginContext;
import io.arc.api.spi.QueryRewriter;

/// Describes the rewriter. The engine cuts an instant to hours by way of a calendar with time zones, although instants are
/// kept, and shown, in UTC, where the calendar without zones gives the same in a fraction of the time.
public final class TimeRewriter implements QueryRewriter {
    private static final int ORDER = 1_000;

    @Override
    public String name() {
        return "time";
    }

    /// Late, so that calls which other rewriters put in are seen.
    @Override
    public int order() {
        return ORDER;
    }

    @Override
    public Stage open(PluginContext context) {
        return new UtcCalls();
    }
}
