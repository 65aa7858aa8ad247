package io.arc.runtime.query;

import io.arc.api.data.ColumnType;
import io.arc.runtime.catalog.ColumnSchema;
import io.arc.runtime.catalog.ColumnStats;
import io.arc.runtime.catalog.ColumnStats.Bounds;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.query.SqlTokens.Kind;
import io.arc.runtime.query.SqlTokens.Token;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A condition on the rows of a table, as far as a file's statistics can refute it. What is not understood is taken to be
/// possible, so a file is only left out when surely none of its rows meets the condition.
sealed interface FileFilter {
    /// Nothing is known.
    FileFilter UNKNOWN = new Unknown();

    /// Whether a row of the file may meet the condition.
    boolean mayMatch(DataFile file);

    record Unknown() implements FileFilter {
        @Override
        public boolean mayMatch(DataFile file) {
            return true;
        }
    }

    record And(List<FileFilter> parts) implements FileFilter {
        @Override
        public boolean mayMatch(DataFile file) {
            for (FileFilter part : parts) {
                if (!part.mayMatch(file)) {
                    return false;
                }
            }
            return true;
        }
    }

    record Or(List<FileFilter> parts) implements FileFilter {
        @Override
        public boolean mayMatch(DataFile file) {
            for (FileFilter part : parts) {
                if (part.mayMatch(file)) {
                    return true;
                }
            }
            return false;
        }
    }

    enum Comparison {
        EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL;

        /// Whether some value of `[min, max]` can stand in this relation to the constant, by how its ends compare with it.
        boolean possible(int minToConstant, int maxToConstant) {
            return switch (this) {
                case EQUAL -> minToConstant <= 0 && maxToConstant >= 0;
                case LESS -> minToConstant < 0;
                case LESS_OR_EQUAL -> minToConstant <= 0;
                case GREATER -> maxToConstant > 0;
                case GREATER_OR_EQUAL -> maxToConstant >= 0;
            };
        }
    }

    record Time(Comparison comparison, long micros) implements FileFilter {
        @Override
        public boolean mayMatch(DataFile file) {
            return comparison.possible(Long.compare(file.minMicros(), micros), Long.compare(file.maxMicros(), micros));
        }
    }

    /// @param constant its text, without quotes
    record Value(ColumnSchema column, Comparison comparison, String constant) implements FileFilter {
        @Override
        public boolean mayMatch(DataFile file) {
            ColumnStats stats = stats(file, column.name());
            if (stats == null || stats.nullCount() >= file.rowCount()) {
                // Every row is NULL there, which compares to nothing.
                return false;
            }
            try {
                return switch (stats.bounds()) {
                    case Bounds.None() -> true;
                    case Bounds.Longs(long min, long max) -> switch (column.type()) {
                        case INT64 -> whole(min, max, Long.parseLong(constant));
                        // Rounding to a double keeps the order, so bounds stay bounds.
                        case FLOAT64 -> real(min, max, false, Double.parseDouble(constant));
                        case BOOLEAN, TEXT -> true;
                    };
                    case Bounds.Doubles(double min, double max, boolean hasNan) -> column.type() != ColumnType.FLOAT64
                            || real(min, max, hasNan, Double.parseDouble(constant));
                    case Bounds.Texts(String min, String max) -> column.type() != ColumnType.TEXT || text(min, max);
                    case Bounds.Booleans(boolean _, boolean _) -> true;
                };
            } catch (NumberFormatException e) {
                return true;
            }
        }

        private boolean whole(long min, long max, long value) {
            return comparison.possible(Long.compare(min, value), Long.compare(max, value));
        }

        private boolean real(double min, double max, boolean hasNan, double value) {
            if (Double.isNaN(value) || hasNan && (comparison == Comparison.GREATER
                    || comparison == Comparison.GREATER_OR_EQUAL)) {
                return true;
            }
            // Adding zero makes -0.0 and 0.0 equal, as SQL has them.
            return comparison.possible(Double.compare(min + 0.0, value + 0.0), Double.compare(max + 0.0, value + 0.0));
        }

        private boolean text(String min, String max) {
            byte[] value = constant.getBytes(StandardCharsets.UTF_8);
            return comparison.possible(Arrays.compareUnsigned(min.getBytes(StandardCharsets.UTF_8), value),
                    Arrays.compareUnsigned(max.getBytes(StandardCharsets.UTF_8), value));
        }
    }

    record IsNull(ColumnSchema column, boolean wanted) implements FileFilter {
        @Override
        public boolean mayMatch(DataFile file) {
            ColumnStats stats = stats(file, column.name());
            if (stats == null) {
                return wanted;
            }
            return wanted ? stats.nullCount() != 0 : stats.nullCount() < file.rowCount();
        }
    }

    private static ColumnStats stats(DataFile file, String name) {
        for (ColumnStats stats : file.columns()) {
            if (stats.name().equals(name)) {
                return stats;
            }
        }
        return null;
    }

    /// Reads a filter as the optimiser prints it for a scan whose columns are called `time`, `c0`, `c1`, ...
    static FileFilter parse(String text, List<ColumnSchema> columns) {
        String condition = text.startsWith("optional: ") ? text.substring("optional: ".length()) : text;
        List<Token> tokens = SqlTokens.of(condition.getBytes(StandardCharsets.UTF_8));
        Reader reader = new Reader(tokens, columns);
        FileFilter filter = reader.disjunction();
        return reader.failed || reader.at != tokens.size() ? UNKNOWN : filter;
    }

    /// One parse. A part that it does not understand spoils the whole, because where that part ends is not known.
    final class Reader {
        private final List<Token> tokens;
        private final List<ColumnSchema> columns;
        private int at;
        private boolean failed;

