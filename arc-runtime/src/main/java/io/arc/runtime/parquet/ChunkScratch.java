package io.arc.runtime.parquet;

import java.util.Arrays;

/// Memory that the columns of an encoder use one after the other, each for one chunk at a time.
final class ChunkScratch {
    private final long[] longs;
    private final double[] doubles;
    private final boolean[] booleans;
    private final Presence presence;
    private final int[] pageCodes;
    private int[] codes = new int[0];
    private int[] codeOfPartCode = new int[0];
    private boolean[] used = new boolean[0];
    private final TextDictionary texts = new TextDictionary();
    private final NumberDictionary numbers = new NumberDictionary();
    private final PageBytes numberPage = new PageBytes(0);
    private final DeltaPacking deltas = new DeltaPacking();

    ChunkScratch(int pageRows) {
        longs = new long[pageRows];
        doubles = new double[pageRows];
        booleans = new boolean[pageRows];
        presence = new Presence(pageRows);
        pageCodes = new int[pageRows];
    }

    /// A page of values.
    long[] longs() {
        return longs;
    }

    double[] doubles() {
        return doubles;
    }

    boolean[] booleans() {
        return booleans;
    }

    /// For looking at values before the chunk's pages are filled.
    Presence presence() {
        return presence;
    }

    int[] pageCodes() {
        return pageCodes;
    }

    /// A row group of codes, with anything in it.
    int[] codes(int rowCount) {
        if (codes.length < rowCount) {
            codes = new int[rowCount];
        }
        return codes;
    }

    /// An entry for each entry of the batches' dictionaries; growing keeps what is there.
    int[] codeOfPartCode(int size) {
        if (codeOfPartCode.length < size) {
            codeOfPartCode = Arrays.copyOf(codeOfPartCode, Math.clamp(2L * codeOfPartCode.length, size, Integer.MAX_VALUE - 8));
        }
        return codeOfPartCode;
    }

    boolean[] used(int entries) {
        if (used.length < entries) {
            used = new boolean[entries];
        }
        return used;
    }

    TextDictionary texts() {
        return texts;
    }

    NumberDictionary numbers() {
        return numbers;
    }

    /// The dictionary page of [#numbers].
    PageBytes numberPage() {
        return numberPage;
    }

    DeltaPacking deltas() {
        return deltas;
    }
}
