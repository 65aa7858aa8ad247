package io.arc.runtime.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// One spelling for all spellings of a path: decoded, lower case, no empty, `.` or `..` segment, no matrix parameters, no
/// trailing slash. Permissions and dispatch both use it, so that no spelling reaches a route under another's permission.
final class RequestPath {
    private RequestPath() {}

    /// @param decoded the percent-decoded path
    static String normalise(String decoded) {
        return "/" + String.join("/", segments(decoded)).toLowerCase(Locale.ROOT);
    }

    /// The last segment of the normalised path, in the case it was sent with, for routes that carry a name there. Empty for
    /// the root.
    static String lastSegment(String decoded) {
        List<String> segments = segments(decoded);
        return segments.isEmpty() ? "" : segments.getLast();
    }

    /// Whether others, who do not normalise, see the same path, case and a trailing slash apart.
    ///
    /// @param raw as it was sent
    static boolean isCanonical(String raw, String normalised) {
        String trimmed = raw.length() > 1 && raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
        return trimmed.equalsIgnoreCase(normalised);
    }

    private static List<String> segments(String decoded) {
        List<String> segments = new ArrayList<>();
        for (String raw : decoded.split("/", -1)) {
            int parameters = raw.indexOf(';');
            String segment = parameters < 0 ? raw : raw.substring(0, parameters);
            switch (segment) {
                case "", "." -> { }
                case ".." -> {
                    if (!segments.isEmpty()) {
                        segments.removeLast();
                    }
                }
                default -> segments.add(segment);
            }
        }
        return segments;
    }
}
