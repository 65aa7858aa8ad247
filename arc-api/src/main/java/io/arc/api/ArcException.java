package io.arc.api;

import java.util.Objects;

/// The one exception that crosses rooms and plugin borders. Unchecked.
///
/// The message says what was wrong, the value, where (table, key, byte, line) and what to do about it; for codes whose
/// category is the client's it is shown to the client as it stands, so it holds no path, secret or stack trace.
public final class ArcException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public ArcException(ErrorCode code, String message) {
        this(code, message, null);
    }

    /// @param cause the failure underneath, or null where there is none
    public ArcException(ErrorCode code, String message, Throwable cause) {
        super(Objects.requireNonNull(message, "message"), cause);
        this.code = Objects.requireNonNull(code, "code");
    }

    public ErrorCode code() {
        return code;
    }
}
