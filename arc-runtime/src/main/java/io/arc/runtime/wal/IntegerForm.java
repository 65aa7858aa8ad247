package io.arc.runtime.wal;

/// How the whole numbers of a column lie in a frame: as their distance from the smallest one (a frame of reference), or as that
/// of their steps, each in the fewest bytes that hold all of them. All arithmetic wraps around and comes back exactly.
///
/// @param steps whether the differences between neighbours are stored; the first number is `first` then
/// @param width bytes a number takes: 0, 1, 2, 4 or 8; with 8 they are stored as they are
/// @param base what is added to each stored number
record IntegerForm(boolean steps, int width, long base, long first) {
    /// More rows than that always take bytes, so that a few damaged bytes cannot ask for much memory.
    static final int MAX_WITHOUT_BYTES = 1 << 16;
    private static final int STEPS = 0x80;

    static IntegerForm of(long[] values, int count) {
        if (count == 0) {
            return new IntegerForm(false, 0, 0, 0);
        }
        long least = values[0];
        long most = least;
        for (int i = 1; i < count; i++) {
            least = Math.min(least, values[i]);
            most = Math.max(most, values[i]);
        }
        int width = width(most - least, count);
        if (width <= 1 || count == 1) {
            return new IntegerForm(false, width, least, 0);
        }
        long leastStep = values[1] - values[0];
        long mostStep = leastStep;
        for (int i = 2; i < count; i++) {
            long step = values[i] - values[i - 1];
            leastStep = Math.min(leastStep, step);
            mostStep = Math.max(mostStep, step);
        }
        int stepWidth = width(mostStep - leastStep, count);
        return stepWidth < width ? new IntegerForm(true, stepWidth, leastStep, values[0])
                : new IntegerForm(false, width, width == 8 ? 0 : least, 0);
    }

    /// @param spread of the numbers, unsigned
    static int width(long spread, int count) {
        int bits = Long.SIZE - Long.numberOfLeadingZeros(spread);
        return bits == 0 && count <= MAX_WITHOUT_BYTES ? 0 : bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
    }

    /// Bytes that `count` numbers take with their form.
    long size(int count) {
        return 1 + 8 + (steps ? 8 + (long) width * (count - 1) : (long) width * count);
    }

    void put(long[] values, int count, FrameOutput output) {
        output.put(steps ? width | STEPS : width);
        output.putLong(base);
        if (steps) {
            output.putLong(first);
            output.putSteps(values, count, base, width);
        } else {
            output.putLongs(values, count, base, width);
        }
    }

    /// @throws IllegalArgumentException for what [#put] has not written
    static long[] read(FrameSource source, int count) {
        int form = source.get();
        boolean steps = (form & STEPS) != 0;
        int width = form & ~STEPS;
        long base = source.getLong();
        if (width == 0 && count > MAX_WITHOUT_BYTES) {
            throw new IllegalArgumentException(count + " rows that take no bytes");
        }
        if (!steps) {
            return source.longs(count, base, width);
        }
        if (count == 0) {
            throw new IllegalArgumentException("steps between no rows");
        }
        long first = source.getLong();
        long[] values = source.longsFrom(1, count, base, width);
        values[0] = first;
        for (int i = 1; i < count; i++) {
            values[i] += values[i - 1];
        }
        return values;
    }
}
