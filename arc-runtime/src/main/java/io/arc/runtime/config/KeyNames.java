package io.arc.runtime.config;

import java.util.Locale;

/// Spelling of keys. Two spellings mean the same key when they fold to the same text, so `storage.s3_bucket`,
/// `storage.s3.bucket` and `STORAGE_S3_BUCKET` are one key.
public final class KeyNames {
    /// What every environment name of ours starts with.
    public static final String ENVIRONMENT_PREFIX = "ARC_";

    /// What every system property of ours starts with.
    public static final String PROPERTY_PREFIX = "arc.";

    private KeyNames() {}

    /// Upper case, and `_` for everything that is neither a letter nor a digit.
    public static String fold(String name) {
        StringBuilder folded = new StringBuilder(name.toUpperCase(Locale.ROOT));
        for (int i = 0; i < folded.length(); i++) {
            char c = folded.charAt(i);
            boolean plain = c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (!plain) {
                folded.setCharAt(i, '_');
            }
        }
        return folded.toString();
    }

    /// `server.port` as `ARC_SERVER_PORT`.
    public static String environmentName(String key) {
        return ENVIRONMENT_PREFIX + fold(key);
    }
}