        private Reader(List<Token> tokens, List<ColumnSchema> columns) {
            this.tokens = tokens;
            this.columns = columns;
        }

        private FileFilter disjunction() {
            List<FileFilter> parts = new ArrayList<>(List.of(conjunction()));
            while (accept("or")) {
                parts.add(conjunction());
            }
            return parts.size() == 1 ? parts.getFirst() : new Or(parts);
        }

        private FileFilter conjunction() {
            List<FileFilter> parts = new ArrayList<>(List.of(condition()));
            while (accept("and")) {
                parts.add(condition());
            }
            return parts.size() == 1 ? parts.getFirst() : new And(parts);
        }

        private FileFilter condition() {
            if (failed || at >= tokens.size()) {
                return fail();
            }
            if (accept("(")) {
                int start = at;
                FileFilter inner = disjunction();
                if (!failed && accept(")")) {
                    return inner;
                }
                // Not understood: skip to the parenthesis that closes it. The part is then possible, the rest still counts.
                failed = false;
                at = start;
                int depth = 1;
                while (at < tokens.size() && depth > 0) {
                    depth += tokens.get(at).is("(") ? 1 : tokens.get(at).is(")") ? -1 : 0;
                    at++;
                }
                return depth == 0 ? UNKNOWN : fail();
            }
            Token name = tokens.get(at);
            if (name.kind() != Kind.WORD) {
                return fail();
            }
            int index = -2;
            if (name.text().equals("time")) {
                index = -1;
            } else if (name.text().matches("c[0-9]{1,6}") && Integer.parseInt(name.text().substring(1)) < columns.size()) {
                index = Integer.parseInt(name.text().substring(1));
            }
            if (index == -2) {
                return fail();
            }
            at++;
            return afterName(index);
        }

        private FileFilter afterName(int index) {
            if (accept("is")) {
                boolean isNull = !accept("not");
                return accept("null") && index >= 0 ? new IsNull(columns.get(index), isNull) : index >= 0 ? fail() : UNKNOWN;
            }
            if (accept("in")) {
                if (!accept("(")) {
                    return fail();
                }
                List<FileFilter> parts = new ArrayList<>();
                do {
                    parts.add(constant(index, Comparison.EQUAL));
                } while (!failed && accept(","));
                return accept(")") ? new Or(parts) : fail();
            }
            if (accept("!")) {
                if (!accept("=")) {
                    return fail();
                }
                constant(index, Comparison.EQUAL);
                return UNKNOWN;
            }
            if (accept("=")) {
                return constant(index, Comparison.EQUAL);
            }
            if (accept("<")) {
                return constant(index, accept("=") ? Comparison.LESS_OR_EQUAL : Comparison.LESS);
            }
            if (accept(">")) {
                return constant(index, accept("=") ? Comparison.GREATER_OR_EQUAL : Comparison.GREATER);
            }
            return fail();
        }

        private FileFilter constant(int index, Comparison comparison) {
            StringBuilder text = new StringBuilder();
            if (accept("-")) {
                text.append('-');
            }
            if (failed || at >= tokens.size()) {
                return fail();
            }
            Token token = tokens.get(at++);
            boolean quoted = token.kind() == Kind.TEXT && token.text().startsWith("'");
            if (quoted) {
                text.append(token.text(), 1, token.text().length() - 1);
            } else if (token.kind() == Kind.NUMBER) {
                text.append(token.text());
                if (token.text().endsWith("e") && (accept("+") || accept("-"))) {
                    // An exponent with a sign is three words to the tokenizer.
                    text.append(tokens.get(at - 1).text());
                    if (at >= tokens.size() || tokens.get(at).kind() != Kind.NUMBER) {
                        return fail();
                    }
                    text.append(tokens.get(at++).text());
                }
            } else {
                return fail();
            }
            boolean instant = false;
            if (accept(":")) {
                // ::TIMESTAMP WITH TIME ZONE, or another cast, which is not understood.
                instant = accept(":") && accept("timestamp") && accept("with") && accept("time") && accept("zone");
                if (!instant) {
                    return fail();
                }
            }
            if (index < 0) {
                Long micros = instant && quoted ? micros(text.toString()) : null;
                return micros == null ? UNKNOWN : new Time(comparison, micros);
            }
            ColumnSchema column = columns.get(index);
            boolean fits = !instant && switch (column.type()) {
                case TEXT -> quoted;
                case INT64, FLOAT64 -> !quoted;
                case BOOLEAN -> false;
            };
            return fits ? new Value(column, comparison, quoted ? text.toString().replace("''", "'") : text.toString())
                    : UNKNOWN;
        }

        private boolean accept(String word) {
            if (at < tokens.size() && tokens.get(at).is(word)) {
                at++;
                return true;
            }
            return false;
        }

        private FileFilter fail() {
            failed = true;
            return UNKNOWN;
        }

        /// `2026-01-02 10:00:00.25+00` as microseconds, or null for any other form.
        private static Long micros(String text) {
            if (!text.matches("[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?\\+00")) {
                return null;
            }
            try {
                long days = LocalDate.parse(text.substring(0, 10)).getLong(java.time.temporal.ChronoField.EPOCH_DAY);
                long seconds = ChronoUnit.DAYS.getDuration().toSeconds() * days + 3600L * Integer.parseInt(text, 11, 13, 10)
                        + 60L * Integer.parseInt(text, 14, 16, 10) + Integer.parseInt(text, 17, 19, 10);
                String fraction = text.charAt(19) == '.' ? text.substring(20, text.length() - 3) : "";
                return seconds * 1_000_000 + Long.parseLong((fraction + "000000").substring(0, 6));
            } catch (DateTimeException e) {
                return null;
            }
        }
    }
}
