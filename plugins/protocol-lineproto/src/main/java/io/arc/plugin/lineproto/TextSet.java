package io.arc.plugin.lineproto;

import io.arc.api.data.Utf8Block;
import java.util.Arrays;

/// Distinct texts, numbered from 0 in the order of their arrival. A text may carry a number as a second half of its key, so
/// that one set can hold the column names of all tables. Open addressing over byte arrays: nothing is allocated for a text
/// that is there already. One thread.
final class TextSet {
    private static final int FIRST_SLOTS = 8;
    private static final int FIRST_BYTES = 32;
    private static final long HASH_BITS = 0xFFFF_FFFF_0000_0000L;

    // The upper half holds the upper half of the text's hash, the lower one its code plus 1; 0 is a free slot.
    private long[] slots = new long[FIRST_SLOTS];
    private int[] ends = new int[FIRST_SLOTS / 2];
    private int[] keys = new int[0];
    private byte[] bytes = new byte[FIRST_BYTES];
    private int size;

    int size() {
        return size;
    }

    /// The text's number; a new text is copied.
    ///
    /// @param hash by [ByteText#hash], with whatever seed the set's owner has chosen
    /// @param key the second half of the key, 0 where there is none
    int add(long hash, int key, byte[] text, int from, int to) {
        int mask = slots.length - 1;
        for (int slot = (int) (hash >>> Integer.SIZE) & mask;; slot = slot + 1 & mask) {
            long entry = slots[slot];
            if (entry == 0) {
                return append(hash, key, text, from, to, slot);
            }
            if (((entry ^ hash) & HASH_BITS) == 0) {
                int code = (int) entry - 1;
                int start = start(code);
                if (Arrays.equals(bytes, start, ends[code], text, from, to) && key(code) == key) {
                    return code;
                }
            }
        }
    }

    private int append(long hash, int key, byte[] text, int from, int to, int slot) {
        int code = size;
        int start = start(code);
        bytes = Growth.forLength(bytes, start, to - from);
        System.arraycopy(text, from, bytes, start, to - from);
        ends = Growth.forIndex(ends, code);
        ends[code] = start + to - from;
        if (key != 0 && code >= keys.length) {
            keys = Arrays.copyOf(keys, ends.length);
        }
        if (code < keys.length) {
            keys[code] = key;
        }
        slots[slot] = hash & HASH_BITS | code + 1;
        size = code + 1;
        if (size > slots.length / 2) {
            spread();
        }
        return code;
    }

    private void spread() {
        long[] old = slots;
        long[] wider = new long[Math.multiplyExact(old.length, 2)];
        int mask = wider.length - 1;
        for (long entry : old) {
            if (entry != 0) {
                int slot = (int) (entry >>> Integer.SIZE) & mask;
                while (wider[slot] != 0) {
                    slot = slot + 1 & mask;
                }
                wider[slot] = entry;
            }
        }
        slots = wider;
    }

    private int start(int code) {
        return code == 0 ? 0 : ends[code - 1];
    }

    private int key(int code) {
        return code < keys.length ? keys[code] : 0;
    }

    /// How many bytes a text has.
    int length(int code) {
        return ends[code] - start(code);
    }

    /// Copies a text.
    ///
    /// @return the end of the copy
    int copyTo(int code, byte[] target, int at) {
        int length = length(code);
        System.arraycopy(bytes, start(code), target, at, length);
        return at + length;
    }

    /// A copy of all texts, by number.
    Utf8Block block() {
        int[] offsets = new int[size + 1];
        System.arraycopy(ends, 0, offsets, 1, size);
        return new Utf8Block(Arrays.copyOf(bytes, offsets[size]), offsets);
    }

    /// Forgets all texts and keeps the memory.
    void clear() {
        Arrays.fill(slots, 0);
        Arrays.fill(keys, 0);
        size = 0;
    }

    long retainedBytes() {
        return 128 + 8L * slots.length + 4L * (ends.length + keys.length) + bytes.length;
    }
}
