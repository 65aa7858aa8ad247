package io.arc.plugin.storage.local;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/// Keys as paths below a root. A key that could name anything outside is refused.
record KeyPaths(Path root) {
    private static final String TEMPORARY_PREFIX = ".arc-";
    private static final String TEMPORARY_SUFFIX = ".tmp";

    /// @throws IllegalArgumentException for a key that breaks the rules of the interface, or that listings would hide
    Path resolve(String key) {
        int start = 0;
        while (true) {
            int slash = key.indexOf('/', start);
            String segment = slash < 0 ? key.substring(start) : key.substring(start, slash);
            if (segment.isEmpty() || segment.equals(".") || segment.equals("..") || segment.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("'" + key.replace('\0', '?')
                        + "' is not a key: a key is relative, and has no"
                        + " empty, '.' or '..' segment and no NUL");
            }
            if (slash < 0) {
                break;
            }
            start = slash + 1;
        }
        if (isTemporary(key.substring(start))) {
            throw new IllegalArgumentException("'" + key + "' is a name for temporary files");
        }
        try {
            Path path = root.resolve(key);
            if (!path.startsWith(root)) {
                throw new IllegalArgumentException("'" + key + "' is not a key below " + root);
            }
            return path;
        } catch (InvalidPathException unencodable) {
            throw new ArcException(ErrorCode.CONFIGURATION, "the file name '" + key + "' cannot be written in the encoding "
                    + System.getProperty("sun.jnu.encoding") + "; start the server in a UTF-8 locale, such as LC_ALL=C.UTF-8",
                    unencodable);
        }
    }

    static String temporaryName(long random) {
        return TEMPORARY_PREFIX + Long.toUnsignedString(random, Character.MAX_RADIX) + TEMPORARY_SUFFIX;
    }

    /// Whether a file of this name is one that a put has not finished.
    static boolean isTemporary(String fileName) {
        return fileName.startsWith(TEMPORARY_PREFIX) && fileName.endsWith(TEMPORARY_SUFFIX);
    }
}
