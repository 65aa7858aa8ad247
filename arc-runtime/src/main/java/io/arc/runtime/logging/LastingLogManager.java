package io.arc.runtime.logging;

import java.util.logging.LogManager;

/// The platform's own, but for one thing: what is set up stays when the JVM ends. The platform's removes all handlers in a shutdown
/// hook of its own, which runs beside ours, and what the server has to say while it stops would be lost by chance.
///
/// Named on the command line (`java.util.logging.manager`), because the platform makes it before anything of ours runs.
public final class LastingLogManager extends LogManager {
    private volatile boolean isKept;

    void keep() {
        isKept = true;
    }

    @Override
    public void reset() {
        if (!isKept) {
            super.reset();
        }
    }
}
