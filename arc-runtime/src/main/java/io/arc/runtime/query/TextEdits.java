package io.arc.runtime.query;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Replacements in a UTF-8 text, given in any order by their byte positions, which must not overlap.
final class TextEdits {
    private record Edit(int start, int end, String text) {}

    private final byte[] source;
    private final List<Edit> edits = new ArrayList<>();

    TextEdits(byte[] source) {
        this.source = source;
    }

    void replace(int start, int end, String text) {
        edits.add(new Edit(start, end, text));
    }

    byte[] apply() {
        edits.sort(Comparator.comparingInt(Edit::start));
        ByteArrayOutputStream out = new ByteArrayOutputStream(source.length + 64 * edits.size());
        int at = 0;
        for (Edit edit : edits) {
            if (edit.start() < at || edit.end() > source.length) {
                throw new IllegalStateException("edits overlap at byte " + edit.start());
            }
            out.write(source, at, edit.start() - at);
            out.writeBytes(edit.text().getBytes(StandardCharsets.UTF_8));
            at = edit.end();
        }
        out.write(source, at, source.length - at);
        return out.toByteArray();
    }
}
