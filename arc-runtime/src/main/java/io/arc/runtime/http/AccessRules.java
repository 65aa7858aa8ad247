package io.arc.runtime.http;

import io.arc.runtime.auth.Permission;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Who may call what: the one table of permissions, for hot routes and JAX-RS alike. A path that is in no line needs ADMIN,
/// so that a forgotten line locks a route instead of opening it.
public final class AccessRules {
    /// What a request has to bring. PUBLIC: nothing. ANY: any valid token. The others name a permission.
    public enum Need {
        PUBLIC, ANY, READ, WRITE, ADMIN;

        Optional<Permission> permission() {
            return switch (this) {
                case PUBLIC, ANY -> Optional.empty();
                case READ -> Optional.of(Permission.READ);
                case WRITE -> Optional.of(Permission.WRITE);
                case ADMIN -> Optional.of(Permission.ADMIN);
            };
        }
    }

    /// A line of the table.
    ///
    /// @param method an HTTP method, or `*`
    /// @param path lower case; `{}` stands for one segment, a trailing `/*` for any rest
    record Rule(String method, String path, Need need) {}

    private static final List<Rule> RULES = List.of(
            new Rule("*", "/", Need.PUBLIC),
            new Rule("*", "/health", Need.PUBLIC),
            new Rule("*", "/health/*", Need.PUBLIC),
            new Rule("*", "/ready", Need.PUBLIC),
            new Rule("*", "/ping", Need.PUBLIC),
            new Rule("*", "/metrics", Need.PUBLIC),
            new Rule("*", "/metrics/*", Need.PUBLIC),
            new Rule("*", "/openapi", Need.PUBLIC),
            new Rule("GET", "/api/v1/metrics", Need.PUBLIC),
            new Rule("GET", "/api/v1/metrics/*", Need.PUBLIC),
            new Rule("GET", "/api/v1/auth/verify", Need.PUBLIC),

            new Rule("POST", "/api/v1/query", Need.READ),
            new Rule("POST", "/api/v1/query/*", Need.READ),
            new Rule("GET", "/api/v1/query/*", Need.READ),
            new Rule("GET", "/api/v1/measurements", Need.READ),
            new Rule("GET", "/measurements", Need.READ),
            new Rule("POST", "/query/*", Need.READ),
            new Rule("GET", "/query/{}", Need.READ),
            new Rule("GET", "/api/v1/databases", Need.READ),
            new Rule("GET", "/api/v1/databases/*", Need.READ),

            // The InfluxQL words that clients send on start; what they change is judged once the statement is known.
            new Rule("GET", "/query", Need.ANY),
            new Rule("POST", "/query", Need.ANY),

            new Rule("*", "/api/v3/write_lp", Need.ANY),

            new Rule("POST", "/api/v1/databases", Need.ADMIN),
            new Rule("POST", "/api/v1/write/line-protocol/flush", Need.ADMIN),
            new Rule("POST", "/api/v1/write/flush", Need.ADMIN),
            new Rule("POST", "/write/flush", Need.ADMIN),
            new Rule("POST", "/api/v1/import/*", Need.ADMIN),
            new Rule("GET", "/api/v1/import/stats", Need.ANY),
            new Rule("GET", "/api/v1/queries", Need.ADMIN),
            new Rule("DELETE", "/api/v1/queries/{}", Need.ADMIN),

            // The log's folder and file names are the administrator's.
            new Rule("*", "/api/wal/*", Need.ADMIN),
            new Rule("*", "/api/v1/wal/*", Need.ADMIN),
            new Rule("GET", "/api/v1/compaction/*", Need.ANY),
            new Rule("GET", "/api/compaction/*", Need.ANY),
            new Rule("POST", "/api/v1/compaction/trigger", Need.ADMIN),
            new Rule("POST", "/api/compaction/trigger", Need.ADMIN),

            new Rule("GET", "/api/v1/write/*", Need.ANY),
            new Rule("GET", "/write/*", Need.ANY),
            new Rule("GET", "/api/monitoring/*", Need.ANY));

    private AccessRules() {}

    /// What a request needs.
    ///
    /// @param path normalised by [RequestPath]
    /// @param protocolPaths the paths that wire formats are served on; they need WRITE
    static Need of(String method, String path, Set<String> protocolPaths) {
        String upper = method.toUpperCase(Locale.ROOT);
        String asked = upper.equals("HEAD") ? "GET" : upper;
        if (upper.equals("OPTIONS")) {
            return Need.PUBLIC;
        }
        // Before all lines: one with a wildcard must not open a route that takes rows.
        if (asked.equals("POST") && protocolPaths.contains(path)) {
            return Need.WRITE;
        }
        for (Rule rule : RULES) {
            if ((rule.method().equals("*") || rule.method().equals(asked)) && matches(rule.path(), path)) {
                return rule.need();
            }
        }
        return protocolPaths.contains(path) ? Need.WRITE : Need.ADMIN;
    }

    /// Whether any line, whatever its method, is about the path; for the test that walks all routes.
    static boolean isListed(String method, String path) {
        return RULES.stream().anyMatch(rule -> (rule.method().equals("*") || rule.method().equals(method))
                && matches(rule.path(), path));
    }

    private static boolean matches(String pattern, String path) {
        if (pattern.endsWith("/*")) {
            return path.length() > pattern.length() - 1 && path.startsWith(pattern.substring(0, pattern.length() - 1));
        }
        if (pattern.endsWith("/{}")) {
            String head = pattern.substring(0, pattern.length() - 2);
            return path.length() > head.length() && path.startsWith(head) && path.indexOf('/', head.length()) < 0;
        }
        return pattern.equals(path);
    }
}
