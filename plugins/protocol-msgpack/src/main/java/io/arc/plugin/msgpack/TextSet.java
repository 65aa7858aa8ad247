package io.arc.plugin.msgpack;

import io.arc.api.data.Utf8Block;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Distinct texts and their numbers, in the order of first arrival. Open addressing over one byte array; clearing keeps the
/// memory. Each byte that is no part of a UTF-8 character becomes U+FFFD. The hash is seeded, so that no sender can choose
/// texts that collide.
final class TextSet {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final int INITIAL_TEXTS = 2;

    private static final int[] NO_INTS = {};
    private static final long[] NO_LONGS = {};
    private static final byte[] NO_BYTES = {};
    private static final int[] NO_OFFSETS = {0};

    private final TextBuffer repaired;
    private final long seed;
    private final long otherSeed;
    /// One more than the number of the text; 0 is free.
    private int[] slots = NO_INTS;
    private int[] hashes = NO_INTS;
    /// The first and the last eight bytes of each text, which are all there is to texts of up to sixteen bytes.
    private long[] firsts = NO_LONGS;
    private long[] lasts = NO_LONGS;
    private byte[] bytes = NO_BYTES;
    private int[] offsets = NO_OFFSETS;
    private int size;

    /// @param repaired what is used to repair a text; one for many sets, because none is added while another one is
    TextSet(TextBuffer repaired, long seed, long otherSeed) {
        this.repaired = repaired;
        this.seed = seed;
        this.otherSeed = otherSeed;
    }

    /// Takes as long as there are texts, not as long as there were once.
    void clear() {
        if (8L * size > slots.length) {
            Arrays.fill(slots, 0);
        } else {
            int mask = slots.length - 1;
            // Backwards, so that what a text went past on the way to its slot is still there.
            for (int number = size; number > 0; number--) {
                int slot = hashes[number - 1] & mask;
                while (slots[slot] != number) {
                    slot = slot + 1 & mask;
                }
                slots[slot] = 0;
            }
        }
        size = 0;
    }

    /// Forgets all texts, with the memory.
    void release() {
        slots = NO_INTS;
        hashes = NO_INTS;
        firsts = NO_LONGS;
        lasts = NO_LONGS;
        bytes = NO_BYTES;
        offsets = NO_OFFSETS;
        size = 0;
    }

    int size() {
        return size;
    }

    long retainedBytes() {
        return 4L * slots.length + 24L * hashes.length + bytes.length;
    }

    /// The number of the text `source[from, from + length)`, which is valid UTF-8, or below 0.
    int find(byte[] source, int from, int length) {
        return number(source, from, length, false);
    }

    /// The number of the text `source[from, from + length)`.
    int add(byte[] source, int from, int length) {
        return number(source, from, length, true);
    }

    private int number(byte[] source, int from, int length, boolean added) {
        long first;
        long last = 0;
        if (length >= 8) {
            first = (long) LONG.get(source, from);
            last = (long) LONG.get(source, from + length - 8);
        } else if (length > 0 && from + 8 <= source.length) {
            first = (long) LONG.get(source, from) & -1L >>> 64 - 8 * length;
        } else {
            first = slowWord(source, from, length);
        }
        long mixed = fold(first ^ seed, last ^ otherSeed ^ length);
        if (length > 16) {
            mixed = middle(mixed, source, from, length);
        }
        int hash = (int) (mixed ^ mixed >>> 32);
        if (slots.length == 0) {
            if (!added) {
                return -1;
            }
            reserve(INITIAL_TEXTS);
        }
        int mask = slots.length - 1;
        int slot = hash & mask;
        while (slots[slot] != 0) {
            int number = slots[slot] - 1;
            if (hashes[number] == hash && firsts[number] == first && lasts[number] == last
                    && offsets[number + 1] - offsets[number] == length && (length <= 16
                            || Arrays.equals(bytes, offsets[number], offsets[number + 1], source, from, from + length))) {
                return number;
            }
            slot = slot + 1 & mask;
        }
        if (!added) {
            return -1;
        }
        if (!isAscii(source, from, length) && !Utf8.isValid(source, from, length)) {
            repaired.clear();
            repaired.addRepaired(source, from, length);
            return add(repaired.bytes(), 0, repaired.length());
        }
        return insert(slot, hash, first, last, source, from, length);
    }

    private static long fold(long a, long b) {
        return a * b ^ Math.unsignedMultiplyHigh(a, b);
    }

    private long middle(long hash, byte[] source, int from, int length) {
        long mixed = hash;
        for (int i = from + 8; i + 8 < from + length; i += 8) {
            mixed = fold(mixed ^ (long) LONG.get(source, i), otherSeed | 1);
        }
        return mixed;
    }

    private static long slowWord(byte[] source, int from, int length) {
        long word = 0;
        for (int i = 0; i < length; i++) {
            word |= (source[from + i] & 0xffL) << 8 * i;
        }
        return word;
    }

    /// Makes room for so many texts in all.
    void reserve(int count) {
        if (count > hashes.length) {
            hashes = Arrays.copyOf(hashes, count);
            firsts = Arrays.copyOf(firsts, count);
            lasts = Arrays.copyOf(lasts, count);
            offsets = Arrays.copyOf(offsets, count + 1);
            if (slots.length < 2L * count) {
                spread(Math.max(4 * INITIAL_TEXTS, Integer.highestOneBit(2 * count - 1) << 1));
            }
        }
    }

    private int insert(int slot, int hash, long first, long last, byte[] source, int from, int length) {
        if (size == hashes.length) {
            reserve(2 * size);
            return number(source, from, length, true);
        }
        int end = Math.addExact(offsets[size], length);
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, grown(bytes.length, end));
        }
        System.arraycopy(source, from, bytes, offsets[size], length);
        hashes[size] = hash;
        firsts[size] = first;
        lasts[size] = last;
        offsets[++size] = end;
        slots[slot] = size;
        return size - 1;
    }

    /// Doubled, or as large as it has to be.
    static int grown(int length, int least) {
        return (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(least, 2L * length));
    }

    private void spread(int slotCount) {
        slots = new int[slotCount];
        int mask = slots.length - 1;
        for (int number = 0; number < size; number++) {
            int slot = hashes[number] & mask;
            while (slots[slot] != 0) {
                slot = slot + 1 & mask;
            }
            slots[slot] = number + 1;
        }
    }

    static boolean isAscii(byte[] source, int from, int length) {
        int i = from;
        int end = from + length;
        for (; i + 8 <= end; i += 8) {
            if (((long) LONG.get(source, i) & HIGH_BITS) != 0) {
                return false;
            }
        }
        for (; i < end; i++) {
            if (source[i] < 0) {
                return false;
            }
        }
        return true;
    }

    int length(int number) {
        return offsets[number + 1] - offsets[number];
    }

    void copyTo(int number, byte[] target, int position) {
        System.arraycopy(bytes, offsets[number], target, position, length(number));
    }

    void appendTo(TextBuffer target, int number) {
        target.add(bytes, offsets[number], length(number));
    }

    String text(int number) {
        return new String(bytes, offsets[number], length(number), StandardCharsets.UTF_8);
    }

    /// All texts, copied.
    Utf8Block block() {
        return new Utf8Block(Arrays.copyOf(bytes, offsets[size]), Arrays.copyOf(offsets, size + 1));
    }
}
