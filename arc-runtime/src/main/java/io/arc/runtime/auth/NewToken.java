package io.arc.runtime.auth;

/// A token's value, shown to its owner once and stored nowhere. Its text form hides the value.
public record NewToken(TokenInfo info, String token) {
    @Override
    public String toString() {
        return "new token " + info.name();
    }
}
