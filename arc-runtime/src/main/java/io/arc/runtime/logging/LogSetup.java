package io.arc.runtime.logging;

import java.util.List;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.Logger;
import java.util.logging.StreamHandler;

/// Sends the log of Arc and of the libraries inside to the standard output, a line an event.
public final class LogSetup {
    /// They tell about themselves at INFO, which is not what an operator wants to read.
    private static final List<String> TALKATIVE = List.of("org.jboss", "io.helidon", "org.glassfish", "io.smallrye",
            "org.apache", "io.micrometer");

    /// Keeps the loggers whose levels were set; `java.util.logging` itself would let them be collected.
    private final List<Logger> kept;

    private LogSetup(List<Logger> kept) {
        this.kept = kept;
    }

    /// Replaces whatever was set up. The caller keeps the result as long as the log is to stay so.
    public static LogSetup install(Level level, Formatter formatter) {
        LogManager.getLogManager().reset();
        Logger root = Logger.getLogger("");
        Handler handler = new FlushingHandler(formatter);
        handler.setLevel(Level.ALL);
        root.addHandler(handler);
        root.setLevel(level);
        List<Logger> quiet = TALKATIVE.stream().map(Logger::getLogger).toList();
        quiet.forEach(logger -> logger.setLevel(level.intValue() < Level.INFO.intValue() ? level : Level.WARNING));
        if (LogManager.getLogManager() instanceof LastingLogManager lasting) {
            lasting.keep();
        }
        return new LogSetup(quiet);
    }

    /// How many loggers have a level of their own.
    int keptCount() {
        return kept.size();
    }

    /// A line is out when the call returns, so that the last words before a crash are read.
    private static final class FlushingHandler extends StreamHandler {
        FlushingHandler(Formatter formatter) {
            super(System.out, formatter);
        }

        @Override
        public synchronized void publish(java.util.logging.LogRecord record) {
            super.publish(record);
            flush();
        }

        /// The standard output stays open.
        @Override
        public synchronized void close() {
            flush();
        }
    }
}
