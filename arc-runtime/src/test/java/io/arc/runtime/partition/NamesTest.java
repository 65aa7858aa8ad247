package io.arc.runtime.partition;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
    private static final Pattern DATABASE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,63}");
    private static final Pattern TABLE = Pattern.compile("[A-Za-z][A-Za-z0-9_-]{0,127}");

    @ParameterizedTest
    @ValueSource(strings = {"default", "a", "Z9_-", "main", "temp", "prod-eu_1"})
    void acceptsDatabases(String name) {
        assertThat(Names.database(name)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "9bad", "a/b", "a.b", "_x", "-x", "a b", "ä", "a\u0000", "a\n", ".."})
    void refusesDatabasesAndTablesThatBreakTheRule(String name) {
        assertThat(Names.database(name).orElseThrow()).contains("^[A-Za-z][A-Za-z0-9_-]{0,63}$");
        assertThat(Names.table(name).orElseThrow()).contains("^[A-Za-z][A-Za-z0-9_-]{0,127}$");
    }

    @ParameterizedTest
    @ValueSource(strings = {"system", "SYSTEM", "internal", "Internal", "information_schema", "INFORMATION_SCHEMA",
        "pg_catalog"})
    void refusesReservedDatabasesInAnyCase(String name) {
        assertThat(Names.database(name).orElseThrow()).contains("reserved").contains(name);
        assertThat(Names.table(name)).isEmpty();
    }

    @Test
    void refusesTheReservedNameWithAnUnderscore() {
        assertThat(Names.database("_internal")).isPresent();
    }

    @Test
    void knowsTheLongestNames() {
        assertThat(Names.database("d".repeat(64))).isEmpty();
        assertThat(Names.database("d".repeat(65))).isPresent();
        assertThat(Names.table("t".repeat(128))).isEmpty();
        assertThat(Names.table("t".repeat(129))).isPresent();
        assertThat(Names.table("t".repeat(1_000_000)).orElseThrow()).hasSizeLessThan(400);
        assertThat(Names.column("c".repeat(255))).isEmpty();
        assertThat(Names.column("c".repeat(256)).orElseThrow()).contains("256 bytes");
        assertThat(Names.column("€".repeat(85))).isEmpty();
        assertThat(Names.column("€".repeat(86))).isPresent();
        assertThat(Names.column("\uD83D\uDE00".repeat(63) + "abc")).isEmpty();
        assertThat(Names.column("\uD83D\uDE00".repeat(64))).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"usage", "_value", "http.method", "a b", "Time", "TIME", "größe", "\uD83D\uDE00", "9", "\"", "a,b"})
    void acceptsColumns(String name) {
        assertThat(Names.column(name)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "time", "a\u0000", "\n", "a\u007F", "\u0085", "\uD83D", "\uDE00\uD83D", "a\uD83D"})
    void refusesColumns(String name) {
        String problem = Names.column(name).orElseThrow();
        assertThat(problem).startsWith("Column name").doesNotContain("\u0000").doesNotContain("\n");
    }

    @ParameterizedTest
    @CsvSource({"cpu.load, cpu_load", "9lives, m_9lives", "_x, m__x", "cpu, cpu", "ä, m__", "a\uD83D\uDE00b, a_b",
        "a/../b, a____b"})
    void sanitizes(String name, String clean) {
        assertThat(Names.sanitizeTable(name)).isEqualTo(clean);
        assertThat(Names.sanitizeDatabase(name)).isEqualTo(clean);
    }

    @Test
    void sanitizingGivesGoodNamesAndLeavesGoodOnes() {
        assertThat(Names.sanitizeTable("")).isEmpty();
        for (long seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            int[] points = random.ints(1 + random.nextInt(200), 0, random.nextBoolean() ? 128 : 0x11000).toArray();
            String name = new String(points, 0, points.length);
            String table = Names.sanitizeTable(name);
            assertThat(TABLE.matcher(table).matches()).as("seed %d: %s", seed, table).isTrue();
            assertThat(Names.sanitizeTable(table)).as("seed %d", seed).isEqualTo(table);
            String database = Names.sanitizeDatabase(name);
            assertThat(DATABASE.matcher(database).matches()).as("seed %d: %s", seed, database).isTrue();
            assertThat(Names.table(name).isEmpty()).as("seed %d", seed).isEqualTo(TABLE.matcher(name).matches());
            if (StandardCharsets.UTF_8.newEncoder().canEncode(name)) {
                boolean good = name.getBytes(StandardCharsets.UTF_8).length <= 255
                        && name.chars().noneMatch(Character::isISOControl);
                assertThat(Names.column(name).isEmpty()).as("seed %d", seed).isEqualTo(good);
            }
        }
    }
}
