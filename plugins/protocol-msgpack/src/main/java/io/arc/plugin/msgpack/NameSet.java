package io.arc.plugin.msgpack;

import java.util.Arrays;

/// Distinct names and their numbers, in the order of first arrival, so that a name is one string however often it comes.
final class NameSet {
    private static final int FIRST_NAMES = 16;
    private static final int MAX_KEPT = 4_096;

    private final TextSet texts;
    private String[] names = new String[FIRST_NAMES];
    /// Of names that came more than once.
    private Key[] keys = new Key[FIRST_NAMES];
    /// What each name was last marked with.
    private int[] marks = new int[FIRST_NAMES];
    private boolean isNew;

    NameSet(TextSet texts) {
        this.texts = texts;
    }

    /// Makes room for so many names in all.
    void reserve(int count) {
        if (count > names.length) {
            names = Arrays.copyOf(names, count);
            keys = Arrays.copyOf(keys, count);
            marks = Arrays.copyOf(marks, count);
            texts.reserve(count);
        }
    }

    int size() {
        return texts.size();
    }

    /// Forgets the names and gives the memory back when they are very many.
    ///
    /// @return whether it did
    boolean release() {
        if (names.length <= MAX_KEPT) {
            return false;
        }
        clear();
        texts.release();
        names = new String[FIRST_NAMES];
        keys = new Key[FIRST_NAMES];
        marks = new int[FIRST_NAMES];
        return true;
    }

    void clear() {
        Arrays.fill(names, 0, texts.size(), null);
        Arrays.fill(keys, 0, texts.size(), null);
        Arrays.fill(marks, 0, texts.size(), 0);
        texts.clear();
    }

    /// The number of the name at the cursor, which moves behind it.
    ///
    /// @param what the place of the name, for messages
    int read(Input input, String what) {
        int from = input.at;
        int length = input.nameLength(what);
        int number = add(input.bytes, input.at, length);
        input.at += length;
        if (!isNew && keys[number] == null) {
            keys[number] = new Key(number, input, from, input.at);
        }
        return number;
    }

    /// The number of the name at the cursor, which moves behind it, or below 0 when it is not in the set.
    int find(Input input, String what) {
        int length = input.nameLength(what);
        int number = texts.find(input.bytes, input.at, length);
        input.at += length;
        return number;
    }

    /// The number of a name in valid UTF-8.
    int add(byte[] bytes, int from, int length) {
        int before = texts.size();
        int number = texts.add(bytes, from, length);
        isNew = number == before;
        if (isNew) {
            if (number == names.length) {
                reserve(2 * number);
            }
        }
        return number;
    }

    /// Whether the name that [#read] or [#add] gave last was not in the set before.
    boolean wasNew() {
        return isNew;
    }

    String name(int number) {
        if (names[number] == null) {
            names[number] = texts.text(number);
        }
        return names[number];
    }

    /// What to know the name by in place, or null when it came only once so far.
    Key key(int number) {
        return keys[number];
    }

    int mark(int number) {
        return marks[number];
    }

    void mark(int number, int value) {
        marks[number] = value;
    }
}
