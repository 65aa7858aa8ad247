package io.arc.runtime.logging;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/// An object a line, for log collectors: `time`, `level`, `component`, `message`, and `stack` where there is one.
public final class JsonFormatter extends Formatter {
    @Override
    public String format(LogRecord record) {
        StringBuilder line = new StringBuilder(200).append("{\"time\":\"").append(record.getInstant()).append("\",\"level\":\"")
                .append(ConsoleFormatter.word(record.getLevel()).toLowerCase(java.util.Locale.ROOT)).append("\",\"component\":\"")
                .append(escaped(ConsoleFormatter.room(record.getLoggerName()))).append("\",\"message\":\"")
                .append(escaped(formatMessage(record))).append('"');
        if (record.getThrown() != null) {
            StringWriter stack = new StringWriter();
            record.getThrown().printStackTrace(new PrintWriter(stack));
            line.append(",\"stack\":\"").append(escaped(stack.toString())).append('"');
        }
        return line.append("}\n").toString();
    }

    private static String escaped(String text) {
        StringBuilder escaped = new StringBuilder(text.length() + 8);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> escaped.append("\\\"");
                case '\\' -> escaped.append("\\\\");
                case '\n' -> escaped.append("\\n");
                case '\r' -> escaped.append("\\r");
                case '\t' -> escaped.append("\\t");
                default -> {
                    if (c < 0x20) {
                        escaped.append("\\u%04x".formatted((int) c));
                    } else {
                        escaped.append(c);
                    }
                }
            }
        }
        return escaped.toString();
    }
}
