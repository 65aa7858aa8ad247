package io.arc.plugin.msgpack;

import java.util.Arrays;

/// Slots, from 0 in the order of their making, by numbers. Clearing keeps the memory and takes as long as there are slots.
final class SlotMap {
    private static final int[] NO_INTS = {};

    private int[] numbers = NO_INTS;
    /// One more than the slot; 0 is free.
    private int[] slots = NO_INTS;
    private int size;

    int size() {
        return size;
    }

    int number(int slot) {
        return numbers[slot];
    }

    /// The slot of that number, or below 0.
    int find(int number) {
        if (size == 0) {
            return -1;
        }
        int mask = slots.length - 1;
        int place = place(number, mask);
        while (slots[place] != 0 && numbers[slots[place] - 1] != number) {
            place = place + 1 & mask;
        }
        return slots[place] - 1;
    }

    private static int place(int number, int mask) {
        return (number * 0x9E37_79B9 >>> 7) & mask;
    }

    /// A slot for a number that has none.
    int add(int number) {
        if (size == numbers.length) {
            reserve(Math.max(4, 2 * size));
        }
        numbers[size] = number;
        insert(size);
        return size++;
    }

    /// Makes room for so many slots in all.
    void reserve(int count) {
        if (count > numbers.length) {
            numbers = Arrays.copyOf(numbers, count);
            slots = new int[Integer.highestOneBit(2 * count - 1) << 1];
            for (int slot = 0; slot < size; slot++) {
                insert(slot);
            }
        }
    }

    private void insert(int slot) {
        int mask = slots.length - 1;
        int place = place(numbers[slot], mask);
        while (slots[place] != 0) {
            place = place + 1 & mask;
        }
        slots[place] = slot + 1;
    }

    void clear() {
        int mask = slots.length - 1;
        // Backwards, so that what a number went past on the way to its place is still there.
        for (int slot = size; slot > 0; slot--) {
            int place = place(numbers[slot - 1], mask);
            while (slots[place] != slot) {
                place = place + 1 & mask;
            }
            slots[place] = 0;
        }
        size = 0;
    }
}
