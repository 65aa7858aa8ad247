package io.arc.runtime.config;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Reads TOML 1.0 into dotted keys with the line of each. A mistake costs its line only, so that one run finds all of them.
///
/// Values become text: numbers without `_` and in decimal, dates as written, arrays as their elements. What no key of ours
/// can hold is refused with a sentence: arrays of tables, arrays within arrays, tables within arrays. One use, one thread.
final class TomlReader {
    private static final Pattern DECIMAL = Pattern.compile("[+-]?(0|[1-9](_?[0-9])*)");
    private static final Pattern RADIX = Pattern.compile("0x[0-9a-fA-F](_?[0-9a-fA-F])*|0o[0-7](_?[0-7])*|0b[01](_?[01])*");
    private static final Pattern FLOAT = Pattern.compile(
            "[+-]?(0|[1-9](_?[0-9])*)(\\.[0-9](_?[0-9])*)?([eE][+-]?[0-9](_?[0-9])*)?|[+-]?(inf|nan)");
    private static final Pattern DATE = Pattern.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}");
    private static final String TIME = "[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?";
    private static final Pattern MOMENT = Pattern.compile(
            DATE + "([Tt ]" + TIME + "([Zz]|[+-][0-9]{2}:[0-9]{2})?)?|" + TIME);

    private static final int END = -1;

    private final String source;
    private final String fileName;
    private final Map<String, Value> values = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    /// Dotted names of tables by what made them: a header, a dotted key, an inline table, a mention as a parent.
    private final Set<String> headers = new HashSet<>();
    private final Set<String> dotted = new HashSet<>();
    private final Set<String> inline = new HashSet<>();
    private final Set<String> parents = new HashSet<>();
    private int position;
    private int line = 1;
    private String table = "";

    /// @param elements those of an array, empty for every other value
    record Value(String text, Optional<List<String>> elements, int line) {}

    /// @param values by dotted key, in the order of the file
    /// @param problems one sentence a mistake, with file and line
    record Document(Map<String, Value> values, List<String> problems) {}

    private static final class SyntaxException extends Exception {
        private static final long serialVersionUID = 1L;
        private final int line;

        SyntaxException(int line, String message) {
            super(message, null, false, false);
            this.line = line;
        }
    }

    private TomlReader(String source, String fileName) {
        this.source = source;
        this.fileName = fileName;
    }

    static Document read(String source, String fileName) {
        TomlReader reader = new TomlReader(source.startsWith("\uFEFF") ? source.substring(1) : source, fileName);
        reader.readAll();
        return new Document(reader.values, reader.problems);
    }

    private void readAll() {
        while (peek() != END) {
            try {
                skipBlanks();
                int c = peek();
                if (c == '[') {
                    readHeader();
                } else if (c != END && c != '#' && c != '\n' && c != '\r') {
                    readPair(table);
                }
                endLine();
            } catch (SyntaxException wrong) {
                problems.add(fileName + ":" + wrong.line + ": " + wrong.getMessage());
                skipLine();
            }
        }
    }

    private void readHeader() throws SyntaxException {
        int startLine = line;
        advance();
        if (peek() == '[') {
            throw new SyntaxException(startLine, "arrays of tables ([[...]]) have no meaning here; write [name]");
        }
        String name = readKey();
        expect(']', "a table's name ends with ']'");
        // Keys that follow a refused header would otherwise land in the table before it.
        table = name;
        if (!headers.add(name) || dotted.contains(name)) {
            throw new SyntaxException(startLine, "the table [" + name + "] is defined twice");
        }
        if (values.containsKey(name) || inline.contains(name)) {
            throw new SyntaxException(startLine, "'" + name + "' has a value already and cannot be a table");
        }
        addParents(name, startLine);
    }

    private void readPair(String prefix) throws SyntaxException {
        int startLine = line;
        String key = readKey();
        String name = prefix.isEmpty() ? key : prefix + "." + key;
        skipBlanks();
        if (peek() != '=') {
            throw new SyntaxException(startLine, "expected '=' after the key '" + key + "'");
        }
        advance();
        skipBlanks();
        addParents(name, startLine);
        for (int dot = name.lastIndexOf('.'); dot > prefix.length(); dot = name.lastIndexOf('.', dot - 1)) {
            String parent = name.substring(0, dot);
            if (headers.contains(parent)) {
                throw new SyntaxException(startLine, "the table [" + parent + "] is defined by a header already");
            }
            dotted.add(parent);
        }
        if (headers.contains(name) || dotted.contains(name) || inline.contains(name) || parents.contains(name)) {
            throw new SyntaxException(startLine, "'" + name + "' is a table already");
        }
        if (peek() == '{') {
            readInlineTable(name);
        } else {
            Value value = peek() == '[' ? readArray() : readScalar(true);
            Value earlier = values.putIfAbsent(name, new Value(value.text, value.elements, startLine));
            if (earlier != null) {
                throw new SyntaxException(startLine, "'" + name + "' is set twice, before in line " + earlier.line);
            }
        }
    }

    private void addParents(String name, int startLine) throws SyntaxException {
        for (int dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) {
            String parent = name.substring(0, dot);
            if (values.containsKey(parent) || inline.contains(parent)) {
                throw new SyntaxException(startLine, "'" + parent + "' has a value already and cannot be extended");
            }
            parents.add(parent);
        }
    }

    private void readInlineTable(String name) throws SyntaxException {
        advance();
        skipBlanks();
        if (peek() == '}') {
            advance();
        } else {
            while (true) {
                skipBlanks();
                readPair(name);
                skipBlanks();
                if (peek() == ',') {
                    advance();
                    continue;
                }
                expect('}', "expected ',' or '}' in the inline table '" + name + "', which has to end in its line");
                break;
            }
        }
        inline.add(name);
    }

    private Value readArray() throws SyntaxException {
        int startLine = line;
        advance();
        List<String> elements = new ArrayList<>();
        while (true) {
            skipBlanksAndLines();
            if (peek() == ']') {
                break;
            }
            if (peek() == '[' || peek() == '{') {
                throw new SyntaxException(line, "an array here holds plain values only");
            }
            if (peek() == END) {
                throw new SyntaxException(startLine, "the array has no closing ']'");
            }
            elements.add(readScalar(false).text);
            skipBlanksAndLines();
            if (peek() == ',') {
                advance();
            } else if (peek() != ']') {
                throw new SyntaxException(peek() == END ? startLine : line, "expected ',' or ']' in the array");
            }
        }
        advance();
        return new Value(String.join(", ", elements), Optional.of(List.copyOf(elements)), startLine);
    }

    private Value readScalar(boolean allowsBlankInMoment) throws SyntaxException {
        int startLine = line;
        String text;
        if (peek() == '"') {
            text = lookingAt("\"\"\"") ? readMultiline('"') : readBasic();
        } else if (peek() == '\'') {
            text = lookingAt("'''") ? readMultiline('\'') : readLiteral();
        } else {
            text = readBare(allowsBlankInMoment);
        }
        return new Value(text, Optional.empty(), startLine);
    }

    private String readBare(boolean allowsBlankInMoment) throws SyntaxException {
        int start = position;
        while (isBare(peek())) {
            advance();
        }
        if (allowsBlankInMoment && peek() == ' ' && position + 3 < source.length() && source.charAt(position + 3) == ':'
                && DATE.matcher(source.substring(start, position)).matches()) {
            advance();
            while (isBare(peek())) {
                advance();
            }
        }
        String text = source.substring(start, position);
        if (text.equals("true") || text.equals("false") || MOMENT.matcher(text).matches()) {
            return text;
        }
        String digits = text.replace("_", "");
        if (DECIMAL.matcher(text).matches()) {
            return wholeNumber(new BigInteger(digits.startsWith("+") ? digits.substring(1) : digits), text);
        }
        if (RADIX.matcher(text).matches()) {
            int radix = switch (text.charAt(1)) {
                case 'x' -> 16;
                case 'o' -> 8;
                default -> 2;
            };
            return wholeNumber(new BigInteger(digits.substring(2), radix), text);
        }
        if (FLOAT.matcher(text).matches()) {
            return digits;
        }
        throw new SyntaxException(line, text.isEmpty() ? "expected a value after '='"
                : "'" + text + "' is no TOML value; text needs quotes");
    }

    private String wholeNumber(BigInteger number, String text) throws SyntaxException {
        if (number.bitLength() > 63) {
            throw new SyntaxException(line, text + " does not fit into 64 bits");
        }
        return number.toString();
    }

    private static boolean isBare(int c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-' || c == '+'
                || c == '.' || c == ':' || c == '/';
    }

    private String readKey() throws SyntaxException {
        StringBuilder key = new StringBuilder();
        while (true) {
            skipBlanks();
            int c = peek();
            if (c == '"') {
                key.append(readBasic());
            } else if (c == '\'') {
                key.append(readLiteral());
            } else {
                int start = position;
                while (isBareKey(peek())) {
                    advance();
                }
                if (start == position) {
                    throw new SyntaxException(line, "expected a key (letters, digits, '_' and '-'; others in quotes)");
                }
                key.append(source, start, position);
            }
            int afterKey = position;
            skipBlanks();
            if (peek() != '.') {
                position = afterKey;
                return key.toString();
            }
            advance();
            key.append('.');
        }
    }

    private static boolean isBareKey(int c) {
        return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c == '-';
    }

    private String readBasic() throws SyntaxException {
        int startLine = line;
        advance();
        StringBuilder text = new StringBuilder();
        while (true) {
            int c = peek();
            if (c == END || c == '\n' || c == '\r') {
                throw new SyntaxException(startLine, "the text has no closing '\"' in its line");
            }
            advance();
            if (c == '"') {
                return text.toString();
            }
            if (c == '\\') {
                readEscape(text);
            } else {
                text.append((char) requireText(c));
            }
        }
    }

    private String readLiteral() throws SyntaxException {
        int startLine = line;
        advance();
        int start = position;
        while (true) {
            int c = peek();
            if (c == END || c == '\n' || c == '\r') {
                throw new SyntaxException(startLine, "the text has no closing ' in its line");
            }
            advance();
            if (c == '\'') {
                return source.substring(start, position - 1);
            }
            requireText(c);
        }
    }

    private String readMultiline(char quote) throws SyntaxException {
        int startLine = line;
        String fence = String.valueOf(quote).repeat(3);
        position += 3;
        if (lookingAt("\r\n")) {
            advance();
        }
        if (peek() == '\n') {
            advance();
        }
        StringBuilder text = new StringBuilder();
        while (true) {
            int c = peek();
            if (c == END) {
                throw new SyntaxException(startLine, "the text has no closing " + fence);
            }
            if (lookingAt(fence)) {
                position += 3;
                // Up to two quotes may stand right before the closing three.
                for (int extra = 0; extra < 2 && peek() == quote; extra++) {
                    text.append(quote);
                    advance();
                }
                return text.toString();
            }
            advance();
            if (c == '\\' && quote == '"') {
                if (!skipLineEndingBackslash()) {
                    readEscape(text);
                }
            } else if (c == '\n' || c == '\r' && peek() == '\n') {
                text.append((char) c);
            } else {
                text.append((char) requireText(c));
            }
        }
    }

    /// After a backslash: true when only blanks follow in the line; then all white space up to the next text is gone.
    private boolean skipLineEndingBackslash() {
        int at = position;
        while (at < source.length() && (source.charAt(at) == ' ' || source.charAt(at) == '\t')) {
            at++;
        }
        if (!source.startsWith("\n", at) && !source.startsWith("\r\n", at)) {
            return false;
        }
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
            advance();
        }
        return true;
    }

    private void readEscape(StringBuilder text) throws SyntaxException {
        int c = peek();
        advance();
        switch (c) {
            case 'b' -> text.append('\b');
            case 't' -> text.append('\t');
            case 'n' -> text.append('\n');
            case 'f' -> text.append('\f');
            case 'r' -> text.append('\r');
            case '"' -> text.append('"');
            case '\\' -> text.append('\\');
            case 'u' -> text.appendCodePoint(readCodePoint(4));
            case 'U' -> text.appendCodePoint(readCodePoint(8));
            default -> throw new SyntaxException(line, "the escape \\" + (c == END ? "" : Character.toString(c))
                    + " does not exist; write \\\\ for a backslash, or the text in ' '");
        }
    }

    private int readCodePoint(int digits) throws SyntaxException {
        long codePoint = 0;
        for (int i = 0; i < digits; i++) {
            int digit = peek() < 128 ? Character.digit(peek(), 16) : -1;
            if (digit < 0) {
                throw new SyntaxException(line, "the escape needs " + digits + " hexadecimal digits");
            }
            codePoint = codePoint << 4 | digit;
            advance();
        }
        if (codePoint > Character.MAX_CODE_POINT || codePoint >= 0xD800 && codePoint <= 0xDFFF) {
            throw new SyntaxException(line, "the escape names no Unicode character");
        }
        return Math.toIntExact(codePoint);
    }

    private int requireText(int c) throws SyntaxException {
        if (c < ' ' && c != '\t' || c == 0x7F) {
            throw new SyntaxException(line, "the control character 0x%02x has to be escaped".formatted(c));
        }
        return c;
    }

    private void endLine() throws SyntaxException {
        skipBlanks();
        skipComment();
        if (lookingAt("\r\n")) {
            advance();
        }
        if (peek() == '\n') {
            advance();
        } else if (peek() != END) {
            throw new SyntaxException(line, "the line goes on after its value");
        }
    }

    private void skipComment() throws SyntaxException {
        if (peek() == '#') {
            while (peek() != END && peek() != '\n' && !lookingAt("\r\n")) {
                requireText(peek());
                advance();
            }
        }
    }

    private void skipBlanks() {
        while (peek() == ' ' || peek() == '\t') {
            advance();
        }
    }

    private void skipBlanksAndLines() throws SyntaxException {
        while (true) {
            skipBlanks();
            skipComment();
            if (lookingAt("\r\n")) {
                advance();
            }
            if (peek() != '\n') {
                return;
            }
            advance();
        }
    }

    private void skipLine() {
        while (peek() != END && peek() != '\n') {
            advance();
        }
        if (peek() == '\n') {
            advance();
        }
    }

    private void expect(char wanted, String otherwise) throws SyntaxException {
        skipBlanks();
        if (peek() != wanted) {
            throw new SyntaxException(line, otherwise);
        }
        advance();
    }

    private boolean lookingAt(String text) {
        return source.startsWith(text, position);
    }

    private int peek() {
        return position < source.length() ? source.charAt(position) : END;
    }

    private void advance() {
        if (position < source.length()) {
            if (source.charAt(position) == '\n') {
                line++;
            }
            position++;
        }
    }
}
