package io.arc.api.data;

import java.util.Objects;

/// Which rows of a column hold a value. Bit `row & 63` of word `row >> 6` is set when the row is present. No words at all
/// means that every row is present, which costs nothing. Words past the end count as absent rows.
public record Validity(long[] words) {
    /// Every row is present.
    public static final Validity ALL_PRESENT = new Validity(new long[0]);

    public Validity {
        Objects.requireNonNull(words, "words");
    }

    /// A validity of `rowCount` absent rows; zero rows give one zero word, so that it never reads as all present.
    public static Validity allAbsent(int rowCount) {
        return new Validity(new long[Math.max(1, wordCount(rowCount))]);
    }

    /// How many words `rowCount` rows need.
    public static int wordCount(int rowCount) {
        return (rowCount + 63) >>> 6;
    }

    public boolean isAllPresent() {
        return words.length == 0;
    }

    public boolean isPresent(int row) {
        if (words.length == 0) {
            return true;
        }
        int word = row >> 6;
        return word < words.length && (words[word] >>> row & 1) != 0;
    }

    /// How many of the first `rowCount` rows are present.
    public int presentCount(int rowCount) {
        if (words.length == 0) {
            return rowCount;
        }
        int full = rowCount >> 6;
        int count = 0;
        for (int word = 0; word < Math.min(full, words.length); word++) {
            count += Long.bitCount(words[word]);
        }
        int rest = rowCount & 63;
        if (rest != 0 && full < words.length) {
            count += Long.bitCount(words[full] & (1L << rest) - 1);
        }
        return count;
    }
}
