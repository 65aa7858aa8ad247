package io.arc.runtime.parquet;

import io.arc.runtime.parquet.ColumnSummary.Bounds;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// See [ValueBounds]. Refers to the bytes of the least and the greatest text where they lie; [#detach] before those change.
final class TextBounds extends ValueBounds<TextBounds> {
    private static final int MAX_BYTES = Bounds.MAX_TEXT_BYTES;

    private boolean empty = true;
    private byte[] minBytes;
    private int minFrom;
    private int minLength;
    private long minPrefix;
    private boolean minCut;
    private byte[] maxBytes;
    private int maxFrom;
    private int maxLength;
    private long maxPrefix;
    private boolean maxRaised;
    /// No text bounds the values from above: a cut text ends in the greatest characters there are.
    private boolean unbounded;

    @Override
    void clear() {
        empty = true;
        minBytes = null;
        maxBytes = null;
        minCut = false;
        maxRaised = false;
        unbounded = false;
    }

    /// @param prefix of the text, by [Utf8Order#prefix]
    void add(byte[] bytes, int from, int length, long prefix) {
        if (empty) {
            setMin(bytes, from, length, prefix);
            setMax(bytes, from, length, prefix);
            empty = false;
            return;
        }
        int toMin = Long.compareUnsigned(prefix, minPrefix);
        if (toMin < 0 || toMin == 0 && Utf8Order.compare(bytes, from, length, minBytes, minFrom, minLength) < 0) {
            setMin(bytes, from, length, prefix);
            return;
        }
        int toMax = Long.compareUnsigned(prefix, maxPrefix);
        if (toMax > 0 || toMax == 0 && Utf8Order.compare(bytes, from, length, maxBytes, maxFrom, maxLength) > 0) {
            setMax(bytes, from, length, prefix);
        }
    }

    private void setMin(byte[] bytes, int from, int length, long prefix) {
        minBytes = bytes;
        minFrom = from;
        minLength = length;
        minPrefix = prefix;
    }

    private void setMax(byte[] bytes, int from, int length, long prefix) {
        maxBytes = bytes;
        maxFrom = from;
        maxLength = length;
        maxPrefix = prefix;
    }

    /// Keeps copies, cut to what statistics hold.
    @Override
    void detach() {
        if (empty) {
            return;
        }
        boolean cut = minCut || minLength > MAX_BYTES;
        byte[] least = min();
        setMin(least, 0, least.length, Utf8Order.prefix(least, 0, least.length));
        minCut = cut;
        if (unbounded) {
            return;
        }
        boolean raised = maxRaised || maxLength > MAX_BYTES;
        Optional<byte[]> greatest = cutMax();
        if (greatest.isEmpty()) {
            unbounded = true;
            return;
        }
        byte[] bytes = greatest.get();
        setMax(bytes, 0, bytes.length, Utf8Order.prefix(bytes, 0, bytes.length));
        maxRaised = raised;
    }

    /// A raised text may be longer than the limit by what its last character grew, and stays as it is.
    private Optional<byte[]> cutMax() {
        if (maxRaised || maxLength <= MAX_BYTES) {
            return Optional.of(Utf8Order.cut(maxBytes, maxFrom, maxLength, maxLength));
        }
        return Utf8Order.cutAndRaise(maxBytes, maxFrom, maxLength, MAX_BYTES);
    }

    @Override
    boolean isEmpty() {
        return empty;
    }

    @Override
    boolean isWritable() {
        return !empty && !unbounded && cutMax().isPresent();
    }

    /// @param other detached, if it outlives the arrays it refers to
    @Override
    void absorb(TextBounds other) {
        if (other.empty) {
            return;
        }
        if (empty) {
            copy(other);
            return;
        }
        if (compareMin(other) > 0) {
            setMin(other.minBytes, other.minFrom, other.minLength, other.minPrefix);
            minCut = other.minCut;
        }
        unbounded |= other.unbounded;
        if (compareMax(other) < 0) {
            setMax(other.maxBytes, other.maxFrom, other.maxLength, other.maxPrefix);
            maxRaised = other.maxRaised;
        }
    }

    @Override
    void copy(TextBounds other) {
        empty = other.empty;
        setMin(other.minBytes, other.minFrom, other.minLength, other.minPrefix);
        setMax(other.maxBytes, other.maxFrom, other.maxLength, other.maxPrefix);
        minCut = other.minCut;
        maxRaised = other.maxRaised;
        unbounded = other.unbounded;
    }

    @Override
    int compareMin(TextBounds other) {
        int byPrefix = Long.compareUnsigned(minPrefix, other.minPrefix);
        return byPrefix != 0 ? byPrefix : Utf8Order.compare(minBytes, minFrom, minLength,
                other.minBytes, other.minFrom, other.minLength);
    }

    @Override
    int compareMax(TextBounds other) {
        int byPrefix = Long.compareUnsigned(maxPrefix, other.maxPrefix);
        return byPrefix != 0 ? byPrefix : Utf8Order.compare(maxBytes, maxFrom, maxLength,
                other.maxBytes, other.maxFrom, other.maxLength);
    }

    @Override
    byte[] min() {
        return Utf8Order.cut(minBytes, minFrom, minLength, MAX_BYTES);
    }

    @Override
    byte[] max() {
        return cutMax().orElseThrow();
    }

    @Override
    boolean isMinExact() {
        return !minCut && minLength <= MAX_BYTES;
    }

    @Override
    boolean isMaxExact() {
        return !maxRaised && maxLength <= MAX_BYTES;
    }

    @Override
    Bounds toBounds() {
        return isWritable()
                ? new Bounds.Texts(new String(min(), StandardCharsets.UTF_8), new String(max(), StandardCharsets.UTF_8))
                : Bounds.NONE;
    }
}
