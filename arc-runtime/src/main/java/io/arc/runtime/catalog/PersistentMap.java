package io.arc.runtime.catalog;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// A map with text keys that never changes: putting and removing give another map that shares all but a few hundred references
/// with this one. Two levels of 64 by hash, then entries sorted by key.
///
/// @param <V> not null
final class PersistentMap<V> {
    private static final int WIDTH = 64;
    private static final PersistentMap<?> EMPTY = new PersistentMap<>(new Entry<?>[WIDTH][][], 0);

    private record Entry<V>(String key, V value) {}

    private final Entry<?>[][][] root;
    private final int size;

    private PersistentMap(Entry<?>[][][] root, int size) {
        this.root = root;
        this.size = size;
    }

    @SuppressWarnings("unchecked") // an empty map holds no value of any type
    static <V> PersistentMap<V> empty() {
        return (PersistentMap<V>) EMPTY;
    }

    int size() {
        return size;
    }

    /// The value, or null when there is none.
    V find(String key) {
        int hash = spread(key);
        Entry<?>[] bucket = bucket(hash);
        int index = indexOf(bucket, key);
        return index < 0 ? null : value(bucket[index]);
    }

    PersistentMap<V> with(String key, V value) {
        int hash = spread(key);
        Entry<?>[] bucket = bucket(hash);
        int index = indexOf(bucket, key);
        Entry<?>[] next;
        if (index >= 0) {
            next = bucket.clone();
        } else {
            index = -index - 1;
            next = new Entry<?>[bucket.length + 1];
            System.arraycopy(bucket, 0, next, 0, index);
            System.arraycopy(bucket, index, next, index + 1, bucket.length - index);
        }
        next[index] = new Entry<>(key, value);
        return replaced(hash, next, size + next.length - bucket.length);
    }

    PersistentMap<V> without(String key) {
        int hash = spread(key);
        Entry<?>[] bucket = bucket(hash);
        int index = indexOf(bucket, key);
        if (index < 0) {
            return this;
        }
        Entry<?>[] next = new Entry<?>[bucket.length - 1];
        System.arraycopy(bucket, 0, next, 0, index);
        System.arraycopy(bucket, index + 1, next, index, next.length - index);
        return replaced(hash, next, size - 1);
    }

    /// All keys, sorted.
    List<String> keys() {
        List<String> keys = new ArrayList<>(size);
        for (Entry<?> entry : entries()) {
            keys.add(entry.key());
        }
        Collections.sort(keys);
        return keys;
    }

    /// All values, in no order.
    List<V> values() {
        List<V> values = new ArrayList<>(size);
        for (Entry<?> entry : entries()) {
            values.add(value(entry));
        }
        return values;
    }

    private List<Entry<?>> entries() {
        List<Entry<?>> entries = new ArrayList<>(size);
        for (Entry<?>[][] middle : root) {
            if (middle != null) {
                for (Entry<?>[] bucket : middle) {
                    if (bucket != null) {
                        entries.addAll(Arrays.asList(bucket));
                    }
                }
            }
        }
        return entries;
    }

    private PersistentMap<V> replaced(int hash, Entry<?>[] bucket, int newSize) {
        Entry<?>[][][] newRoot = root.clone();
        int first = hash & WIDTH - 1;
        Entry<?>[][] newMiddle = newRoot[first] == null ? new Entry<?>[WIDTH][] : newRoot[first].clone();
        newMiddle[hash >>> 6 & WIDTH - 1] = bucket;
        newRoot[first] = newMiddle;
        return new PersistentMap<>(newRoot, newSize);
    }

    private Entry<?>[] bucket(int hash) {
        Entry<?>[][] middle = root[hash & WIDTH - 1];
        Entry<?>[] bucket = middle == null ? null : middle[hash >>> 6 & WIDTH - 1];
        return bucket == null ? new Entry<?>[0] : bucket;
    }

    private static int indexOf(Entry<?>[] bucket, String key) {
        int low = 0;
        int high = bucket.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = bucket[middle].key().compareTo(key);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }

    private static int spread(String key) {
        int hash = key.hashCode();
        return hash ^ hash >>> 12 ^ hash >>> 20;
    }

    @SuppressWarnings("unchecked") // entries come in through with() only
    private V value(Entry<?> entry) {
        return (V) entry.value();
    }

    @Override
    public boolean equals(Object other) {
        if (!(other instanceof PersistentMap<?> that) || that.size != size) {
            return false;
        }
        for (Entry<?> entry : entries()) {
            if (!entry.value().equals(that.find(entry.key()))) {
                return false;
            }
        }
        return true;
    }

    @Override
    public int hashCode() {
        int hash = 0;
        for (Entry<?> entry : entries()) {
            hash += entry.key().hashCode() ^ entry.value().hashCode();
        }
        return hash;
    }
}
