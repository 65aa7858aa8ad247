package io.arc.plugin.lineproto;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.api.spi.ByteSlice;
import io.arc.testkit.CollectingSink;
import io.arc.testkit.TestParameters;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What single lines mean, and which are bad for which reason.
class LineGrammarTest {
    private static CollectingSink decode(byte[] body) {
        CollectingSink sink = new CollectingSink();
        new LineDecoder().decode(ByteSlice.of(body), TestParameters.of(Map.of()), sink);
        assertThat(sink.violations()).isEmpty();
        return sink;
    }

    private static CollectingSink decode(String line) {
        return decode(line.getBytes(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "m v=1 1000                          | default.m 1 v=1.0",
            "m v=1i 1000                         | default.m 1 v=1i",
            "m v=-9223372036854775808i 0         | default.m 0 v=-9223372036854775808i",
            "m v=9223372036854775807u 0          | default.m 0 v=9223372036854775807i",
            "m v=007i 0                          | default.m 0 v=7i",
            "m v=+5 0                            | default.m 0 v=5.0",
            "m v=-0 0                            | default.m 0 v=-0.0",
            "m v=.5,w=5.,x=1e3,y=-2.5E-1 0       | default.m 0 v=0.5 w=5.0 x=1000.0 y=-0.25",
            "m v=0.1,w=98.49498327759197 0       | default.m 0 v=0.1 w=98.49498327759197",
            "m a=t,b=T,c=true,d=True,e=TRUE 0    | default.m 0 a=true b=true c=true d=true e=true",
            "m a=f,b=F,c=false,d=False,e=FALSE 0 | default.m 0 a=false b=false c=false d=false e=false",
            "m v=\"\" 0                          | default.m 0 v=\"\"",
            "m v=\"a, b=c\" 0                    | default.m 0 v=\"a, b=c\"",
            "m v=\"say \\\"hi\\\"\" 0            | default.m 0 v=\"say \\\"hi\\\"\"",
            "m v=\"C:\\\\x\\y\" 0                | default.m 0 v=\"C:\\\\x\\\\y\"",
            "m v=\"#no comment\" 0               | default.m 0 v=\"#no comment\"",
            "m,t=\"a\" v=1 0                     | default.m 0 t#=\"\\\"a\\\"\" v=1.0",
            "m,t=\" v=1 0                        | default.m 0 t#=\"\\\"\" v=1.0",
            "m,t=a\\ b\\,c\\=d v=1 0             | default.m 0 t#=\"a b,c=d\" v=1.0",
            "m,t=C:\\Windows v=1 0               | default.m 0 t#=\"C:\\\\Windows\" v=1.0",
            "m,t=C:\\\\ x v=1 0                  | default.m 0 t#=\"C:\\\\ x\" v=1.0",
            "m,t=\\\\host\\share v=1 0           | default.m 0 t#=\"\\\\\\\\host\\\\share\" v=1.0",
            "m,t=a=b v=1 0                       | default.m 0 t#=\"a=b\" v=1.0",
            "m,a\\=b=c v=1 0                     | default.m 0 a=b#=\"c\" v=1.0",
            "m a\\ b=1,c\\,d=2,e\\=f=3 0         | default.m 0 a b=1.0 c,d=2.0 e=f=3.0",
            "m a=1,a=\"x\",a=3i 0                | default.m 0 a=3i",
            "m bucket_1.5=1,quantile_0.99=2 0    | default.m 0 bucket_1.5=1.0 quantile_0.99=2.0",
            "m   v=1    2000                     | default.m 2 v=1.0",
            "m v=1                               | default.m 1759933800000000 v=1.0",
            "m v=1 -1                            | default.m -1 v=1.0",
            "m v=1 -1000                         | default.m -1 v=1.0",
            "m v=1 -1001                         | default.m -2 v=1.0",
            "m v=1 999                           | default.m 0 v=1.0",
            "m v=1 -9223372036854775808          | default.m -9223372036854776 v=1.0",
            "m,host=\u65e5\u672c v=\"\u00fc\ud83d\ude00\" 0 | default.m 0 host#=\"\u65e5\u672c\" v=\"\u00fc\ud83d\ude00\"",
    })
    void goodLines(String line, String row) {
        for (String end : new String[] {"", "\n", "\r\n", " \n", "\t\r\n", "\n# more\n\n"}) {
            CollectingSink sink = decode(line + end);
            assertThat(sink.rejections()).isEmpty();
            assertThat(sink.rows()).containsExactly(row);
        }
        assertThat(decode(" \t" + line).rows()).containsExactly(row);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            ",t=a v=1                 | measurement is missing",
            "m                        | fields are missing",
            "m,t=a                    | fields are missing",
            "m,t=a 1000               | '1000' has no value",
            "m, v=1                   | a tag has no key",
            "m,=a v=1                 | a tag has no key",
            "m,t v=1                  | the tag 't' has no value",
            "m,t= v=1                 | the tag 't' has no value",
            "m,t=a, v=1               | a tag has no key",
            "m,t=a,t=b v=1            | the tag 't' is there twice",
            "m,t=a,u=c,t=a v=1        | the tag 't' is there twice",
            "m,k\\ 1=a,k\\ 1=b v=1    | the tag 'k 1' is there twice",
            "m =1                     | a field has no key",
            "m v                      | the field 'v' has no value",
            "m v=                     | the field 'v' has no value",
            "m v=,w=1                 | the field 'v' has no value",
            "m v=1,                   | a field has no key",
            "m v=1,w                  | the field 'w' has no value",
            "m v=word                 | the field 'v' is 'word', which is not a number",
            "m v=1.5i                 | '1.5i', which is not a number",
            "m v=-1u                  | '-1u', which is not a number",
            "m v=1.2.3                | '1.2.3', which is not a number",
            "m v=0x10                 | '0x10', which is not a number",
            "m v=1e                   | '1e', which is not a number",
            "m v=-                    | '-', which is not a number",
            "m v=.                    | '.', which is not a number",
            "m v=NaN                  | 'NaN', which is not a number",
            "m v=-Inf                 | '-Inf', which is not a number",
            "m v=tRUE                 | 'tRUE', which is not a number",
            "m v=\"a\"b               | which is not a number, a boolean or text in quotes",
            "m v=9223372036854775808i | outside of -9223372036854775808 to 9223372036854775807",
            "m v=18446744073709551615u | outside of -9223372036854775808 to 9223372036854775807",
            "m v=99999999999999999999999i | outside of -9223372036854775808 to 9223372036854775807",
            "m v=1e309                | outside of what 64 bits can hold",
            "m v=\"open               | never closed",
            "m v=1 now                | the timestamp 'now' is not a whole number",
            "m v=1 1.5                | the timestamp '1.5' is not a whole number",
            "m v=1 -                  | the timestamp '-' is not a whole number",
            "m v=1 +1                 | the timestamp '+1' is not a whole number",
            "m v=1 1 2                | the timestamp '1 2' is not a whole number",
            "m v=1 9223372036854775808 | outside of what 64-bit microseconds can hold",
            "cpu.load v=1             | the measurement's name 'cpu.load' is not a letter",
            "_m v=1                   | the measurement's name '_m' is not a letter",
            "c\\ d v=1                | the measurement's name 'c\\ d' is not a letter",
    })
    void badLines(String line, String reason) {
        CollectingSink alone = decode(line);
        assertThat(alone.rows()).isEmpty();
        assertThat(alone.rejections()).hasSize(1);
        assertThat(alone.rejections().getFirst().reason()).contains(reason);

        // The reason is the same among other lines, and they are not harmed.
        CollectingSink among = decode("ok v=1 1000\n" + line + "\nok v=2 2000\n");
        assertThat(among.rows()).containsExactly("default.ok 1 v=1.0", "default.ok 2 v=2.0");
        assertThat(among.rejections()).containsExactly(new CollectingSink.Rejection(2, 12, alone.rejections().getFirst()
                .reason()));
    }

    @ParameterizedTest
    @ValueSource(ints = {0x80, 0xBF, 0xC0, 0xC3, 0xE2, 0xED, 0xF5, 0xFF})
    void badBytesAreReplacedInValuesAndRefusedInNames(int bad) {
        byte[] good = "m,host=a? v=\"b?c\" 1000".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(decode(replaced(good, bad)).rows()).containsExactly("default.m 1 host#=\"a\uFFFD\" v=\"b\uFFFDc\"");
        for (String line : new String[] {"m? v=1", "m,a?=b v=1", "m v?=1"}) {
            CollectingSink sink = decode(replaced(line.getBytes(StandardCharsets.ISO_8859_1), bad));
            assertThat(sink.rejections()).hasSize(1);
            assertThat(sink.rejections().getFirst().reason()).contains("not valid UTF-8");
        }
    }

    private static byte[] replaced(byte[] text, int bad) {
        byte[] bytes = text.clone();
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = bytes[i] == '?' ? (byte) bad : bytes[i];
        }
        return bytes;
    }
}
