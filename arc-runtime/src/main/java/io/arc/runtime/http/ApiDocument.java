package io.arc.runtime.http;

import io.arc.api.spi.IngestProtocol.Endpoint;
import io.arc.runtime.http.AccessRules.Need;
import io.arc.runtime.http.Services.ProtocolRoute;
import jakarta.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.representer.Representer;

/// Completes the OpenAPI document, which MicroProfile makes of the JAX-RS resources alone, by the hot routes, the loaded wire
/// formats, the security scheme, and who we are.
final class ApiDocument {
    /// What a hot route reads.
    enum Input {
        NONE, SQL, INFLUXQL, FILE
    }

    /// A hot route as it is told to the public.
    ///
    /// @param answers media types of a success; empty for one without a body
    record HotRoute(String method, String path, String tag, String summary, Input input, List<String> answers) {}

    private static final String SCHEME = "token";

    private ApiDocument() {}

    /// @param document as MicroProfile made it
    /// @param protocols the loaded wire formats; empty before the server is ready
    /// @param isJson the form of the document, YAML otherwise, and of the result
    static byte[] complete(byte[] document, boolean isJson, String version, List<HotRoute> routes,
            Collection<ProtocolRoute> protocols) {
        Yaml yaml = new Yaml(new SafeConstructor(new LoaderOptions()), new Representer(options()),
                options());
        // JSON is YAML.
        Map<String, Object> root = new LinkedHashMap<>();
        Map<String, Object> paths = new TreeMap<>();
        Object loaded = yaml.load(new String(document, StandardCharsets.UTF_8));
        if (loaded instanceof Map<?, ?> map) {
            map.forEach((key, value) -> root.put(key.toString(), value));
        }
        if (root.get("paths") instanceof Map<?, ?> map) {
            map.forEach((path, item) -> paths.put(path.toString(), item));
        }
        routes.forEach(route -> put(paths, route.path(), route.method(), operation(route)));
        protocols.forEach(route -> put(paths, route.endpoint().path(), "POST", operation(route)));
        paths.replaceAll((path, item) -> secured(path, item, protocols));
        root.put("openapi", root.getOrDefault("openapi", "3.0.3"));
        root.put("info", Map.of("title", "Arc", "version", version, "description",
                "A time-series data warehouse: writes in several wire formats, SQL over all of it."));
        root.put("security", List.of(Map.of(SCHEME, List.of())));
        Map<String, Object> components = new LinkedHashMap<>();
        if (root.get("components") instanceof Map<?, ?> map) {
            map.forEach((key, value) -> components.put(key.toString(), value));
        }
        components.put("securitySchemes", Map.of(SCHEME, Map.of("type", "http", "scheme", "bearer", "description",
                "An API token. Not needed when authentication is off.")));
        root.put("components", components);
        root.put("paths", paths);
        String text = isJson ? Json.createObjectBuilder(root).build().toString() : yaml.dump(root);
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static DumperOptions options() {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setDereferenceAliases(true);
        return options;
    }

    private static void put(Map<String, Object> paths, String path, String method, Map<String, Object> operation) {
        Map<String, Object> item = new LinkedHashMap<>();
        if (paths.get(path) instanceof Map<?, ?> map) {
            map.forEach((key, value) -> item.put(key.toString(), value));
        }
        item.put(method.toLowerCase(Locale.ROOT), operation);
        paths.put(path, item);
    }

    /// Says of each operation what it needs.
    private static Object secured(String path, Object item, Collection<ProtocolRoute> protocols) {
        if (!(item instanceof Map<?, ?> operations)) {
            return item;
        }
        Set<String> writes = new HashSet<>();
        protocols.forEach(route -> writes.add(route.endpoint().path().toLowerCase(Locale.ROOT)));
        Map<String, Object> result = new LinkedHashMap<>();
        operations.forEach((method, value) -> {
            Object operation = value;
            if (value instanceof Map<?, ?> fields && Set.of("get", "post", "put", "patch", "delete").contains(method)) {
                Map<String, Object> copy = new LinkedHashMap<>();
                fields.forEach((key, field) -> copy.put(key.toString(), field));
                Need need = AccessRules.of(method.toString(), path.toLowerCase(Locale.ROOT), writes);
                if (need == Need.PUBLIC) {
                    copy.put("security", List.of());
                } else {
                    copy.put("x-arc-permission", need.name().toLowerCase(Locale.ROOT));
                }
                operation = copy;
            }
            result.put(method.toString(), operation);
        });
        return result;
    }

    private static Map<String, Object> operation(HotRoute route) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("tags", List.of(route.tag()));
        operation.put("summary", route.summary());
        switch (route.input()) {
            case NONE -> { }
            case SQL -> {
                operation.put("parameters", List.of(parameter("x-arc-database", "header",
                        "The database of tables that are named "
                        + "without one."), parameter("x-arc-priority", "header", "low, normal, high or critical.")));
                operation.put("requestBody", Map.of("required", true, "content", Map.of("application/json", Map.of("schema",
                        Map.of("type", "object", "required", List.of("sql"), "properties",
                                Map.of("sql", Map.of("type", "string")))))));
            }
            case INFLUXQL -> operation.put("parameters", List.of(parameter("q", "query", "The statement."),
                    parameter("db", "query", "The database.")));
            case FILE -> {
                operation.put("parameters", List.of(parameter("x-arc-database", "header", "The database to write to."),
                        parameter("db", "query", "The same."), parameter("measurement", "query", "The only table to keep."),
                        parameter("precision", "query", "The unit of the timestamps: ns, us, ms, s, m or h.")));
                operation.put("requestBody", Map.of("required", true, "content", Map.of("multipart/form-data", Map.of("schema",
                        Map.of("type", "object", "required", List.of("file"), "properties",
                                Map.of("file", Map.of("type", "string", "format", "binary")))))));
            }
        }
        Map<String, Object> success = new LinkedHashMap<>();
        success.put("description", "Success");
        Map<String, Object> content = new LinkedHashMap<>();
        route.answers().forEach(type -> content.put(type, Map.of()));
        if (!content.isEmpty()) {
            success.put("content", content);
        }
        operation.put("responses", Map.of(route.answers().isEmpty() ? "204" : "200", success));
        return operation;
    }

    private static Map<String, Object> operation(ProtocolRoute route) {
        Endpoint endpoint = route.endpoint();
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("tags", List.of("Write"));
        operation.put("summary", endpoint.doc());
        List<Object> parameters = new ArrayList<>();
        parameters.add(parameter("x-arc-database", "header", "The database to write to."));
        endpoint.databaseParameters().forEach(name -> parameters.add(parameter(name, "query", "The database to write to.")));
        endpoint.parameters().stream().filter(name -> !endpoint.databaseParameters().contains(name))
                .forEach(name -> parameters.add(parameter(name, "query", "")));
        operation.put("parameters", parameters);
        operation.put("requestBody", Map.of("required", true, "content",
                Map.of("*/*", Map.of("schema", Map.of("type", "string", "format", "binary")))));
        operation.put("responses", Map.of("204", Map.of("description", "Every record is stored."), "400",
                Map.of("description", "The body, or some of its records, were refused.")));
        return operation;
    }

    private static Map<String, Object> parameter(String name, String in, String description) {
        Map<String, Object> parameter = new LinkedHashMap<>();
        parameter.put("name", name);
        parameter.put("in", in);
        if (!description.isEmpty()) {
            parameter.put("description", description);
        }
        parameter.put("schema", Map.of("type", "string"));
        return parameter;
    }
}
