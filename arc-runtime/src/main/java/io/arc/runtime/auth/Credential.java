package io.arc.runtime.auth;

import java.util.Objects;

/// A token as a request presented it. Its text form hides the value.
///
/// @param token not empty
public record Credential(String token, Source source) {
    /// Where in the request it stood.
    public enum Source {
        AUTHORIZATION_HEADER, API_KEY_HEADER,
        /// Ends up in access logs of proxies; accepted for InfluxDB 1.x clients.
        QUERY_PARAMETER
    }

    public Credential {
        Objects.requireNonNull(source, "source");
        if (token.isEmpty()) {
            throw new IllegalArgumentException("an empty token is no credential");
        }
    }

    @Override
    public String toString() {
        return "credential from " + source;
    }
}
