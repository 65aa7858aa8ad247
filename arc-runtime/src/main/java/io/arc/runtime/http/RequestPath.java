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
        return "/" + String.join("/", segments).toLowerCase(Locale.ROOT);
    }

    /// The last segment in the case it was sent with, for routes that carry a name there.
    static String lastSegment(String decoded) {
        String trimmed = decoded.endsWith("/") ? decoded.substring(0, decoded.length() - 1) : decoded;
        return trimmed.substring(trimmed.lastIndexOf('/') + 1);
    }
}
