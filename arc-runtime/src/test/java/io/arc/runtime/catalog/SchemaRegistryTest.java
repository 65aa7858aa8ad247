package io.arc.runtime.catalog;

import static io.arc.runtime.catalog.Samples.CPU;
import static io.arc.runtime.catalog.Samples.MEM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.Column;
import io.arc.api.data.ColumnBatch;
import io.arc.api.data.ColumnType;
import io.arc.api.data.Role;
import io.arc.api.data.TableId;
import io.arc.api.data.Utf8Block;
import io.arc.api.data.Validity;
import io.arc.runtime.partition.Names;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SchemaRegistryTest {
    private final SchemaRegistry registry = new SchemaRegistry(CatalogSnapshot.EMPTY, 100, Names::column);

    static Column longs(String name) {
        return new Column.LongColumn(name, Role.FIELD, new long[2], Validity.ALL_PRESENT);
    }

    static Column doubles(String name) {
        return new Column.DoubleColumn(name, Role.FIELD, new double[2], Validity.ALL_PRESENT);
    }

    static Column booleans(String name) {
        return new Column.BooleanColumn(name, Role.FIELD, new boolean[2], Validity.ALL_PRESENT);
    }

    static Column text(String name) {
        return new Column.Utf8Column(name, Role.TAG, Utf8Block.of("a", "b"), Validity.ALL_PRESENT);
    }

    static Column absent(String name) {
        return new Column.Utf8Column(name, Role.FIELD, Utf8Block.of("", ""), Validity.allAbsent(2));
    }

    static ColumnBatch batch(TableId table, Column... columns) {
        return new ColumnBatch(table, 2, new long[2], List.of(columns));
    }

    private ColumnType type(String column) {
        return registry.find(CPU).orElseThrow().find(column).orElseThrow().type();
    }

    private void refuses(ErrorCode code, ColumnBatch batch, String... words) {
        TableSchema before = registry.find(batch.table()).orElse(TableSchema.EMPTY);
        assertThatExceptionOfType(ArcException.class).isThrownBy(() -> registry.admit(batch)).satisfies(failure -> {
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure.getMessage()).contains(words);
        });
        assertThat(registry.find(batch.table()).orElse(TableSchema.EMPTY)).isEqualTo(before);
    }

    @Test
    void addsColumnsInTheOrderOfArrival() {
        registry.admit(batch(CPU, text("host"), longs("z")));
        TableSchema schema = registry.admit(batch(CPU, booleans("a"), text("host"), doubles("m")));
        assertThat(schema.columns()).extracting(ColumnSchema::name).containsExactly("host", "z", "a", "m");
        assertThat(schema.columns()).extracting(ColumnSchema::role)
                .containsExactly(Role.TAG, Role.FIELD, Role.FIELD, Role.FIELD);
        assertThat(registry.find(CPU)).contains(schema);
        assertThat(registry.tables()).containsExactly(CPU);
    }

    @Test
    void theSameAgainChangesNothing() {
        ColumnBatch batch = batch(CPU, text("host"), longs("v"));
        TableSchema schema = registry.admit(batch);
        long version = registry.version(CPU);
        assertThat(registry.admit(batch)).isSameAs(schema);
        assertThat(registry.version(CPU)).isEqualTo(version);
        registry.admit(batch(CPU, longs("w")));
        assertThat(registry.version(CPU)).isNotEqualTo(version);
    }

    @Test
    void widens() {
        registry.admit(batch(CPU, longs("n"), doubles("d"), longs("t"), booleans("b")));
        registry.admit(batch(CPU, doubles("n"), longs("d"), text("t"), text("b")));
        assertThat(type("n")).isEqualTo(ColumnType.FLOAT64);
        assertThat(type("d")).isEqualTo(ColumnType.FLOAT64);
        assertThat(type("t")).isEqualTo(ColumnType.TEXT);
        assertThat(type("b")).isEqualTo(ColumnType.TEXT);
        long version = registry.version(CPU);
        registry.admit(batch(CPU, longs("n"), longs("d"), doubles("t"), booleans("b")));
        assertThat(registry.version(CPU)).isEqualTo(version);
    }

    @Test
    void refusesBooleansWithNumbers() {
        registry.admit(batch(CPU, longs("v"), booleans("b")));
        refuses(ErrorCode.TYPE_CONFLICT, batch(CPU, longs("new"), booleans("v")), "'v'", "prod.cpu", "INT64", "BOOLEAN");
        refuses(ErrorCode.TYPE_CONFLICT, batch(CPU, doubles("b")), "'b'", "prod.cpu", "FLOAT64", "BOOLEAN");
        assertThat(registry.find(CPU).orElseThrow().find("new")).isEmpty();
    }

    @Test
    void aColumnWithoutAnyValueHasNoType() {
        registry.admit(batch(CPU, longs("v")));
        long version = registry.version(CPU);
        registry.admit(batch(CPU, absent("v")));
        assertThat(registry.version(CPU)).isEqualTo(version);

        TableSchema schema = registry.admit(batch(CPU, absent("new")));
        assertThat(type("new")).isEqualTo(ColumnType.TEXT);
        assertThat(schema.isTyped("new")).isFalse();
        assertThat(registry.admit(batch(CPU, absent("new")))).isSameAs(schema);
        registry.admit(batch(CPU, booleans("new")));
        assertThat(type("new")).isEqualTo(ColumnType.BOOLEAN);
        assertThat(registry.find(CPU).orElseThrow().isTyped("new")).isTrue();
        refuses(ErrorCode.TYPE_CONFLICT, batch(CPU, longs("new")), "'new'");
    }

    @Test
    void theFirstTextValueMakesItText() {
        registry.admit(batch(CPU, absent("s")));
        registry.admit(batch(CPU, text("s")));
        assertThat(registry.find(CPU).orElseThrow().isTyped("s")).isTrue();
        registry.admit(batch(CPU, longs("s")));
        assertThat(type("s")).isEqualTo(ColumnType.TEXT);
    }

    @Test
    void aRequestIsAdmittedAsAWholeOrNotAtAll() {
        registry.admit(batch(CPU, longs("v")));
        assertThatExceptionOfType(ArcException.class).isThrownBy(() -> registry.admitAll(List.of(
                batch(MEM, longs("x")), batch(CPU, text("host")), batch(CPU, booleans("v")))));
        assertThat(registry.find(MEM)).isEmpty();
        assertThat(registry.find(CPU).orElseThrow().find("host")).isEmpty();
        // two batches of one request contradict each other
        assertThatExceptionOfType(ArcException.class).isThrownBy(() -> registry.admitAll(List.of(
                batch(MEM, longs("x")), batch(MEM, booleans("x")))));
        assertThat(registry.tables()).containsExactly(CPU);
        registry.admitAll(List.of(batch(MEM, longs("x")), batch(MEM, doubles("x")), batch(CPU, text("host"))));
        assertThat(registry.find(MEM).orElseThrow().find("x").orElseThrow().type()).isEqualTo(ColumnType.FLOAT64);
    }

    @Test
    void checksNewNamesAndTheirNumber() {
        refuses(ErrorCode.INVALID_NAME, batch(CPU, longs("a\u0000")), "control", "prod.cpu");
        refuses(ErrorCode.INVALID_NAME, batch(CPU, longs("time")), "time");
        refuses(ErrorCode.INVALID_NAME, batch(CPU, longs("a"), doubles("a")), "'a'");
        Column[] many = new Column[100];
        Arrays.setAll(many, i -> longs("c" + i));
        registry.admit(batch(CPU, many));
        registry.admit(batch(CPU, many));
        refuses(ErrorCode.MALFORMED_PAYLOAD, batch(CPU, longs("one more")), "101", "100", "prod.cpu");
    }

    @Test
    void goesOnFromTheCatalog() {
        CatalogSnapshot snapshot = CatalogSnapshot.EMPTY.withDatabase("prod", 0)
                .withTable(1, new TableEntry(CPU, Samples.SCHEMA, List.of(), Map.of()));
        SchemaRegistry seeded = new SchemaRegistry(snapshot, 100, Names::column);
        assertThat(seeded.find(CPU)).contains(Samples.SCHEMA);
        seeded.forget(CPU);
        assertThat(seeded.find(CPU)).isEmpty();
        assertThat(seeded.version(CPU)).isZero();
        seeded.admit(batch(CPU, booleans("usage")));
        assertThat(seeded.version(CPU)).isGreaterThan(1);
    }

    @Test
    void theOrderOfArrivalDoesNotMatterForTypes() {
        for (long seed = 0; seed < 500; seed++) {
            Random random = new Random(seed);
            List<ColumnBatch> batches = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                String name = "c" + random.nextInt(3);
                batches.add(batch(CPU, switch (random.nextInt(4)) {
                    case 0 -> longs(name);
                    case 1 -> doubles(name);
                    case 2 -> text(name);
                    default -> absent(name);
                }));
            }
            SchemaRegistry one = new SchemaRegistry(CatalogSnapshot.EMPTY, 100, Names::column);
            batches.forEach(one::admit);
            Collections.shuffle(batches, random);
            SchemaRegistry other = new SchemaRegistry(CatalogSnapshot.EMPTY, 100, Names::column);
            batches.forEach(other::admit);
            assertThat(types(other)).as("seed %d", seed).isEqualTo(types(one));
        }
    }

    private static Map<String, String> types(SchemaRegistry registry) {
        Map<String, String> types = new TreeMap<>();
        TableSchema schema = registry.find(CPU).orElseThrow();
        for (ColumnSchema column : schema.columns()) {
            types.put(column.name(), column.type() + (schema.isTyped(column.name()) ? "" : "?"));
        }
        return types;
    }

    @Test
    void eightThreadsTogetherLoseNoColumn() throws Exception {
        int threads = 8;
        SchemaRegistry shared = new SchemaRegistry(CatalogSnapshot.EMPTY, 1000, Names::column);
        CyclicBarrier together = new CyclicBarrier(threads);
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> running = new ArrayList<>();
            for (int thread = 0; thread < threads; thread++) {
                int number = thread;
                running.add(executor.submit(() -> {
                    together.await();
                    for (int i = 0; i < 50; i++) {
                        String own = "t" + number + "_" + i;
                        TableSchema schema = shared.admit(batch(CPU, longs(own), number % 2 == 0 ? longs("n" + i)
                                : doubles("n" + i)));
                        assertThat(schema.find(own)).isPresent();
                    }
                    return null;
                }));
            }
            for (Future<?> each : running) {
                each.get();
            }
        }
        TableSchema schema = shared.find(CPU).orElseThrow();
        assertThat(schema.columns()).hasSize(threads * 50 + 50);
        for (int i = 0; i < 50; i++) {
            assertThat(schema.find("n" + i).orElseThrow().type()).isEqualTo(ColumnType.FLOAT64);
        }
    }
}
