package io.arc.runtime.compaction;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.util.function.Supplier;

/// One file that no merge can take in, now or later.
final class UnreadableInput extends RuntimeException {
    private final String key;

    UnreadableInput(String key, String message, ArcException cause) {
        super(message, cause);
        this.key = key;
    }

    String key() {
        return key;
    }

    /// Does something with the file and says that it is this file's fault when it is damaged or gone. Any other failure is the
    /// store's and passes.
    static <T> T attribute(String key, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (ArcException failed) {
            if (failed.code() == ErrorCode.CORRUPT_DATA || failed.code() == ErrorCode.OBJECT_MISSING) {
                throw new UnreadableInput(key, failed.getMessage(), failed);
            }
            throw failed;
        }
    }
}
