package io.arc.plugin.msgpack;

import io.arc.api.data.Utf8Block;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Distinct texts and their numbers, in the order of first arrival. Open addressing over one byte array; clearing keeps the
/// memory. Text that is not valid UTF-8 has each bad byte replaced by U+FFFD on its first arrival.
final class TextSet {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long HIGH_BITS = 0x8080_8080_8080_8080L;

    private int[] slots = new int[256];
    private int[] hashes = new int[128];
    /// The first and the last eight bytes of each text, which are all there is to texts of up to sixteen bytes.
    private long[] firsts = new long[128];
    private long[] lasts = new long[128];
    private byte[] bytes = new byte[1024];
    private int[] offsets = new int[129];
    private int size;

    void clear() {
        Arrays.fill(slots, 0);
        size = 0;
        offsets[0] = 0;
    }

    int size() {
        return size;
    }

    /// The number of the text `source[from, from + length)`.
    int add(byte[] source, int from, int length) {
        long first;
        long last;
        if (length >= 8) {
            first = (long) LONG.get(source, from);
            last = (long) LONG.get(source, from + length - 8);
        } else if (length > 0 && from + 8 <= source.length) {
            first = (long) LONG.get(source, from) & -1L >>> 64 - 8 * length;
            last = 0;
        } else {
            first = slowWord(source, from, length);
            last = 0;
        }
        long mixed = (first ^ length) * 0x9E37_79B9_7F4A_7C15L ^ Long.rotateLeft(last * 0xff51_afd7_ed55_8ccdL, 29);
        if (length > 16) {
            mixed ^= middle(source, from, length);
        }
        mixed *= 0xc4ce_b9fe_1a85_ec53L;
        int hash = (int) (mixed >>> 32);
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
        if (!isAscii(source, from, length)) {
            byte[] repaired = repaired(source, from, length);
            if (!Arrays.equals(repaired, 0, repaired.length, source, from, from + length)) {
                return add(repaired, 0, repaired.length);
            }
        }
        return insert(slot, hash, first, last, source, from, length);
    }

    /// Each byte that is no part of a character becomes U+FFFD.
    private static byte[] repaired(byte[] source, int from, int length) {
        return new String(source, from, length, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
    }

    private static long slowWord(byte[] source, int from, int length) {
        long word = 0;
        for (int i = 0; i < length; i++) {
            word |= (source[from + i] & 0xffL) << 8 * i;
        }
        return word;
    }

    private static long middle(byte[] source, int from, int length) {
        long hash = 0;
        for (int i = from + 8; i + 8 < from + length; i += 8) {
            hash = Long.rotateLeft(hash, 23) + (long) LONG.get(source, i) * 0x9E37_79B9_7F4A_7C15L;
        }
        return hash;
    }

    private int insert(int slot, int hash, long first, long last, byte[] source, int from, int length) {
        if (size + 1 == offsets.length) {
            offsets = Arrays.copyOf(offsets, 2 * offsets.length);
            hashes = Arrays.copyOf(hashes, offsets.length);
            firsts = Arrays.copyOf(firsts, offsets.length);
            lasts = Arrays.copyOf(lasts, offsets.length);
        }
        int end = Math.addExact(offsets[size], length);
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
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

    private static boolean isAscii(byte[] source, int from, int length) {
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

    /// All texts, copied.
    Utf8Block block() {
        return new Utf8Block(Arrays.copyOf(bytes, offsets[size]), Arrays.copyOf(offsets, size + 1));
    }

    /// One text a row, copied; `codes[row]` below 0 is an absent row.
    Utf8Block expanded(int[] codes, int rowCount) {
        int[] ends = new int[rowCount + 1];
        for (int row = 0; row < rowCount; row++) {
            int length = codes[row] < 0 ? 0 : offsets[codes[row] + 1] - offsets[codes[row]];
            ends[row + 1] = Math.addExact(ends[row], length);
        }
        byte[] all = new byte[ends[rowCount]];
        for (int row = 0; row < rowCount; row++) {
            if (codes[row] >= 0) {
                System.arraycopy(bytes, offsets[codes[row]], all, ends[row], ends[row + 1] - ends[row]);
            }
        }
        return new Utf8Block(all, ends);
    }
}
