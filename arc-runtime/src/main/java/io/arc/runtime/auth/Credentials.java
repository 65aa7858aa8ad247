package io.arc.runtime.auth;

import io.arc.runtime.auth.Credential.Source;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;

/// Finds the token in a request. The first of these that is not empty wins:
///
/// | Where | Token |
/// |---|---|
/// | `Authorization: Bearer T` | `T` |
/// | `Authorization: Token T`, `Token user:T` | `T` |
/// | `Authorization: Basic base64(user:T)` | `T`, or the user when `T` is empty |
/// | `Authorization: T` (anything else) | the whole value |
/// | `x-api-key: T` | `T` |
/// | `?p=T` | `T` |
///
/// Scheme words are case-sensitive and followed by exactly one space. A scheme without a value, or Basic with a value that
/// is not Base64, counts as absent. Never throws.
public final class Credentials {
    private static final String BEARER = "Bearer";
    private static final String TOKEN = "Token";
    private static final String BASIC = "Basic";

    private Credentials() {}

    /// @param authorization the `Authorization` header, null or empty when absent
    /// @param apiKey the `x-api-key` header, null or empty when absent
    /// @param parameter the decoded query parameter `p`, null or empty when absent
    public static Optional<Credential> find(String authorization, String apiKey, String parameter) {
        String token = fromAuthorization(authorization == null ? "" : authorization);
        if (!token.isEmpty()) {
            return Optional.of(new Credential(token, Source.AUTHORIZATION_HEADER));
        }
        if (apiKey != null && !apiKey.isEmpty()) {
            return Optional.of(new Credential(apiKey, Source.API_KEY_HEADER));
        }
        if (parameter != null && !parameter.isEmpty()) {
            return Optional.of(new Credential(parameter, Source.QUERY_PARAMETER));
        }
        return Optional.empty();
    }

    private static String fromAuthorization(String value) {
        if (isScheme(BEARER, value)) {
            return rest(BEARER, value);
        }
        if (isScheme(TOKEN, value)) {
            return secret(rest(TOKEN, value));
        }
        if (isScheme(BASIC, value)) {
            return secret(decoded(rest(BASIC, value)));
        }
        return value;
    }

    /// HTTP servers cut the space off a header's end, so that a scheme without a value may come alone.
    private static boolean isScheme(String scheme, String value) {
        return value.startsWith(scheme) && (value.length() == scheme.length() || value.charAt(scheme.length()) == ' ');
    }

    private static String rest(String scheme, String value) {
        return value.length() <= scheme.length() ? "" : value.substring(scheme.length() + 1);
    }

    /// The part after the first colon; what is before it when nothing follows; all of it without a colon.
    private static String secret(String pair) {
        int colon = pair.indexOf(':');
        if (colon < 0) {
            return pair;
        }
        return colon + 1 < pair.length() ? pair.substring(colon + 1) : pair.substring(0, colon);
    }

    private static String decoded(String base64) {
        try {
            return new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException noBase64) {
            return "";
        }
    }
}
