package io.arc.plugin.storage.s3;

import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Arc's keys and the bucket's names for them, which start with the prefix.
///
/// @param prefix empty, or text that ends with a slash
record ObjectKeys(String prefix) {
    private static final int MAX_BYTES = 1024;

    /// @throws IllegalArgumentException for a key that breaks the rules of the interface
    String nameOf(String key) {
        if (!isKey(key)) {
            throw new IllegalArgumentException("'" + key.replace('\0', '?') + "' is not a key: a key is relative, and has no"
                    + " empty, '.' or '..' segment and no NUL");
        }
        String name = prefix + key;
        if (name.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
            throw new IllegalArgumentException("'" + name + "' is longer than the " + MAX_BYTES + " bytes that a key may have");
        }
        return name;
    }

    /// Empty for names that are no keys, such as the folders that consoles make.
    Optional<String> keyOf(String name) {
        return name.startsWith(prefix) ? Optional.of(name.substring(prefix.length())).filter(ObjectKeys::isKey)
                : Optional.empty();
    }

    private static boolean isKey(String text) {
        int start = 0;
        while (true) {
            int slash = text.indexOf('/', start);
            String segment = slash < 0 ? text.substring(start) : text.substring(start, slash);
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..") || segment.indexOf('\0') >= 0) {
                return false;
            }
            if (slash < 0) {
                return true;
            }
            start = slash + 1;
        }
    }
}
