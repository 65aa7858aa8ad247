package io.arc.runtime.logging;

import static org.assertj.core.api.Assertions.assertThat;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;

class FormattersTest {
    private static LogRecord record(Level level, String logger, String message) {
        LogRecord record = new LogRecord(level, message);
        record.setLoggerName(logger);
        record.setInstant(Instant.parse("2026-01-01T10:00:00.123456Z"));
        return record;
    }

    private static JsonObject json(LogRecord record) {
        String line = new JsonFormatter().format(record);
        assertThat(line).endsWith("}\n");
        assertThat(line.strip()).doesNotContain("\n");
        return Json.createReader(new StringReader(line)).readObject();
    }

    @Test
    void linesForPeopleNameTimeLevelAndRoom() {
        assertThat(new ConsoleFormatter().format(record(Level.INFO, "io.arc.runtime.flush.FlushService", "done")))
                .isEqualTo("2026-01-01 10:00:00.123 [INFO] flush: done\n");
        assertThat(new ConsoleFormatter().format(record(Level.WARNING, "io.arc.runtime.ArcServer", "x")))
                .isEqualTo("2026-01-01 10:00:00.123 [WARN] server: x\n");
        assertThat(new ConsoleFormatter().format(record(Level.SEVERE, "org.other.Library", "x")))
                .isEqualTo("2026-01-01 10:00:00.123 [ERROR] Library: x\n");
        assertThat(new ConsoleFormatter().format(record(Level.FINE, null, "x"))).contains("[DEBUG] : x");
        assertThat(new ConsoleFormatter().format(record(Level.FINEST, "a", "x"))).contains("[TRACE] a: x");
    }

    @Test
    void parametersAreFilledIn() {
        LogRecord record = record(Level.INFO, "a", "{0} of {1}");
        record.setParameters(new Object[] {"one", "two"});
        assertThat(new ConsoleFormatter().format(record)).endsWith("a: one of two\n");
        assertThat(json(record).getString("message")).isEqualTo("one of two");
    }

    @Test
    void causesStandBelow() {
        LogRecord record = record(Level.SEVERE, "a", "failed");
        record.setThrown(new IllegalStateException("outer", new IllegalArgumentException("inner \"quoted\"")));
        assertThat(new ConsoleFormatter().format(record)).contains("a: failed\njava.lang.IllegalStateException: outer\n",
                "Caused by: java.lang.IllegalArgumentException: inner");
        assertThat(json(record).getString("stack")).contains("outer", "inner \"quoted\"", "\n\tat ");
    }

    @Test
    void jsonSurvivesAnyText() {
        StringBuilder text = new StringBuilder("quote \" backslash \\ é 漢 😀 ");
        for (char c = 0; c < 0x20; c++) {
            text.append(c);
        }
        JsonObject line = json(record(Level.WARNING, "io.arc.runtime.wal.Wal", text.toString()));
        assertThat(line.getString("message")).isEqualTo(text.toString());
        assertThat(line.getString("level")).isEqualTo("warn");
        assertThat(line.getString("component")).isEqualTo("wal");
        assertThat(Instant.parse(line.getString("time"))).isEqualTo(Instant.parse("2026-01-01T10:00:00.123456Z"));
        assertThat(line).doesNotContainKey("stack");
    }

    @Test
    void installingReplacesHandlersAndQuietsLibraries() {
        Logger root = Logger.getLogger("");
        Level level = root.getLevel();
        List<Handler> before = Arrays.asList(root.getHandlers());
        PrintStream out = System.out;
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        LogSetup setup;
        try {
            System.setOut(new PrintStream(written, true, StandardCharsets.UTF_8));
            setup = LogSetup.install(Level.INFO, new ConsoleFormatter());
            System.getLogger("io.arc.runtime.flush.Test").log(System.Logger.Level.INFO, "heard");
            System.getLogger("io.arc.runtime.flush.Test").log(System.Logger.Level.DEBUG, "too fine");
            System.getLogger("io.helidon.Test").log(System.Logger.Level.INFO, "talkative");
            System.getLogger("io.helidon.Test").log(System.Logger.Level.WARNING, "serious");
            assertThat(setup.keptCount()).isPositive();
        } finally {
            System.setOut(out);
            for (Handler handler : root.getHandlers()) {
                root.removeHandler(handler);
            }
            before.forEach(root::addHandler);
            root.setLevel(level);
        }
        assertThat(written.toString(StandardCharsets.UTF_8)).contains("[INFO] flush: heard", "[WARN] Test: serious")
                .doesNotContain("too fine", "talkative");
    }
}
