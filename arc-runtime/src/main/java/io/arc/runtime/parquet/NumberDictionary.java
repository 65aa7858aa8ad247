package io.arc.runtime.parquet;

import java.util.Arrays;

/// Numbers distinct 64-bit values, integers or the bits of doubles, from 0 in the order of their first arrival. Scratch of one
/// encoder, used again for each column chunk.
final class NumberDictionary {
    /// Codes of fifteen bits and a table that stays within the processor's second cache.
    static final int MAX_ENTRIES = 1 << 15;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final int SLOT_BITS = 16;

    private final long[] entries = new long[MAX_ENTRIES];
    /// Open addressing: code + 1, or 0 for a free slot. At most half of them are taken.
    private final int[] slots = new int[1 << SLOT_BITS];
    private int entryCount;
    private int maxEntries;

    /// Empties the dictionary and says how much it may hold.
    void reset(int entries) {
        if (entryCount > slots.length >>> 4) {
            Arrays.fill(slots, 0);
        } else {
            for (int code = 0; code < entryCount; code++) {
                slots[slotOf(code)] = 0;
            }
        }
        entryCount = 0;
        maxEntries = Math.min(entries, MAX_ENTRIES);
    }

    private int slotOf(int code) {
        int slot = hash(entries[code]);
        while (slots[slot] != code + 1) {
            slot = slot + 1 & slots.length - 1;
        }
        return slot;
    }

    /// The product's highest bits depend on all bits of the value.
    private static int hash(long value) {
        return (int) ((value ^ value >>> 32) * MULTIPLIER >>> 64 - SLOT_BITS);
    }

    /// Puts the codes of the values from `from` up to `to` into `codes`, from `at` on.
    ///
    /// @return false when there are more distinct values than the dictionary may hold
    boolean encode(long[] values, int from, int to, int[] codes, int at) {
        for (int i = from; i < to; i++) {
            int code = code(values[i]);
            if (code < 0) {
                return false;
            }
            codes[at + i - from] = code;
        }
        return true;
    }

    /// The same by the doubles' bits, so that every zero and every NaN comes back as it was.
    boolean encode(double[] values, int from, int to, int[] codes, int at) {
        for (int i = from; i < to; i++) {
            int code = code(Double.doubleToRawLongBits(values[i]));
            if (code < 0) {
                return false;
            }
            codes[at + i - from] = code;
        }
        return true;
    }

    private int code(long value) {
        int slot = hash(value);
        while (slots[slot] != 0) {
            int code = slots[slot] - 1;
            if (entries[code] == value) {
                return code;
            }
            slot = slot + 1 & slots.length - 1;
        }
        if (entryCount >= maxEntries) {
            return -1;
        }
        entries[entryCount] = value;
        slots[slot] = ++entryCount;
        return entryCount - 1;
    }

    int entryCount() {
        return entryCount;
    }

    /// The entries by code.
    long[] values() {
        return entries;
    }

    int codeWidth() {
        return 32 - Integer.numberOfLeadingZeros(Math.max(0, entryCount - 1));
    }
}
