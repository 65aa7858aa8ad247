package io.arc.runtime.auth;

/// What the first start, or a recovery, did about tokens.
public sealed interface BootstrapResult {
    /// There are tokens; nothing was done.
    record TokensExist() implements BootstrapResult {}

    /// An administrator's token was made. Its value is known nowhere else: print it once, never log it.
    record Generated(String name, String token) implements BootstrapResult {
        @Override
        public String toString() {
            return "generated token " + name;
        }
    }

    /// An administrator's token was made of the value that the operator gave, who knows it.
    record Given(String name) implements BootstrapResult {}
}
