package io.arc.plugin.msgpack;

import java.util.Arrays;

/// Where a body's items in row form are, by their tables.
final class RowItems {
    private static final int MAX_KEPT = 1 << 12;
    private static final int NONE = -1;

    private int count;
    private int[] tables = new int[16];
    private int[] places = new int[16];
    private int[] numbers = new int[16];
    private byte[] depths = new byte[16];
    /// The item of the same table that comes next.
    private int[] next = new int[16];
    /// By table: its first and its last item.
    private int[] first = new int[16];
    private int[] last = new int[16];
    /// The tables in the order of their first items.
    private int[] order = new int[16];
    private int tableCount;

    /// @param place where the item begins
    /// @param number of the item in the body
    /// @param depth how many arrays and maps are around it
    void add(int table, int place, int number, int depth) {
        if (count == places.length) {
            int length = TextSet.grown(count, count + 1);
            tables = Arrays.copyOf(tables, length);
            places = Arrays.copyOf(places, length);
            numbers = Arrays.copyOf(numbers, length);
            depths = Arrays.copyOf(depths, length);
            next = Arrays.copyOf(next, length);
        }
        if (table >= first.length) {
            first = Arrays.copyOf(first, 2 * table);
            last = Arrays.copyOf(last, 2 * table);
        }
        tables[count] = table;
        places[count] = place;
        numbers[count] = number;
        depths[count] = (byte) depth;
        next[count] = NONE;
        if (isFirst(table)) {
            first[table] = count;
            if (tableCount == order.length) {
                order = Arrays.copyOf(order, 2 * tableCount);
            }
            order[tableCount++] = table;
        } else {
            next[last[table]] = count;
        }
        last[table] = count++;
    }

    /// What [#first] holds for a table is of an earlier body unless the item there is this table's.
    private boolean isFirst(int table) {
        int item = first[table];
        return item >= count || tables[item] != table;
    }

    int tableCount() {
        return tableCount;
    }

    int table(int index) {
        return order[index];
    }

    int first(int table) {
        return first[table];
    }

    /// The table's item behind that one, or below 0.
    int next(int item) {
        return next[item];
    }

    int count(int table) {
        int items = 0;
        for (int item = first[table]; item >= 0; item = next[item]) {
            items++;
        }
        return items;
    }

    int place(int item) {
        return places[item];
    }

    int number(int item) {
        return numbers[item];
    }

    int depth(int item) {
        return depths[item];
    }

    void clear() {
        count = 0;
        tableCount = 0;
        if (places.length > MAX_KEPT) {
            tables = new int[16];
            places = new int[16];
            numbers = new int[16];
            depths = new byte[16];
            next = new int[16];
        }
    }
}
