package io.arc.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TomlReaderTest {
    private static Map<String, String> read(String toml) {
        TomlReader.Document document = TomlReader.read(toml, "arc.toml");
        assertThat(document.problems()).as("problems of\n%s", toml).isEmpty();
        Map<String, String> values = new LinkedHashMap<>();
        document.values().forEach((key, value) -> values.put(key, value.text()));
        return values;
    }

    @Test
    void tablesAndDottedKeysGiveOneName() {
        assertThat(read("""
                top = 1
                [server]
                port = 8000 # with a comment
                "quoted key" = 2
                a . b = 3
                [storage.s3]
                bucket = "x"
                [ spaced . 'literal' ]
                k = true
                [server.sub]
                k = 4
                """)).containsExactly(Map.entry("top", "1"), Map.entry("server.port", "8000"),
                Map.entry("server.quoted key", "2"), Map.entry("server.a.b", "3"), Map.entry("storage.s3.bucket", "x"),
                Map.entry("spaced.literal.k", "true"), Map.entry("server.sub.k", "4"));
    }

    @Test
    void numbersLoseTheirSpelling() {
        assertThat(read("""
                a = 1_000_000
                b = +7
                c = -0
                d = 0xFF_ff
                e = 0o17
                f = 0b101
                g = 1_0.5e+3
                h = -inf
                i = 9223372036854775807
                """).values()).containsExactly("1000000", "7", "0", "65535", "15", "5", "10.5e+3", "-inf",
                "9223372036854775807");
    }

    @Test
    void textOfEveryKind() {
        assertThat(read("""
                a = "tab\\t quote\\" backslash\\\\ \\u00e9 \\U0001F600 #no comment"
                b = 'C:\\path\\n'
                c = \"""
                first
                second \\
                     joined ""quoted\"" end\"""
                d = '''
                it's
                raw \\n'''
                e = \"""two at the end\"""\""
                f = ""
                """).values()).containsExactly("tab\t quote\" backslash\\ \u00e9 \ud83d\ude00 #no comment", "C:\\path\\n",
                "first\nsecond joined \"\"quoted\"\" end", "it's\nraw \\n", "two at the end\"\"", "");
    }

    @Test
    void datesAreText() {
        assertThat(read("""
                a = 1979-05-27T07:32:00Z
                b = 1979-05-27 07:32:00.5-07:00
                c = 1979-05-27
                d = 07:32:00
                """).values()).containsExactly("1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5-07:00", "1979-05-27", "07:32:00");
    }

    @Test
    void arraysKeepTheirElements() {
        TomlReader.Document document = TomlReader.read("""
                a = []
                b = ["x", 'y,z', 3,
                  # a comment
                  true,
                ]
                """, "arc.toml");
        assertThat(document.problems()).isEmpty();
        assertThat(document.values().get("a").elements()).isEqualTo(Optional.of(List.of()));
        assertThat(document.values().get("b").elements()).isEqualTo(Optional.of(List.of("x", "y,z", "3", "true")));
        assertThat(document.values().get("b").line()).isEqualTo(2);
    }

    @Test
    void inlineTablesAreTables() {
        assertThat(read("s3 = { bucket = \"b\", deep.er = 1, in = {x = 2} }\nempty = {}"))
                .containsExactly(Map.entry("s3.bucket", "b"), Map.entry("s3.deep.er", "1"), Map.entry("s3.in.x", "2"));
    }

    @Test
    void lineEndingsAndByteOrderMarkMakeNoDifference() {
        assertThat(read("\uFEFF[a]\r\nb = 1\r\n\r\n# end\r\nc = [1,\r\n2]\r\nd=\"\"\"\r\nx\r\ny\"\"\"")).containsExactly(
                Map.entry("a.b", "1"), Map.entry("a.c", "1, 2"), Map.entry("a.d", "x\r\ny"));
    }

    @Test
    void everyMistakeIsFoundWithItsLineAndTheRestIsRead() {
        TomlReader.Document document = TomlReader.read("""
                [server]
                port = eighty
                host = "unclosed
                idle = 5 6
                = 3
                read = 1
                read = 2
                [server]
                other = 1
                [[tables]]
                [a]
                x = [1, [2]]
                y = 0xZZ
                z = "bad \\q"
                good = "yes"
                """, "arc.toml");
        List<String> lines = new ArrayList<>();
        document.problems().forEach(problem -> lines.add(problem.substring(0, problem.indexOf(": "))));
        assertThat(lines).containsExactly("arc.toml:2", "arc.toml:3", "arc.toml:4", "arc.toml:5", "arc.toml:7", "arc.toml:8",
                "arc.toml:10", "arc.toml:12", "arc.toml:13", "arc.toml:14");
        assertThat(document.problems().get(0)).contains("'eighty' is no TOML value; text needs quotes");
        assertThat(document.problems().get(4)).contains("'server.read' is set twice, before in line 6");
        assertThat(document.values()).containsKeys("server.read", "a.good");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "a =", "a = ", "= 1", "a = 01", "a = 1__0", "a = _1", "a = 1_", "a = 1.", "a = .5", "a = 0x",
        "a = 9223372036854775808", "a = tru", "a = \"x", "a = 'x", "a = \"\"\"x", "a = '''x", "a = [1", "a = [1 2]", "a = [,]",
        "a = {x = 1", "a = {x = 1,}", "a = {\nx = 1}", "a.b = 1\na = 2", "a = 1\na.b = 2", "a = {b = 1}\na.c = 2",
        "a = {b = 1}\n[a.c]", "[a]\n[a]", "a = 1\n[a]", "a.b = 1\n[a]", "[a.b]\nx = 1\n[a]\nb.c = 2", "[a.b]\nx=1\n[a]\nb = 2",
        "[a", "[]", "[a.]", "[.a]", "[a]]", "[a] b = 1", "a b = 1", "a..b = 1", "a = \"\\u00g0\"", "a = \"\\uD800\"",
        "a = \"\\U00110000\"", "a = \"\u0001\"", "a = '\u007f'", "# \u0000", "a = 1 b = 2", "a = 1979-13", "a = +0xF",
        "a = \"x\ny\"", "a = 1\rb = 2", "\u00e9 = 1"})
    void whatTomlForbidsIsAProblem(String toml) {
        assertThat(TomlReader.read(toml, "arc.toml").problems()).as("problems of '%s'", toml).isNotEmpty();
    }
}
