package io.arc.runtime.wal;

/// How the doubles of a column lie in a frame: as decimals, when every one of them is a whole number of 32 bits divided by the
/// same power of ten, bit for bit, as most measured values are; else as they are. Decimals are stored as [IntegerForm] stores
/// whole numbers.
///
/// @param scale the power of ten, or 0 when the doubles are stored as they are
/// @param least the smallest of the whole numbers
/// @param width bytes that a whole number takes
record DecimalForm(int scale, long least, int width) {
    private static final DecimalForm RAW = new DecimalForm(0, 0, 8);
    private static final int MAX_SCALE = 1_000;
    private static final int SAMPLES = 8;

    static DecimalForm of(double[] values, int count) {
        if (count == 0) {
            return RAW;
        }
        int scale = 1;
        for (int i = 0; i < SAMPLES; i++) {
            double value = values[(int) ((long) i * (count - 1) / (SAMPLES - 1))];
            while (scale <= MAX_SCALE && !isDecimal(value, scale)) {
                scale *= 10;
            }
        }
        if (scale > MAX_SCALE) {
            return RAW;
        }
        int least = Integer.MAX_VALUE;
        int most = Integer.MIN_VALUE;
        for (int i = 0; i < count; i++) {
            int whole = whole(values[i], scale);
            if (Double.doubleToRawLongBits((double) whole / scale) != Double.doubleToRawLongBits(values[i])) {
                return RAW;
            }
            least = Math.min(least, whole);
            most = Math.max(most, whole);
        }
        return new DecimalForm(scale, least, IntegerForm.width((long) most - least, count));
    }

    private static boolean isDecimal(double value, int scale) {
        return Double.doubleToRawLongBits((double) whole(value, scale) / scale) == Double.doubleToRawLongBits(value);
    }

    /// What does not fit becomes a number that the comparison refuses.
    static int whole(double value, int scale) {
        return (int) (value * scale + Math.copySign(0.5, value));
    }

    long size(int count) {
        return scale == 0 ? 2 + 8L * count : 2 + 8 + 1 + (long) width * count;
    }

    void put(double[] values, int count, FrameOutput output) {
        output.putShort(scale);
        if (scale == 0) {
            output.putDoubles(values, count);
        } else {
            output.put(width);
            output.putLong(least);
            output.putDecimals(values, count, scale, least, width);
        }
    }

    /// @throws IllegalArgumentException for what [#put] has not written
    static double[] read(FrameSource source, int count) {
        int scale = source.getShort();
        if (scale == 0) {
            return source.doubles(count);
        }
        int width = source.get();
        long least = source.getLong();
        if (scale > MAX_SCALE || width == 0 && count > IntegerForm.MAX_WITHOUT_BYTES) {
            throw new IllegalArgumentException(count + " decimals of scale " + scale + " in " + width + " bytes");
        }
        long[] wholes = source.longs(count, least, width);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            values[i] = (double) (int) wholes[i] / scale;
        }
        return values;
    }
}
