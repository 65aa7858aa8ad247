package io.arc.runtime.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.arc.api.spi.PluginInstance;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/// Who may import whom. Think before you add to the table: a room that knows more is harder to change.
class ArchitectureTest {
    private static final String ROOT = "io.arc.runtime";
    private static final String API = "io.arc.api";

    /// For each room the other rooms it may use. Rooms in no line may be used by the root package only.
    private static final Map<String, Set<String>> ROOMS = new TreeMap<>(Map.ofEntries(
            Map.entry("text", Set.of()),
            Map.entry("schedule", Set.of()),
            Map.entry("config", Set.of("text", "schedule")),
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
            Map.entry("filecache", Set.of("catalog", "parquet")),
            Map.entry("duckdb", Set.of()),
            Map.entry("query", Set.of("duckdb", "catalog", "buffer", "filecache", "text")),
            Map.entry("ingest", Set.of("wal", "buffer", "catalog", "partition", "metrics")),
            Map.entry("flush", Set.of("buffer", "partition", "parquet", "catalog", "metrics")),
            Map.entry("recovery", Set.of("wal", "buffer", "catalog", "flush", "partition", "parquet", "metrics")),
            Map.entry("compaction",
                    Set.of("schedule", "catalog", "partition", "parquet", "duckdb", "filecache", "fs", "metrics")),
            Map.entry("http",
                    Set.of("ingest", "query", "auth", "catalog", "buffer", "partition", "metrics", "compaction", "schedule"))));

    /// Libraries that only these rooms may see.
    private static final Map<String, Set<String>> LIBRARIES = Map.of(
            "io.helidon", Set.of("http"),
            "jakarta", Set.of("http"),
            "org.eclipse.microprofile.config", Set.of("http", "config"),
            "org.duckdb", Set.of("duckdb", "query"),
            "org.sqlite", Set.of("catalog"),
            // SQLite in the catalog, whose file the tokens and what compaction gave up share; DuckDB elsewhere.
            "java.sql", Set.of("catalog", "auth", "compaction", "duckdb", "query"),
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

    /// A permission that nobody uses invites an import that nobody has thought about.
    @Test
    void everyPermissionIsUsed() {
        JavaClasses classes =
                new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(ROOT);
        Set<String> used = new TreeSet<>();
        for (JavaClass each : classes) {
            each.getDirectDependenciesFromSelf().forEach(dependency -> used.add(room(each, ROOT) + " uses "
                    + room(dependency.getTargetClass().getBaseComponentType(), ROOT)));
        }
        List<String> unused = ROOMS.entrySet().stream()
                .flatMap(room -> room.getValue().stream().map(other -> room.getKey() + " uses " + other))
                .filter(permission -> !used.contains(permission)).toList();
        assertThat(unused).as("permissions that nobody needs").isEmpty();
    }

    /// The API: errors know nothing, rows know errors, plugins' interfaces know both.
    @Test
    void theApiLooksOneWay() {
        Map<String, Set<String>> allowed = Map.of("", Set.of(), "data", Set.of(""), "spi", Set.of("", "data"));
        List<String> violations = new ArrayList<>();
        for (JavaClass each : new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.arc.api")) {
            String from = room(each, API);
            each.getDirectDependenciesFromSelf().forEach(dependency -> {
                JavaClass target = dependency.getTargetClass().getBaseComponentType();
                String name = target.getPackageName();
                boolean isOwn = name.equals(API) || name.startsWith(API + ".");
                if (isOwn ? !room(target, API).equals(from) && !allowed.get(from).contains(room(target, API))
                        : !name.startsWith("java.") && !name.isEmpty()) {
                    violations.add(each.getName() + " -> " + target.getName());
                }
            });
        }
        assertThat(violations).isEmpty();
    }

    /// What stands before a plugin's instance passes every call on: a default that it inherits would hide the plugin's own answer.
    @Test
    void nothingBeforeAPluginHidesItsAnswers() throws ClassNotFoundException {
        List<String> hidden = new ArrayList<>();
        for (JavaClass each : new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages(ROOT)) {
            Class<?> type = Class.forName(each.getName(), false, getClass().getClassLoader());
            if (!type.isInterface() && PluginInstance.class.isAssignableFrom(type)) {
                for (Method method : type.getMethods()) {
                    if (method.isDefault() && method.getDeclaringClass().getPackageName().startsWith(API)) {
                        hidden.add(each.getName() + " inherits " + method.getName());
                    }
                }
            }
        }
        assertThat(hidden).isEmpty();
    }

    /// The check itself can fail: a leaf that imports a leaf and a room that imports `http` are found.
    @Test
    void aForbiddenImportFails() {
        JavaClasses classes = new ClassFileImporter().importPackages("io.arc.runtime.architecture.forbidden");
        List<String> violations = violations(classes, "io.arc.runtime.architecture.forbidden");
        assertThat(violations).hasSize(4);
        assertThat(violations.get(0)).contains("buffer may not use java.sql");
        assertThat(violations.get(1)).contains("buffer may not use parquet");
        assertThat(violations.get(2)).contains("parquet may not use http");
        assertThat(violations.get(3)).contains("the server itself may not use java.sql");
    }

    private static List<String> violations(JavaClasses classes, String root) {
        TreeSet<String> violations = new TreeSet<>();
        for (JavaClass each : classes) {
            String room = room(each, root);
            if (room.isEmpty()) {
                each.getDirectDependenciesFromSelf().forEach(dependency -> LIBRARIES.keySet().stream()
                        .filter(dependency.getTargetClass().getPackageName()::startsWith)
                        .filter(library -> !library.equals("org.eclipse.microprofile.config"))
                        .forEach(library -> violations.add("the server itself may not use " + library + ": " + each.getName())));
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
