package io.arc.plugin.msgpack;

import io.arc.api.data.Utf8Block;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;

/// Distinct texts and their numbers, in the order of first arrival. Open addressing over one byte array; clearing keeps the
/// memory. Each byte that is no part of a UTF-8 character becomes U+FFFD. The hash is seeded, so that no sender can choose
/// texts that collide.
final class TextSet {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;
    private static final int INITIAL_TEXTS = 8;

    private final long seed;
    private final long otherSeed;
    /// One more than the number of the text; 0 is free.
    private int[] slots = new int[0];
    private int[] hashes = new int[0];
    /// The first and the last eight bytes of each text, which are all there is to texts of up to sixteen bytes.
    private long[] firsts = new long[0];
    private long[] lasts = new long[0];
    private byte[] bytes = new byte[0];
    private int[] offsets = new int[1];
    private int size;

    TextSet() {
        SplittableRandom random = new SplittableRandom();
        seed = random.nextLong();
        otherSeed = random.nextLong();
    }

    void clear() {
        if (size > 0) {
            Arrays.fill(slots, 0);
            size = 0;
        }
    }

    int size() {
        return size;
    }

    long retainedBytes() {
        return 4L * slots.length + 24L * hashes.length + bytes.length;
    }

    /// The number of the text `source[from, from + length)`.
    int add(byte[] source, int from, int length) {
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
            allocate();
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
        if (!isAscii(source, from, length) && !Utf8.isValid(source, from, length)) {
            byte[] repaired = Utf8.repaired(source, from, length);
            return add(repaired, 0, repaired.length);
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

    private void allocate() {
        slots = new int[4 * INITIAL_TEXTS];
        hashes = new int[INITIAL_TEXTS];
        firsts = new long[INITIAL_TEXTS];
        lasts = new long[INITIAL_TEXTS];
        offsets = new int[INITIAL_TEXTS + 1];
    }

    private int insert(int slot, int hash, long first, long last, byte[] source, int from, int length) {
        if (size == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * size);
            firsts = Arrays.copyOf(firsts, 2 * size);
            lasts = Arrays.copyOf(lasts, 2 * size);
            offsets = Arrays.copyOf(offsets, 2 * size + 1);
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
        if (2 * size > slots.length) {
            grow();
        }
        return size - 1;
    }

    /// Doubled, or as large as it has to be.
    static int grown(int length, int least) {
        return (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(least, 2L * length));
    }

    private void grow() {
        slots = new int[2 * slots.length];
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

    /// All texts, copied.
    Utf8Block block() {
        return new Utf8Block(Arrays.copyOf(bytes, offsets[size]), Arrays.copyOf(offsets, size + 1));
    }
}
