package io.arc.runtime.parquet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/// Numbers distinct texts from 0 in the order of their first arrival, and keeps them as the dictionary page wants them: each
/// with its length before it. Scratch of one encoder, used again for each column chunk.
final class TextDictionary {
    /// Codes of at most two bytes, so that they stay cheaper than the text.
    static final int MAX_ENTRIES = 1 << 16;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final int INITIAL_ENTRIES = 1 << 10;
    private static final int SLOTS_PER_ENTRY = 4;
    /// What an entry takes of `entries`: prefix, suffix, start and length, hash.
    private static final int ENTRY_LONGS = 4;

    private final PageBytes page = new PageBytes(1 << 12);
    private int entryCount;
    private int maxEntries;
    private int maxBytes;
    /// What is known of an entry lies together: a look-up costs one cache line.
    private long[] entries = new long[ENTRY_LONGS * INITIAL_ENTRIES];
    /// Open addressing: code + 1, or 0 for a free slot. At most a quarter of them is taken, so that the first is nearly always
    /// the right one.
    private int[] slots = new int[SLOTS_PER_ENTRY * INITIAL_ENTRIES];

    /// Empties the dictionary and says how much it may hold.
    void reset(int entries, int bytes) {
        maxEntries = Math.min(entries, MAX_ENTRIES);
        maxBytes = bytes;
        clearSlots();
        entryCount = 0;
        page.clear();
    }

    /// A table that a large file has grown does not slow down the small ones after it.
    private void clearSlots() {
        if (entryCount > slots.length >>> 5) {
            Arrays.fill(slots, 0);
            return;
        }
        int mask = slots.length - 1;
        for (int code = 0; code < entryCount; code++) {
            int slot = (int) entries[ENTRY_LONGS * code + 3] & mask;
            while (slots[slot] != code + 1) {
                slot = slot + 1 & mask;
            }
            slots[slot] = 0;
        }
    }

    /// @return the text's code, or -1 when it is new and the dictionary full
    int code(byte[] bytes, int from, int length) {
        long prefix = Utf8Order.prefix(bytes, from, length);
        long suffix = suffix(bytes, from, length);
        return find(prefix, suffix, hash(prefix, suffix, bytes, from, length), bytes, from, length);
    }

    private int find(long prefix, long suffix, int hash, byte[] bytes, int from, int length) {
        int mask = slots.length - 1;
        int slot = hash & mask;
        while (slots[slot] != 0) {
            int code = slots[slot] - 1;
            int entry = ENTRY_LONGS * code;
            if (entries[entry] == prefix && entries[entry + 1] == suffix && (int) entries[entry + 2] == length
                    && (length <= 16 || hasMiddle(code, bytes, from, length))) {
                return code;
            }
            slot = slot + 1 & mask;
        }
        return add(prefix, suffix, hash, slot, bytes, from, length);
    }

    /// The last eight bytes of a text longer than that. Prefix, suffix and length together tell apart all texts of up to
    /// sixteen bytes.
    static long suffix(byte[] bytes, int from, int length) {
        return length > 8 ? (long) LONG.get(bytes, from + length - 8) : 0;
    }

    private boolean hasMiddle(int code, byte[] bytes, int from, int length) {
        int start = start(code);
        return Arrays.equals(page.array(), start + 8, start + length - 8, bytes, from + 8, from + length - 8);
    }

    /// All bits depend on all bytes.
    static int hash(long prefix, long suffix, byte[] bytes, int from, int length) {
        long hash = mix(mix(length, prefix), suffix);
        for (int i = from + 8; i < from + length - 8; i += 8) {
            hash = mix(hash, (long) LONG.get(bytes, i));
        }
        return (int) (hash ^ hash >>> 32);
    }

    /// The low half of a product does not depend on its factors' high bits, nor the high half on their low ones; both do.
    private static long mix(long hash, long word) {
        long factor = hash ^ word;
        return factor * MULTIPLIER ^ Math.unsignedMultiplyHigh(factor, MULTIPLIER);
    }

    private int add(long prefix, long suffix, int hash, int slot, byte[] bytes, int from, int length) {
        if (entryCount >= maxEntries || length > maxBytes - 4 - page.size()) {
            return -1;
        }
        if (ENTRY_LONGS * entryCount == entries.length) {
            grow();
            return find(prefix, suffix, hash, bytes, from, length);
        }
        int code = entryCount++;
        page.putText(bytes, from, length);
        int entry = ENTRY_LONGS * code;
        entries[entry] = prefix;
        entries[entry + 1] = suffix;
        entries[entry + 2] = (long) (page.size() - length) << 32 | length;
        entries[entry + 3] = hash;
        slots[slot] = code + 1;
        return code;
    }

    private void grow() {
        entries = Arrays.copyOf(entries, 2 * entries.length);
        slots = new int[2 * slots.length];
        int mask = slots.length - 1;
        for (int code = 0; code < entryCount; code++) {
            int slot = (int) entries[ENTRY_LONGS * code + 3] & mask;
            while (slots[slot] != 0) {
                slot = slot + 1 & mask;
            }
            slots[slot] = code + 1;
        }
    }

    int entryCount() {
        return entryCount;
    }

    /// The dictionary page.
    PageBytes page() {
        return page;
    }

    /// Bits that the greatest code takes.
    int codeWidth() {
        return 32 - Integer.numberOfLeadingZeros(Math.max(0, entryCount - 1));
    }

    /// Where in [#page] a text begins.
    int start(int code) {
        return (int) (entries[ENTRY_LONGS * code + 2] >>> 32);
    }

    int length(int code) {
        return (int) entries[ENTRY_LONGS * code + 2];
    }

    long prefix(int code) {
        return entries[ENTRY_LONGS * code];
    }
}
