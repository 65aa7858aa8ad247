package io.arc.testkit;

import io.arc.api.ArcException;
import java.lang.management.ManagementFactory;

/// How much memory decoding a body may take, however hostile the body is: sixteen times its length and a constant, which is for the
/// objects that tables and columns are; a body of some ten thousand bytes can make no more of them than fit in there.
public final class AllocationLimit {
    private static final long CONSTANT_BYTES = 4L << 20;
    private static final int FACTOR = 16;
    private static final int ROUNDS = 3;

    private AllocationLimit() {}

    /// The bytes that a body may make a decoder allocate.
    public static long of(int length) {
        return CONSTANT_BYTES + (long) FACTOR * length;
    }

    /// Runs a decoder, and once more when it took too much: what the platform allocates while it loads a class for the first time is
    /// not the body's doing.
    ///
    /// @param decode may run several times
    /// @throws IllegalStateException when it took more memory each time; what it throws but [ArcException] comes through
    public static void check(byte[] body, Runnable decode) {
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && allocated > of(body.length); round++) {
            allocated = measure(decode);
        }
        if (allocated > of(body.length)) {
            throw new IllegalStateException(body.length + " bytes made the decoder allocate " + allocated + ", more than "
                    + of(body.length));
        }
    }

    private static long measure(Runnable decode) {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        try {
            decode.run();
        } catch (ArcException refused) {
            // A refusal takes memory, too.
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }
}
