package io.arc.runtime.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Who may import whom. Think before you add to the table: a room that knows more is harder to change.
class ArchitectureTest {
    private static final String ROOT = "io.arc.runtime";

    /// For each room the other rooms it may use. Rooms in no line may be used by the root package only.
    private static final Map<String, Set<String>> ROOMS = new TreeMap<>(Map.ofEntries(
            Map.entry("text", Set.of()),
            Map.entry("config", Set.of("text")),
            Map.entry("logging", Set.of()),
            Map.entry("metrics", Set.of()),
            Map.entry("partition", Set.of()),
            Map.entry("fs", Set.of()),
            Map.entry("buffer", Set.of()),
            Map.entry("parquet", Set.of()),
            Map.entry("wal", Set.of("fs")),
            Map.entry("plugin", Set.of("config", "text")),
            Map.entry("storage", Set.of("metrics")),
            Map.entry("catalog", Set.of()),
            Map.entry("auth", Set.of("catalog")),
            Map.entry("filecache", Set.of("catalog")),
            Map.entry("duckdb", Set.of()),
            Map.entry("query", Set.of("duckdb", "catalog", "buffer", "filecache", "partition", "plugin", "text")),
            Map.entry("ingest", Set.of("wal", "buffer", "catalog", "partition", "metrics", "plugin")),
            Map.entry("flush", Set.of("buffer", "partition", "parquet", "catalog", "wal", "metrics")),
            Map.entry("recovery", Set.of("wal", "fs", "buffer", "catalog", "flush", "parquet", "partition", "metrics")),
            Map.entry("compaction", Set.of("catalog", "partition", "parquet", "duckdb", "filecache", "fs", "metrics")),
            Map.entry("http", Set.of("ingest", "query", "auth", "catalog", "buffer", "partition", "metrics", "compaction"))));

    /// Libraries that only these rooms may see.
    private static final Map<String, Set<String>> LIBRARIES = Map.of(
            "io.helidon", Set.of("http"),
            "jakarta", Set.of("http"),
            "org.eclipse.microprofile.config", Set.of("http", "config"),
            "org.duckdb", Set.of("duckdb", "query"),
            "org.sqlite", Set.of("catalog"),
            "org.apache.parquet", Set.of("parquet"),
            "org.apache.arrow", Set.of("query", "duckdb"),
            "org.tomlj", Set.of("config"));

    @Test
    void roomsUseOnlyTheRoomsTheyMay() {
        JavaClasses classes =
                new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(ROOT);
        assertThat(violations(classes, ROOT)).as("forbidden imports").isEmpty();
        assertThat(classes.stream().map(each -> room(each, ROOT)).filter(room -> !room.isEmpty()).distinct().toList())
                .as("rooms without a line in the table").allMatch(ROOMS::containsKey);
    }

    /// The check itself can fail: a leaf that imports a leaf and a room that imports `http` are found.
    @Test
    void aForbiddenImportFails() {
        JavaClasses classes = new ClassFileImporter().importPackages("io.arc.runtime.architecture.forbidden");
        List<String> violations = violations(classes, "io.arc.runtime.architecture.forbidden");
        assertThat(violations).hasSize(2);
        assertThat(violations.get(0)).contains("buffer may not use parquet");
        assertThat(violations.get(1)).contains("parquet may not use http");
        assertThatThrownBy(() -> assertThat(violations).isEmpty()).isInstanceOf(AssertionError.class);
    }

    private static List<String> violations(JavaClasses classes, String root) {
        TreeSet<String> violations = new TreeSet<>();
        for (JavaClass each : classes) {
            String room = room(each, root);
            if (room.isEmpty()) {
                continue;
            }
            each.getDirectDependenciesFromSelf().forEach(dependency -> {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                String other = room(target, root);
                if (!other.isEmpty() && !other.equals(room) && !ROOMS.getOrDefault(room, Set.of()).contains(other)) {
                    violations.add(room + " may not use " + other + ": " + each.getName() + " -> " + target.getName());
                }
                LIBRARIES.forEach((library, rooms) -> {
                    if (target.getPackageName().startsWith(library) && !rooms.contains(room)) {
                        violations.add(room + " may not use " + library + ": " + each.getName() + " -> " + target.getName());
                    }
                });
                if (target.getPackageName().equals(root)) {
                    violations.add(room + " may not use the server: " + each.getName() + " -> " + target.getName());
                }
            });
        }
        return List.copyOf(violations);
    }

    /// The first package below the root; empty for the root's own classes and for classes elsewhere.
    private static String room(JavaClass type, String root) {
        String name = type.getPackageName();
        if (!name.startsWith(root + ".")) {
            return "";
        }
        String rest = name.substring(root.length() + 1);
        int dot = rest.indexOf('.');
        return dot < 0 ? rest : rest.substring(0, dot);
    }
}
