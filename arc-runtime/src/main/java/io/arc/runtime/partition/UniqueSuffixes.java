package io.arc.runtime.partition;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/// Gives texts that make file names unique: a random part, fixed for the life of this object, and a number that counts up. So
/// no two names of one server are alike, whatever its clock does, and two servers on one store have their own random part.
///
/// Thread-safe. Lower-case letters and digits only.
public final class UniqueSuffixes {
    private static final String ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
    private static final int RANDOM_LENGTH = 8;

    private final String prefix;
    private final AtomicLong next = new AtomicLong();

    /// @param random asked once, here; secure or at least seeded differently in each process
    public UniqueSuffixes(RandomGenerator random) {
        Objects.requireNonNull(random, "random");
        StringBuilder text = new StringBuilder(RANDOM_LENGTH);
        for (int i = 0; i < RANDOM_LENGTH; i++) {
            text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
        }
        this.prefix = text.toString();
    }

    /// A text that this object never gives again.
    public String next() {
        return prefix + Long.toString(next.getAndIncrement(), Character.MAX_RADIX);
    }
}
