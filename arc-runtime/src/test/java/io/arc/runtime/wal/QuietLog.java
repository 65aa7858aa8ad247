package io.arc.runtime.wal;

import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Keeps the log room's thousands of expected lines out of the output of tests that break things on purpose.
final class QuietLog implements BeforeAllCallback, AfterAllCallback {
    private final Logger logger = Logger.getLogger("io.arc.runtime.wal");

    @Override
    public void beforeAll(ExtensionContext context) {
        logger.setLevel(Level.OFF);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        logger.setLevel(null);
    }
}
