package io.arc.runtime.partition;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// The rules for names. Each check gives the reason why a name is refused, as a sentence for the client, or nothing when the
/// name is good. Names are case-sensitive; reserved ones are reserved in any case.
///
/// `system` and `internal` are kept for Arc. `information_schema` and `pg_catalog` are the schemas that SQL tools read
/// their metadata from: a database of that name would hide them. `main` and `temp` mean something to DuckDB only for names that
/// Arc does not resolve itself, so clients may use them.
public final class Names {
    public static final int MAX_DATABASE_LENGTH = 64;
    public static final int MAX_TABLE_LENGTH = 128;
    /// In UTF-8 bytes.
    public static final int MAX_COLUMN_BYTES = 255;

    private static final Set<String> RESERVED_DATABASES =
            Set.of("system", "internal", "_internal", "information_schema", "pg_catalog");
    private static final int SHOWN_LENGTH = 64;

    private Names() {}

    /// Why this cannot be the name of a database.
    public static Optional<String> database(String name) {
        if (!isPlain(name, MAX_DATABASE_LENGTH)) {
            return Optional.of("Database name " + shown(name) + " is not valid: it must match ^[A-Za-z][A-Za-z0-9_-]{0,63}$"
                    + " (a letter first, then letters, digits, '_' and '-', at most 64 characters).");
        }
        if (RESERVED_DATABASES.contains(name.toLowerCase(Locale.ROOT))) {
            return Optional.of("Database name " + shown(name) + " is reserved. Choose another name.");
        }
        return Optional.empty();
    }

    /// Why this cannot be the name of a table (a measurement).
    public static Optional<String> table(String name) {
        if (!isPlain(name, MAX_TABLE_LENGTH)) {
            return Optional.of("Measurement name " + shown(name) + " is not valid: it must match"
                    + " ^[A-Za-z][A-Za-z0-9_-]{0,127}$ (a letter first, then letters, digits, '_' and '-', at most 128"
                    + " characters).");
        }
        return Optional.empty();
    }

    /// Why this cannot be the name of a column besides `time`. Allocates nothing for a good name.
    public static Optional<String> column(String name) {
        if (name.isEmpty()) {
            return Optional.of("Column name '' is not valid: it must have at least one character.");
        }
        if (name.equals("time")) {
            return Optional.of("Column name 'time' is taken by the time column of every table. Rename the tag or field.");
        }
        long bytes = 0;
        for (int i = 0; i < name.length(); i++) {
            char unit = name.charAt(i);
            if (Character.isISOControl(unit)) {
                return Optional.of("Column name " + shown(name) + " is not valid: control characters are not allowed.");
            }
            if (Character.isSurrogate(unit)) {
                if (!Character.isHighSurrogate(unit) || i + 1 == name.length()
                        || !Character.isLowSurrogate(name.charAt(i + 1))) {
                    return Optional.of("Column name " + shown(name) + " is not valid: it is not well-formed Unicode text.");
                }
                i++;
                bytes += 4;
            } else {
                bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
            }
        }
        if (bytes > MAX_COLUMN_BYTES) {
            return Optional.of("Column name " + shown(name) + " is not valid: it takes " + bytes
                    + " bytes in UTF-8, at most 255 are allowed.");
        }
        return Optional.empty();
    }

    /// Turns a name into a good database name (reserved ones aside): see [#sanitizeTable].
    public static String sanitizeDatabase(String name) {
        return sanitize(name, MAX_DATABASE_LENGTH);
    }

    /// Turns a name into a good measurement name: every character (code point) that is not allowed becomes `_`, a name that
    /// does not begin with a letter gets `m_` in front, and what is too long is cut. A good name is returned as it is, an
    /// empty one too, which the check then refuses. Different names can become one.
    public static String sanitizeTable(String name) {
        return sanitize(name, MAX_TABLE_LENGTH);
    }

    private static String sanitize(String name, int maxLength) {
        if (name.isEmpty() || isPlain(name, maxLength)) {
            return name;
        }
        StringBuilder text = new StringBuilder(maxLength + 2);
        if (!isLetter(name.charAt(0))) {
            text.append("m_");
        }
        for (int i = 0; i < name.length() && text.length() < maxLength; i++) {
            char unit = name.charAt(i);
            text.append(isAllowed(unit) ? unit : '_');
            if (Character.isHighSurrogate(unit) && i + 1 < name.length() && Character.isLowSurrogate(name.charAt(i + 1))) {
                i++;
            }
        }
        return text.toString();
    }

    private static boolean isPlain(String name, int maxLength) {
        if (name.isEmpty() || name.length() > maxLength || !isLetter(name.charAt(0))) {
            return false;
        }
        for (int i = 1; i < name.length(); i++) {
            if (!isAllowed(name.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isLetter(char unit) {
        return unit >= 'A' && unit <= 'Z' || unit >= 'a' && unit <= 'z';
    }

    private static boolean isAllowed(char unit) {
        return isLetter(unit) || unit >= '0' && unit <= '9' || unit == '_' || unit == '-';
    }

    /// The name in quotes, without control characters and at a length that a log line can take.
    private static String shown(String name) {
        StringBuilder text = new StringBuilder("'");
        for (int i = 0; i < name.length() && i < SHOWN_LENGTH; i++) {
            char unit = name.charAt(i);
            text.append(Character.isISOControl(unit) || Character.isSurrogate(unit) ? '?' : unit);
        }
        return text.append(name.length() > SHOWN_LENGTH ? "...'" : "'").toString();
    }
}
